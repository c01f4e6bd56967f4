"""One process for each device: batches go out through pipes, two to a device, and come back in order."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from copy import copy
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, TypeVar

from encoders._calibration import threads_each
from encoders._folder import ModelFolder
from encoders._parcels import Answer, Parcel
from encoders._places import VARIABLE
from encoders._pooling import Array
from encoders._worker import LOADING, Task, serve
from quarry import memory
from quarry.errors import QuarryError, ServiceError

if TYPE_CHECKING:
    from encoders._device import Setup
    from encoders._passes import Texts

B = TypeVar("B")
EACH = 2
"""Batches on their way to one device, so that the next is there when a pass ends."""
HELD = 4
"""Batches for each device that are not handed on yet: done ones may wait for a slower one before them."""
GRACE_S = 5.0
"""For a process to end by itself."""


class Processes:
    """Fits `encoders._passes.Passes`. A process is started by the first batch for which no other is free; it ends with
    this object, with the interpreter, and with the death of this process, which closes its pipe.

    The network is loaded in these processes alone. ServiceError where one dies: the next call starts it again.
    """

    def __init__(self, folder: ModelFolder, setups: Sequence[Setup], *, name: str) -> None:
        threads = threads_each(len(setups))
        self._tasks = [Task(folder, name, setup, threads) for setup in setups]
        self._workers: list[Worker | None] = [None] * len(setups)
        self._lock = threading.Lock()
        self._gone = 0
        Finalize(self, _end, args=(self._workers,), exitpriority=10)  # before multiprocessing ends daemons by a signal
        memory.settle()

    @property
    def padding(self) -> int:
        return self._gone + sum(worker.padding for worker in self._workers if worker is not None)

    @property
    def pids(self) -> list[int]:
        """Of the processes that were started."""
        return [worker.pid for worker in self._workers if worker is not None]

    def over(self, batches: Iterable[B], texts: Callable[[B], Texts]) -> Iterator[tuple[B, list[list[Array]]]]:
        left, devices = iter(batches), len(self._tasks)
        held: deque[tuple[B, Future[Answer]]] = deque()
        while True:
            running = [answer for _, answer in held if not answer.done()]
            free = min(EACH * devices - len(running), HELD * devices - len(held))
            for batch in itertools.islice(left, max(0, free)):
                held.append((batch, self._submit(Parcel.of(*texts(batch)))))
            if not held:
                return
            first, answer = held[0]
            if answer.done():
                held.popleft()
                yield first, answer.result().pooled()
            else:
                wait([answer for _, answer in held if not answer.done()], return_when=FIRST_COMPLETED)

    def _submit(self, parcel: Parcel) -> Future[Answer]:
        with self._lock:
            place = min(range(len(self._tasks)), key=self._load)
            worker = self._workers[place]
            if worker is None or worker.ended:
                self._gone += worker.padding if worker else 0
                worker = self._workers[place] = Worker(self._tasks[place])
        return worker.submit(parcel)

    def _load(self, place: int) -> tuple[int, bool]:
        """Batches that wait there; of two that are free the one that has its network already comes first."""
        worker = self._workers[place]
        return (0, True) if worker is None or worker.ended else (worker.waiting, False)


class Worker:
    """A process, seen from its parent. Safe to share between threads."""

    def __init__(self, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        requests, self._requests = context.Pipe(duplex=False)
        self._answers, answers = context.Pipe(duplex=False)
        self._place = str(task.setup.device)
        self._process = context.Process(target=serve, args=(requests, answers, task), daemon=True)
        self._waiting: dict[int, Future[Answer]] = {}
        self._numbers = itertools.count()
        self._sending, self._lock = threading.Lock(), threading.Lock()
        self._reason: QuarryError | None = None
        self.ended = False
        self.padding = 0
        _start(self._process)
        for end in (requests, answers):
            end.close()
        self._thread = threading.Thread(target=self._receive, name=f"quarry-answers-{self._place}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def waiting(self) -> int:
        """Batches that have no answer yet."""
        return len(self._waiting)

    def submit(self, parcel: Parcel) -> Future[Answer]:
        answer: Future[Answer] = Future()
        with self._lock:
            if self.ended:
                answer.set_exception(self._failure())
                return answer
            number = next(self._numbers)
            self._waiting[number] = answer
        with self._sending, suppress(BrokenPipeError):  # it died: `_receive` tells all that wait
            self._requests.send((number, parcel))
        return answer

    def end(self) -> None:
        """Closes the pipe, which ends the process; kills one that doesn't."""
        if self._sending.acquire(timeout=GRACE_S):  # a process that is halted may hold a thread in it
            self._requests.close()
            self._sending.release()
        if self._thread is threading.current_thread():  # the last reference went in it: it is at its end
            return
        self._thread.join(GRACE_S)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join(GRACE_S)

    def _receive(self) -> None:
        """Alone waits for the process: two that do take each other's answer."""
        while True:
            try:
                number, found, self.padding = self._answers.recv()
            except (EOFError, OSError):
                break
            if number == LOADING:
                self._reason = found
                continue
            answer = self._waiting.pop(number)
            if isinstance(found, QuarryError):
                answer.set_exception(found)
            else:
                answer.set_result(found)
        self._answers.close()
        self._process.join()
        with self._lock:
            self.ended = True
            lost = [self._waiting.pop(number) for number in list(self._waiting)]
        for answer in lost:
            answer.set_exception(self._failure())

    def _failure(self) -> QuarryError:
        """A new one each time: one that was raised holds its caller's frames."""
        if self._reason is not None:
            return copy(self._reason)
        code = self._process.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return ServiceError(
            f"the encoder's process on {self._place} {how}; no text is to blame. See that there is memory for a model "
            f"in each process, or name fewer devices in {VARIABLE}, then run again"
        )


def _start(process: multiprocessing.process.BaseProcess) -> None:
    """It inherits the mask, so that Ctrl-C reaches it at no moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(workers: Sequence[Worker | None]) -> None:
    for worker in workers:
        if worker is not None:
            worker.end()
