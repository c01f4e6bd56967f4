"""Ten thousand documents in one run: does memory stay flat, do files stay closed?

`python -m benchmarks.soak --documents 10000 --encoder FOLDER`: resident memory and open files of the run's own process
after each batch; the slope is the least squares line over the second half, when caches are warm.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console

from pipeline.ingest import ingest
from pipeline.plan import Request
from quarry.settings import load

FOLDERS = 100


@dataclass(slots=True)
class Watch:
    """Fits `pipeline.progress.Progress`."""

    stored_so_far: int = 0
    samples: list[tuple[int, float, int]] = field(default_factory=list)
    """(documents, resident MB, open files)."""

    def planned(self, _documents: int, /) -> None:
        return

    def parsed(self, _uri: str, /) -> None:
        return

    def stored(self, documents: int, _chunks: int, _tokens: int, /) -> None:
        self.stored_so_far += documents
        gc.collect()
        process = psutil.Process()
        self.samples.append((self.stored_so_far, process.memory_info().rss / 1e6, process.num_fds()))


def make(folder: Path, documents: int) -> None:
    for number in range(documents):
        home = folder / f"{number % FOLDERS:02d}"
        home.mkdir(parents=True, exist_ok=True)
        lines = " ".join(f"Entry {number}.{n} tells of tide {number * n % 89} and of wind {n}." for n in range(12))
        (home / f"note{number}.md").write_text(f"# Note {number}\n\n{lines}\n")


def measure(work: Path, documents: int, encoder: str) -> dict[str, Any]:
    make(work / "docs", documents)
    watch = Watch()
    effective = load(options={"store": str(work / "store"), "encoder.profile": encoder, "ingest.batch_rows": 250})
    began = time.perf_counter()
    done = ingest(effective, Request((str(work / "docs"),)), progress=watch)
    half = [sample for sample in watch.samples if sample[0] >= documents / 2]
    slope = float(np.polyfit([s[0] / 1000 for s in half], [s[1] for s in half], 1)[0])
    return {
        "documents": documents,
        "seconds": time.perf_counter() - began,
        "outcomes": done.record()["outcomes"],
        "mb_per_1000": slope,
        "open_files": [min(s[2] for s in half), max(s[2] for s in half)],
        "samples": watch.samples,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--encoder", default="minilm", help="profile or model folder")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        found = measure(Path(name), arguments.documents, arguments.encoder)
    first, last = found["samples"][0], found["samples"][-1]
    Console().print(
        f"{found['documents']} documents in {found['seconds']:.0f} s: {found['mb_per_1000']:+.2f} MB per 1,000 over "
        f"the second half ({first[1]:.0f} MB after {first[0]}, {last[1]:.0f} MB at the end), "
        f"open files {found['open_files'][0]} to {found['open_files'][1]}"
    )
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
