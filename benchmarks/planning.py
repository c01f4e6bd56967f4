"""Planning 100,000 small files of which none has changed, against `find` that prints their size and time.

`python -m benchmarks.planning --files 100000`: makes the files (1,000 contents, so that ingesting them parses and
encodes only those), ingests them once, then plans again in this process: seconds and resident memory, the median of a
few.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console

from pipeline.ingest import dry_run, ingest
from pipeline.plan import Request
from quarry.settings import Effective, load

CONTENTS = 1000
TURNS = 5
SETTLED_S = 2.5
"""A file younger than two seconds at its hash is not taken as settled."""


def make(folder: Path, files: int) -> None:
    for number in range(files):
        home = folder / f"{number // 1000:03d}"
        if number % 1000 == 0:
            home.mkdir(parents=True)
        (home / f"note-{number:06d}.md").write_text(f"# Note {number % CONTENTS}\n\nA few words about the tide.\n")


def find(folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["find", str(folder), "-type", "f", "-printf", "%s %T@\n"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def plan(effective: Effective, folder: Path, files: int) -> tuple[float, float]:
    """Seconds, and growth of resident memory in bytes a file."""
    gc.collect()
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    _, made = dry_run(effective, Request((str(folder),)))
    seconds = time.perf_counter() - began
    grown = psutil.Process().memory_info().rss - before
    assert sum(made.unchanged.values()) == files, made.seen
    return seconds, grown / files


def measure(work: Path, files: int) -> dict[str, Any]:
    folder = work / "docs"
    make(folder, files)
    time.sleep(SETTLED_S)
    effective = load(options={"store": str(work / "store"), "chunker.kind": "sliding_window"})
    began = time.perf_counter()
    done = ingest(effective, Request((str(folder),)))
    first = time.perf_counter() - began
    plans, finds = [], []
    for _ in range(TURNS):
        finds.append(find(folder))
        plans.append(plan(effective, folder, files))
    seconds = median(seconds for seconds, _ in plans)
    return {
        "files": files,
        "first_run_seconds": first,
        "first_run_work": done.record()["work"],
        "plan_seconds": seconds,
        "find_seconds": median(finds),
        "ratio": seconds / median(finds),
        "bytes_a_file": plans[0][1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        found = measure(Path(name), arguments.files)
    Console().print(
        f"{found['files']} files unchanged: planned in {found['plan_seconds']:.2f} s, "
        f"find {found['find_seconds']:.2f} s ({found['ratio']:.1f}x), "
        f"memory grows by {found['bytes_a_file']:.0f} bytes a file; "
        f"first run {found['first_run_seconds']:.0f} s, {found['first_run_work']}"
    )
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
