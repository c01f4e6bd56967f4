"""Documents whose place changed and whose content did not: rows get new ids and provenance, nothing is computed.

Where the name of the new place says something else of the document, it is work (`Change.MOVED`) and not a move.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.batch import committing
from pipeline.outcome import problem
from pipeline.plan import Move, Plan
from pipeline.report import ChunkCounts, DocumentCounts, Report, Seconds
from pipeline.session import Session
from quarry.fingerprint import chunk_id, parent_id
from quarry.span import Span
from quarry.types import Outcome
from stores.rows import ChunkRow, DocumentRow, GenerationRow, LedgerRow

MOVE_ROWS = 10_000
"""Chunks, or documents, of one commit: a folder that is renamed moves in one, if it is not very large."""


def move(session: Session, plan: Plan) -> Report:
    """Every move of the plan, in as few commits as memory allows."""
    report = Report()
    for batch in _batches(session, plan.moves):
        began = time.perf_counter()
        with committing(session):
            kept = _commit(session, _current(session, batch))
        for item in batch:
            report += _told(item)
        report += Report(chunks=ChunkCounts(kept=kept), seconds=Seconds(store=time.perf_counter() - began))
    return report


def _batches(session: Session, moves: Sequence[Move]) -> Iterator[list[Move]]:
    marks = session.collection.ledger(session.generation.id, [item.known.doc_id for item in moves])
    batch: list[Move] = []
    chunks = 0
    for item in moves:
        mark = marks.get(item.known.doc_id)
        chunks += mark.chunks if mark else 0
        batch.append(item)
        if chunks >= MOVE_ROWS or len(batch) >= MOVE_ROWS:
            yield batch
            batch, chunks = [], 0
    if batch:
        yield batch


def _current(session: Session, moves: Sequence[Move]) -> list[Move]:
    """Those whose row is still the planned one."""
    rows = session.collection.documents_by_id(item.known.doc_id for item in moves)
    return [item for item in moves if rows.get(item.known.doc_id) == item.known]


def _commit(session: Session, moves: Sequence[Move]) -> int:
    """Chunks -> ledger -> documents, the old place going in the same commit as the new one comes."""
    collection = session.collection
    places = {item.known.doc_id: item.row for item in moves}
    both = sorted({*places, *(row.doc_id for row in places.values())})
    marks: list[LedgerRow] = []
    kept = 0
    for generation in collection.generations():
        rows = _placed(session, collection.chunks_of(generation, *both, vectors=True), places)
        found = collection.replace_chunks(generation, both, rows)
        kept += len(rows)
        marks += _marks(session, generation, places, digests=dict(found.digests))
    collection.put_ledger(marks, replacing=both)
    collection.put_documents(list(places.values()), replacing=both)
    return kept


def _placed(session: Session, rows: Sequence[ChunkRow], places: dict[str, DocumentRow]) -> list[ChunkRow]:
    """At the new place; some may stand there already, from a run that died between two writes."""
    there = {row.doc_id: row for row in places.values()}
    found = [(row, places.get(row.chunk.document_id) or there[row.chunk.document_id]) for row in rows]
    ids = {row.chunk.id: _new_id(row, place) for row, place in found} | _new_parents(found)
    placed = (_row(session, row, place, ids=ids) for row, place in found)
    return list({row.chunk.id: row for row in placed}.values())


def _new_id(row: ChunkRow, place: DocumentRow) -> str:
    return chunk_id(place.doc_id, row.provenance.chunk_fingerprint, row.chunk.span, row.chunk.text)


def _new_parents(found: Sequence[tuple[ChunkRow, DocumentRow]]) -> dict[str, str]:
    """By the parent's former id."""
    families: dict[str, list[tuple[ChunkRow, DocumentRow]]] = defaultdict(list)
    for row, place in found:
        if row.chunk.parent_id:
            families[row.chunk.parent_id].append((row, place))
    new: dict[str, str] = {}
    for former, family in families.items():
        spans, (row, place) = [unit.chunk.span for unit, _ in family], family[0]
        span = Span(min(span.start for span in spans), max(span.end for span in spans))
        new[former] = parent_id(place.doc_id, row.provenance.chunk_fingerprint, span)
    return new


def _row(session: Session, row: ChunkRow, place: DocumentRow, *, ids: dict[str, str]) -> ChunkRow:
    provenance = replace(
        row.provenance,
        source=place.source,
        path=place.path,
        metadata=place.metadata,
        run_id=session.run_id,
        ingested_at=datetime.now(UTC),
    )
    parent = row.chunk.parent_id
    moved = replace(
        row.chunk,
        id=ids[row.chunk.id],
        document_id=place.doc_id,
        uri=place.uri,
        parent_id=ids.get(parent, parent) if parent else None,
    )
    return replace(row, chunk=moved, provenance=provenance)


def _marks(
    session: Session, generation: GenerationRow, places: dict[str, DocumentRow], *, digests: dict[str, str]
) -> list[LedgerRow]:
    now = datetime.now(UTC)
    known = session.collection.ledger(generation.id, places)
    return [
        replace(
            mark,
            doc_id=places[old].doc_id,
            digest=digests.get(places[old].doc_id, mark.digest),
            run_id=session.run_id,
            committed_at=now,
        )
        for old, mark in known.items()
    ]


def _told(item: Move) -> Report:
    found = problem(item.row, item.known, tried=False)
    same_metadata = item.row.metadata == item.known.metadata
    counts = DocumentCounts(
        seen=1,
        moved=int(item.renamed),
        unchanged=int(not item.renamed and same_metadata),
        changed=int(not item.renamed and not same_metadata),
    )
    return Report(documents=counts, outcomes={Outcome(item.row.outcome): 1}, problems=(found,) if found else ())
