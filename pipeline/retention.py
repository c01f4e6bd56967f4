"""What generations are when: states that the live pointer means, promotions that become final, tables that go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from quarry.settings import GenerationSettings, Settings
from stores.collection import Collection
from stores.rows import GenerationRow


def settle(collection: Collection, *, live: str, previous: str | None, now: datetime) -> None:
    """The states that the pointer means; also after a process died between the swap and this."""
    for row in collection.generations():
        state = "live" if row.id == live else "previous" if row.id == previous else row.state
        if row.id not in (live, previous) and row.state in ("live", "previous", "stale"):
            state = "retired"
        if row.state == "stale" and state == "previous":
            state = "stale"
        if state != row.state:
            since = now if state == "live" else row.live_since
            retired = now if state == "retired" else None
            collection.put_state(replace(row, state=state, live_since=since, retired_at=retired))


def finalised(collection: Collection) -> GenerationRow | None:
    """Inside the lock."""
    row = collection.row()
    if row is None or row.live is None or row.previous is None:
        return None
    collection.swap(live=row.live, previous=None, counter=row.counter)
    settle(collection, live=row.live, previous=None, now=datetime.now(UTC))
    return next((found for found in collection.generations() if found.id == row.previous), None)


def keep_house(collection: Collection, settings: Settings) -> list[str]:
    """Inside the lock, at the end of runs: what is due by age and count. Returns what it did, a sentence each."""
    row, now, done = collection.row(), datetime.now(UTC), []
    if row is None or row.live is None:
        return []
    with collection.store.writing():
        settle(collection, live=row.live, previous=row.previous, now=now)
        since = next((found.live_since for found in collection.generations() if found.id == row.live), None)
        if row.previous and since and now - since > timedelta(days=settings.generations.finalize_days):
            finalised(collection)
            done.append(f"the promotion of {row.live} is final: {row.previous} is no longer written to")
        for generation in _due(collection, settings.generations, keep_hours=settings.upkeep.keep_hours, now=now):
            collection.drop_generation(generation)
            done.append(f"generation {generation.id} was dropped")
    return done


def _due(
    collection: Collection, settings: GenerationSettings, *, keep_hours: float, now: datetime
) -> list[GenerationRow]:
    """Retired ones beyond the number that is kept, or too old, when their grace time is over."""
    retired = sorted(
        (row for row in collection.generations() if row.state == "retired" and row.retired_at),
        key=lambda row: row.retired_at or row.created,
        reverse=True,
    )
    grace, age = timedelta(hours=keep_hours), timedelta(days=settings.keep_days)
    spent = {row.id: now - (row.retired_at or row.created) for row in retired}
    return [
        row for n, row in enumerate(retired) if spent[row.id] > grace and (n >= settings.keep or spent[row.id] > age)
    ]
