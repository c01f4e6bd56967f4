"""Two rankings in one: by z-scores and by reciprocal ranks."""

from __future__ import annotations

import pytest

from search.fusion import RANK_SHIFT, WORD_WEIGHT, fuse, fuse_ranks
from stores.rows import Scored

VECTORS = [Scored("a", 0.9), Scored("b", 0.5), Scored("c", 0.1)]
WORDS = [Scored("c", 12.0), Scored("d", 4.0)]


def test_reciprocal_ranks() -> None:
    scores = fuse_ranks(VECTORS, WORDS)
    assert scores["c"] == pytest.approx(1 / (RANK_SHIFT + 3) + 1 / (RANK_SHIFT + 1))
    assert sorted(scores, key=lambda chunk: -scores[chunk]) == ["c", "a", "b", "d"]


def test_z_scores() -> None:
    """Spread of the vectors is sqrt(2/3) * 0.4, of the words 4; what is missing has the lowest score of the ranking."""
    scores = fuse(VECTORS, WORDS)
    top = 1.5**0.5
    assert scores == pytest.approx(
        {"a": top - WORD_WEIGHT, "b": -WORD_WEIGHT, "c": -top + WORD_WEIGHT, "d": -top - WORD_WEIGHT}
    )


def test_one_ranking_alone() -> None:
    assert list(fuse_ranks(VECTORS, [])) == ["a", "b", "c"]
    assert fuse_ranks([], []) == {}
