"""A disk that really fills up: a clear message, a store that can be read, and a next run that finishes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.drill import ROOT, cut_model, first_state

SCRIPT = """
set -u
mount -t tmpfs -o size={size}k tmpfs {disk}
{python} -m quarry ingest {docs} {more} --quiet; echo "first $?"
{python} -m quarry status {store} --json > /dev/null; echo "status $?"
mount -o remount,size=100m {disk}
{python} -m quarry ingest {docs} {more} --quiet; echo "second $?"
{python} -m quarry verify {store}; echo "verify $?"
"""


def may_mount() -> bool:
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="the kernel lets nobody mount a disk of their own here")
@pytest.mark.parametrize(
    "kilobytes", [pytest.param(250, marks=pytest.mark.slow), 500, pytest.param(700, marks=pytest.mark.slow)]
)
def test_a_full_disk(tmp_path: Path, kilobytes: int) -> None:
    first_state(tmp_path / "docs")
    model = cut_model(tmp_path / "model")
    (tmp_path / "disk").mkdir()
    store = f"--store {tmp_path}/disk/store"
    more = f"{store} --encoder {model} --set ingest.batch_rows=4 --workers 1"
    script = SCRIPT.format(
        size=kilobytes, disk=tmp_path / "disk", python=sys.executable, docs=tmp_path / "docs", more=more, store=store
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    told = dict(line.split() for line in done.stdout.splitlines() if line[-1:].isdigit())
    assert (told["first"], told["second"], told["verify"]) == ("1", "3", "0"), (told, done.stderr)
    assert "disk of the store is full" in done.stderr or "No space left" in done.stderr
    assert "Traceback" not in done.stderr
