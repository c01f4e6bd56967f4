"""Bring a collection in line with its sources: plan -> parse -> chunk -> embed -> upsert, the stages overlapping."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pipeline.batch import DEADLY, Batch, Chunked, Ended, commit, failed
from pipeline.embedding import prepare
from pipeline.finish import finish, told_by_plan
from pipeline.journal import ALONE_FROM, Journal
from pipeline.known import SEARCHABLE
from pipeline.moves import move
from pipeline.outcome import ended
from pipeline.parsing import Parsed, parsed
from pipeline.plan import Plan, Request, Work, make_plan
from pipeline.progress import Progress, Silent
from pipeline.report import Report, Seconds, WorkCounts
from pipeline.session import Session, open_session
from pipeline.workers import Limits, ParserPool
from quarry import fault
from quarry.errors import QuarryError
from quarry.settings import Effective
from quarry.types import Outcome
from sources import Source
from sources.spec import Scope, resolve

STOP_S = 2.0
"""A run that is stopped gives the batch in hand so long to end."""


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

    Raises ConfigError or StoreError before it starts, BusyError after `ingest.wait_s` where another run holds one of
    the sources; a bad document never ends it.
    """
    session = open_session(effective)
    shown = progress or Silent()
    with holding(session, request) as sources:
        began = time.perf_counter()
        plan = make_plan(session, sources, request)
        if plan.changes_something:
            for journal in session.journals.values():
                journal.open()
        session.collection.put_sources(plan.roots)
        before = Counter(session.store.commits)
        shown.planned(len(plan.work))
        report = told_by_plan(plan)
        report += move(session, plan)
        for works in plan.shards(shard_documents or max(1, len(plan.work))):
            report += (shard or run_shard)(session, works, shown)
        report += finish(session, plan)
        report += follow(session, plan)
        total = Seconds(total=time.perf_counter() - began)
        report += Report(seconds=total, commits=session.store.commits - before)
        done = Ingested(session, plan, report)
        session.record_run(done.record())
    return done


def follow(session: Session, plan: Plan) -> Report:
    """The other generation that is written to: until a promotion is final, a rollback must lose no newer document.

    Where this run was planned for a generation that was live then, the one that is live now is brought up.
    """
    interrupted = any(journal.interrupted for journal in session.journals.values())
    if not plan.changes_something and not interrupted:
        return Report()
    from pipeline.generations import bring_up

    return bring_up(session)


def dry_run(effective: Effective, request: Request) -> tuple[Session, Plan]:
    """What `ingest` would do; nothing is written but an empty collection."""
    session = open_session(effective)
    return session, make_plan(session, _resolved(session, request), request)


@contextmanager
def holding(session: Session, request: Request) -> Iterator[list[Source]]:
    """The sources of a run, locked and with their journals open."""
    with locked(session, {source.name for source in _resolved(session, request)}):
        yield _resolved(session, request)  # again: another run may have declared a root while this one waited


@contextmanager
def locked(session: Session, names: Collection[str]) -> Iterator[None]:
    """In the order of the sources' names, so that two runs over the same sources never wait for each other."""
    with ExitStack() as stack:
        for name in sorted(names):
            stack.enter_context(session.collection.source_lock(name, wait_s=session.settings.ingest.wait_s))
            file = session.store.side_folder("_journal") / f"{session.collection.source_key(name)}.jsonl"
            session.journals[name] = stack.enter_context(Journal(file))
        yield


def _resolved(session: Session, request: Request) -> list[Source]:
    stored = session.source_roots()
    scope = Scope(
        declared=session.settings.sources,
        stored=stored,
        extensions=session.extensions,
        include=request.include,
        exclude=request.exclude,
    )
    if not request.retry:
        return resolve(request.sources, scope=scope)
    rows = session.collection.documents_by_id(request.retry).values()
    names = sorted({row.source for row in rows if stored.get(row.source, "-") != "-"})
    return resolve([f"{name}={_root(session, name)}" for name in names], scope=scope) if names else []


def _root(session: Session, name: str) -> str:
    declared = session.settings.sources.get(name)
    return declared.path if declared else session.source_roots()[name]


