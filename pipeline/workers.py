"""Parser processes: a document that hangs, crashes or eats memory costs itself and nothing else."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from pebble import ProcessExpired, ProcessPool

from pipeline._parse_job import Answer, Limits, ParseJob, ParseResult, run, start
from quarry.errors import FailedError

__all__ = ["Limits", "ParseJob", "ParseResult", "ParserPool"]

_SCRATCH = "quarry-parsers-"
_WATCH_S = 0.05
_LOST_S = 3.0
"""A document is given up so long after its process was seen to be gone, if the pool itself didn't notice."""
_POOL_TRIES = 3
"""A document is handed to a new pool so often where the old one broke around it."""


@dataclass(slots=True)
class _Ticket:
    """A document that is waiting or being parsed."""

    number: int
    job: ParseJob
    promise: Future[ParseResult]
    inner: Future[Answer] | None = None
    killed: FailedError | None = None
    tries: int = 0


@dataclass(slots=True)
class _Process:
    """What the watcher knows of a worker process."""

    process: psutil.Process
    ticket: int = -1
    gone_since: float | None = None


@dataclass(slots=True)
class ParserPool(AbstractContextManager["ParserPool"]):
    """`with ParserPool(workers=4) as pool: pool.submit(job).result()`.

    A future's result is a `ParseResult`; for a document that can't be had it raises EncryptedError, RefusedError or
    FailedError. The processes start with the first document. Leaving the block ends every one; on an error, Ctrl-C
    included, without waiting for documents.
    """

    workers: int
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By parser kind."""
    max_tasks: int = 500
    """Documents after which a process is replaced: leaks of native libraries end with it."""
    _scratch: Path | None = None
    """Temporary folder of the processes: what their libraries leave there goes with it."""
    _pool: Any = None
    _notes: Connection | None = None
    _writer: Connection | None = None
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _tickets: dict[int, _Ticket] = field(default_factory=dict)
    _processes: dict[int, _Process] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._scratch = _scratch_folder()
        self._notes, self._writer = multiprocessing.get_context("spawn").Pipe(duplex=False)
        self._watcher = threading.Thread(target=self._watch, name="quarry-parser-watch", daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pending = [ticket.promise for ticket in list(self._tickets.values())]
        try:
            if error is None:
                for promise in pending:
                    promise.exception()
        finally:
            self._end()
            for promise in pending:
                if not promise.done():
                    promise.set_exception(CancelledError())

    def submit(self, job: ParseJob) -> Future[ParseResult]:
        """Never blocks: the caller keeps the number of documents in flight small."""
        ticket = _Ticket(next(self._numbers), job, Future())
        ticket.promise.set_running_or_notify_cancel()
        self._tickets[ticket.number] = ticket
        self._schedule(ticket)
        return ticket.promise

    def _end(self) -> None:
        self._stopped.set()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()
        if self._watcher is not None:
            self._watcher.join()
        for end in (self._notes, self._writer):
            if end is not None:
                end.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _start_pool(self) -> None:
        # The threads and processes started here inherit the mask: Ctrl-C reaches the main thread alone.
        settings = {kind: dict(own) for kind, own in self.settings.items()}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pool = ProcessPool(
                max_workers=self.workers,
                max_tasks=self.max_tasks,
                initializer=start,
                initargs=(self._writer, settings, self.limits, str(self._scratch)),
                context=multiprocessing.get_context("spawn"),
            )
            assert pool.active
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._pool = pool

    def _schedule(self, ticket: _Ticket) -> None:
        with self._lock:
            if self._stopped.is_set():
                ticket.promise.set_exception(CancelledError())
                return
            if self._pool is not None and not self._pool.active:
                self._pool.stop()
                self._pool.join()
                self._pool = None
            if self._pool is None:
                self._start_pool()
            ticket.tries += 1
            inner: Future[Answer] = self._pool.schedule(run, args=(ticket.number, ticket.job))
            ticket.inner = inner
        inner.add_done_callback(lambda done: self._finish(ticket, done))

    def _finish(self, ticket: _Ticket, done: Future[Answer]) -> None:
        if ticket.promise.done():
            return
        error = CancelledError() if done.cancelled() else done.exception()
        if isinstance(error, BrokenProcessPool | RuntimeError) and ticket.tries < _POOL_TRIES:
            # Not in this callback: it runs in a thread of the pool that just broke.
            threading.Thread(target=self._schedule, args=(ticket,), daemon=True).start()
            return
        self._tickets.pop(ticket.number, None)
        answer = Answer(error=ticket.killed or self._failure(error)) if error else done.result()
        if answer.result is not None:
            ticket.promise.set_result(answer.result)
        else:
            ticket.promise.set_exception(answer.error or CancelledError())

    def _failure(self, error: BaseException) -> FailedError | None:
        """None where the pool was stopped around the document."""
        if isinstance(error, CancelledError):
            return None
        if not isinstance(error, ProcessExpired):
            return FailedError(f"crash: {type(error).__name__} in the pool")
        code = int(error.exitcode)
        if code == -signal.SIGALRM:
            limits = self.limits
            return FailedError(f"timeout: over {limits.timeout_s:g} s + {limits.timeout_per_mb_s:g} s a MB")
        if code < 0:
            return FailedError(f"crash: the parser process ended by {signal.Signals(-code).name}")
        return FailedError(f"crash: the parser process ended with code {code}")

    def _watch(self) -> None:
        while not self._stopped.wait(_WATCH_S):
            self._read_notes()
            if not self._tickets:  # most of a run: parsers are far ahead of the encoder, and a look costs 0.1 ms
                continue
            for pid, known in list(self._processes.items()):
                self._check(pid, known)

    def _read_notes(self) -> None:
        assert self._notes is not None
        while self._notes.poll():
            pid, number = (int(part) for part in self._notes.recv_bytes().split())
            known = self._processes.get(pid)
            if known is None:
                if not psutil.pid_exists(pid):
                    continue
                known = self._processes[pid] = _Process(psutil.Process(pid))
            known.ticket = number

    def _check(self, pid: int, known: _Process) -> None:
        ticket = self._tickets.get(known.ticket)
        try:
            resident = known.process.memory_info().rss
            gone = known.process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            resident, gone = 0, True
        if gone:
            self._gone(pid, known, ticket)
        elif ticket is not None and ticket.killed is None and resident > self.limits.memory_mb * 1e6:
            reason = f"memory: {resident / 1e6:.0f} MB, limits.memory_mb allows {self.limits.memory_mb:g}"
            ticket.killed = FailedError(reason)
            if ticket.inner is not None:
                ticket.inner.cancel()

    def _gone(self, pid: int, known: _Process, ticket: _Ticket | None) -> None:
        """pebble forgets a task whose process dies before its start was read; nobody else would ever end it."""
        now = time.monotonic()
        if known.gone_since is None:
            known.gone_since = now
        if ticket is None:
            self._processes.pop(pid, None)
        elif now - known.gone_since > _LOST_S:
            self._processes.pop(pid, None)
            ticket.killed = ticket.killed or FailedError("crash: the parser process vanished")
            if ticket.inner is not None:
                ticket.inner.cancel()


def _scratch_folder() -> Path:
    """Of this run's own; those that dead runs left are taken away."""
    place = Path(tempfile.gettempdir())
    for folder in place.glob(f"{_SCRATCH}*-*"):
        owner = folder.name.removeprefix(_SCRATCH).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-"))
