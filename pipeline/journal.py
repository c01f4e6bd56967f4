"""Documents in flight, on disk before work on them begins: what a dead run was at is known to the next one.

A line is flushed to the kernel, not to the disk: it outlives the process, however that ends.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from quarry import fault

ALONE_FROM = 2
"""A document that was in flight at so many deaths is tried last and alone."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A document that was in flight when a run died."""

    sha256: str
    deaths: int


class Journal:
    """One a source, used under the source's lock. Leaving the block in whatever way Python can is no death; leaving it
    by an exception is no end of the run either.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._out: IO[str] | None = None
        self._flying: dict[str, str] = {}
        self._suspects: dict[str, Suspect] = {}
        self._opened = False
        self.interrupted = False
        """True where the run before this one died: what it owed at its end is still to be done."""

    def __enter__(self) -> Self:
        self._suspects, flying, closed = _replay(self._file)
        self.interrupted = not closed
        for document, sha256 in flying.items():
            known = self._suspects.get(document)
            deaths = known.deaths if known and known.sha256 == sha256 else 0
            self._suspects[document] = Suspect(sha256, deaths + 1)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        with self._guard:
            if self._out is not None:
                self._out.close()
            if error is not None and (self._opened or self.interrupted):
                self._rewrite(closed=False)
            elif self._suspects:
                self._rewrite(closed=True)
            else:
                self._file.unlink(missing_ok=True)

    def suspect(self, document: str, sha256: str) -> Suspect | None:
        """What earlier deaths say of these bytes."""
        known = self._suspects.get(document)
        return known if known and known.sha256 == sha256 else None

    def open(self) -> None:
        """The run is going to write: from here on a death is noticed by the next run."""
        with self._guard:
            if self._out is None:
                self._opened = True
                self._rewrite(closed=False)
                self._out = self._file.open("a", encoding="utf-8")

    def start(self, document: str, sha256: str) -> None:
        """Work on it begins."""
        with self._guard:
            if document in self._flying:
                return
            self._flying[document] = sha256
            self._write({"start": document, "sha256": sha256})
        fault.reach("journal.start")

    def done(self, documents: Iterable[str]) -> None:
        """They are committed: whatever they did to earlier runs is forgiven."""
        with self._guard:
            finished = list(documents)
            for document in finished:
                self._flying.pop(document, None)
                self._suspects.pop(document, None)
            if self._out is not None:
                self._write({"done": finished})
        fault.reach("journal.done")

    def blame(self, document: str, sha256: str) -> None:
        """It died alone and is recorded so; when it is tried again, it is alone at once."""
        with self._guard:
            self._suspects[document] = Suspect(sha256, ALONE_FROM)

    def _write(self, line: dict[str, object]) -> None:
        assert self._out is not None, "open() comes first"
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def _rewrite(self, *, closed: bool) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        lines: list[dict[str, object]] = [
            {"suspect": document, "sha256": known.sha256, "deaths": known.deaths}
            for document, known in self._suspects.items()
        ]
        lines += [{"closed": True}] if closed else []
        part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        part.replace(self._file)


def in_flight(file: Path) -> frozenset[str]:
    """Documents that a run was at when it died, or is at now."""
    return frozenset(_replay(file)[1])


def _replay(file: Path) -> tuple[dict[str, Suspect], dict[str, str], bool]:
    """Suspects so far, what was in flight at the end, and whether the run came to its end."""
    suspects: dict[str, Suspect] = {}
    flying: dict[str, str] = {}
    closed = not file.exists()
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:  # the line that death cut short: its work had not begun
            continue
        closed = "closed" in entry
        if "suspect" in entry:
            suspects[entry["suspect"]] = Suspect(entry["sha256"], entry["deaths"])
        elif "start" in entry:
            flying[entry["start"]] = entry["sha256"]
        for document in entry.get("done", ()):
            flying.pop(document, None)
            suspects.pop(document, None)
    return suspects, flying, closed