def run_shard(session: Session, works: Sequence[Work], progress: Progress, /) -> Report:
    """Parse, chunk, embed and store these documents. Parsers and chunking work ahead of the encoder by one batch.

    What was in flight at several deaths of a run is tried last and alone.
    """
    together, alone, deadly = _apart(session, works)
    batches = _Batches(session, progress)
    for work in deadly:
        batches.add(failed(session, work, stage=DEADLY, reason="crash: the run died with it, and again with it alone"))
    with _pool(session) as pool, _encoding(session, batches) as encoder:
        for group in (together, *([work] for work in alone)):
            for item in parsed(session, group, pool=pool):
                progress.parsed(item.work.item.uri)
                batches.add(_chunked(session, item, batches))
                if batches.full:
                    batches.hand_over(encoder)
            batches.hand_over(encoder)
            batches.collect()
    return batches.report


@contextmanager
def _encoding(session: Session, batches: _Batches) -> Iterator[ThreadPoolExecutor]:
    """The thread that encodes and commits. When the run is stopped, it is waited for only so long: one batch of a large
    model may take minutes, and what comes of it is thrown away.
    """
    encoder = ThreadPoolExecutor(1, thread_name_prefix="quarry-encode")
    try:
        yield encoder
    except BaseException:
        session.stop.set()
        batches.wait(STOP_S)
        encoder.shutdown(wait=False, cancel_futures=True)
        raise
    encoder.shutdown()


def _apart(session: Session, works: Sequence[Work]) -> tuple[list[Work], list[Work], list[Work]]:
    """Ordinary documents, those to try alone, and those with which a run died when they were alone."""
    together: list[Work] = []
    alone: list[Work] = []
    deadly: list[Work] = []
    for work in works:
        journal = session.journals[work.item.source]
        suspect = journal.suspect(work.origin.id, work.origin.sha256)
        if suspect is None or suspect.deaths < ALONE_FROM:
            together.append(work)
        elif suspect.deaths == ALONE_FROM:
            alone.append(work)
        else:
            deadly.append(work)
    return together, alone, deadly


def _pool(session: Session) -> ParserPool:
    limits = Limits(**session.settings.limits.model_dump())
    return ParserPool(workers=session.settings.ingest.processes, limits=limits, settings=session.parser_settings)


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

    def spent(self, seconds: Seconds, *, parsed: int = 0) -> None:
        self.report += Report(seconds=seconds, work=WorkCounts(parsed=parsed))

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

    def wait(self, seconds: float) -> None:
        """For the batch that is being encoded, whatever comes of it."""
        wait([self._running] if self._running else [], timeout=seconds)

    def _commit(self, batch: Batch) -> Report:
        report = commit(self.session, batch)
        self.progress.stored(batch.documents, batch.chunks)
        return report


def _chunked(session: Session, item: Parsed, batches: _Batches) -> Chunked | Ended:
    """The per-document boundary of chunking: whatever breaks here is this document's failure."""
    work, document = item.work, item.document
    batches.spent(Seconds(parse=item.seconds), parsed=int(item.fresh))
    if item.error is not None or document is None:
        return _not_parsed(session, item)
    attempts = session.settings.ingest.max_attempts
    if document.outcome not in SEARCHABLE:
        outcome, reason = document.outcome, document.reason
        row = ended(work, outcome=outcome, stage="parse", reason=reason, document=document, max_attempts=attempts)
        return Ended(work, row)
    began = time.perf_counter()
    try:
        fault.reach("chunk", work.item.path)
        recipe = session.recipe
        chunks = list(recipe.chunker.chunk(document, tokens=recipe.tokens, embedder=recipe.encoder))
        prepared = prepare(session, document, chunks)
    except Exception as error:
        if isinstance(error, QuarryError) and error.retryable:
            raise
        return failed(session, work, stage="chunk", reason=f"error: {type(error).__name__}: {error}", document=document)
    batches.spent(Seconds(chunk=time.perf_counter() - began))
    if not chunks:
        row = ended(
            work, outcome=Outcome.EMPTY, stage="chunk", reason="blank", document=document, max_attempts=attempts
        )
        return Ended(work, row)
    assert item.elements is not None
    return Chunked(work, document, prepared, item.elements, item.fresh)


def _not_parsed(session: Session, item: Parsed) -> Ended:
    outcome = Outcome(item.error.outcome if item.error else "failed")
    attempts = session.settings.ingest.max_attempts
    row = ended(item.work, outcome=outcome, stage="parse", reason=str(item.error), document=None, max_attempts=attempts)
    return Ended(item.work, row)
