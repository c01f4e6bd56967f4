"""A line of a benchmark's table: a measure, ours beside the peers', and the bar that it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    set: str
    measure: str
    ours: float
    peers: dict[str, float] = field(default_factory=dict)
    bar: float | None = None
    at_most: bool = False
    """The bar is an upper one."""

    @property
    def passed(self) -> bool:
        return self.bar is None or (self.ours <= self.bar if self.at_most else self.ours >= self.bar)


def table_of(rows: Sequence[Row]) -> Table:
    """Peers as columns; a row that misses its bar says so."""
    names = list(dict.fromkeys(name for row in rows for name in row.peers))
    table = Table("set", "measure", "ours", "bar", "", *names)
    for row in rows:
        bar = "" if row.bar is None else f"{'<=' if row.at_most else '>='} {row.bar:g}"
        peers = (f"{row.peers[name]:.3f}" if name in row.peers else "" for name in names)
        table.add_row(row.set, row.measure, f"{row.ours:.3f}", bar, "" if row.passed else "missed", *peers)
    return table
