"""A run that is told to stop stops soon, leaves nothing behind, and the next one goes on from there."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.pipeline.place import Place
from tests.pipeline.processes import command, in_flight, running, until


@pytest.mark.parametrize(
    ("point", "stop", "code"),
    [
        ("sleep@encode", signal.SIGTERM, 143),
        ("sleep@encode", signal.SIGINT, 130),
        ("hang@parse:note2", signal.SIGTERM, 143),
        ("hang@parse:note2", signal.SIGINT, 130),
        ("sleep@chunk:note2", signal.SIGINT, 130),
        ("sleep@plan", signal.SIGTERM, 143),
    ],
)
def test_a_signal_ends_a_run_within_seconds(
    place: Place, tmp_path: Path, point: str, stop: signal.Signals, code: int
) -> None:
    place.notes(5)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started = place.store / "_locks"
    with running(command(place), broken_by=point, temporary=temporary) as process:
        if point == "sleep@plan":
            until("the run plans", lambda: any("source-" in file.name for file in started.glob("*")))
        else:
            until("documents are in flight", lambda: in_flight(place) >= 3)
        time.sleep(1)
        family = psutil.Process(process.pid).children(recursive=True)
        began = time.monotonic()
        process.send_signal(stop)
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
        assert process.returncode == code, err
    assert "Traceback" not in err
    until("no process is left", lambda: not any(alive(member) for member in family), seconds=3)
    assert list(temporary.iterdir()) == []
    report = place.ingest(settings=["ingest.wait_s=0"])
    assert (report["documents"]["seen"], report["outcomes"]["ok"]) == (5, 5)
    assert len(place.chunks()) == 5
    place.assert_clean()


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
