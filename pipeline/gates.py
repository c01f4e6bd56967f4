"""What a generation must show before searches read it; each gate says its figure, `--force NAME` overrides one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.generations import behind
from pipeline.recall import K, measured_recall
from pipeline.verify import generation_findings
from pipeline.views import encoder_of
from quarry.errors import ConfigError
from quarry.settings import Settings
from stores.collection import Collection
from stores.rows import GenerationRow

RECALL = 0.98


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition."""

    name: str
    passed: bool
    figure: str


NAMES = ("coverage", "digests", "vectors", "index", "recall", "questions")


def gates(
    collection: Collection, generation: GenerationRow, settings: Settings, *, questions: Path | None = None
) -> Iterator[Gate]:
    """In the order in which they get dearer."""
    yield _coverage(collection, generation, settings)
    findings = generation_findings(collection, generation)
    wrong = [finding for finding in findings if finding.law != "vectors"]
    what = wrong[0].what if wrong else "every chunk is as its mark says"
    yield Gate("digests", not wrong, f"{len(wrong)} findings: {what}")
    vectors = [finding for finding in findings if finding.law == "vectors"]
    said = vectors[0].what if vectors else f"{collection.count(generation)} of {generation.dim} numbers, length 1"
    yield Gate("vectors", not vectors, said)
    yield _index(collection, generation)
    yield _recall(collection, generation)
    if questions is not None:
        yield _questions(collection, generation, questions)


def _coverage(collection: Collection, generation: GenerationRow, settings: Settings) -> Gate:
    """Every document that is searchable elsewhere, with the same content; but for the error budget."""
    live = collection.live()
    total = len(collection.ledger(live.id)) if live else 0
    lacking = behind(collection, generation).documents
    share = lacking / total if total else 0.0
    budget = settings.generations.error_budget
    said = f"{total - lacking} of {total} documents, {share:.1%} missing, {budget:.1%} may be"
    return Gate("coverage", share <= budget, said)


def _index(collection: Collection, generation: GenerationRow) -> Gate:
    rows = collection.count(generation)
    (stats,) = collection.table_stats([generation.table])
    open_rows = max(stats.unindexed.values(), default=rows)
    return Gate("index", not rows or open_rows == 0, f"{open_rows} of {rows} rows are in no index")


def _recall(collection: Collection, generation: GenerationRow) -> Gate:
    """Recall@10 of the search as it is against the exact one, over stored vectors spread over the table."""
    found = measured_recall(collection, generation)
    return Gate(
        "recall", found.share >= RECALL, f"recall@{K} {found.share:.3f} of {RECALL} over {found.probes} vectors"
    )


def _questions(collection: Collection, generation: GenerationRow, questions: Path) -> Gate:
    """Hit@10 of the user's questions by vectors: the new generation must not be worse than the live one."""
    live = collection.live()
    assert live is not None
    asked = _asked(questions)
    mine, theirs = (_hits(collection, row, asked) for row in (generation, live))
    said = f"hit@{K} {mine:.1%} against {theirs:.1%} of the live generation, {len(asked)} questions"
    return Gate("questions", mine >= theirs, said)


def _asked(questions: Path) -> list[tuple[str, str, int | None]]:
    try:
        with questions.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [(row["question"], row["document"], int(row["page"]) if row.get("page") else None) for row in rows]
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(f"{questions} is no questions file (question,document,page): {error}") from error


def _hits(collection: Collection, generation: GenerationRow, asked: Sequence[tuple[str, str, int | None]]) -> float:
    encoder = encoder_of(generation)
    hits = 0
    for question, document, page in asked:
        found = collection.vector_search(generation, encoder.encode_query(question), k=K)
        rows = collection.chunks(generation, [hit.chunk_id for hit in found]).values()
        hits += any(
            row.provenance.path.endswith(document) and (page is None or page in row.chunk.pages) for row in rows
        )
    return hits / len(asked) if asked else 1.0
