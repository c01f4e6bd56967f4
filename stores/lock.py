"""One writer at a time: a file lock that the kernel frees when its owner dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from quarry.errors import BusyError

POLL_S = 0.1


@contextmanager
def lock(file: Path, *, what: str, wait_s: float, stop: threading.Event | None = None) -> Iterator[None]:
    """Hold `file` locked. BusyError that names the owner after `wait_s` seconds, or once `stop` is set."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as held:
        _acquire(held, what=what, wait_s=wait_s, stop=stop or threading.Event())
        try:
            _sign(held)
            yield
        finally:
            held.truncate(0)
            fcntl.flock(held, fcntl.LOCK_UN)


def _acquire(held: IO[str], *, what: str, wait_s: float, stop: threading.Event) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until or stop.is_set():
                raise BusyError(f"another run holds {what}: {_owner(held)}; waited {wait_s:g} s") from error
            stop.wait(POLL_S)
        else:
            return


def _sign(held: IO[str]) -> None:
    held.truncate(0)
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    held.write(json.dumps(owner))
    held.flush()


def _owner(held: IO[str]) -> str:
    held.seek(0)
    try:
        owner = json.loads(held.read())
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (ValueError, KeyError, TypeError):  # it is being signed at this moment
        return "a process that has just started"
