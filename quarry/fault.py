"""Breaks a run on purpose at a named point: `QUARRY_FAULT=kill@store.chunks.before:3`. Tests and drills use it.

`action@point`, then `:n` for the n-th time that this process comes there (1 without it), or `:text` for the first
subject (a path, say) that holds the text. Several faults are separated by `;`. `QUARRY_FAULT_LOG=FILE` writes down
each point that is reached, so that a drill knows them all. Without the variables a point costs two looks.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from quarry.errors import ConfigError

VARIABLE = "QUARRY_FAULT"
LOG = "QUARRY_FAULT_LOG"


@dataclass(slots=True)
class _Fault:
    action: str
    point: str
    text: str
    left: int

    def hits(self, point: str, subject: str) -> bool:
        if point != self.point or self.text not in subject:
            return False
        if self.text:
            return True
        self.left -= 1
        return self.left == 0


def _read(setting: str) -> list[_Fault]:
    faults: list[_Fault] = []
    for part in filter(None, (one.strip() for one in setting.split(";"))):
        action, _, place = part.partition("@")
        point, _, selector = place.partition(":")
        if action not in _ACTIONS or not point:
            raise ConfigError(f"{VARIABLE}: {part!r} is not action@point[:n], action one of {', '.join(_ACTIONS)}")
        number = int(selector) if selector.isdecimal() else 1
        faults.append(_Fault(action, point, "" if selector.isdecimal() else selector, number))
    return faults


def reach(point: str, subject: str = "") -> None:
    """Does what `QUARRY_FAULT` asks for here, else nothing."""
    if _log:
        with Path(_log).open("a", encoding="utf-8") as out:
            out.write(f"{point}\n")
    for fault in _faults:
        if fault.hits(point, subject):
            _ACTIONS[fault.action]()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _segv() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> NoReturn:
    """Busy, so that only a watcher outside can end it."""
    while True:
        pass


def _sleep() -> None:
    time.sleep(3600)


def _pause() -> None:
    """Long enough for another process to come in between."""
    time.sleep(3)


def _oom() -> NoReturn:
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 32))


def _error() -> NoReturn:
    raise ZeroDivisionError("fault on purpose")


def _enospc() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_ACTIONS = {
    "kill": _kill,
    "segv": _segv,
    "hang": _hang,
    "sleep": _sleep,
    "pause": _pause,
    "oom": _oom,
    "error": _error,
    "enospc": _enospc,
}
_faults = _read(os.environ.get(VARIABLE, ""))
_log = os.environ.get(LOG, "")
