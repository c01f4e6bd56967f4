"""Size and SHA-256 of every file of a local store: LanceDB reads most flipped bytes without a word."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FOLDER = "_sums"
_MUTABLE = frozenset({"latest_version_hint.json"})
"""Written again with each commit; LanceDB does without it."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A file of a table that is not as it was written."""

    table: str
    file: str
    """Relative to the table's folder."""
    what: str


@dataclass(frozen=True, slots=True)
class _Sum:
    size: int
    sha256: str


class Files:
    """LanceDB never changes a file that it has written, so a sum holds until clean-up takes the file away.

    `record` and `forget` belong inside the lock under which the table is written: a file that another process is
    still writing must not be summed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, dict[str, _Sum]] = {}

    def record(self, table: str) -> None:
        """Sum what is new in the table's folder."""
        known = self._load(table)
        lines = []
        for file, size in self._listed(table):
            if file not in known:
                known[file] = _Sum(size, _hash(self._folder(table) / file))
                lines.append(_line(file, known[file]))
        if lines:
            self._list(table).parent.mkdir(exist_ok=True)
            with self._list(table).open("a", encoding="utf-8") as out:
                out.write("".join(lines))

    def expect_fewer(self, table: str) -> None:
        """Before a clean-up: until `forget`, a missing file is no damage, also if this process dies on the way."""
        self._mark(table).parent.mkdir(exist_ok=True)
        self._mark(table).touch()

    def cleaned(self) -> list[str]:
        """Tables whose clean-up was not seen to its end."""
        folder = self._root / FOLDER
        return sorted(path.stem for path in folder.glob("*.cleaning")) if folder.is_dir() else []

    def forget(self, table: str) -> None:
        """After a clean-up: drop the sums of files that it took away."""
        self._known.pop(table, None)
        there = {file for file, _ in self._listed(table)}
        kept = {file: known for file, known in self._load(table).items() if file in there}
        self._known[table] = kept
        part = self._list(table).with_suffix(".part")
        part.parent.mkdir(exist_ok=True)
        part.write_text("".join(_line(file, known) for file, known in kept.items()), encoding="utf-8")
        part.replace(self._list(table))
        self._mark(table).unlink(missing_ok=True)

    def drop(self, table: str) -> None:
        """The table is gone."""
        self._known.pop(table, None)
        self._list(table).unlink(missing_ok=True)
        self._mark(table).unlink(missing_ok=True)

    def tables(self) -> list[str]:
        """Those that have sums."""
        folder = self._root / FOLDER
        return sorted(path.stem for path in folder.glob("*.jsonl")) if folder.is_dir() else []

    def broken(self, table: str, *, deep: bool) -> Iterator[Broken]:
        """Missing files and wrong sizes; with `deep` also files whose content has changed."""
        self._known.pop(table, None)
        there = dict(self._listed(table))
        cleaning = self._mark(table).exists()
        for file, known in self._load(table).items():
            if file not in there:
                if cleaning:
                    continue
                yield Broken(table, file, "is missing")
            elif there[file] != known.size:
                yield Broken(table, file, f"has {there[file]} bytes, {known.size} were written")
            elif deep and _hash(self._folder(table) / file) != known.sha256:
                yield Broken(table, file, "has other bytes than were written")

    def _load(self, table: str) -> dict[str, _Sum]:
        if table not in self._known:
            self._known[table] = dict(_lines(self._list(table)))
        return self._known[table]

    def _list(self, table: str) -> Path:
        return self._root / FOLDER / f"{table}.jsonl"

    def _mark(self, table: str) -> Path:
        return self._root / FOLDER / f"{table}.cleaning"

    def _folder(self, table: str) -> Path:
        return self._root / f"{table}.lance"

    def _listed(self, table: str) -> Iterator[tuple[str, int]]:
        yield from _walk(str(self._folder(table)), "")


def _walk(root: str, below: str) -> Iterator[tuple[str, int]]:
    try:
        with os.scandir(f"{root}/{below}") as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    for entry in found:
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path)
        elif entry.name not in _MUTABLE:
            yield path, entry.stat().st_size


def _hash(file: Path) -> str:
    total = sha256()
    with file.open("rb") as data:
        while piece := data.read(_PIECE):
            total.update(piece)
    return total.hexdigest()


def _line(file: str, known: _Sum) -> str:
    return json.dumps({"file": file, "size": known.size, "sha256": known.sha256}) + "\n"


def _lines(path: Path) -> Iterator[tuple[str, _Sum]]:
    """A last line that a crash cut short is no line: its file is summed again."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        yield entry["file"], _Sum(entry["size"], entry["sha256"])
