"""Read inputs safely: regular files only, hashed in pieces, never two states of one file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from quarry.errors import RefusedError
from sources import Input, Stat
from sources.folder import stat_of

HEAD = 65536
"""Bytes that are enough to tell a media type."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What hashing an input found out."""

    sha256: str
    head: bytes
    stat: Stat


def hash_content(item: Input, *, max_bytes: float) -> Content:
    """SHA-256, head and the stat that belongs to them.

    RefusedError `size: ...` above `max_bytes`, `unreadable: ...` for what is no readable regular file.
    """
    if item.body is not None:
        body = item.body()
        _check_size(len(body), max_bytes=max_bytes)
        return Content(sha256(body).hexdigest(), body[:HEAD], item.stat)
    for _ in range(2):
        content = _hash_file(item, max_bytes=max_bytes)
        if content is not None:
            return content
    raise RefusedError("unreadable: it changes while it is read")


def _hash_file(item: Input, *, max_bytes: float) -> Content | None:
    with _opened(item) as (descriptor, before):
        _check_size(before.st_size, max_bytes=max_bytes)
        total, head = sha256(), b""
        while piece := os.read(descriptor, _PIECE):
            total.update(piece)
            head = head or piece[:HEAD]
        after = os.fstat(descriptor)
    steady = stat_of(before) == stat_of(after)
    return Content(total.hexdigest(), head, stat_of(after)) if steady else None


@contextmanager
def _opened(item: Input) -> Iterator[tuple[int, os.stat_result]]:
    """O_NONBLOCK: a FIFO must not hold the run up; O_NOFOLLOW: a link may lead out of the source."""
    assert item.file is not None
    try:
        descriptor = os.open(item.file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        link = item.file.is_symlink()
        raise RefusedError(f"unreadable: {'it is a symbolic link' if link else error.strerror}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("unreadable: it is no regular file")
        yield descriptor, found
    except OSError as error:
        raise RefusedError(f"unreadable: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _check_size(size: int, *, max_bytes: float) -> None:
    if size > max_bytes:
        raise RefusedError(f"size: {size / 1e6:.1f} MB, limits.max_mb allows {max_bytes / 1e6:.1f}")
