"""A command line in a process of its own, with what it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a process and its children."""

    code: int
    seconds: float
    cpu: float
    """User and system seconds."""
    records: tuple[dict[str, Any], ...]

    @property
    def report(self) -> dict[str, Any]:
        return self.records[-1]


def quarry(*arguments: str | Path, **environment: str) -> Cost:
    return python("-m", "quarry", *arguments, **environment)


def python(*arguments: str | Path, **environment: str) -> Cost:
    """Exit code, wall and CPU seconds, and the JSON lines that it printed."""
    began = time.perf_counter()
    command = [sys.executable, *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.stderr is not None
        errors = process.stderr.read()
    if process.returncode not in (0, 3, 5):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {errors[-2000:]}")
    records = tuple(json.loads(line) for line in lines if line.startswith("{"))
    return Cost(process.returncode, time.perf_counter() - began, used.ru_utime + used.ru_stime, records)
