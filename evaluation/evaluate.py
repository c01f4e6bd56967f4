"""Strategies x encoders x retrievers over one corpus and its questions, each row scored question by question."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.bootstrap import Array, Difference, difference, interval, resampled_means
from evaluation.indexes import Cost, Index, Laboratory
from evaluation.metrics import (
    CURVE,
    PAGE_METRICS,
    SPAN_METRICS,
    Boundaries,
    Found,
    Gold,
    Scores,
    score_page,
    score_spans,
)
from evaluation.questions import LeftOut, Question, place, read_questions
from evaluation.rankings import Queries, Retriever, rankings
from evaluation.strategies import Strategy
from quarry.errors import BusyError, ConfigError, EncodeError, StoreError
from quarry.settings import Effective

ALL = "all"
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be compared."""

    corpus: Path
    questions: Path
    strategies: tuple[Strategy, ...]
    encoders: tuple[str, ...]
    retrievers: tuple[Retriever, ...]
    k: int = 5
    """Chunks of recall, precision and IoU."""


@dataclass(frozen=True)
class Row:
    """A strategy with an encoder and a retriever."""

    strategy: str
    encoder: str
    retriever: str
    chunks: int
    mean_tokens: float
    """Context included."""
    mean_characters: float
    longest_tokens: int
    cut: int
    """Chunks that the encoder could not read whole."""
    cost: Cost | None
    scores: tuple[Scores, ...] = field(repr=False)
    """By question."""
    seconds: float = 0.0
    """All searches together."""

    @property
    def name(self) -> str:
        return f"{self.strategy} / {self.encoder} / {self.retriever}"

    def column(self, metric: str) -> Array:
        """By question; NaN where the metric has no value."""
        return np.array([scores.values.get(metric, np.nan) for scores in self.scores])

    @property
    def curve(self) -> Array:
        """Mean recall at each number of retrieved characters in `metrics.CURVE`."""
        curves = [scores.curve for scores in self.scores if scores.curve]
        return np.mean(curves, axis=0) if curves else np.empty(0)


