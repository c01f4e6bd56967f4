"""List and read documents: folders, globs, single files, JSON lines on stdin.

`sources.spec.resolve` turns what a user typed into sources; each lists its inputs and says whether it was listed whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Stat(NamedTuple):
    """What tells cheaply that a file is probably the same; zeros where there is no file."""

    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to ingest: a path below its source's root."""

    source: str
    path: str
    """Relative to the root, `/` between parts, as it is on disk (undecodable bytes as surrogate escapes)."""
    uri: str
    file: Path | None
    """Where the bytes are; None where `body` has them."""
    stat: Stat
    body: Callable[[], bytes] | None = None
    """Reads the bytes of what is no file (a JSON line)."""
    media_type: str | None = None
    """Declared by the source; None: decide by content."""
    title: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A named set of inputs below one root."""

    @property
    def name(self) -> str: ...

    @property
    def root(self) -> str:
        """Absolute path; `-` for stdin."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the user declared for every input of the source."""

    def scan(self) -> Iterator[tuple[str, Stat]]:
        """Path and stat of each input, in the order of the paths. SourceError where the root can't be listed."""

    def input(self, path: str, stat: Stat) -> Input:
        """The input of one path that `scan` gave, or that is known from before."""

    @property
    def whole(self) -> bool:
        """After `scan` ran to its end: True if everything below the root was seen, so what is missing is gone."""

    @property
    def excluded(self) -> int:
        """After `scan` ran: files that no include pattern matched."""

    @property
    def unlisted(self) -> tuple[str, ...]:
        """After `scan` ran: folders that could not be read."""


def inputs(source: Source) -> Iterator[Input]:
    """All of them, in the order of their paths."""
    return (source.input(path, stat) for path, stat in source.scan())
