"""Ingests in processes of their own, for the tests of runs beside each other and of runs that are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from quarry import fault
from tests.pipeline.drill import ROOT
from tests.pipeline.place import Place

Process = subprocess.Popen[str]


def command(place: Place, *sources: str | Path, options: tuple[str, ...] = ()) -> list[str]:
    chosen = map(str, sources or (place.docs,))
    own = ["--store", str(place.store), "--encoder", str(place.model), "--workers", "1", "--json"]
    return [sys.executable, "-m", "quarry", "ingest", *chosen, *own, *options]


def start(
    arguments: list[str], *, broken_by: str = "", temporary: Path | None = None, log: Path | None = None
) -> Process:
    """`log` is where the points are written down that the process reaches."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), fault.VARIABLE: broken_by}
    environment |= {"TMPDIR": str(temporary)} if temporary else {}
    environment |= {fault.LOG: str(log)} if log else {}
    return subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        preexec_fn=_heed_interrupts,  # no thread of ours holds a lock here
    )


def _heed_interrupts() -> None:
    """A test run in the background hands down that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(arguments: list[str], *, broken_by: str = "", temporary: Path | None = None) -> Iterator[Process]:
    """Killed at the end, with all that it started, whatever the test found."""
    process = start(arguments, broken_by=broken_by, temporary=temporary)
    try:
        yield process
    finally:
        if process.poll() is None:
            for member in psutil.Process(process.pid).children(recursive=True):
                member.kill()
            process.kill()
        process.communicate()


def until(what: str, happened: Callable[[], bool], *, seconds: float = 60) -> None:
    """Waits for a callable to be true."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def in_flight(place: Place) -> int:
    """Documents that some run has written down as being worked on."""
    files = (place.store / "_journal").glob("*.jsonl")
    return sum(file.read_text().count('"start"') for file in files)
