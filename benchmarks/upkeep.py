"""Many nightly runs: does the store stay small and quick?

`python -m benchmarks.upkeep --runs 1000`: a corpus of small notes, three of them changed before each run, once with the
upkeep of the settings and once without any. Old versions are kept for as long as `--keep-hours` says: a thousand nights
pass here in minutes, so the day that stands in the settings would keep them all.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.ingest import ingest
from pipeline.plan import Request
from quarry.settings import Effective, load
from stores.lance import Store

NOTES, CHANGED = 60, 3
NEVER = 1_000_000
SHOWN = 10


def write(folder: Path, number: int, night: int) -> None:
    text = f"# Note {number}\n\nOn night {night} the tide stood at {night * number % 97} feet.\n"
    (folder / f"note{number:03d}.md").write_text(text)


def settings(store: Path, encoder: str, *, keep_hours: float, upkeep: bool) -> Effective:
    own = {} if upkeep else {"upkeep.fragments": NEVER, "upkeep.versions": NEVER}
    options = {"store": str(store), "encoder.profile": encoder, "upkeep.keep_hours": keep_hours, "ingest.workers": 1}
    return load(options={**options, **own})


def nights(work: Path, runs: int, encoder: str, *, keep_hours: float, upkeep: bool) -> list[dict[str, Any]]:
    docs = work / "docs"
    docs.mkdir(parents=True)
    for number in range(NOTES):
        write(docs, number, 0)
    effective = settings(work / "store", encoder, keep_hours=keep_hours, upkeep=upkeep)
    found = []
    seconds = []
    for night in track(range(1, runs + 1), description="with upkeep" if upkeep else "without"):
        for number in range(CHANGED):
            write(docs, (night * CHANGED + number) % NOTES, night)
        began = time.perf_counter()
        ingest(effective, Request((str(docs),)))
        seconds.append(time.perf_counter() - began)
        if night % max(1, runs // SHOWN) == 0:
            found.append({"night": night, "run_seconds": median(seconds[-20:]), **state(work / "store")})
    return found


def state(store: Path) -> dict[str, Any]:
    files = [path for path in store.rglob("*") if path.is_file()]
    opened = Store.open(str(store))
    live = opened.collection("default").live()
    assert live is not None
    began = time.process_time()
    opened.table(live.table).search().limit(1000).to_arrow()
    process = psutil.Process()
    return {
        "files": len(files),
        "megabytes": sum(path.stat().st_size for path in files) / 1e6,
        "fragments": opened.table(live.table).stats()["fragment_stats"]["num_fragments"],
        "scan_cpu_ms": (time.process_time() - began) * 1e3,
        "rss_mb": process.memory_info().rss / 1e6,
        "open_files": process.num_fds(),
    }


def show(found: dict[str, list[dict[str, Any]]], console: Console) -> None:
    table = Table("", "night", "seconds a run", "files", "MB", "fragments", "scan CPU ms", "RSS MB", "open files")
    for name, rows in found.items():
        for row in rows:
            numbers = (f"{row['run_seconds']:.2f}", row["files"], f"{row['megabytes']:.1f}", row["fragments"])
            rest = (f"{row['scan_cpu_ms']:.0f}", f"{row['rss_mb']:.0f}", row["open_files"])
            table.add_row(name, str(row["night"]), *map(str, (*numbers, *rest)))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--without", type=int, default=200, help="runs of the comparison without upkeep")
    parser.add_argument("--keep-hours", type=float, default=0.005)
    parser.add_argument("--encoder", default="minilm", help="profile or model folder")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        work, keep = Path(name), arguments.keep_hours
        found = {
            "with upkeep": nights(work / "with", arguments.runs, arguments.encoder, keep_hours=keep, upkeep=True),
            "without": nights(work / "none", arguments.without, arguments.encoder, keep_hours=keep, upkeep=False),
        }
    show(found, Console(width=120))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
