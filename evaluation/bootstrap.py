"""Paired bootstrap: all rows are averaged over the same resamples of the questions, so their differences are paired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ROUNDS = 10_000
SEED = 0
_BLOCK = 500
"""Resamples that are drawn at once: memory holds so many rows of one number a question."""
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two means over the same questions, with its 95 % interval."""

    mean: float
    low: float
    high: float
    better: float
    """Share of the resamples in which the first is above the second."""

    @property
    def tie(self) -> bool:
        return self.low <= 0 <= self.high


def resampled_means(values: Array, *, rounds: int = ROUNDS, seed: int = SEED) -> Array:
    """`(rounds, columns)` from `(questions, columns)`; NaN, where a metric has no value, is left out."""
    questions = len(values)
    known = (~np.isnan(values)).astype(np.float64)
    filled = np.nan_to_num(values)
    random = np.random.default_rng(seed)
    means = np.empty((rounds, values.shape[1]))
    for first in range(0, rounds, _BLOCK):
        size = min(_BLOCK, rounds - first)
        drawn = random.integers(0, questions, (size, questions)) + np.arange(size)[:, None] * questions
        counts = np.bincount(drawn.ravel(), minlength=size * questions).reshape(size, questions).astype(np.float64)
        means[first : first + size] = (counts @ filled) / np.maximum(counts @ known, 1.0)
    return means


def difference(first: Array, second: Array, *, of: tuple[float, float]) -> Difference:
    """From two columns of `resampled_means`; `of` are the plain means."""
    apart = first - second
    low, high = np.quantile(apart, (0.025, 0.975))
    return Difference(of[0] - of[1], float(low), float(high), float((apart > 0).mean()))


def interval(column: Array) -> tuple[float, float]:
    """95 % of one mean."""
    low, high = np.quantile(column, (0.025, 0.975))
    return float(low), float(high)
