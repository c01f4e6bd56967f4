"""Which generation searches read: promoted behind gates, rolled back, finalised, retired, dropped."""

from __future__ import annotations

from collections.abc import Collection as Names
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.backfill import open_for_writing
from pipeline.batch import COMMIT_WAIT_S
from pipeline.gates import NAMES, Gate, gates
from pipeline.generations import behind, catch_up, session_for
from pipeline.progress import Progress
from pipeline.retention import finalised, settle
from pipeline.views import live_of
from quarry import fault
from quarry.errors import ConfigError, HeldBackError, StoreError, unknown
from quarry.settings import Effective, Settings
from stores.collection import Collection
from stores.rows import GenerationRow

PASSES = 5
"""Catch-ups before the lock is taken, so that the one inside it is short."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """What searches read now, what they read before, and what the gates said."""

    live: GenerationRow
    previous: GenerationRow
    gates: tuple[Gate, ...]


def promote(
    effective: Effective,
    beginning: str,
    *,
    force: Names[str] = (),
    questions: Path | None = None,
    progress: Progress | None = None,
) -> Promoted:
    """Catch up -> lock -> last catch-up -> gates -> compare-and-swap -> unlock.

    HeldBackError where a gate is shut that `force` doesn't name; nothing has changed then but the catch-up.
    """
    for name in force:
        if name not in NAMES:
            raise unknown(name, NAMES, place="--force")
    collection = open_for_writing(effective)
    target = collection.generation(beginning)
    if target.state in ("retired", "stale"):
        raise ConfigError(f"generation {target.id} is {target.state}: it is not kept up; make it again by a backfill")
    return _switched(effective, collection, target, force=force, questions=questions, progress=progress)


def rollback(effective: Effective, *, force: Names[str] = (), progress: Progress | None = None) -> Promoted:
    """The same swap back to the previous generation. HeldBackError lists what would be lost where its model is gone."""
    collection = open_for_writing(effective)
    live_of(collection)
    previous = collection.previous()
    if previous is None:
        raise StoreError(f"collection {collection.name!r} has no previous generation: nothing to roll back to")
    return _switched(effective, collection, previous, force=force, questions=None, progress=progress)


def _switched(
    effective: Effective,
    collection: Collection,
    target: GenerationRow,
    *,
    force: Names[str],
    questions: Path | None,
    progress: Progress | None,
) -> Promoted:
    settings = effective.settings
    if live_of(collection).id == target.id:
        raise ConfigError(f"generation {target.id} is live already")
    for _ in range(PASSES):
        if not _caught_up(settings, collection, target, progress=progress):
            break
    fault.reach("promote.before")
    with collection.lock(wait_s=COMMIT_WAIT_S):
        row = collection.row()
        live = live_of(collection)
        assert row is not None
        fault.reach("promote.locked")
        _caught_up(settings, collection, target, progress=progress)
        collection.ensure_indexes(target, settings.index)
        collection.tidy([target], settings.upkeep, only=())
        collection.index_all(target)
        shown = _checked(collection, target, settings, force=force, questions=questions)
        fault.reach("promote.swap")
        with collection.store.writing():
            now = datetime.now(UTC)
            collection.swap(live=target.id, previous=live.id, counter=row.counter)
            fault.reach("promote.swapped")
            settle(collection, live=target.id, previous=live.id, now=now)
    return Promoted(collection.generation(target.id), collection.generation(live.id), shown)


def _caught_up(settings: Settings, collection: Collection, target: GenerationRow, *, progress: Progress | None) -> int:
    """How many documents it brought in or dropped. A generation whose model is gone can't: its gates will say so."""
    found = behind(collection, target)
    if found.documents:
        try:
            catch_up(session_for(None, settings, collection, target), found, progress=progress)
        except ConfigError:  # its model is gone, or is another one by now
            return 0
    return found.documents


def _checked(
    collection: Collection, target: GenerationRow, settings: Settings, *, force: Names[str], questions: Path | None
) -> tuple[Gate, ...]:
    shown = tuple(gates(collection, target, settings, questions=questions))
    shut = [gate for gate in shown if not gate.passed and gate.name not in force]
    if shut:
        said = "; ".join(f"{gate.name}: {gate.figure}" for gate in shut)
        raise HeldBackError(
            f"generation {target.id} does not pass: {said}. --force {shut[0].name} overrides that gate",
            gates=[(gate.name, gate.passed, gate.figure) for gate in shown],
        )
    return shown


def finalize(effective: Effective) -> GenerationRow | None:
    """Give the previous generation up: ingests write the live one alone. Returns it; None where there is none."""
    collection = open_for_writing(effective)
    with collection.lock(wait_s=COMMIT_WAIT_S), collection.store.writing():
        return finalised(collection)


def drop(effective: Effective, beginning: str, *, now: bool = False) -> GenerationRow:
    """Retire a generation; its table goes when the grace time is over, or at once with `now`."""
    collection = open_for_writing(effective)
    target = collection.generation(beginning)
    row = collection.row()
    if row is not None and target.id in (row.live, row.previous):
        said = "live: promote another one first" if target.id == row.live else "previous: `quarry promote --finalize`"
        raise ConfigError(f"generation {target.id} is {said}")
    with collection.lock(wait_s=COMMIT_WAIT_S), collection.store.writing():
        retired = collection.put_state(replace(target, state="retired", retired_at=datetime.now(UTC)))
        return collection.drop_generation(retired) if now else retired
