"""What a parser process does with one document; nothing heavy is imported before a parser needs it."""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from parsers import _media as media
from parsers._pdf_proof import Picture, Probe, misplaced, pictures
from quarry import fault, memory
from quarry.errors import ConfigError, DocumentError, FailedError, RefusedError
from quarry.types import Document, Origin

_MB = 1_000_000
LONG = 1000
"""Pages of a document whose answer is large."""
PICTURES = 200
"""Pages that are drawn of one document at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one document in its process."""

    max_mb: float = 512.0
    timeout_s: float = 60.0
    timeout_per_mb_s: float = 20.0
    """Added to `timeout_s` for each megabyte of the file."""
    memory_mb: float = 2048.0
    """Resident memory of the whole process, its libraries included."""


@dataclass(frozen=True, slots=True)
class ParseJob:
    """One document to parse: from a file, or from bytes that are at hand."""

    origin: Origin
    """With the content's hash where it is known: the file must still have it."""
    media_type: str | None = None
    """As decided by content already; None: the worker decides."""
    path: Path | None = None
    data: bytes | None = None
    probes: tuple[Probe, ...] = ()
    """Of a PDF: texts whose boxes are to be read back."""
    dpi: int = 0
    """Of a PDF: draw its first PICTURES pages so finely; 0 draws none."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    document: Document
    seconds: float
    """Wall time in the worker, reading included."""
    misplaced: tuple[str, ...] = ()
    """Names of the probes whose boxes hold another text."""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back through the pipe. An error is carried, not raised: a library's own may not survive pickling."""

    result: ParseResult | None = None
    error: DocumentError | ConfigError | None = None


@dataclass(frozen=True, slots=True)
class _Here:
    """What the process was started with."""

    notes: Connection
    settings: Mapping[str, Mapping[str, Any]]
    limits: Limits


_here: list[_Here] = []


def start(notes: Connection, settings: Mapping[str, Mapping[str, Any]], limits: Limits, scratch: str) -> None:
    """Runs first in each process. Libraries that leave files behind (device ids, caches) leave them in `scratch`.

    numpy's OpenBLAS gets one thread: parsers multiply no matrices, and its idle threads spin for 0.2 CPU s.
    """
    os.environ |= {"TMPDIR": scratch, "XDG_CACHE_HOME": scratch, "OPENBLAS_NUM_THREADS": "1"}
    memory.settle()
    _here[:] = [_Here(notes, settings, limits)]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # pebble's handler would run in Python, so never while native code hangs; the kernel's default always works.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def run(number: int, job: ParseJob) -> Answer:
    """Parse under the time limit: at its end the kernel ends this process, whatever code is running."""
    here = _here[0]
    _note(here, number)
    signal.setitimer(signal.ITIMER_REAL, here.limits.timeout_s)
    try:
        return _outcome(job, here)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _note(here, -1)


def _note(here: _Here, number: int) -> None:
    """Tell the parent what this process is at. One small write, so notes of several processes never mix."""
    here.notes.send_bytes(f"{os.getpid()} {number}".encode())


def _outcome(job: ParseJob, here: _Here) -> Answer:
    began = time.perf_counter()
    try:
        data, document = _parsed(job, here)
        wrong, drawn = _shown(job, data, document, here)
    except (DocumentError, ConfigError) as error:
        return Answer(error=error)
    except MemoryError:
        return Answer(error=FailedError("memory: the system gave no more"))
    except Exception as error:  # noqa: BLE001  # the per-document boundary: a document can fail, a run can't
        return Answer(error=FailedError(f"error: {type(error).__name__} in {_place(error)}"))
    if document.pages > LONG:  # what reading took goes before the answer is packed
        memory.give_back()
    return Answer(ParseResult(document, time.perf_counter() - began, wrong, drawn))


def _shown(job: ParseJob, data: bytes, document: Document, here: _Here) -> tuple[tuple[str, ...], tuple[Picture, ...]]:
    """What was asked for besides the parse, of a PDF."""
    if document.media_type != media.PDF or not (job.probes or job.dpi):
        return (), ()
    passwords = tuple(here.settings.get("pdf", {}).get("passwords", ()))
    wrong = misplaced(data, passwords, job.probes) if job.probes else ()
    return wrong, pictures(data, passwords, dpi=job.dpi, pages=PICTURES) if job.dpi else ()


def _place(error: BaseException) -> str:
    """Where it broke. The message is left out: it may quote the document."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno} ({frame.name})"


def _parsed(job: ParseJob, here: _Here) -> tuple[bytes, Document]:
    """With the bytes that it was made of."""
    data = job.data if job.path is None else read(job.path, max_mb=here.limits.max_mb)
    if data is None:
        raise RefusedError("unreadable: neither a file nor bytes were given")
    if len(data) > here.limits.max_mb * _MB:
        raise RefusedError(f"size: {len(data) / _MB:.1f} MB, limits.max_mb allows {here.limits.max_mb:g}")
    limit = here.limits.timeout_s + here.limits.timeout_per_mb_s * len(data) / _MB
    signal.setitimer(signal.ITIMER_REAL, limit)
    found = sha256(data).hexdigest()
    if job.origin.sha256 and job.origin.sha256 != found:
        raise RefusedError("unreadable: it changed while it was read")
    fault.reach("parse", job.origin.path)
    origin = replace(job.origin, sha256=found)
    return data, media.parse(data, origin, settings=here.settings, media=job.media_type)


def read(path: Path, *, max_mb: float) -> bytes:
    """The whole of a regular file. O_NONBLOCK, so that a FIFO can't hold the worker up."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise RefusedError(f"unreadable: {error.strerror}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError("unreadable: it is no regular file")
        if found.st_size > max_mb * _MB:
            raise RefusedError(f"size: {found.st_size / _MB:.1f} MB, limits.max_mb allows {max_mb:g}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(int(max_mb * _MB) + 1)
        after = os.fstat(descriptor)
    except OSError as error:
        raise RefusedError(f"unreadable: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if (found.st_size, found.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise RefusedError("unreadable: it changed while it was read")
    return data
