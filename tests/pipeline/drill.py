"""What the crash tests share: a small corpus in two states, a one-layer encoder, runs that break, tables compared."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf

from encoders.profiles import profile, resolve
from quarry import fault
from stores.lance import Store

ROOT = Path(__file__).parent.parent.parent
KILLED = -signal.SIGKILL
SETTINGS = ("--set", "ingest.batch_rows=8", "--set", "upkeep.fragments=3", "--workers", "1")
"""Small batches and an early compaction: many commits, so many points to die at."""
OF_THE_RUN = {
    "run_id", "ingested_at", "committed_at", "created", "changed_at", "first_seen", "last_seen", "first_try",
    "last_try", "next_try", "hashed_at_ns", "check", "digest", "vector", "report", "started", "ended", "counter",
    "live_since", "retired_at",
}  # fmt: skip


def cut_model(folder: Path) -> Path:
    """MiniLM's first layer: the same files and code, a sixth of the work."""
    from safetensors.torch import load_file, save_file

    source = resolve(profile("minilm"))
    shutil.copytree(source, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if ".layer." not in name or ".layer.0." in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def first_state(docs: Path) -> None:
    docs.mkdir(parents=True)
    for number in range(8):
        body = "\n\n".join(f"Paragraph {n} of document {number} speaks of salt and tides." for n in range(4))
        (docs / f"note{number}.md").write_text(f"# Note {number}\n\n{body}\n")
    with pymupdf.open() as document:
        for number in range(2):
            page = document.new_page()
            page.insert_text((72, 100), f"Page {number + 1} of the report on engines.", fontsize=11)
        document.save(str(docs / "report.pdf"))
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows\n%%EOF\n")


def second_state(docs: Path) -> None:
    """Changed, deleted, renamed, named as something else, added, doubled, broken."""
    (docs / "note0.md").write_text("# Note 0\n\nAnother text altogether.\n")
    (docs / "note1.md").unlink()
    (docs / "sub").mkdir()
    for number in (2, 3):
        (docs / f"note{number}.md").rename(docs / "sub" / f"note{number}.md")
    (docs / "note6.md").rename(docs / "Acme_2018_10K.md")
    (docs / "new.md").write_text("# New\n\nA document that was not there.\n")
    shutil.copy(docs / "note4.md", docs / "double.md")
    (docs / "note5.md").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))


def run(
    *arguments: str | Path, broken_by: str = "", log: Path | None = None, timeout: float = 120, columns: int = 80
) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own; `broken_by` as in `QUARRY_FAULT`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": str(columns)}
    environment |= {fault.VARIABLE: broken_by} if broken_by else {}
    environment |= {fault.LOG: str(log)} if log else {}
    command = [sys.executable, "-m", "quarry", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=timeout
    )


def ingest(docs: Path, store: Path, model: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    return run("ingest", docs, "--store", store, "--encoder", model, *SETTINGS, "--json", **how)


def points(log: Path, *, most: int = 3) -> list[str]:
    """`point:n` for each time that a point was reached, the last of many as well as the first few.

    `parse` is reached in worker processes, whose death is no death of the run.
    """
    counts = Counter(point for point in log.read_text().split() if point != "parse")
    found = []
    for point, count in sorted(counts.items()):
        times = sorted({*range(1, min(count, most) + 1), count})
        found += [f"{point}:{number}" for number in times]
    return found


def contents(store: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Every row of every table but `runs`, as sorted JSON without what a run leaves; vectors by table and chunk id."""
    opened = Store.open(str(store))
    tables: dict[str, list[str]] = {}
    vectors: dict[str, Any] = {}
    for name in sorted(opened.table_names()):
        rows = opened.table(name).search().to_list()
        if name.startswith("chunks_"):
            vectors |= {f"{name} {row['chunk_id']}": np.asarray(row["vector"]) for row in rows}
        if name != "runs":
            tables[name] = sorted(_plain(row) for row in rows)
    return tables, vectors


def _plain(row: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in row.items() if key not in OF_THE_RUN}, sort_keys=True, default=str)


def assert_same(found: Path, expected: Path, *, but: Collection[str] = ()) -> None:
    """Ids, text, provenance byte by byte; vectors within 1e-5. Tables of `but` are not looked at."""
    mine, my_vectors = contents(found)
    theirs, their_vectors = contents(expected)
    for name in sorted({*mine, *theirs} - set(but)):
        assert mine.get(name) == theirs.get(name), name
    assert my_vectors.keys() == their_vectors.keys()
    for key, vector in my_vectors.items():
        np.testing.assert_allclose(vector, their_vectors[key], atol=1e-5)
