"""Which strategy to take: the best by the main metric, or one that can't be told from it and costs clearly less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from evaluation.bootstrap import Difference
from evaluation.evaluate import Evaluation, Row

WORTH = 0.75
"""A tie is taken in place of the better mean where it costs at most this share of it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row against the best one."""

    row: Row
    mean: float
    behind: Difference
    """Row less best; all zeros for the best itself."""
    best: bool

    @property
    def tie(self) -> bool:
        return self.best or self.behind.tie

    @property
    def tokens(self) -> float:
        """To encode; infinite where that is not known."""
        return self.row.cost.tokens if self.row.cost else float("inf")


@dataclass(frozen=True, slots=True)
class Advice:
    """The candidates, the best first, and the one to take."""

    metric: str
    questions: int
    candidates: tuple[Candidate, ...]

    @property
    def take(self) -> Candidate:
        """Of those that are no worse than the best by their intervals: from the best on, to what saves enough."""
        taken = self.candidates[0]
        for found in self.candidates:
            if found.tie and found.tokens <= WORTH * taken.tokens:
                taken = found
        return taken


def advise(found: Evaluation) -> Advice:
    metric = found.main_metric
    rows = sorted(found.rows, key=lambda row: -found.mean(row, metric))
    best = rows[0]
    candidates = (
        Candidate(row, found.mean(row, metric), found.compare(row, best, metric), row is best) for row in rows
    )
    return Advice(metric, len(found.questions), tuple(candidates))


def advice_table(advice: Advice) -> Table:
    table = Table(title=f"{advice.metric}, {advice.questions} questions", title_justify="left")
    table.add_column("strategy", no_wrap=True)
    for name in ("encoder", "retriever"):
        table.add_column(name)
    for name in (advice.metric, "to the best [95 %]", "verdict", "chunks", "tokens encoded", "MB stored"):
        table.add_column(name, justify="right")
    for found in advice.candidates:
        row, cost, apart = found.row, found.row.cost, found.behind
        verdict = "best" if found.best else "tie" if found.tie else "worse"
        told = (
            "" if found.best else f"{100 * apart.mean:+.1f} [{100 * apart.low:+.1f}, {100 * apart.high:+.1f}]",
            verdict + (", take" if found is advice.take else ""),
            f"{row.chunks:,}",
            f"{cost.tokens:,}" if cost else "-",
            f"{cost.bytes / 1e6:.1f}" if cost else "-",
        )
        style = "bold" if found is advice.take else None
        names = (row.strategy, row.encoder, row.retriever)
        table.add_row(*names, f"{100 * found.mean:.1f}", *(text.replace("[", r"\[") for text in told), style=style)
    return table


def verdict(advice: Advice) -> str:
    """In words."""
    take, best = advice.take, advice.candidates[0]
    said = f"take {take.row.strategy!r}: {advice.metric} {100 * take.mean:.1f} %"
    ties = sum(found.tie for found in advice.candidates) - 1
    if take is best:
        return f"{said}, the best of {len(advice.candidates)}" + (f", {ties} tie with it" if ties else "")
    apart = take.behind
    return (
        f"{said}, a tie with the best ({best.row.strategy!r}, {100 * best.mean:.1f} %; "
        f"{100 * apart.mean:+.1f} points, [{100 * apart.low:+.1f}, {100 * apart.high:+.1f}]) that costs less"
    )


def advice_records(advice: Advice) -> Iterator[dict[str, Any]]:
    for found in advice.candidates:
        row, cost = found.row, found.row.cost
        yield {
            "record": "advice",
            "strategy": row.strategy,
            "encoder": row.encoder,
            "retriever": row.retriever,
            "metric": advice.metric,
            "mean": found.mean,
            "to_best": {**asdict(found.behind), "tie": found.tie},
            "best": found.best,
            "take": found is advice.take,
            "chunks": row.chunks,
            "tokens": {"vectors": cost.vector_tokens, "reading": cost.reading_tokens} if cost else None,
            "bytes": cost.bytes if cost else None,
        }
