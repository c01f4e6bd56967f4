"""The dynamic programming of `semantic` finds what trying every segmentation finds."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkers._ruler import Ruler
from chunkers.semantic import Semantic, _mean_similarity
from quarry.span import Span
from tests.laws.chunker_documents import Characters, WordHash

WORDS = st.lists(st.sampled_from(["water gate", "tax law", "river water", "law", "gate\n"]), min_size=1, max_size=9)


def score(
    cuts: tuple[int, ...], vectors: np.ndarray, units: list[Span], text: str, *, threshold: float, bonus: float
) -> float:
    total = 0.0
    for first, last in pairwise((0, *cuts, len(units))):
        total += sum(float(vectors[a] @ vectors[b]) - threshold for a, b in combinations(range(first, last), 2))
        total += bonus if first and units[first - 1].of(text).endswith("\n") else 0.0
    return total


@pytest.mark.parametrize("penalty", [0.5, 1.0, 2.0])
@given(texts=WORDS, size=st.integers(12, 60))
def test_no_other_segmentation_scores_more(penalty: float, texts: list[str], size: int) -> None:
    text, units = "", []
    for each in texts:
        units.append(Span(len(text), len(text) + len(each)))
        text += each
    vectors = WordHash().embed(texts)
    strategy = Semantic(size=size, penalty=penalty)
    cuts = strategy._optimal(units, vectors, Ruler(text, Characters()), size=size)
    threshold = penalty * _mean_similarity(vectors)

    def total(inner: tuple[int, ...]) -> float:
        return score(inner, vectors, units, text, threshold=threshold, bonus=strategy.line_bonus)

    every = (inner for n in range(len(units)) for inner in combinations(range(1, len(units)), n))
    fitting = [
        inner
        for inner in every
        if all(
            last - first == 1 or units[last - 1].end - units[first].start <= size
            for first, last in pairwise((0, *inner, len(units)))
        )
    ]
    assert tuple(cuts[1:-1]) in fitting
    assert total(tuple(cuts[1:-1])) == pytest.approx(max(map(total, fitting)), abs=1e-4)


@given(texts=WORDS)
def test_the_mean_is_over_all_pairs(texts: list[str]) -> None:
    vectors = WordHash().embed(texts)
    pairs = [float(vectors[a] @ vectors[b]) for a, b in combinations(range(len(texts)), 2)]
    assert _mean_similarity(vectors) == pytest.approx(np.mean(pairs) if pairs else 0.0, abs=1e-5)
