"""What a run costs when little has changed: first run, no change, touch, rename, 3 changed + 2 deleted, one edit.

`python -m benchmarks.incremental --corpus DIR`: works on a copy. Without a corpus it makes one of 160 documents. The
bare process that the no-change run is measured against imports lancedb and opens the tables of the store.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pymupdf
from rich.console import Console
from rich.table import Table

from benchmarks._runs import Cost, python, quarry
from stores.lance import Store

SENTENCE = "A sentence about the harbour master of Lindholm stands here since this morning. "
STRATEGIES = ("metadata_aware", "late", "recursive", "sliding_window", "semantic")
BARE = """
import sys
from datetime import timedelta
import lancedb
database = lancedb.connect(sys.argv[1], read_consistency_interval=timedelta(0))
for name in database.list_tables(limit=1000).tables:
    database.open_table(name)
"""


def make_corpus(folder: Path, documents: int = 160) -> None:
    """Notes, pages and PDFs with headings; one of them long."""
    folder.mkdir()
    for number in range(documents - 1):
        parts = [f"Section {n}\n\n" + " ".join(_sentence(number, n, k) for k in range(12)) for n in range(4)]
        if number % 3 == 0:
            _pdf(folder / f"report{number}.pdf", parts)
        elif number % 3 == 1:
            body = "".join(f"<h2>{p.split(chr(10))[0]}</h2><p>{p.split(chr(10))[2]}</p>" for p in parts)
            (folder / f"page{number}.html").write_text(f"<html><body><h1>Page {number}</h1>{body}</body></html>")
        else:
            (folder / f"note{number}.md").write_text(f"# Note {number}\n\n" + "\n\n".join(f"## {p}" for p in parts))
    chapters = (
        f"## Chapter {n}\n\n" + "\n\n".join(" ".join(_sentence(n, m, k) for k in range(9)) for m in range(6))
        for n in range(60)
    )
    (folder / "long.md").write_text("# The long one\n\n" + "\n\n".join(chapters))


def _sentence(*numbers: int) -> str:
    words = ("tide", "harbour", "winter", "ledger", "granite", "signal", "orchard", "copper", "lantern", "meadow")
    seed = sum(n * 7**k for k, n in enumerate(numbers))
    chosen = " ".join(words[(seed * (k + 3) + k * k) % len(words)] for k in range(9))
    return f"In entry {seed} the {chosen} are named."


def _pdf(file: Path, parts: Sequence[str]) -> None:
    with pymupdf.open() as document:
        for part in parts:
            page = document.new_page()
            page.insert_textbox(pymupdf.Rect(72, 72, 520, 760), part, fontsize=11)
        document.save(str(file))


class Bench:
    def __init__(self, corpus: Path, work: Path, encoder: str) -> None:
        self.docs = Path(shutil.copytree(corpus, work / "docs"))
        self.store = work / "store"
        self.encoder = encoder
        self.rows: list[dict[str, Any]] = []

    def step(self, name: str, *more: str) -> Cost:
        before = self._versions()
        cost = quarry("ingest", self.docs, "--store", self.store, "--encoder", self.encoder, "--json", *more)
        report = cost.report
        added = {table: version - before.get(table, 0) for table, version in self._versions().items()}
        self.rows.append(
            {
                "run": name,
                "seconds": round(cost.seconds, 2),
                "cpu": round(cost.cpu, 2),
                "work_seconds": report["seconds"]["total"],
                "parses": report["work"]["parsed"],
                "encodes": report["work"]["encoded"],
                "rows": report["chunks"]["added"] + report["chunks"]["kept"],
                "commits": report["work"]["commits"],
                "versions": {table: count for table, count in added.items() if count and table != "runs"},
                "documents": {key: value for key, value in report["documents"].items() if value},
            }
        )
        return cost

    def _versions(self) -> dict[str, int]:
        if not self.store.exists():
            return {}
        store = Store.open(str(self.store))
        return {name: store.table(name).version for name in store.table_names()}

    def files(self) -> list[Path]:
        return sorted(path for path in self.docs.rglob("*") if path.is_file())

    def longest(self, suffixes: Sequence[str]) -> tuple[Path, int]:
        """The document of these kinds with the most chunks."""
        store = Store.open(str(self.store))
        collection = store.collection("default")
        live = collection.live()
        assert live is not None
        counts = {doc: mark.chunks for doc, mark in collection.ledger(live.id).items()}
        rows = {row.doc_id: row for row in collection.documents()}
        found = [(count, rows[doc].path) for doc, count in counts.items() if rows[doc].path.endswith(tuple(suffixes))]
        count, path = max(found)
        return self.docs / path, count


def edit(file: Path) -> None:
    """A sentence at 10 % of the document."""
    if file.suffix == ".pdf":
        with pymupdf.open(str(file)) as document:
            page = document[len(document) // 10]
            page.insert_text((72, page.rect.height - 100), SENTENCE, fontsize=10)
            data = document.tobytes()
        file.write_bytes(data)
        return
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    at = text.find("</p>" if "</p>" in text else ". ", len(text) // 10)
    at = at if "</p>" in text else at + 2
    file.write_text(text[:at] + SENTENCE + text[at:], encoding="utf-8", errors="surrogateescape")


def no_change(bench: Bench, runs: int = 5) -> dict[str, float]:
    """CPU of the run that has nothing to do, against a process that only opens the tables; they take turns."""
    mine, bare = [], []
    for _ in range(runs):
        mine.append(quarry("ingest", bench.docs, "--store", bench.store, "--json").cpu)
        bare.append(python("-c", BARE, bench.store).cpu)
    return {"no_change_cpu": median(mine), "bare_cpu": median(bare), "ratio": median(mine) / median(bare)}


def edits(bench: Bench, work: Path) -> list[dict[str, Any]]:
    """Share of a document that is encoded again after one inserted sentence, by strategy."""
    found = []
    for suffixes in ((".md", ".html", ".htm", ".txt"), (".pdf",)):
        try:
            longest, _ = bench.longest(suffixes)
        except ValueError:
            continue
        for strategy in STRATEGIES:
            home = work / f"edit-{strategy}{longest.suffix}"
            shutil.copytree(longest.parent, home / "docs", ignore=_all_but(longest.name))
            call = ("ingest", home / "docs", "--store", home / "store", "--encoder", bench.encoder, "--json")
            whole = quarry(*call, "--chunker", strategy).report
            edit(home / "docs" / longest.name)
            again = quarry(*call).report
            found.append(
                {
                    "document": longest.name,
                    "strategy": strategy,
                    "chunks": whole["chunks"]["added"],
                    "encoded_again": again["work"]["encoded"],
                    "share": again["work"]["encoded"] / max(1, whole["chunks"]["added"]),
                    "tokens_share": again["tokens"]["encoded"] / max(1, whole["tokens"]["encoded"]),
                }
            )
    return found


def _all_but(name: str) -> Callable[[str, list[str]], list[str]]:
    return lambda _, names: [other for other in names if other != name]


def measure(corpus: Path, work: Path, encoder: str) -> dict[str, Any]:
    bench = Bench(corpus, work, encoder)
    bench.step("first")
    bench.step("no change")
    settled = no_change(bench)
    for file in bench.files():
        os.utime(file)
    bench.step("touch all")
    folder = bench.docs / "renamed"
    folder.mkdir()
    for path in [path for path in bench.docs.iterdir() if path != folder]:
        path.rename(folder / path.name)
    bench.step("rename folder")
    texts = [path for path in bench.files() if path.suffix in (".md", ".html", ".htm", ".txt")]
    for file in texts[:3]:
        edit(file)
    for file in texts[3:5]:
        file.unlink()
    bench.step("3 changed + 2 deleted")
    longest, chunks = bench.longest((".md", ".html", ".htm", ".txt", ".pdf"))
    edit(longest)
    cost = bench.step(f"sentence in {longest.name}")
    share = cost.report["work"]["encoded"] / chunks
    return {
        "documents": len(bench.files()),
        "runs": bench.rows,
        **settled,
        "edit_share": share,
        "edits": edits(bench, work),
    }


def show(found: dict[str, Any], console: Console) -> None:
    table = Table("run", "wall s", "CPU s", "work s", "parses", "encodes", "rows", "data commits", "versions")
    for row in found["runs"]:
        commits = ", ".join(f"{name} {count}" for name, count in row["commits"].items()) or "none"
        versions = ", ".join(f"{name.split('_')[0]} {count}" for name, count in row["versions"].items()) or "none"
        numbers = (row[name] for name in ("seconds", "cpu", "work_seconds", "parses", "encodes", "rows"))
        table.add_row(row["run"], *map(str, numbers), commits, versions)
    console.print(table)
    console.print(
        f"no change: {found['no_change_cpu']:.2f} CPU s, bare process {found['bare_cpu']:.2f}: {found['ratio']:.2f}x"
    )
    console.print(f"sentence in the longest document: {found['edit_share']:.1%} of its chunks encoded again")
    table = Table("document", "strategy", "chunks", "encoded again", "share", "share of tokens")
    for row in found["edits"]:
        share, tokens = f"{row['share']:.1%}", f"{row['tokens_share']:.1%}"
        table.add_row(row["document"], row["strategy"], str(row["chunks"]), str(row["encoded_again"]), share, tokens)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="folder with documents; one is made without it")
    parser.add_argument("--encoder", default="minilm", help="profile or model folder")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        work = Path(name)
        corpus = arguments.corpus
        if corpus is None:
            corpus = work / "made"
            make_corpus(corpus)
        found = measure(corpus, work, arguments.encoder)
    show(found, Console(width=150))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
