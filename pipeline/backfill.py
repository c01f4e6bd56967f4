"""A new generation beside the live one, made from stored elements: stopped and resumed as often as you like."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.embedding import first_of_each, known, prepare
from pipeline.generations import Behind, behind, catch_up, check_differs, session_for, target_recipe
from pipeline.plan import Work
from pipeline.progress import Progress, Silent
from pipeline.recipe import recipe_of
from pipeline.report import Report, Seconds
from pipeline.session import Session
from pipeline.shard import run_shard
from pipeline.views import live_of
from quarry.errors import StoreError
from quarry.settings import Effective, chunker_spec
from quarry.types import Outcome
from stores.collection import Collection
from stores.lance import Store
from stores.rows import GenerationRow

PASSES = 20
"""Each brings in what changed during the one before."""
SAMPLE = 8
"""Documents from which an estimate is measured."""
ROW_BYTES = 2500
"""Of a chunk row besides its vector: text twice, context, provenance; measured on the sample corpus."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to change against the live generation; None and empty leave it as it is."""

    encoder: str | None = None
    dim: int | None = None
    dtype: str | None = None
    chunker: Mapping[str, Any] | None = None
    parsers: bool = False
    """Take the parsers as the settings have them, and parse again."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a backfill would cost, from a measured sample."""

    documents: int
    chunks: int
    tokens: int
    """That would be encoded: what the store has already is left out."""
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What came of it."""

    generation: GenerationRow
    report: Report
    left: int
    """Documents that it still lacks."""
    session: Session = field(repr=False)

    def record(self) -> dict[str, Any]:
        """The ingest report's fields, with what is still missing."""
        made = self.report.record(
            run_id=self.session.run_id, collection=self.session.collection.name, generation=self.generation.id
        )
        return {**made, "left": self.left}


def target_of(effective: Effective, live: GenerationRow, wanted: Wanted) -> GenerationRow:
    """The row of the generation that the wish makes. ConfigError where that is the live one."""
    precision = effective.settings.encoder.precision
    recipe = target_recipe(
        live,
        encoder={
            "profile": wanted.encoder,
            "dim": wanted.dim,
            "dtype": wanted.dtype,
            "precision": None if precision == "auto" else precision,
        },
        chunker=chunker_spec(wanted.chunker) if wanted.chunker else None,
        parsers=recipe_of(effective).parsers if wanted.parsers else None,
    )
    target = recipe.generation(live.collection, state="building")
    check_differs(live, target)
    return target


def backfill(
    effective: Effective,
    wanted: Wanted,
    *,
    progress: Progress | None = None,
    shard: Callable[[Session, Sequence[Work], Progress], Report] = run_shard,
) -> Backfilled:
    """Make or go on with the generation. Progress is read from its ledger alone; the live one is not touched.

    Raises BusyError where another process is at the same generation, StoreError where the disk has too little room.
    """
    settings = effective.settings
    collection = open_for_writing(effective)
    live = live_of(collection)
    target = _known(collection, target_of(effective, live, wanted))
    began = time.perf_counter()
    with collection.generation_lock(target.id, wait_s=settings.ingest.wait_s):
        if target.state == "building":
            collection.put_generation(target)
        session = session_for(None, settings, collection, target)
        report, left = _passes(session, progress or Silent(), shard=shard)
        with collection.lock(wait_s=settings.ingest.wait_s):
            collection.ensure_indexes(target, settings.index)
            collection.tidy([target], settings.upkeep, only=("ledger",))
        report += Report(seconds=Seconds(total=time.perf_counter() - began))
        done = Backfilled(target, report, left, session)
        session.record_run(done.record(), kind="backfill")
    return done


def open_for_writing(effective: Effective) -> Collection:
    """StoreError where there is nothing yet or a file of it is lost."""
    store = Store.open(effective.settings.store)
    store.check_files()
    return store.collection(effective.settings.collection)


def _known(collection: Collection, target: GenerationRow) -> GenerationRow:
    """The generation as it stands, where it was begun before or was live once."""
    return next((row for row in collection.generations() if row.id == target.id), target)


def _passes(
    session: Session, progress: Progress, *, shard: Callable[[Session, Sequence[Work], Progress], Report]
) -> tuple[Report, int]:
    report = Report()
    found = behind(session.collection, session.generation)
    check_room(session, found)
    for _ in range(PASSES):
        if not found.documents:
            break
        progress.planned(len(found.works))
        done = catch_up(session, found, progress=progress, shard=shard)
        report += done
        before, found = found, behind(session.collection, session.generation)
        if {mark.key for mark in found.works} == {mark.key for mark in before.works}:
            break  # what is left can't be brought in
    return report, found.documents


def check_room(session: Session, found: Behind) -> None:
    """StoreError before the first write where the disk can't hold the new generation."""
    root = session.store.root
    if root is None:
        return
    chunks = sum(mark.chunks for mark in found.works)
    needed = chunks * row_bytes(session.generation)
    free = shutil.disk_usage(root if root.exists() else Path.cwd()).free
    if needed > free:
        raise StoreError(f"the new generation needs about {_size(needed)}, {_size(free)} are free; nothing was written")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def row_bytes(generation: GenerationRow) -> int:
    """Of one chunk on disk, about."""
    width = {"float32": 4.0, "float16": 2.0, "binary": 2.125}.get(generation.dtype, 4.0)
    return ROW_BYTES + round(generation.dim * width)


def estimate(effective: Effective, wanted: Wanted) -> Estimate:
    """Chunks and encodes a few documents of the middle of the corpus and scales up; writes nothing."""
    collection = open_for_writing(effective)
    live = live_of(collection)
    target = _known(collection, target_of(effective, live, wanted))
    session = session_for(None, effective.settings, collection, target)
    todo = behind(collection, target).works if target.state != "building" or _has_table(collection, target) else ()
    marks = todo or tuple(collection.ledger(live.id).values())
    step = max(1, len(marks) // SAMPLE)
    sample = sorted(marks, key=lambda mark: mark.chunks)[step // 2 :: step][:SAMPLE]
    stored = collection.store.get_elements(mark.element_key for mark in sample)
    began = time.perf_counter()
    chunks = tokens = weight = 0
    for mark in sample:
        document = stored.get(mark.element_key)
        if document is None or document.outcome not in (Outcome.OK, Outcome.PARTIAL):
            continue
        recipe = session.recipe
        prepared = prepare(
            recipe, document, list(recipe.chunker.chunk(document, tokens=recipe.tokens, embedder=recipe.encoder))
        )
        new = first_of_each(prepared.keys, known(session, prepared))
        for _ in recipe.encoder.vectors(prepared, new):
            continue
        chunks, tokens, weight = chunks + len(prepared.jobs), tokens + prepared.tokens(new), weight + mark.chunks
    spent = time.perf_counter() - began
    scale = sum(mark.chunks for mark in marks) / max(1, weight)
    whole = round(chunks * scale)
    return Estimate(len(marks), whole, round(tokens * scale), whole * row_bytes(target), spent * scale)


def _has_table(collection: Collection, target: GenerationRow) -> bool:
    return collection.store.has_table(target.table)
