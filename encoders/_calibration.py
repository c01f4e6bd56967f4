"""How the cores are split: one forward pass over all of them, or several at once with few threads each.

Which is faster depends on the machine and the model's width. The first long job measures it on its own batches, so
nothing is computed for the measurement alone, and the answer is kept beside the weight hashes.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import torch

from encoders._weights import cache_dir
from quarry.fingerprint import digest

_log = logging.getLogger(__name__)
B = TypeVar("B")
R = TypeVar("R")
ROUNDS = 2
"""Each split is measured so often, in opposite orders: batches come longest first, so later ones are cheaper."""


@dataclass(frozen=True, slots=True)
class Split:
    """`workers` forward passes at once with `threads` threads each."""

    workers: int
    threads: int


def cores() -> int:
    """That this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def candidates(count: int) -> list[Split]:
    """All cores for one pass, one core for each, and the way between."""
    found = [Split(1, count), Split(count, 1)]
    return found[:1] if count == 1 else found if count < 4 else [*found, Split(2, count // 2)]


def asked() -> Split | None:
    """What the environment says: QUARRY_ENCODER_WORKERS passes at once, OMP_NUM_THREADS threads for each."""
    workers, threads = (_number(os.environ.get(name)) for name in ("QUARRY_ENCODER_WORKERS", "OMP_NUM_THREADS"))
    if workers is None and threads is None:
        return None
    return Split(workers or 1, threads or max(1, cores() // (workers or 1)))


def threads_each(processes: int) -> int:
    """Of each of several processes: what OMP_NUM_THREADS says, else its share of the cores."""
    return _number(os.environ.get("OMP_NUM_THREADS")) or max(1, cores() // processes)


def _number(text: str | None) -> int | None:
    """The first of OpenMP's list; None where it says nothing."""
    first = (text or "").partition(",")[0].strip()
    return max(1, int(first)) if first.isdecimal() else None


class Spread:
    """Runs batches by the best split of the cores that is known for a model, and finds it where none is."""

    def __init__(self, *model: str) -> None:
        self._key = [_processor(), str(cores()), torch.__version__, *model]
        self._split = asked() or _remembered(self._key)

    def over(self, batches: Iterable[B], run: Callable[[B], R]) -> Iterator[tuple[B, R]]:
        """Each batch with its result, in the order given; holds the results of one batch for each worker."""
        left = iter(batches)
        if self._split is None:
            yield from self._measured(left, run)
        split = self._split or candidates(cores())[0]
        first = list(islice(left, split.workers))
        if len(first) < split.workers:  # too few for all: each gets the whole machine
            split = Split(1, split.workers * split.threads)
        yield from spread(chain(first, left), run, split)

    def _measured(self, left: Iterator[B], run: Callable[[B], R]) -> Iterator[tuple[B, R]]:
        """A few batches by each split. A job that ends before measures nothing."""
        count = cores()
        splits = candidates(count)
        seconds = dict.fromkeys(splits, 0.0)
        for split in [*splits, *reversed(splits)][: ROUNDS * len(splits)]:
            part = list(islice(left, count))
            began = time.perf_counter()
            done = list(spread(iter(part), run, split))
            seconds[split] += time.perf_counter() - began
            yield from done
            if len(part) < count:
                return
        self._split = min(splits, key=lambda split: seconds[split])
        _remember(self._key, self._split)
        _log.info("encoding by %s: %s", self._split, {str(split): round(spent, 2) for split, spent in seconds.items()})


def spread(left: Iterator[B], run: Callable[[B], R], split: Split) -> Iterator[tuple[B, R]]:
    """In the order given, with the batches of `split.workers` passes in flight."""
    if split.workers == 1:
        for batch in left:
            yield batch, _with_threads(split.threads, run, batch)
        return
    running: deque[tuple[B, Future[R]]] = deque()
    with _pool(split.workers) as pool:
        for batch in left:
            running.append((batch, pool.submit(_with_threads, split.threads, run, batch)))
            if len(running) == split.workers:
                first, result = running.popleft()
                yield first, result.result()
        while running:
            first, result = running.popleft()
            yield first, result.result()


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """What is waiting is dropped where the caller breaks off; passes that run are waited for."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _with_threads(threads: int, run: Callable[[B], R], batch: B) -> R:
    """torch's number of threads holds for the thread that sets it."""
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return run(batch)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _entry(key: Sequence[str]) -> Path:
    return cache_dir().parent / "splits" / f"{digest(*key)}.json"


def _remembered(key: Sequence[str]) -> Split | None:
    try:
        content = json.loads(_entry(key).read_text(encoding="utf-8"))
        return Split(int(content["workers"]), int(content["threads"])) if content["key"] == list(key) else None
    except (OSError, ValueError, KeyError, TypeError):  # absent, unreadable or cut short: measure again
        return None


def _remember(key: Sequence[str], split: Split) -> None:
    entry = _entry(key)
    part = entry.with_suffix(f".{os.getpid()}.part")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"key": list(key), **asdict(split)}), encoding="utf-8")
        part.replace(entry)
    except OSError as error:  # the next long job measures again
        _log.warning("can't keep the split of the cores in %s: %s", entry, error.strerror)
