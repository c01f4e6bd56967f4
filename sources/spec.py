"""What a user typed (`handbook`, `papers=/data/papers`, `*.pdf`, `-`) as sources with names and roots."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path

from quarry.errors import ConfigError, SourceError
from quarry.settings import SourceSettings
from sources import Source
from sources.folder import Folder
from sources.jsonl import JsonLines

_MAGIC = re.compile(r"[*?\[]")
_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the sources of one run are resolved against."""

    declared: Mapping[str, SourceSettings]
    """From the settings."""
    stored: Mapping[str, str]
    """Name -> root of the collection's sources so far."""
    extensions: Sequence[str]
    """What the parsers claim: the default include."""
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    root: Path
    globs: tuple[str, ...] = ()
    """Set for globs and single files: only a part of the root is listed."""
    below: str = ""
    """The folder of the root that all globs are in."""


def resolve(specs: Sequence[str], *, scope: Scope) -> list[Source]:
    """The sources to read; without specs all declared ones.

    Raises ConfigError for a name with another root than it is stored with, and for roots inside each other.
    """
    if not specs and not scope.declared:
        raise ConfigError("no source given and none in config/sources.yaml: name a folder, a file, a glob or -")
    places = [_place(spec, scope=scope) for spec in specs if not _is_stdin(spec)]
    if not specs:
        places = [_Place(name, _absolute(source.path)) for name, source in scope.declared.items()]
    places = _merged(places)
    for place in places:
        _check_root(place, scope=scope)
    _check_overlap(places, stored=scope.stored)
    streams: list[Source] = [JsonLines(_stdin_name(spec), sys.stdin.buffer) for spec in specs if _is_stdin(spec)]
    if len(streams) > 1:
        raise ConfigError("stdin can be read once: give - a single time")
    return [*(_folder(place, scope=scope) for place in places), *streams]


def _is_stdin(spec: str) -> bool:
    return spec == "-" or spec.endswith("=-")


def _stdin_name(spec: str) -> str:
    return spec.removesuffix("-").removesuffix("=") or "stdin"


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute().resolve()


def _place(spec: str, *, scope: Scope) -> _Place:
    named = None if Path(spec).exists() else _NAMED.fullmatch(spec)
    name, path = (named[1], named[2]) if named else (None, spec)
    if name is None and path in scope.declared and not Path(path).exists():
        return _Place(path, _absolute(scope.declared[path].path))
    target = Path(path).expanduser()
    if target.is_dir():
        root = _absolute(path)
        return _Place(name or _base_name(root), root)
    if target.exists() or target.is_symlink():
        folder, glob = target.absolute().parent.resolve(), _escape(target.name)
    elif _MAGIC.search(path):
        folder, glob = _glob_root(target)
    else:
        known = next((known for known, root in scope.stored.items() if root == str(_absolute(path))), None)
        if known is None or name not in (None, known):
            raise SourceError(f"no such file or folder: {path}")
        return _Place(known, _absolute(path))  # it was there before: listing it says what is wrong, nothing is deleted
    return _within(name, folder, glob, scope=scope)


def _glob_root(target: Path) -> tuple[Path, str]:
    parts = target.absolute().parts
    first = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    root = Path(*parts[:first]).resolve()
    if not root.is_dir():
        raise SourceError(f"no such folder: {root}")
    return root, "/".join(parts[first:])


def _within(name: str | None, folder: Path, glob: str, *, scope: Scope) -> _Place:
    """A file or glob below a source that the collection knows belongs to that source."""
    roots = {n: Path(root) for n, root in scope.stored.items() if root != "-"}
    roots |= {n: _absolute(source.path) for n, source in scope.declared.items()}
    for known, root in roots.items():
        if name in (None, known) and folder.is_relative_to(root):
            below = folder.relative_to(root).as_posix().removeprefix(".")
            return _Place(known, root, (f"{_escape(below)}/{glob}",), below)
    return _Place(name or _base_name(folder), folder, (f"/{glob}",))


def _merged(places: Sequence[_Place]) -> list[_Place]:
    """One place a source: a shell hands over `*.pdf` as many files."""
    merged: dict[tuple[str, Path], _Place] = {}
    for place in places:
        known = merged.setdefault((place.name, place.root), place)
        if known is place:
            continue
        whole = not (known.globs and place.globs)
        below = "" if whole else commonpath((f"/{known.below}", f"/{place.below}")).lstrip("/")
        merged[place.name, place.root] = _Place(
            place.name, place.root, () if whole else known.globs + place.globs, below
        )
    return list(merged.values())


def _escape(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _base_name(root: Path) -> str:
    return root.name or "root"


def _check_root(place: _Place, *, scope: Scope) -> None:
    declared = scope.declared.get(place.name)
    if declared is not None:
        if _absolute(declared.path) != place.root:
            raise ConfigError(
                f"source {place.name!r} is declared with root {_absolute(declared.path)}, not {place.root}"
            )
        return  # a root in the settings is the way to declare a move
    stored = scope.stored.get(place.name)
    if stored is not None and stored != str(place.root):
        raise ConfigError(
            f"source {place.name!r} has the root {stored} in this collection, not {place.root}; "
            f"if the folder moved, add --set sources.{place.name}.path={place.root}; "
            f"if it is another one, name it: OTHER={place.root}"
        )


def _check_overlap(places: Sequence[_Place], *, stored: Mapping[str, str]) -> None:
    roots = {name: Path(root) for name, root in stored.items() if root != "-"}
    for place in places:
        roots.pop(place.name, None)
    known = list(roots.items())
    for place in places:
        for name, root in known:
            if name == place.name:
                raise ConfigError(f"two sources named {name!r}: {root} and {place.root}; name one: OTHER={place.root}")
            if root.is_relative_to(place.root) or place.root.is_relative_to(root):
                raise ConfigError(f"sources overlap: {place.name!r} at {place.root} and {name!r} at {root}")
        known.append((place.name, place.root))


def _folder(place: _Place, *, scope: Scope) -> Folder:
    declared = scope.declared.get(place.name)
    include = place.globs or scope.include or (declared.include if declared else ())
    return Folder(
        place.name,
        place.root,
        include=include or tuple(f"*{extension}" for extension in scope.extensions),
        exclude=(*scope.exclude, *(declared.exclude if declared else ())),
        metadata=declared.metadata if declared else None,
        below=place.below if place.globs else None,
    )
