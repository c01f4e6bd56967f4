"""Two rankings in one: by z-scores and by reciprocal ranks."""

from __future__ import annotations

import math

import pytest

from search.fusion import ENOUGH, LEAST_WEIGHT, PRIOR, RANK_SHIFT, Candidates, fuse, fuse_ranks, word_weight
from stores.rows import Scored

VECTORS = [Scored("a", 0.9, "one"), Scored("b", 0.5, "one"), Scored("c", 0.1, "two")]
WORDS = [Scored("c", 12.0, "two"), Scored("d", 4.0, "two")]


def test_reciprocal_ranks() -> None:
    scores = fuse_ranks(VECTORS, WORDS)
    assert scores["c"] == pytest.approx(1 / (RANK_SHIFT + 3) + 1 / (RANK_SHIFT + 1))
    assert sorted(scores, key=lambda chunk: -scores[chunk]) == ["c", "a", "b", "d"]


def test_z_scores() -> None:
    """Spread of the vectors is sqrt(2/3) * 0.4, of the words 4; what is missing has the lowest score of the ranking."""
    scores = fuse(Candidates(VECTORS), Candidates(WORDS), weight=0.5)
    top = 1.5**0.5
    assert scores == pytest.approx({"a": top - 0.5, "b": -0.5, "c": -top + 0.5, "d": -top - 0.5})


def test_fusion_prefers_what_both_rankings_know() -> None:
    vectors = Candidates([Scored("a", 0.9), Scored("b", 0.8), Scored("c", 0.1)])
    words = Candidates([Scored("b", 9.0), Scored("d", 1.0)])
    scores = fuse(vectors, words, weight=0.4)
    assert max(scores, key=lambda key: scores[key]) == "b"
    assert set(scores) == {"a", "b", "c", "d"}
    assert fuse(Candidates([]), Candidates([]), weight=0.4) == {}


def test_one_ranking_alone() -> None:
    assert list(fuse_ranks(VECTORS, [])) == ["a", "b", "c"]
    assert fuse_ranks([], []) == {}


def test_a_document_that_is_named_comes_first() -> None:
    plain = fuse(Candidates(VECTORS), Candidates([]), weight=0.4)
    named = fuse(Candidates(VECTORS), Candidates([]), weight=0.4, shares={"two": 1.0, "one": 0.25})
    assert named["c"] == pytest.approx(plain["c"] + PRIOR)
    assert named["a"] == pytest.approx(plain["a"] + PRIOR / 4)
    assert max(named, key=lambda chunk: named[chunk]) == "c"


def test_named_documents_are_scored_as_if_there_were_no_others() -> None:
    among = [Scored(f"n{number}", 0.5 + 0.01 * number, "two") for number in range(ENOUGH)]
    others = [Scored(f"o{number}", 0.9, "one") for number in range(ENOUGH)]
    alone = Candidates(among).z_scores()
    together = Candidates([*others, *among[-3:]], among).z_scores()
    assert {chunk: together[chunk] for chunk in alone} == pytest.approx(alone)
    assert set(together) == {hit.chunk_id for hit in (*among, *others)}
    few = Candidates([*others, *among[-3:]], among[-3:]).z_scores()
    assert few == Candidates([*others, *among[-3:]]).z_scores()


@pytest.mark.parametrize(("rare", "weight"), [(0.0, LEAST_WEIGHT), (1.5, LEAST_WEIGHT), (2.45, 0.49), (3.5, 1), (9, 1)])
def test_words_weigh_by_how_many_rare_ones_a_chunk_has(rare: float, weight: float) -> None:
    rows = 999
    found = word_weight([Scored("a", rare * math.log(1 + rows)), Scored("b", 0.1)], rows=rows)
    assert found == pytest.approx(weight)


def test_no_word_found() -> None:
    assert word_weight([], rows=0) == LEAST_WEIGHT
