"""Bring a collection in line with its sources: plan -> parse -> chunk -> embed -> upsert, the stages overlapping."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pipeline.batch import Batch, Chunked, Ended, commit
from pipeline.finish import finish, told_by_plan
from pipeline.outcome import ended, searchable
from pipeline.parsing import Parsed, parsed
from pipeline.plan import Plan, Request, Work, make_plan
from pipeline.progress import Progress, Silent
from pipeline.report import Report, Seconds
from pipeline.session import Session, open_session
from pipeline.workers import Limits, ParserPool
from quarry.errors import QuarryError
from quarry.settings import Effective
from quarry.types import Chunk, Outcome


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of a run."""

    session: Session
    plan: Plan
    report: Report

    def record(self) -> dict[str, Any]:
        """The `ingest report` record."""
        session = self.session
        return self.report.record(
            run_id=session.run_id, collection=session.settings.collection, generation=session.generation.id
        )


class Shard(Protocol):
    """What does the work on a group of documents: `run_shard`, or the same as a task of a flow."""

    def __call__(self, session: Session, works: Sequence[Work], progress: Progress, /) -> Report: ...


def ingest(
    effective: Effective,
    request: Request,
    *,
    progress: Progress | None = None,
    shard: Shard | None = None,
    shard_documents: int | None = None,
) -> Ingested:
    """One run, in shards of so many documents (all in one without a number).

    Raises ConfigError or StoreError before it starts, BusyError after `ingest.wait_s` where another run holds the
    collection; a bad document never ends it.
    """
    session = open_session(effective)
    shown = progress or Silent()
    with session.collection.lock(wait_s=session.settings.ingest.wait_s):
        began = time.perf_counter()
        plan = make_plan(session, request)
        shown.planned(len(plan.work))
        report = told_by_plan(plan)
        for works in plan.shards(shard_documents or max(1, len(plan.work))):
            report += (shard or run_shard)(session, works, shown)
        report += finish(session, plan, changed=bool(plan.work or plan.deleted))
        total = Seconds(total=time.perf_counter() - began)
        report += Report(seconds=total)
        done = Ingested(session, plan, report)
        session.record_run(done.record())
    return done


def dry_run(effective: Effective, request: Request) -> tuple[Session, Plan]:
    """What `ingest` would do; nothing is written but an empty collection."""
    session = open_session(effective)
    return session, make_plan(session, request)


def run_shard(session: Session, works: Sequence[Work], progress: Progress, /) -> Report:
    """Parse, chunk, embed and store these documents. Parsers and chunking work ahead of the encoder by one batch."""
    batches = _Batches(session, progress)
    with _pool(session) as pool, ThreadPoolExecutor(1, thread_name_prefix="encode") as encoder:
        for item in parsed(session, works, pool=pool):
            progress.parsed(item.work.item.uri)
            batches.add(_chunked(session, item, batches))
            if batches.full:
                batches.hand_over(encoder)
        batches.hand_over(encoder)
        batches.collect()
    return batches.report


def _pool(session: Session) -> ParserPool:
    limits = Limits(**session.settings.limits.model_dump())
    return ParserPool(workers=session.settings.ingest.processes, limits=limits, settings=session.recipe.parsers)


@dataclass(slots=True)
class _Batches:
    """Collects documents into batches and commits one while the next is filled."""

    session: Session
    progress: Progress
    report: Report = field(default_factory=Report)
    _next: Batch = field(default_factory=Batch)
    _running: Future[Report] | None = None
    _since: float = field(default_factory=time.perf_counter)

    def add(self, item: Chunked | Ended) -> None:
        batch = self._next
        if isinstance(item, Chunked):
            self._next = replace(batch, chunked=(*batch.chunked, item))
        else:
            self._next = replace(batch, ended=(*batch.ended, item))

    def spent(self, seconds: Seconds) -> None:
        self.report += Report(seconds=seconds)

    @property
    def full(self) -> bool:
        limits = self.session.settings.ingest
        if self._next.chunks >= limits.batch_rows:
            return True
        return bool(self._next.documents) and time.perf_counter() - self._since >= limits.batch_seconds

    def hand_over(self, encoder: ThreadPoolExecutor) -> None:
        """Waits for the batch before: at most one is being encoded while one is collected."""
        self.collect()
        batch, self._next, self._since = self._next, Batch(), time.perf_counter()
        if batch.documents:
            self._running = encoder.submit(self._commit, batch)

    def collect(self) -> None:
        if self._running is not None:
            self.report += self._running.result()
            self._running = None

    def _commit(self, batch: Batch) -> Report:
        report = commit(self.session, batch)
        self.progress.stored(batch.documents, batch.chunks)
        return report


def _chunked(session: Session, item: Parsed, batches: _Batches) -> Chunked | Ended:
    """The per-document boundary of chunking: whatever breaks here is this document's failure."""
    work, document = item.work, item.document
    batches.spent(Seconds(parse=item.seconds))
    if item.error is not None or document is None:
        outcome, reason = Outcome(item.error.outcome if item.error else "failed"), str(item.error)
        return Ended(work, ended(work, outcome=outcome, stage="parse", reason=reason, document=None))
    if not searchable(document.outcome):
        return Ended(
            work, ended(work, outcome=document.outcome, stage="parse", reason=document.reason, document=document)
        )
    began = time.perf_counter()
    try:
        chunks = _chunks(session, item)
    except Exception as error:
        if isinstance(error, QuarryError) and error.retryable:
            raise
        reason = f"error: {type(error).__name__}: {error}"
        return Ended(work, ended(work, outcome=Outcome.FAILED, stage="chunk", reason=reason, document=document))
    batches.spent(Seconds(chunk=time.perf_counter() - began))
    if not chunks:
        return Ended(work, ended(work, outcome=Outcome.EMPTY, stage="chunk", reason="blank", document=document))
    return Chunked(work, document, chunks, item.fresh)


def _chunks(session: Session, item: Parsed) -> tuple[Chunk, ...]:
    assert item.document is not None
    recipe = session.recipe
    return tuple(recipe.chunker.chunk(item.document, tokens=recipe.tokens, embedder=recipe.encoder))
