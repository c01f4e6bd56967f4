"""Three ingests, a backfill and a reader at one store at once, while documents change, move and vanish."""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from pipeline.promote import promote
from pipeline.verify import verify
from pipeline.views import encoder_of, live_of
from quarry.errors import QuarryError
from quarry.settings import load
from search.search import search
from stores.lance import Store
from stores.rows import GenerationRow
from tests.pipeline.place import Place, aged
from tests.pipeline.processes import command, start

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = ("filings", "papers", "handbook")
CHUNKER = ("--chunker", "sliding_window", "--set", "chunker.size=24", "--set", "chunker.overlap=4")
NOTES = 12
WORDS = ("harbour", "granite", "orchard", "signal", "lantern", "copper", "meadow", "tide")


@dataclass
class Loops:
    """Threads that repeat something until the end, and what went wrong in them."""

    stop: threading.Event = field(default_factory=threading.Event)
    wrong: list[str] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def running(self, name: str, step: Callable[[], str | None]) -> Iterator[None]:
        """`step` says what went wrong, or nothing."""
        thread = threading.Thread(target=self._loop, args=(name, step))
        thread.start()
        try:
            yield
        finally:
            self.stop.set()
            thread.join(120)
            assert not thread.is_alive(), name

    def _loop(self, name: str, step: Callable[[], str | None]) -> None:
        while not self.stop.is_set():
            said = step()
            self.done[name] = self.done.get(name, 0) + 1
            if said:
                self.wrong.append(f"{name}: {said}")


def test_everything_at_once(place: Place) -> None:
    at_once(place, seconds=8)


@pytest.mark.slow
def test_everything_at_once_for_a_minute(place: Place) -> None:
    at_once(place, seconds=60)


def at_once(place: Place, *, seconds: float) -> None:
    chance = random.Random(5)
    for source in SOURCES:
        for number in range(NOTES):
            note(place, source, number, chance)
        assert told(ingesting(place, source)) is None
    live = live_of(place.collection)
    loops = Loops()
    with ExitStack() as stack:
        for source in SOURCES:
            stack.enter_context(loops.running(source, lambda source=source: told(ingesting(place, source))))  # type: ignore[misc]
        stack.enter_context(loops.running("backfill", lambda: told(backfilling(place))))
        stack.enter_context(loops.running("reader", reader(place)))
        stack.enter_context(loops.running("changes", lambda: change(place, chance)))
        time.sleep(seconds)
    assert loops.wrong == []
    assert min(loops.done[name] for name in (*SOURCES, "backfill", "reader")) >= 1, loops.done
    ended(place, live)


def ended(place: Place, live: GenerationRow) -> None:
    """After one more round both generations hold what is on disk, whole."""
    for source in SOURCES:
        assert told(ingesting(place, source)) is None
    assert told(backfilling(place)) is None
    collection = place.collection
    (second,) = [row for row in collection.generations() if row.id != live.id]
    expected = {
        (source, file.name): sha256(file.read_bytes()).hexdigest()
        for source in SOURCES
        for file in (place.folder / source).iterdir()
    }
    for generation in (live, second):
        rows = list(collection.all_chunks(generation))
        found = {(row.provenance.source, row.provenance.path): row.provenance.sha256 for row in rows}
        assert found == expected
        assert len(rows) == len({row.chunk.id for row in rows})
    assert verify(collection) == []
    promote(load(options={"store": str(place.store)}, environ={}), second.id)
    assert verify(collection) == []


def note(place: Place, source: str, number: int, chance: random.Random) -> None:
    words = " ".join(chance.choice(WORDS) for _ in range(60))
    file = place.folder / source / f"note{number}.md"
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(f"# Note {number} of {source}\n\n{words} {chance.random()}\n")
    aged(new).replace(file)


def change(place: Place, chance: random.Random) -> None:
    """One document of one source is written, moved or deleted."""
    source, number = chance.choice(SOURCES), chance.randrange(NOTES)
    file = place.folder / source / f"note{number}.md"
    deed = chance.choice(("write", "write", "move", "delete"))
    if deed == "write" or not file.exists():
        note(place, source, number, chance)
    elif deed == "move":
        shutil.move(file, file.with_name(f"note{chance.randrange(NOTES)}.md"))
    else:
        file.unlink()
    time.sleep(0.2)


def ingesting(place: Place, source: str) -> list[str]:
    return command(place, f"{source}={place.folder / source}", options=("--quiet", "--max-delete", "1"))


def backfilling(place: Place) -> list[str]:
    return [
        *(sys.executable, "-m", "quarry", "backfill", *CHUNKER),
        *("--store", str(place.store), "--set", "ingest.workers=1", "--quiet", "--json"),
    ]


def told(arguments: list[str]) -> str | None:
    """Exit 3 and 4 are right too: a file that changed while it was read, a source that another run holds."""
    process = start(arguments)
    _, err = process.communicate(timeout=120)
    if process.returncode in (0, 3, 4) and "Traceback" not in err:
        return None
    return f"exit {process.returncode}: {err[-800:]}"


def reader(place: Place) -> Callable[[], str | None]:
    collection = Store.open(str(place.store)).collection("default")

    def read() -> str | None:
        try:
            hits = search(collection, " ".join(random.sample(WORDS, 3)), encoder=encoder_of, k=5)
        except QuarryError as error:
            return str(error)
        if not hits:
            return "nothing was found"
        generations = {hit.row.provenance.generation for hit in hits}
        return f"mixed {generations}" if len(generations) > 1 else None

    return read
