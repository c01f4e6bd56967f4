"""Kinds of vector index on many vectors of real text: recall@10, CPU of build and query, bytes.

`python -m benchmarks.indexes --text DIR --encoder FOLDER`: cuts every Markdown and text file below DIR into windows of
24 tokens until there are `--vectors` of them, ingests them, and tries every kind on the store. Queries are questions
where `--questions` names a CSV file with a column `question`, else stored vectors moved a little.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks._runs import quarry
from encoders import load_encoder
from pipeline.reindex import reindex
from pipeline.views import live_of
from quarry.settings import load
from stores.experiments import Trial, trials
from stores.lance import Store

K = 10
SIZE, OVERLAP = 24, 8
PIECE = 200_000
"""Characters of one document: books would be one batch each."""


def pieces(folder: Path) -> Iterator[str]:
    """Each text once."""
    seen = set()
    for file in sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".txt")):
        text = file.read_text(encoding="utf-8", errors="replace")
        if text not in seen:
            seen.add(text)
            yield from (text[first : first + PIECE] for first in range(0, len(text), PIECE))


def made(work: Path, text: Path, encoder: str, vectors: int) -> Path:
    """A store of at least so many chunks, if the text gives them."""
    docs, store = work / "docs", work / "store"
    docs.mkdir()
    left = vectors * (SIZE - OVERLAP) * 5.2
    for number, piece in enumerate(pieces(text)):
        (docs / f"piece{number:04d}.txt").write_text(piece, encoding="utf-8")
        left -= len(piece)
        if left < 0:
            break
    chunker = ("--chunker", "sliding_window", "--set", f"chunker.size={SIZE}", "--set", f"chunker.overlap={OVERLAP}")
    no_index = ("--set", "index.vector_from_rows=100000000")
    quarry("ingest", f"docs={docs}", "--store", store, "--encoder", encoder, *chunker, *no_index, "--json")
    return store


def asked(questions: Path | None, encoder: str) -> np.ndarray[Any, np.dtype[np.float32]] | None:
    if questions is None:
        return None
    with questions.open(encoding="utf-8", newline="") as file:
        texts = [row["question"] for row in csv.DictReader(file)]
    model = load_encoder(encoder)
    return np.stack([model.encode_query(text) for text in texts])


def measure(store: Path, questions: Path | None, encoder: str) -> tuple[int, list[Trial], dict[str, Any]]:
    collection = Store.open(str(store)).collection("default")
    live = live_of(collection)
    queries = asked(questions, encoder)
    with tempfile.TemporaryDirectory(prefix="quarry-trials-") as folder:
        table = collection.store.table(live.table)
        found = list(trials(table, folder, dim=live.dim, probes=100, k=K, queries=queries))
    done = reindex(load(options={"store": str(store)}, environ={}))
    return collection.count(live), found, {"before": asdict(done.before), "after": asdict(done.after)}


def show(rows: int, found: list[Trial], indexed: dict[str, Any], console: Console) -> None:
    exact = found[0]
    table = Table("kind", "recall@10", "build CPU s", "query CPU ms", "of exact", "MB", title=f"{rows:,} vectors")
    for trial in found:
        share = f"1/{exact.query_cpu_ms / max(trial.query_cpu_ms, 1e-9):.1f}"
        numbers = (f"{trial.recall:.3f}", f"{trial.build_cpu:.1f}", f"{trial.query_cpu_ms:.2f}", share)
        table.add_row(trial.name, *numbers, f"{trial.bytes / 1e6:.1f}")
    console.print(table)
    after, before = indexed["after"], indexed["before"]
    console.print(
        f"quarry reindex on this store: recall@10 {after['recall']:.3f}, query {after['query_ms']:.2f} CPU ms "
        f"(without index {before['query_ms']:.2f}), {after['bytes'] / 1e6:.0f} MB (before {before['bytes'] / 1e6:.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True, help="folder with .md and .txt files")
    parser.add_argument("--encoder", default="minilm", help="profile or model folder")
    parser.add_argument("--questions", type=Path, help="CSV with a column `question`")
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        store = made(Path(name), arguments.text, arguments.encoder, arguments.vectors)
        rows, found, indexed = measure(store, arguments.questions, arguments.encoder)
    show(rows, found, indexed, Console(width=120))
    if arguments.out:
        everything = {"rows": rows, "trials": [asdict(trial) for trial in found], "reindex": indexed}
        arguments.out.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
