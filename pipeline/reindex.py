"""Indexes made again, tables compacted, old versions dropped; and what each kind of index would give this store."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pipeline.backfill import open_for_writing
from pipeline.batch import COMMIT_WAIT_S
from pipeline.recall import PROBES, K, measured_recall
from pipeline.views import live_of
from quarry.settings import Effective
from stores.collection import Collection
from stores.experiments import Trial, trials
from stores.rows import GenerationRow, TableStats


@dataclass(frozen=True, slots=True)
class State:
    """Of a generation's table."""

    bytes: int
    rows: int
    unindexed: int
    recall: float
    """Recall@10 of the search as it is against the exact one, over stored vectors."""
    query_ms: float
    """CPU milliseconds of one search."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    generation: GenerationRow
    before: State
    after: State
    seconds: float


def reindex(effective: Effective) -> Reindexed:
    """Of the live generation: every index anew by the settings, everything compacted. Works beside readers."""
    settings = effective.settings
    collection = open_for_writing(effective)
    live = live_of(collection)
    before = state(collection, live)
    began = time.perf_counter()
    keep = timedelta(hours=settings.upkeep.keep_hours)
    with collection.lock(wait_s=COMMIT_WAIT_S):
        collection.renew_indexes(live, settings.index)
        for name in ("documents", "elements", "ledger", live.table):
            collection.store.optimize(name, keep=keep)
    return Reindexed(live, before, state(collection, live), time.perf_counter() - began)


def state(collection: Collection, generation: GenerationRow) -> State:
    stats: TableStats
    (stats,) = collection.table_stats([generation.table])
    found = measured_recall(collection, generation)
    unindexed = max(stats.unindexed.values(), default=stats.rows)
    return State(stats.bytes, stats.rows, unindexed, found.share, found.query_ms)


def advise(effective: Effective) -> Iterator[Trial]:
    """Each kind of index and number type on a copy of this store's vectors: recall, CPU of build and query, bytes."""
    collection = open_for_writing(effective)
    live = live_of(collection)
    work = Path(tempfile.mkdtemp(prefix="quarry-advise-"))
    try:
        yield from trials(collection.store.table(live.table), str(work), dim=live.dim, probes=PROBES, k=K)
    finally:
        shutil.rmtree(work, ignore_errors=True)
