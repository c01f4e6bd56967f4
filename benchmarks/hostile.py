"""Hostile documents beside good ones in one run: does each end in an outcome that is allowed, and harm nobody?

`python -m benchmarks.hostile --folder DIR --manifest FILE [--also DIR] [--good DIR]`. The manifest is a JSON object:
path -> list of allowed outcomes, or {"allow", "contains", "absent"} with strings that must (not) be in the text. Files
of `--also` have no manifest: any one outcome will do. Exit code 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks._runs import quarry
from stores.collection import Collection
from stores.lance import Store

CORPUS = Path(__file__).parent.parent / "examples" / "corpus"
GRACE_S = 3.0
"""For processes that are on their way out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of a file."""

    allow: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Any) -> Entry:
        if isinstance(value, list):
            return cls(tuple(value))
        return cls(*(tuple(value.get(name, ())) for name in ("allow", "contains", "absent")))

    def wrong(self, outcome: str, text: str) -> str:
        """What is not as it should be; empty where all is."""
        if self.allow and outcome not in self.allow:
            return f"ended {outcome}, allowed are {', '.join(self.allow)}"
        lost = [part for part in self.contains if part not in text]
        if lost and outcome in ("ok", "partial"):
            return f"{outcome}, but its text lacks {lost[0]!r}"
        leaked = [part for part in self.absent if part in text]
        return f"its text has {leaked[0]!r}" if leaked else ""


def collection_of(store: Path) -> Collection:
    return Store.open(str(store)).collection("default")


def texts(collection: Collection) -> dict[str, tuple[str, str, str]]:
    """`source/path` -> outcome, reason, text."""
    live = collection.live()
    assert live is not None
    marks = collection.ledger(live.id)
    found = {}
    for row in collection.documents():
        mark = marks.get(row.doc_id)
        text = collection.store.get_elements([mark.element_key])[mark.element_key].text if mark else ""
        found[f"{row.source}/{row.path}"] = (row.outcome, row.reason or "", text)
    return found


def chunks(collection: Collection, source: str) -> dict[str, str]:
    """Ids and texts of one source's chunks."""
    live = collection.live()
    assert live is not None
    rows = (row for row in collection.all_chunks(live) if row.provenance.source == source)
    return {row.chunk.id: row.chunk.text for row in rows}


def ingest(store: Path, tmp: Path, *sources: str) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    cost = quarry("ingest", *sources, "--include", "*", "--store", store, "--json", TMPDIR=str(tmp))
    return time.perf_counter() - began, cost.report


def orphans(work: Path) -> list[int]:
    """Processes of the runs that are still there: by their arguments, or by the temporary folder they were given."""
    time.sleep(GRACE_S)
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("TMPDIR", "")]
        except psutil.Error:  # it is gone, or not ours
            continue
        if process.pid != os.getpid() and any(str(work) in part for part in told):
            found.append(process.pid)
    return found


def measure(work: Path, folder: Path, manifest: dict[str, Entry], also: Path | None, good: Path) -> dict[str, Any]:
    tmp = work / "tmp"
    tmp.mkdir()
    sources = [f"hostile={folder}", *([f"also={also}"] if also else [])]
    alone, _ = ingest(work / "good", tmp, f"good={good}")
    together, report = ingest(work / "both", tmp, f"good={good}", *sources)
    both = collection_of(work / "both")
    found = texts(both)
    wrong = {}
    for path, entry in manifest.items():
        outcome, _, text = found.get(f"hostile/{path}", ("nothing", "", ""))
        what = entry.wrong(outcome, text)
        if what:
            wrong[path] = what
    files = [path for place in (folder, also, good) if place for path in place.rglob("*") if path.is_file()]
    return {
        "inputs": len(files),
        "seen": report["documents"]["seen"],
        "sum_of_outcomes": sum(report["outcomes"].values()),
        "outcomes": {
            source: Counter(outcome for name, (outcome, _, _) in found.items() if name.startswith(f"{source}/"))
            for source in ("hostile", "also", "good")
        },
        "wrong": wrong,
        "good_as_without": chunks(both, "good") == chunks(collection_of(work / "good"), "good"),
        "orphans": orphans(work),
        "litter": sorted(path.name for path in tmp.iterdir()),
        "seconds": {"good alone": alone, "together": together},
    }


def show(found: dict[str, Any], console: Console) -> bool:
    """True where all is as it should be."""
    table = Table("source", "ok", "partial", "empty", "encrypted", "refused", "failed")
    for source, counts in found["outcomes"].items():
        table.add_row(source, *(str(counts.get(name, 0)) for name in table_names()))
    console.print(table)
    for path, what in found["wrong"].items():
        console.print(f"wrong: {path}: {what}", markup=False)
    counted = found["inputs"] == found["seen"] == found["sum_of_outcomes"]
    console.print(f"{found['inputs']} inputs, {found['seen']} seen, {found['sum_of_outcomes']} outcomes")
    console.print(f"good documents stored as without the others: {found['good_as_without']}")
    console.print(f"processes left: {found['orphans'] or 'none'}; left in TMPDIR: {found['litter'] or 'nothing'}")
    seconds = found["seconds"]
    console.print(f"{seconds['together']:.0f} s together, {seconds['good alone']:.0f} s the good ones alone")
    return counted and found["good_as_without"] and not (found["wrong"] or found["orphans"] or found["litter"])


def table_names() -> tuple[str, ...]:
    return ("ok", "partial", "empty", "encrypted", "refused", "failed")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="hostile files")
    parser.add_argument("--manifest", type=Path, required=True, help="JSON: what is allowed for each")
    parser.add_argument("--also", type=Path, help="more files, without a manifest")
    parser.add_argument("--good", type=Path, default=CORPUS, help="documents that must not suffer")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    manifest = {path: Entry.of(value) for path, value in json.loads(arguments.manifest.read_text()).items()}
    work = Path(tempfile.mkdtemp(prefix="quarry-bench-"))
    try:
        found = measure(work, arguments.folder, manifest, arguments.also, arguments.good)
    finally:
        shutil.rmtree(work)
    right = show(found, Console())
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
