"""A batch of chunked documents: embedded together without a lock, committed in the order that survives a crash."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.embedding import Embedded, embed, embed_apart
from pipeline.marks import newest_marks
from pipeline.outcome import ended, problem
from pipeline.plan import Change, Work
from pipeline.report import ChunkCounts, DocumentCounts, Problem, Report, Seconds, TokenCounts, WorkCounts
from pipeline.session import Session, metadata_json
from quarry.encoding import EmbeddedChunk, Prepared
from quarry.errors import BusyError, EncodeError
from quarry.types import Document, Outcome
from stores.rows import ChunkRow, DocumentRow, LedgerRow, Provenance

COMMIT_WAIT_S = 600.0
"""For another commit or an index build of the same collection; giving up sooner would throw work away."""

WRITTEN = frozenset({"building", "live", "previous"})
"""States of a generation that still takes commits."""
DEADLY = "run"
"""Stage of a document with which a whole run died."""


@dataclass(frozen=True, slots=True)
class Chunked:
    """A searchable document with its chunks, tokenised."""

    work: Work
    document: Document
    prepared: Prepared
    elements: Document
    """What is stored of it."""
    fresh: bool
    """True where it was parsed now."""
    about: str | None
    """`Identity.search_words`, where there are any."""


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
        return sum(len(item.prepared.jobs) for item in self.chunked)

    @property
    def works(self) -> list[Work]:
        return [*(item.work for item in self.chunked), *(item.work for item in self.ended)]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document with its chunk rows."""

    item: Chunked
    rows: tuple[ChunkRow, ...]


def commit(session: Session, batch: Batch) -> Report:
    """Embed, then under the lock: elements -> chunks -> ledger -> documents; the ledger row is the commit mark."""
    began = time.perf_counter()
    ready, broken, costs = _embedded(session, batch.chunked)
    encoded = time.perf_counter()
    with committing(session):
        current = _current(session, batch.works)
        ready = [item for item in ready if item.item.work.origin.id in current]
        lost = [item for item in (*batch.ended, *broken) if item.work.origin.id in current]
        chunks = _store(session, ready, lost)
    done(session, batch)
    session.store.give_back_memory()
    stored = time.perf_counter()
    report = Report(
        chunks=chunks,
        tokens=TokenCounts(encoded=sum(c.tokens for c in costs), reused=sum(c.reused for c in costs)),
        work=WorkCounts(encoded=sum(c.encoded for c in costs)),
        seconds=Seconds(encode=encoded - began, store=stored - encoded),
        pages=sum(item.item.document.pages for item in ready if item.item.fresh),
    )
    for item in ready:
        report += _told(item.item.work, _row(session, item.item))
    for failure in lost:
        report += _told(failure.work, failure.row)
    for work in batch.works:
        if work.origin.id not in current:
            report += Report(documents=DocumentCounts(seen=1, unchanged=1), outcomes={Outcome.FAILED: 1})
    return report


@contextmanager
def committing(session: Session) -> Iterator[None]:
    """The locks of a commit. BusyError where the generation is no longer written to.

    One that was live when the run was planned may be the previous one by now: the run's end brings the live one up.
    """
    with session.collection.lock(wait_s=COMMIT_WAIT_S), session.store.writing():
        known = {row.id: row.state for row in session.collection.generations()}
        if known.get(session.generation.id) not in WRITTEN:
            state = known.get(session.generation.id, "dropped")
            raise BusyError(
                f"generation {session.generation.id} is {state} by now, nothing more is written to it; what was "
                "committed stays, run it again"
            )
        yield


def done(session: Session, batch: Batch) -> None:
    """Tell the journals of the sources. What died alone stays under suspicion: it is alone again when it is retried."""
    works = batch.works
    for source in sorted({work.item.source for work in works}):
        session.journals[source].done([work.origin.id for work in works if work.item.source == source])
    for item in batch.ended:
        if item.row.stage == DEADLY:
            session.journals[item.work.item.source].blame(item.work.origin.id, item.work.origin.sha256)


def _current(session: Session, works: Sequence[Work]) -> set[str]:
    """Documents whose row is still the one that was planned for: what changed meanwhile is the next run's.

    What is made again from elements must also not have got other content in another generation since.
    """
    rows = session.collection.documents_by_id(work.origin.id for work in works)
    same = {work.origin.id for work in works if _same(rows.get(work.origin.id), work.known)}
    redone = {work.origin.id: work.origin.sha256 for work in works if work.change is Change.REDONE}
    newest = newest_marks(session.collection, redone, besides=session.generation.id) if redone else {}
    later = (mark for mark in newest.values() if mark.committed_at > session.started)
    return same - {mark.doc_id for mark in later if mark.sha256 != redone[mark.doc_id]}


