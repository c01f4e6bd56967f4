"""Scores of one ranking: characters found of the gold spans, or the page found.

Recall, precision, IoU and precision-omega are those of Smith and Troynikov, "Evaluating Chunking Strategies for
Retrieval" (Chroma 2024), over exact spans. Recall within a number of retrieved characters is fair across chunk sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evaluation.questions import Question
from quarry.span import Span

CUTS = (1, 3, 5, 10)
"""Ranks at which recall and page recall are taken."""
BUDGETS = (2000, 4000, 8000)
CURVE = tuple(range(250, 8001, 250))
"""Retrieved characters at which the recall curve is drawn."""
SPAN_METRICS = (
    "recall", "precision", "iou", "precision_omega", "ndcg10", "mrr",
    *(f"recall@{cut}" for cut in CUTS), *(f"recall@{budget}c" for budget in BUDGETS),
)  # fmt: skip
PAGE_METRICS = (*(f"page_recall@{cut}" for cut in CUTS), "mrr")
_DISCOUNTS = 1.0 / np.log2(np.arange(2, 12))
Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk of a ranking."""

    content: str
    """SHA-256 of its document."""
    span: Span
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Gold:
    """The gold characters of one question."""

    question: Question

    @cached_property
    def total(self) -> int:
        """Lengths of the spans; characters that several of them hold count each time, as in the public benchmark."""
        return sum(len(span) for span in self.question.gold)

    @cached_property
    def positions(self) -> Positions:
        """Each gold character once, ascending."""
        ranges = [np.arange(span.start, span.end) for span in self.question.gold]
        return np.unique(np.concatenate(ranges))

    def inside(self, starts: Positions, ends: Positions) -> Positions:
        """How many gold characters each of these spans of the right document holds."""
        return np.searchsorted(self.positions, ends) - np.searchsorted(self.positions, starts)


@dataclass(frozen=True)
class Boundaries:
    """What the chunks of the right document can give for one question, whatever the ranking."""

    precision_omega: float
    """Of the chunks that touch a gold span, end to end as well: gold covered / (their union + gold uncovered)."""
    gains: tuple[float, ...]
    """Shares of the gold in single chunks, the largest first."""

    @classmethod
    def of(cls, gold: Gold, spans: Sequence[Span]) -> Boundaries:
        starts = np.fromiter((span.start for span in spans), dtype=np.int64, count=len(spans))
        ends = np.fromiter((span.end for span in spans), dtype=np.int64, count=len(spans))
        touching = np.zeros(len(spans), dtype=bool)
        for span in gold.question.gold:
            touching |= np.minimum(ends, span.end) >= np.maximum(starts, span.start)
        starts, ends = starts[touching], ends[touching]
        if not len(starts):
            return cls(0.0, ())
        union = np.unique(np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)]))
        covered = len(np.intersect1d(union, gold.positions, assume_unique=True))
        gains = np.sort(gold.inside(starts, ends) / gold.total)[::-1]
        return cls(covered / (len(union) + len(gold.positions) - covered), tuple(gains.tolist()))


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one question in one ranking."""

    values: dict[str, float]
    curve: tuple[float, ...] = ()
    """Recall at each number of retrieved characters in CURVE; empty for a page question."""


def score_spans(gold: Gold, ranking: Sequence[Found], boundaries: Boundaries, *, k: int) -> Scores:
    """Over the first k chunks where a metric's name gives no other number. Chunks of other documents cost precision."""
    ends = np.cumsum([0, *(len(found.span) for found in ranking)])
    stream, per_chunk = _stream(gold, ranking, ends)

    def found_in(characters: float) -> int:
        return int(np.searchsorted(stream, characters))

    def after(cut: int) -> float:
        return float(ends[min(cut, len(ranking))])

    hit, spent = found_in(after(k)), after(k)
    missed = len(gold.positions) - hit
    best = _discounted(boundaries.gains[:10])
    values = {
        "recall": hit / gold.total,
        "precision": hit / spent if spent else 0.0,
        "iou": hit / (spent + missed) if spent + missed else 0.0,
        "precision_omega": boundaries.precision_omega,
        "ndcg10": _discounted([count / gold.total for count in per_chunk[:10]]) / best if best else 0.0,
        "mrr": _reciprocal([count > 0 for count in per_chunk]),
        **{f"recall@{cut}": found_in(after(cut)) / gold.total for cut in CUTS},
        **{f"recall@{budget}c": found_in(budget) / gold.total for budget in BUDGETS},
    }
    return Scores(values, tuple(found_in(budget) / gold.total for budget in CURVE))


def score_page(question: Question, ranking: Sequence[Found]) -> Scores:
    """A chunk is right where it touches the page; any chunk of the document where the question names none."""
    right = [
        found.content == question.content and (question.page is None or question.page in found.pages)
        for found in ranking
    ]
    values = {f"page_recall@{cut}": float(any(right[:cut])) for cut in CUTS}
    return Scores({**values, "mrr": _reciprocal(right)})


def _stream(gold: Gold, ranking: Sequence[Found], ends: Positions) -> tuple[Positions, list[int]]:
    """Where in the retrieved text, read from the top, gold characters come first; and how many each chunk holds."""
    positions = gold.positions
    seen = np.zeros(len(positions), dtype=bool)
    stream: list[Positions] = []
    counts: list[int] = []
    for found, offset in zip(ranking, ends, strict=False):
        first, last = 0, 0
        if found.content == gold.question.content:
            first, last = np.searchsorted(positions, (found.span.start, found.span.end))
            fresh = ~seen[first:last]
            stream.append(positions[first:last][fresh] - found.span.start + offset)
            seen[first:last] = True
        counts.append(int(last - first))
    return np.concatenate(stream) if stream else np.empty(0, dtype=np.int64), counts


def _discounted(gains: Sequence[float]) -> float:
    return float(np.dot(gains, _DISCOUNTS[: len(gains)]))


def _reciprocal(right: Sequence[bool]) -> float:
    return next((1 / rank for rank, hit in enumerate(right, start=1) if hit), 0.0)
