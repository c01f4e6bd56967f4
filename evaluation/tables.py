"""Evaluations as tables for a terminal: shares in percent, differences with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table

from evaluation.evaluate import ALL, Evaluation, Row

SHOWN = (
    "recall", "precision", "precision_omega", "iou", "ndcg10", "mrr", "recall@2000c", "recall@4000c", "recall@8000c",
    "page_recall@1", "page_recall@3", "page_recall@5", "page_recall@10",
)  # fmt: skip
SHORT = {
    "precision": "prec", "precision_omega": "omega", "iou": "IoU", "ndcg10": "nDCG10", "mrr": "MRR",
    "recall@2000c": "rec@2k", "recall@4000c": "rec@4k", "recall@8000c": "rec@8k", "page_recall@1": "page@1",
    "page_recall@3": "page@3", "page_recall@5": "page@5", "page_recall@10": "page@10",
}  # fmt: skip


def scores_table(found: Evaluation, *, group: str = ALL, marked: str = "") -> Table:
    """A row each; the strategy `marked` is the default."""
    shown = [metric for metric in SHOWN if metric in found.metrics]
    title = f"{group}: {len(found.groups[group])} questions, k = {found.k}"
    table = Table(title=title, title_justify="left")
    table.add_column("strategy", no_wrap=True)
    encoders = len({row.encoder for row in found.rows}) > 1
    for name in ("encoder", "retriever") if encoders else ("retriever",):
        table.add_column(name)
    for name in ("chunks", "tokens", *(SHORT.get(metric, metric) for metric in shown)):
        table.add_column(name, justify="right")
    best = {metric: _best(found, metric, group=group) for metric in shown}
    for row in found.rows:
        names = [row.strategy + (" *" if row.strategy == marked else ""), row.retriever]
        if encoders:
            names.insert(1, row.encoder)
        values = [_percent(found.mean(row, metric, group=group), best[metric]) for metric in shown]
        table.add_row(*names, f"{row.chunks:,}", f"{row.mean_tokens:.0f}", *values)
    return table


def _best(found: Evaluation, metric: str, *, group: str) -> float:
    values = [found.mean(row, metric, group=group) for row in found.rows]
    known = [value for value in values if not np.isnan(value)]
    return max(known, default=float("nan"))


def _percent(value: float, best: float) -> str:
    if np.isnan(value):
        return "-"
    text = f"{100 * value:.1f}" if value >= 0.1 or not value else f"{100 * value:.2f}"
    return f"[bold]{text}[/bold]" if value == best else text


def differences_table(found: Evaluation, against: Row, rows: Sequence[Row]) -> Table:
    """Each of `rows` less `against`, in points; an interval that includes 0 is a tie."""
    shown = [metric for metric in SHOWN if metric in found.metrics]
    title = f"difference to {against.name} [95 % interval], dim: a tie"
    table = Table(title=title, title_justify="left")
    table.add_column("strategy", no_wrap=True)
    table.add_column("retriever")
    for metric in shown:
        table.add_column(SHORT.get(metric, metric), justify="right")
    for row in rows:
        if row is not against:
            table.add_row(row.strategy, row.retriever, *(_difference(found, row, against, metric) for metric in shown))
    return table


def _difference(found: Evaluation, row: Row, against: Row, metric: str) -> str:
    apart = found.compare(row, against, metric)
    text = f"{100 * apart.mean:+.1f}\n{100 * apart.low:+.1f} {100 * apart.high:+.1f}"
    return f"[dim]{text}[/dim]" if apart.tie else text
