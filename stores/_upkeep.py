"""When a table needs compacting, by its own statistics: many small commits make it slow and its folder large."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lancedb.table import Table

from quarry.settings import UpkeepSettings

UNINDEXED_SHARE = 0.1
"""Of a table's rows: above, the index is brought up to date. Until then searches look at those rows one by one."""
UNINDEXED_FROM = 1000


@dataclass(frozen=True, slots=True)
class Wear:
    """What many small commits have left in a table."""

    fragments: int
    """With fewer rows than compaction would give them."""
    prunable: int
    """Versions older than readers need."""
    unindexed: int
    rows: int

    def due(self, settings: UpkeepSettings) -> bool:
        stale = self.unindexed >= max(UNINDEXED_FROM, UNINDEXED_SHARE * self.rows)
        return self.fragments >= settings.fragments or self.prunable >= settings.versions or stale


def wear(table: Table, folder: Path | None, *, settings: UpkeepSettings) -> Wear:
    """`folder` is the table's own on a local disk; without it versions are asked for one by one."""
    small: int = table.stats()["fragment_stats"]["num_small_fragments"]
    found = [table.index_stats(index.name) for index in table.list_indices()]
    unindexed = max((about.num_unindexed_rows for about in found if about), default=0)
    rows = table.count_rows() if unindexed else 0
    return Wear(small, _prunable(table, folder, hours=settings.keep_hours), unindexed, rows)


def _prunable(table: Table, folder: Path | None, *, hours: float) -> int:
    """Versions but for the newest that are older than so many hours."""
    before = time.time() - hours * 3600
    if folder is None:
        times = [version["timestamp"] for version in table.list_versions()]
        limit = datetime.fromtimestamp(before, UTC)
        return sum(made.astimezone(UTC) < limit for made in times[:-1])
    manifests = [path.stat().st_mtime for path in (folder / "_versions").glob("*.manifest")]
    return sum(made < before for made in sorted(manifests)[:-1])