def _same(row: DocumentRow | None, known: DocumentRow | None) -> bool:
    if row is None or known is None:
        return row is known
    return (row.sha256, row.outcome, row.attempts) == (known.sha256, known.outcome, known.attempts)


def _embedded(session: Session, items: Sequence[Chunked]) -> tuple[list[_Ready], list[Ended], list[Embedded]]:
    """All documents in one call, so that batches fill; document by document where that call fails."""
    prepared = [item.prepared for item in items]
    try:
        together = embed(session, prepared)
    except EncodeError:
        return _embedded_apart(session, items)
    found = [_ready(session, item, vectors) for item, vectors in zip(items, together.chunks, strict=True)]
    return found, [], [together]


def _embedded_apart(session: Session, items: Sequence[Chunked]) -> tuple[list[_Ready], list[Ended], list[Embedded]]:
    ready: list[_Ready] = []
    broken: list[Ended] = []
    costs: list[Embedded] = []
    for item, found in zip(items, embed_apart(session, [item.prepared for item in items]), strict=True):
        if isinstance(found, Embedded):
            ready.append(_ready(session, item, found.chunks[0]))
            costs.append(found)
        else:
            broken.append(failed(session, item.work, stage="encode", reason=f"error: {found}", document=item.document))
    return ready, broken, costs


def failed(session: Session, work: Work, *, stage: str, reason: str, document: Document | None = None) -> Ended:
    """A document that this run could not bring in; it is tried again by the rule."""
    attempts = session.settings.ingest.max_attempts
    row = ended(work, outcome=Outcome.FAILED, stage=stage, reason=reason, document=document, max_attempts=attempts)
    return Ended(work, row)


def _ready(session: Session, item: Chunked, vectors: Sequence[EmbeddedChunk]) -> _Ready:
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
    rows = (
        ChunkRow.of(vector, position=number, provenance=provenance, about=None if number else item.about)
        for number, vector in enumerate(vectors)
    )
    return _Ready(item, tuple(rows))


def _store(session: Session, ready: Sequence[_Ready], lost: Sequence[Ended]) -> ChunkCounts:
    """Inside the locks."""
    collection, generation = session.collection, session.generation
    session.store.put_elements(_elements(session, ready))
    left = sorted(item.item.work.moved_from.doc_id for item in ready if item.item.work.moved_from)
    ids = sorted({*left, *(item.item.work.origin.id for item in ready)})
    replaced = collection.replace_chunks(generation, ids, [row for item in ready for row in item.rows])
    for other in collection.generations() if left else ():
        if other.id != generation.id:  # what came in the place of these follows at the end of the run
            collection.replace_chunks(other, left, ())
    collection.put_ledger([_ledger_row(session, item, replaced.digests) for item in ready], replacing=left)
    rows = [(item.item.work, _row(session, item.item)) for item in ready] + [(item.work, item.row) for item in lost]
    collection.put_documents([row for work, row in rows if work.change is not Change.REDONE], replacing=left)
    return ChunkCounts(added=replaced.inserted, kept=replaced.updated, deleted=replaced.deleted)


def _elements(session: Session, ready: Sequence[_Ready]) -> list[tuple[str, Document]]:
    """New parses, each once; and those that a clean-up took away since they were read."""
    every = {item.item.work.element_key: item.item.elements for item in ready}
    fresh = {item.item.work.element_key for item in ready if item.item.fresh}
    there = session.store.element_keys(every.keys() - fresh)
    return [(key, elements) for key, elements in every.items() if key not in there]


def _row(session: Session, item: Chunked) -> DocumentRow:
    document = item.document
    return ended(
        item.work,
        outcome=document.outcome,
        stage="parse",
        reason=document.reason,
        document=document,
        max_attempts=session.settings.ingest.max_attempts,
    )


def _ledger_row(session: Session, item: _Ready, digests: Mapping[str, str]) -> LedgerRow:
    work = item.item.work
    return LedgerRow(
        doc_id=work.origin.id,
        collection=session.settings.collection,
        generation=session.generation.id,
        sha256=work.origin.sha256,
        element_key=work.element_key,
        chunk_fingerprint=session.generation.chunk_fingerprint,
        embed_fingerprint=session.generation.embed_fingerprint,
        chunks=len(item.rows),
        digest=digests[work.origin.id],
        outcome=item.item.document.outcome.value,
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
            moved=int(work.change is Change.MOVED),
            unchanged=int(work.change in (Change.AGAIN, Change.REDONE)),
        ),
        outcomes={Outcome(row.outcome): 1},
        problems=(found,) if found else (),
    )
