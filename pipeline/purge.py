"""Deleted text erased for good: from elements, from rows only marked as deleted, from indexes and old versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.batch import COMMIT_WAIT_S
from pipeline.finish import drop_unneeded_elements
from pipeline.views import live_of
from quarry.settings import Settings
from stores.lance import Store

TABLES = ("documents", "elements", "ledger")


@dataclass(frozen=True, slots=True)
class Purged:
    """What went, and when the last trace is gone."""

    elements: int
    rewritten: tuple[str, ...]
    gone_at: datetime
    bytes_before: int
    bytes_after: int


def purge(settings: Settings, *, now: bool) -> Purged:
    """`now` drops old versions at once, under whatever reader holds one; else they go when `upkeep.keep_hours` is over.

    Rows that are marked as deleted are written out of their files, and full-text indexes made again: both hold text.
    """
    store = Store.open(settings.store)
    collection = store.collection(settings.collection)
    live_of(collection)
    keep = timedelta(0) if now else timedelta(hours=settings.upkeep.keep_hours)
    before = store.bytes()
    with collection.lock(wait_s=COMMIT_WAIT_S), store.writing():
        dropped = drop_unneeded_elements(collection)
        generations = {generation.table: generation for generation in collection.generations()}
        rewritten = [name for name in (*TABLES, *generations) if store.write_out_deleted(name)]
        for name in rewritten:
            if name in generations:
                collection.ensure_indexes(generations[name], settings.index)
        for name in (*TABLES, *generations):
            store.optimize(name, keep=keep)
    return Purged(dropped, tuple(rewritten), datetime.now(UTC) + keep, before, store.bytes())
