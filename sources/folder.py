"""Folders, globs and single files on a local disk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from quarry.errors import ConfigError, SourceError
from sources import Input, Stat

_ENDING = re.compile(r"\*\.[\w.]+")


class Folder:
    """Every file below `root` that an include pattern matches and no exclude pattern does.

    Symbolic links to folders are not followed; one to a file is listed and refused when it is read.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        *,
        include: Sequence[str],
        exclude: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        below: str | None = None,
    ) -> None:
        """`below`: list only this folder of the root (`""` is the root itself); what is missing is then not gone."""
        self.name = name
        self.root = str(root)
        self._takes = _taker(include, exclude)
        self.metadata: Mapping[str, Any] = dict(metadata or {})
        self._below = below
        self._unlisted: list[str] = []
        self._excluded = 0

    @property
    def whole(self) -> bool:
        return self._below is None and not self._unlisted

    @property
    def excluded(self) -> int:
        return self._excluded if self._below is None else 0

    @property
    def unlisted(self) -> tuple[str, ...]:
        return tuple(self._unlisted)

    def scan(self) -> Iterator[tuple[str, Stat]]:
        self._unlisted.clear()
        self._excluded = 0
        try:
            os.scandir(self.root).close()
        except OSError as error:
            raise SourceError(f"can't list {self.root}: {error.strerror}; its documents stay as they are") from error
        return self._walk(self._below or "")

    def _walk(self, below: str) -> Iterator[tuple[str, Stat]]:
        """Depth first with a stack of open folders: a deep tree costs no deep recursion."""
        takes = self._takes
        open_folders = [(f"{below}/" if below else "", self._entries(below))]
        while open_folders:
            folder, entries = open_folders[-1]
            for entry in entries:
                path = folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    open_folders.append((f"{path}/", self._entries(path)))
                    break
                if takes(path) and not (entry.is_symlink() and entry.is_dir()):
                    yield path, stat_of(entry.stat(follow_symlinks=False))
                else:
                    self._excluded += 1
            else:
                open_folders.pop()

    def _entries(self, below: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(f"{self.root}/{below}") as found:
                return iter(sorted(found, key=attrgetter("name")))
        except OSError as error:
            self._unlisted.append(f"{below}: {error.strerror}")
            return iter(())

    def input(self, path: str, stat: Stat) -> Input:
        file = f"{self.root}/{path}"
        return Input(
            source=self.name, path=path, uri=file_uri(file), file=Path(file), stat=stat, metadata=self.metadata
        )


def stat_of(result: os.stat_result) -> Stat:
    # Twice as quick as Stat(...): this runs for each of a hundred thousand files.
    return tuple.__new__(Stat, (result.st_size, result.st_mtime_ns, result.st_ctime_ns, result.st_ino))


def file_uri(path: str) -> str:
    """`file://` URI of an absolute path; bytes that are no UTF-8 stay exact through percent escapes."""
    return "file://" + quote(os.fsencode(path))


def _taker(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """True for what an include pattern matches and no exclude pattern does."""
    wanted, unwanted = _matcher(include), _matcher(exclude)
    return (lambda path: wanted(path) and not unwanted(path)) if exclude else wanted


def _matcher(globs: Sequence[str]) -> Callable[[str], bool]:
    """True for what any of the patterns matches. Mere endings (`*.pdf`) are told apart without a regular expression."""
    endings = tuple(glob[1:].lower() for glob in globs if _ENDING.fullmatch(glob))
    patterns = [_pattern(glob) for glob in globs if not _ENDING.fullmatch(glob)]

    def ends(path: str) -> bool:
        return path.lower().endswith(endings)

    def matches(path: str) -> bool:
        return ends(path) or any(pattern.match(path) for pattern in patterns)

    return matches if patterns else ends


def _pattern(glob: str) -> re.Pattern[str]:
    """`*` and `?` within one part of the path, `**/` over any number of parts, `[...]` as in a shell.

    A pattern without `/` matches the file's name at any depth, a leading `/` binds it to the root; letters match in
    either case.
    """
    anchored = glob.lstrip("/") if "/" in glob else f"**/{glob}"
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\])", anchored)
    table = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    out = [
        table.get(part) or (_set(part) if part[:1] == "[" and part[-1:] == "]" else re.escape(part)) for part in parts
    ]
    try:
        return re.compile("".join(out) + r"\Z", re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise ConfigError(f"{glob!r} is no pattern: {error.msg}; [...] holds letters and ranges such as a-z") from error


def _set(part: str) -> str:
    body = re.sub(r"([\\\[&~|])", r"\\\1", part[1:-1])
    return f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]"