@dataclass(frozen=True)
class Evaluation:
    """All rows over the same questions."""

    questions: tuple[Question, ...]
    left_out: tuple[LeftOut, ...]
    rows: tuple[Row, ...]
    k: int
    failed: Mapping[str, str] = field(default_factory=dict)
    """By strategy and encoder: why it can't be used on this corpus."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """By path: why a document of the corpus is not searchable."""

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Those that have a value for some question."""
        known = {name for row in self.rows for scores in row.scores for name in scores.values}
        return tuple(name for name in dict.fromkeys((*SPAN_METRICS, *PAGE_METRICS)) if name in known)

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Places of the questions: all, and by document."""
        found: dict[str, list[int]] = {ALL: list(range(len(self.questions)))}
        for number, question in enumerate(self.questions):
            found.setdefault(question.document, []).append(number)
        return found

    def mean(self, row: Row, metric: str, *, group: str = ALL) -> float:
        """NaN where no question of the group has it."""
        values = row.column(metric)[self.groups[group]]
        known = values[~np.isnan(values)]
        return float(known.mean()) if len(known) else float("nan")

    @cached_property
    def _resampled(self) -> Array:
        columns = [row.column(metric) for row in self.rows for metric in self.metrics]
        return resampled_means(np.stack(columns, axis=1))

    def _column(self, row: Row, metric: str) -> Array:
        return self._resampled[:, self.rows.index(row) * len(self.metrics) + self.metrics.index(metric)]

    def interval(self, row: Row, metric: str) -> tuple[float, float]:
        return interval(self._column(row, metric))

    def compare(self, first: Row, second: Row, metric: str) -> Difference:
        """First less second."""
        of = self.mean(first, metric), self.mean(second, metric)
        return difference(self._column(first, metric), self._column(second, metric), of=of)

    @property
    def main_metric(self) -> str:
        """What a recommendation goes by: fair across chunk sizes where there are spans."""
        return "recall@4000c" if "recall@4000c" in self.metrics else "page_recall@5"


def evaluate(effective: Effective, asked: Asked, *, cache: Path, told: Told = lambda _: None) -> Evaluation:
    """Makes what the cache lacks, then asks every question of every row.

    Raises ConfigError where no question can be placed in the corpus, and before anything is read where an encoder can't
    give a strategy's vectors that was asked for by name. What else can't be used is left out with its reason.
    """
    lines = read_questions(asked.questions)
    laboratory = Laboratory(effective, asked.corpus, cache=cache)
    indexes: list[Index] = []
    fitting, failed = _fitting(laboratory, asked)
    for chosen, encoder in fitting:
        told(f"{chosen.name} / {encoder}")
        try:
            indexes.append(laboratory.index(chosen, encoder, first=not indexes))
        except BusyError:
            raise
        except (EncodeError, StoreError) as error:
            failed[f"{chosen.name} / {encoder}"] = str(error)
    if not indexes:
        raise ConfigError(f"no strategy could be used: {next(iter(failed.values()))}")
    questions, left_out = place(lines, laboratory.texts())
    if not questions:
        raise ConfigError(f"none of the {len(lines)} questions can be scored; the first: {left_out[0].reason}")
    rows = tuple(_rows(laboratory, indexes, questions, asked, told))
    return Evaluation(tuple(questions), tuple(left_out), rows, asked.k, failed, laboratory.unread())


def _fitting(laboratory: Laboratory, asked: Asked) -> tuple[list[tuple[Strategy, str]], dict[str, str]]:
    """Strategies with the encoders that can give their vectors, and by strategy and encoder why another can't.

    ConfigError for one that was asked for by name, ModelError for an encoder that is missing.
    """
    fitting: list[tuple[Strategy, str]] = []
    failed: dict[str, str] = {}
    for encoder in asked.encoders:
        laboratory.encoder(encoder)
        for chosen in asked.strategies:
            name = f"{chosen.name} / {encoder}"
            try:
                laboratory.variant(chosen, encoder).check()
                fitting.append((chosen, encoder))
            except ConfigError as error:
                if chosen.named:
                    raise ConfigError(f"{name}: {error}") from error
                failed[name] = str(error)
    return fitting, failed


def _rows(
    laboratory: Laboratory, indexes: Sequence[Index], questions: Sequence[Question], asked: Asked, told: Told
) -> Iterator[Row]:
    queries = {name: Queries(laboratory.encoder(name)) for name in asked.encoders}
    golds = [Gold(question) if question.gold else None for question in questions]
    for index in indexes:
        boundaries = [_boundaries(index, gold) for gold in golds]
        for how in asked.retrievers:
            told(f"{index.strategy} / {index.encoder} / {how.name}")
            began = time.perf_counter()
            found = list(rankings(laboratory.collection, index, questions, how=how, queries=queries[index.encoder]))
            seconds = time.perf_counter() - began
            scores = tuple(
                _scored(question, gold, ranking, limits, k=asked.k)
                for question, gold, ranking, limits in zip(questions, golds, found, boundaries, strict=True)
            )
            yield _row(index, how, scores, seconds=seconds)


def _boundaries(index: Index, gold: Gold | None) -> Boundaries | None:
    if gold is None:
        return None
    return Boundaries.of(gold, sorted(index.spans.get(gold.question.content, ())))


def _scored(
    question: Question, gold: Gold | None, ranking: Sequence[Found], boundaries: Boundaries | None, *, k: int
) -> Scores:
    if gold is None or boundaries is None:
        return score_page(question, ranking)
    return score_spans(gold, ranking, boundaries, k=k)


def _row(index: Index, how: Retriever, scores: tuple[Scores, ...], *, seconds: float) -> Row:
    return Row(
        strategy=index.strategy,
        encoder=index.encoder,
        retriever=how.name,
        chunks=index.chunks,
        mean_tokens=index.mean_tokens,
        mean_characters=index.mean_characters,
        longest_tokens=index.longest_tokens,
        cut=index.cut,
        cost=index.cost,
        scores=scores,
        seconds=seconds,
    )


def records(found: Evaluation, *, against: Row | None = None, pairs: bool = False) -> Iterator[dict[str, Any]]:
    """JSON records: the run, a row each, then differences against one row or between all pairs."""
    yield {
        "record": "run",
        "questions": len(found.questions),
        "left_out": [{"question": q.text, "document": q.document, "reason": q.reason} for q in found.left_out],
        "failed": dict(found.failed),
        "unread": dict(found.unread),
        "k": found.k,
        "metrics": list(found.metrics),
    }
    for row in found.rows:
        yield row_record(found, row)
    firsts = found.rows if pairs else [against] if against else []
    for number, second in enumerate(firsts):
        others = found.rows[number + 1 :] if pairs else [row for row in found.rows if row is not second]
        for first in others:
            yield difference_record(found, first, second)


def row_record(found: Evaluation, row: Row) -> dict[str, Any]:
    cost = row.cost
    return {
        "record": "row",
        **_names(row),
        "chunks": row.chunks,
        "mean_tokens": round(row.mean_tokens, 2),
        "mean_characters": round(row.mean_characters, 2),
        "longest_tokens": row.longest_tokens,
        "cut": row.cut,
        "tokens": {"vectors": cost.vector_tokens, "reading": cost.reading_tokens} if cost else None,
        "bytes": cost.bytes if cost else None,
        "seconds": round(row.seconds, 3),
        "scores": {
            group: {"questions": len(places)}
            | {metric: _number(found.mean(row, metric, group=group)) for metric in found.metrics}
            for group, places in found.groups.items()
        },
        "intervals": {metric: list(found.interval(row, metric)) for metric in found.metrics},
        "curve": {str(at): float(value) for at, value in zip(CURVE, row.curve, strict=False)},
    }


def difference_record(found: Evaluation, first: Row, second: Row) -> dict[str, Any]:
    """First less second, by metric."""
    differences = {metric: found.compare(first, second, metric) for metric in found.metrics}
    return {
        "record": "difference",
        "first": _names(first),
        "second": _names(second),
        "metrics": {
            name: {"mean": d.mean, "low": d.low, "high": d.high, "better": d.better, "tie": d.tie}
            for name, d in differences.items()
        },
    }


def question_records(found: Evaluation) -> Iterator[dict[str, Any]]:
    """Every question in every row, so that anything else can be computed from them."""
    for row in found.rows:
        for question, scores in zip(found.questions, row.scores, strict=True):
            yield {
                "record": "question",
                **_names(row),
                "question": question.text,
                "document": question.document,
                **({"page": question.page} if question.page else {}),
                "scores": scores.values,
            }


def _names(row: Row) -> dict[str, str]:
    return {"strategy": row.strategy, "encoder": row.encoder, "retriever": row.retriever}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
