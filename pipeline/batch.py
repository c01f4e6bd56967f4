"""A batch of chunked documents: embedded together, committed in the order that survives a crash."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chunkers import top_sections
from pipeline.outcome import ended, problem
from pipeline.plan import Change, Work
from pipeline.report import ChunkCounts, DocumentCounts, Problem, Report, Seconds, TokenCounts
from pipeline.session import Session, metadata_json
from quarry.errors import EncodeError
from quarry.types import Chunk, Document, EmbeddedChunk, Outcome
from stores.rows import ChunkRow, DocumentRow, LedgerRow, Provenance, chunks_digest


@dataclass(frozen=True, slots=True)
class Chunked:
    """A searchable document with its chunks."""

    work: Work
    document: Document
    chunks: tuple[Chunk, ...]
    fresh: bool
    """True where its elements are not in the store yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A document that got no further: nothing of it becomes searchable, what was stays."""

    work: Work
    row: DocumentRow


@dataclass(frozen=True, slots=True)
class Batch:
    """What is committed together."""

    chunked: tuple[Chunked, ...] = ()
    ended: tuple[Ended, ...] = ()

    @property
    def documents(self) -> int:
        return len(self.chunked) + len(self.ended)

    @property
    def chunks(self) -> int:
        return sum(len(item.chunks) for item in self.chunked)


def commit(session: Session, batch: Batch) -> Report:
    """Embed and store a batch: elements -> chunks -> ledger -> documents; the ledger row is the commit mark."""
    began = time.perf_counter()
    embedded, broken = _embed(session, batch.chunked)
    encoded = time.perf_counter()
    rows = {item.work.origin.id: _chunk_rows(session, item, vectors) for item, vectors in embedded}
    deleted = _store(session, [item for item, _ in embedded], rows, failed=[*batch.ended, *broken])
    stored = time.perf_counter()
    added = sum(map(len, rows.values()))
    report = Report(
        chunks=ChunkCounts(added=added, deleted=deleted),
        tokens=TokenCounts(encoded=sum(row.chunk.tokens for found in rows.values() for row in found)),
        seconds=Seconds(encode=encoded - began, store=stored - encoded),
        pages=sum(item.document.pages for item, _ in embedded if item.fresh),
    )
    for item, _ in embedded:
        report += _told(item.work, _row(item))
    for failure in (*batch.ended, *broken):
        report += _told(failure.work, failure.row)
    return report


def _embed(session: Session, items: Sequence[Chunked]) -> tuple[list[tuple[Chunked, list[EmbeddedChunk]]], list[Ended]]:
    """Chunks of all documents in one call, so that batches fill; document by document where that call fails."""
    if session.recipe.chunker.late:
        return _embed_apart(session, items)
    try:
        vectors = iter(session.recipe.encoder.encode([chunk for item in items for chunk in item.chunks]))
    except EncodeError:
        return _embed_apart(session, items)
    return [(item, [next(vectors) for _ in item.chunks]) for item in items], []


def _embed_apart(
    session: Session, items: Sequence[Chunked]
) -> tuple[list[tuple[Chunked, list[EmbeddedChunk]]], list[Ended]]:
    encoder = session.recipe.encoder
    done: list[tuple[Chunked, list[EmbeddedChunk]]] = []
    broken: list[Ended] = []
    for item in items:
        try:
            if session.recipe.chunker.late:
                sections = top_sections(item.document)
                done.append((item, encoder.encode_late(item.document.text, item.chunks, sections=sections)))
            else:
                done.append((item, encoder.encode(item.chunks)))
        except EncodeError as error:
            reason = f"error: {error}"
            row = ended(item.work, outcome=Outcome.FAILED, stage="encode", reason=reason, document=item.document)
            broken.append(Ended(item.work, row))
    return done, broken


def _chunk_rows(session: Session, item: Chunked, vectors: Sequence[EmbeddedChunk]) -> list[ChunkRow]:
    origin, document, identity = item.work.origin, item.document, session.recipe.encoder.identity
    provenance = Provenance(
        source=origin.source,
        path=origin.path,
        sha256=origin.sha256,
        title=document.title,
        media_type=document.media_type,
        metadata=metadata_json(origin.metadata),
        parser=document.parser,
        chunk_fingerprint=session.recipe.chunk_fingerprint,
        encoder=identity.name,
        revision=identity.revision,
        weights=identity.weights,
        run_id=session.run_id,
        ingested_at=datetime.now(UTC),
        generation=session.generation.id,
    )
    return [ChunkRow.of(vector, position=number, provenance=provenance) for number, vector in enumerate(vectors)]


def _store(
    session: Session, done: Sequence[Chunked], rows: dict[str, list[ChunkRow]], *, failed: Sequence[Ended]
) -> int:
    """Returns how many chunk rows went away."""
    collection, generation = session.collection, session.generation
    session.store.put_elements(_elements(done))
    documents = [_row(item) for item in done]
    replaced = collection.replace_chunks(generation, sorted(rows), [row for found in rows.values() for row in found])
    collection.put_ledger([_ledger_row(session, item, rows[item.work.origin.id]) for item in done])
    collection.put_documents([*documents, *(failure.row for failure in failed)])
    return replaced.deleted


def _elements(done: Sequence[Chunked]) -> list[tuple[str, Document]]:
    fresh = {item.work.element_key: item.document for item in done if item.fresh}
    return list(fresh.items())


def _row(item: Chunked) -> DocumentRow:
    document = item.document
    return ended(item.work, outcome=document.outcome, stage="parse", reason=document.reason, document=document)


def _ledger_row(session: Session, item: Chunked, rows: Sequence[ChunkRow]) -> LedgerRow:
    return LedgerRow(
        doc_id=item.work.origin.id,
        collection=session.settings.collection,
        generation=session.generation.id,
        sha256=item.work.origin.sha256,
        element_key=item.work.element_key,
        chunk_fingerprint=session.generation.chunk_fingerprint,
        embed_fingerprint=session.generation.embed_fingerprint,
        chunks=len(rows),
        digest=chunks_digest(rows, dtype=session.generation.dtype),
        outcome=item.document.outcome.value,
        run_id=session.run_id,
        committed_at=datetime.now(UTC),
    )


def _told(work: Work, row: DocumentRow) -> Report:
    """One input of the report."""
    found: Problem | None = problem(row, work.known, tried=True)
    return Report(
        documents=DocumentCounts(
            seen=1,
            added=int(work.change is Change.ADDED),
            changed=int(work.change is Change.CHANGED),
            unchanged=int(work.change is Change.AGAIN),
        ),
        outcomes={Outcome(row.outcome): 1},
        problems=(found,) if found else (),
    )
