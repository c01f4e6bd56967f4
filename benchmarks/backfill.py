"""A model change on a live index: cost against encoding alone, searches meanwhile, kills, promotion and rollback.

`python -m benchmarks.backfill --corpus DIR --first FOLDER --second NAME`: ingests with the first encoder, makes a
generation with the second while a reader searches all the time, kills the backfill at random moments, and promotes.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks._runs import ROOT, quarry
from benchmarks.incremental import make_corpus
from encoders import load_encoder
from pipeline.journal import in_flight
from pipeline.promote import promote, rollback
from pipeline.views import encoder_of, live_of
from quarry.settings import load
from search.search import search
from stores.lance import Store

BATCH = 200
"""Chunks a commit in the runs that are killed."""
QUERIES = ("safety of the bridge", "who is responsible", "cost of energy", "identity proofing", "harvest and weather")
ENCODE_ALONE = """
import sys, time, resource
from encoders import load_encoder
from pipeline.views import live_of
from stores.lance import Store
collection = Store.open(sys.argv[1]).collection("default")
chunks = [row.chunk for row in collection.all_chunks(live_of(collection))]
encoder = load_encoder(sys.argv[2])
began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
encoder.encode(chunks)
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print('{"seconds": %f, "cpu": %f, "chunks": %d}' % (time.perf_counter() - began, cpu, len(chunks)))
"""


@dataclass(slots=True)
class Reader:
    """Searches in a loop, each with the model of the generation that it reads."""

    store: Path
    served: int = 0
    errors: list[str] = field(default_factory=list)
    mixed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def loop(self) -> None:
        collection = Store.open(str(self.store)).collection("default")
        while not self._stop.is_set():
            try:
                hits = search(collection, random.choice(QUERIES), encoder=encoder_of, k=5)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is what a user would have seen
                self.errors.append(f"{type(error).__name__}: {error}"[:200])
                continue
            self.served += 1
            self.mixed += len({hit.row.provenance.generation for hit in hits}) > 1
            time.sleep(0.05)

    @contextmanager
    def reading(self) -> Iterator[None]:
        thread = threading.Thread(target=self.loop, daemon=True)
        thread.start()
        yield
        self._stop.set()
        thread.join(60)


def killed_backfills(store: Path, second: str, kills: int, seconds: float) -> list[dict[str, Any]]:
    """Each killed at a random moment; chunks that were committed before and after, and those that were in flight."""
    found = []
    for _ in range(kills):
        before = committed(store, second)
        command = [sys.executable, "-m", "quarry", "backfill", "--encoder", second, "--store", str(store), "--quiet"]
        command += ["--set", f"ingest.batch_rows={BATCH}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(random.uniform(2.0, 2.0 + seconds))
            process.send_signal(signal.SIGKILL)
        after = committed(store, second)
        flying = in_flight_chunks(store)
        found.append({"before": before, "after": after, "in_flight": flying, "code": process.returncode})
    return found


def in_flight_chunks(store: Path) -> int:
    """What the next run makes again: documents that are begun and not committed, one batch and the one behind it."""
    collection = Store.open(str(store)).collection("default")
    marks = collection.ledger(live_of(collection).id)
    files = (store / "_journal").glob("generation-*.jsonl")
    return sum(marks[document].chunks for file in files for document in in_flight(file) if document in marks)


def committed(store: Path, second: str) -> int:
    """Chunks that the new generation holds."""
    collection = Store.open(str(store)).collection("default")
    rows = [row for row in collection.generations() if row.state == "building"]
    return sum(mark.chunks for mark in collection.ledger(rows[-1].id).values()) if rows and second else 0


def measure(corpus: Path, work: Path, first: str, second: str, kills: int) -> dict[str, Any]:
    store = work / "store"
    quarry("ingest", f"docs={corpus}", "--store", store, "--encoder", first, "--json")
    whole = Path(shutil.copytree(store, work / "whole"))
    alone = _alone(whole, second)
    cost = quarry("backfill", "--encoder", second, "--store", whole, "--json")
    start_up = quarry("backfill", "--encoder", second, "--store", whole, "--json")
    report = cost.report
    reader = Reader(store)
    with reader.reading():
        died = killed_backfills(store, second, kills, seconds=max(2.0, alone["seconds"] / 3))
        last = quarry("backfill", "--encoder", second, "--store", store, "--json").report
        effective = load(options={"store": str(store)})
        generation = Store.open(str(store)).collection("default").generations()[-1].id
        began = time.perf_counter()
        promoted = promote(effective, generation)
        promotion = time.perf_counter() - began
        time.sleep(2)
        began = time.perf_counter()
        rollback(effective)
        back = time.perf_counter() - began
    collection = Store.open(str(store)).collection("default")
    return {
        "documents": len(collection.ledger(live_of(collection).id)),
        "chunks": alone["chunks"],
        "parses": report["work"]["parsed"],
        "encode_alone": alone,
        "backfill": {"seconds": report["seconds"]["total"], "cpu": cost.cpu - start_up.cpu},
        "ratio_cpu": (cost.cpu - start_up.cpu) / alone["cpu"],
        "ratio_wall": report["seconds"]["total"] / alone["seconds"],
        "kills": died,
        "vectors_after_the_kills": last["work"]["encoded"],
        "searches": {"served": reader.served, "errors": reader.errors[:5], "mixed": reader.mixed},
        "promotion_seconds": promotion,
        "rollback_seconds": back,
        "gates": [(gate.name, gate.passed, gate.figure) for gate in promoted.gates],
    }


def _alone(store: Path, second: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ENCODE_ALONE, str(store), second], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(found: dict[str, Any], console: Console) -> None:
    alone, made = found["encode_alone"], found["backfill"]
    console.print(f"{found['documents']} documents, {found['chunks']} chunks; {found['parses']} parsed")
    console.print(
        f"backfill {made['seconds']:.1f} s, {made['cpu']:.1f} CPU s; encoding alone {alone['seconds']:.1f} s, "
        f"{alone['cpu']:.1f} CPU s: {found['ratio_wall']:.2f}x wall, {found['ratio_cpu']:.2f}x CPU"
    )
    moments = ", ".join(f"{kill['before']}->{kill['after']} ({kill['in_flight']})" for kill in found["kills"])
    console.print(
        f"{len(found['kills'])} kills, batches of {BATCH} chunks; committed before -> after (in flight): {moments}"
    )
    made_after = found["chunks"] - found["kills"][-1]["after"]
    console.print(
        f"the last run made {found['vectors_after_the_kills']} vectors for the {made_after} chunks that were left"
    )
    searches = found["searches"]
    console.print(f"{searches['served']} searches, {len(searches['errors'])} errors, {searches['mixed']} mixed")
    for error in searches["errors"]:
        console.print(f"  {error}", markup=False)
    console.print(f"promotion {found['promotion_seconds']:.2f} s, rollback {found['rollback_seconds']:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="folder with documents; one is made without it")
    parser.add_argument("--first", required=True, help="profile or folder of the first encoder")
    parser.add_argument("--second", default="minilm", help="profile or folder of the second")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    random.seed(7)
    load_encoder(arguments.second)
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        work = Path(name)
        corpus = arguments.corpus
        if corpus is None:
            corpus = work / "made"
            make_corpus(corpus)
        found = measure(corpus, work, arguments.first, arguments.second, arguments.kills)
    show(found, Console(width=140))
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
