"""What an encoder's process does: loads the network on its device, then answers batches until its pipe ends."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING

from encoders._folder import ModelFolder
from encoders._parcels import Answer, Parcel
from quarry import fault, memory
from quarry.errors import QuarryError

if TYPE_CHECKING:
    from encoders._device import Setup
    from encoders._network import Network

Parcels = SimpleQueue[tuple[int, Parcel]]
LOADING = -1
"""Number of the answer that is an error of loading; the process ends after it."""


@dataclass(frozen=True, slots=True)
class Task:
    """Which network runs where."""

    folder: ModelFolder
    name: str
    """Of the profile, for messages."""
    setup: Setup
    threads: int
    """Of a pass on the processor."""


@dataclass(slots=True)
class _Answers:
    """The way back, shared by the threads that run passes."""

    pipe: Connection
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, number: int, found: Answer | QuarryError, *, padding: int) -> None:
        """`padding`: tokens so far. A parent that is gone ends this process."""
        try:
            with self.lock:
                self.pipe.send((number, found, padding))
        except BrokenPipeError:
            os._exit(0)


def serve(requests: Connection, answers: Connection, task: Task) -> None:
    """Reads in the main thread: it sees at once that the parent closed the pipe or died, whatever pass is running.

    Nothing that a pass would still give is wanted then, so the process ends without waiting for it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.excepthook = _end_by
    memory.share_heaps()
    parcels: Parcels = SimpleQueue()
    threading.Thread(target=_load, args=(parcels, _Answers(answers), task), daemon=True).start()
    while True:
        try:
            parcels.put(requests.recv())
        except (EOFError, OSError):
            os._exit(0)


def _end_by(broken: threading.ExceptHookArgs) -> None:
    """A thread that broke would leave a process that never answers."""
    threading.__excepthook__(broken)
    os._exit(1)


def _load(parcels: Parcels, answers: _Answers, task: Task) -> None:
    from encoders._network import Network
    from encoders._passes import IN_FLIGHT

    task.setup.enter()
    try:
        network = Network(task.folder, task.setup)
    except QuarryError as error:
        answers.send(LOADING, error, padding=0)
        os._exit(1)
    memory.settle()
    for _ in range(IN_FLIGHT if task.setup.on_gpu else 1):
        threading.Thread(target=_answer, args=(parcels, answers, network, task), daemon=True).start()


def _answer(parcels: Parcels, answers: _Answers, network: Network, task: Task) -> None:
    import torch

    from encoders._passes import pooled

    torch.set_num_threads(task.threads)
    tidy = memory.Tidy()
    while True:
        number, parcel = parcels.get()
        fault.reach("encode.process")
        found: Answer | QuarryError
        try:
            found = Answer.of(pooled(network, parcel.opened(), name=task.name))
        except QuarryError as error:
            found = error
        answers.send(number, found, padding=network.padding)
        if not task.setup.on_gpu:
            tidy.step()
