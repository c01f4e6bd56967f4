"""Hashes of weight files, remembered by the files' stat so that a large model is read once."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

from quarry.fingerprint import digest

_log = logging.getLogger(__name__)


def weights_hash(files: Iterable[Path]) -> str:
    """Hex SHA-256 over the names and contents of weight files, in the order given."""
    return digest("weights", [(file.name, _file_hash(file)) for file in files], length=64)


def cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quarry" / "weights"


def _file_hash(file: Path) -> str:
    stat = file.stat()
    key: list[str | int] = [str(file.resolve()), stat.st_size, stat.st_mtime_ns, stat.st_ino]
    entry = cache_dir() / f"{digest(*key)}.json"
    known = _remembered(entry, key)
    if known is None:
        with file.open("rb") as stream:
            known = file_digest(stream, "sha256").hexdigest()
        _remember(entry, key, known)
    return known


def _remembered(entry: Path, key: list[str | int]) -> str | None:
    try:
        content = json.loads(entry.read_text(encoding="utf-8"))
        return str(content["sha256"]) if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):  # absent, unreadable or cut short: hash again
        return None


def _remember(entry: Path, key: list[str | int], sha256: str) -> None:
    part = entry.with_suffix(f".{os.getpid()}.part")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"key": key, "sha256": sha256}), encoding="utf-8")
        part.replace(entry)
    except OSError as error:  # costs the next start a second reading, nothing else
        _log.warning("can't keep the weight hash in %s: %s", entry, error.strerror)
