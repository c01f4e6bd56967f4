"""Does search find the page? Page hits among the first k for words alone, vectors alone and both, with the defaults."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.views import encoder_of, live_of
from quarry.encoding import Encoder
from quarry.settings import load
from search.search import Hit, Mode, search
from stores.collection import Collection
from stores.lance import Store
from stores.rows import GenerationRow

EXAMPLES = Path(__file__).parent.parent / "examples"
CUTS = (1, 3, 5, 10)
BAR = 0.90
"""Share of the questions whose page must be among the first 3 with the default settings."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    document: str
    page: int | None


def questions(file: Path) -> list[Question]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [Question(row["question"], row["document"], int(row["page"]) if row["page"] else None) for row in rows]


def first_hit(hits: list[Hit], question: Question) -> int | None:
    """Rank of the first result on the right page of the right document."""
    for hit in hits:
        same = hit.row.provenance.path == question.document
        if same and (question.page is None or question.page in hit.row.chunk.pages):
            return hit.rank
    return None


def measure(collection: Collection, asked: list[Question], mode: Mode) -> list[int | None]:
    encoder = encoder_of(live_of(collection))

    def own(_: GenerationRow) -> Encoder:
        return encoder

    return [first_hit(search(collection, q.text, encoder=own, mode=mode, k=max(CUTS)), q) for q in asked]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, default=EXAMPLES / "corpus")
    options.add_argument("--questions", type=Path, default=EXAMPLES / "questions.csv")
    options.add_argument("--chunker", default=None)
    options.add_argument("--misses", action="store_true", help="print the questions without a hit among the first 3")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    asked = questions(chosen.questions)
    table = Table("ranking", *(f"page hit@{cut}" for cut in CUTS), title=f"{len(asked)} questions")
    shares: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as folder:
        settings = load(options={"store": f"{folder}/store", "chunker.kind": chosen.chunker})
        ingest(settings, Request(sources=(str(chosen.corpus),)))
        collection = Store.open(f"{folder}/store").collection("default")
        modes: tuple[Mode, ...] = ("text", "vector", "hybrid")
        for mode in modes:
            ranks = measure(collection, asked, mode)
            shares[mode] = {f"hit@{k}": sum(r is not None and r <= k for r in ranks) / len(asked) for k in CUTS}
            table.add_row(mode, *(f"{shares[mode][f'hit@{k}']:.1%}" for k in CUTS))
    Console().print(table)
    if chosen.misses:
        missed = [(q, r) for q, r in zip(asked, ranks, strict=True) if r is None or r > 3]
        for question, rank in missed:
            print(f"  rank {rank}: {question.text} ({question.document}, {question.page})")
    if chosen.json:
        chosen.json.write_text(json.dumps(shares, indent=2))
    return 0 if shares["hybrid"]["hit@3"] >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
