"""A group of documents through parsing, chunking, encoding and commits: the unit of work of runs and of flows."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from pipeline.batch import DEADLY, Batch, Chunked, Ended, commit, failed
from pipeline.embedding import prepare
from pipeline.journal import ALONE_FROM, Journal
from pipeline.known import SEARCHABLE
from pipeline.outcome import ended
from pipeline.parsing import Parsed, parsed
from pipeline.plan import Work
from pipeline.progress import Progress
from pipeline.report import Report, Seconds, WorkCounts
from pipeline.session import Session
from pipeline.workers import Limits, ParserPool
from quarry import fault
from quarry.errors import ConfigError, QuarryError
from quarry.identity import identity_of
from quarry.types import Outcome

STOP_S = 2.0
"""A run that is stopped gives the batch in hand so long to end."""


class Shard(Protocol):
    """What does the work on a group of documents: `run_shard`, or the same as a task of a flow."""

    def __call__(self, session: Session, works: Sequence[Work], progress: Progress, /) -> Report: ...


@contextmanager
def locked(session: Session, names: Collection[str]) -> Iterator[None]:
    """In the order of the sources' names, so that two runs over the same sources never wait for each other."""
    with ExitStack() as stack:
        for name in sorted(names):
            stack.enter_context(session.collection.source_lock(name, wait_s=session.settings.ingest.wait_s))
            file = session.store.side_folder("_journal") / f"{session.collection.source_key(name)}.jsonl"
            session.journals[name] = stack.enter_context(Journal(file))
        yield


def run_shard(session: Session, works: Sequence[Work], progress: Progress, /) -> Report:
    """Parse, chunk, embed and store these documents. Parsers and chunking work ahead of the encoder by one batch.

    What was in flight at several deaths of a run is tried last and alone. After an error the same call may be tried
    again: it leaves out what is stored already, and its report tells of all tries.
    """
    todo = [work for work in works if work.origin.id not in session.begun.documents]
    together, alone, deadly = _apart(session, todo)
    batches = _Batches(session, progress, report=session.begun.report)
    for work in deadly:
        batches.add(failed(session, work, stage=DEADLY, reason="crash: the run died with it, and again with it alone"))
    with _pool(session, len(todo)) as pool, _encoding(session, batches) as encoder:
        for group in (together, *([work] for work in alone)):
            for item in parsed(session, group, pool=pool):
                progress.parsed(item.work.item.uri)
                batches.add(_chunked(session, item, batches))
                if batches.full:
                    batches.hand_over(encoder)
            batches.hand_over(encoder)
            batches.collect()
    session.begun.documents, session.begun.report = set(), Report()
    return batches.report


@contextmanager
def _encoding(session: Session, batches: _Batches) -> Iterator[ThreadPoolExecutor]:
    """The thread that encodes and commits. When the run is stopped, it is waited for only so long: one batch of a large
    model may take minutes, and what comes of it is thrown away. An error stops nothing: what is in hand is stored.
    """
    encoder = ThreadPoolExecutor(1, thread_name_prefix="quarry-encode")
    try:
        yield encoder
    except Exception:
        batches.settle()
        encoder.shutdown()
        raise
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


def _pool(session: Session, documents: int) -> ParserPool:
    """No more processes than documents: each takes a third of a second of CPU to start."""
    limits = Limits(**session.settings.limits.model_dump())
    workers = max(1, min(session.settings.ingest.processes, documents))
    return ParserPool(workers=workers, limits=limits, settings=session.parser_settings)


@dataclass(slots=True)
class _Batches:
    """Collects documents into batches and commits one while the next is filled."""

    session: Session
    progress: Progress
    report: Report = field(default_factory=Report)
    _next: Batch = field(default_factory=Batch)
    _running: tuple[Future[Report], Batch] | None = None
    _stored: set[str] = field(default_factory=set)
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
            self._running = encoder.submit(self._commit, batch), batch

    def collect(self) -> None:
        if self._running is not None:
            future, batch = self._running
            self.report += future.result()
            self._stored |= {work.origin.id for work in batch.works}
            self._running = None

    def settle(self) -> None:
        """Waits for the batch that is being encoded; what is stored by now is kept for another try."""
        if self._running is not None and self._running[0].exception() is None:
            self.collect()
        begun = self.session.begun
        begun.documents, begun.report = begun.documents | self._stored, self.report

    def wait(self, seconds: float) -> None:
        """For the batch that is being encoded, whatever comes of it."""
        wait([self._running[0]] if self._running else [], timeout=seconds)

    def _commit(self, batch: Batch) -> Report:
        report = commit(self.session, batch)
        self.progress.stored(batch.documents, batch.chunks, report.tokens.encoded)
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
        prepared = prepare(recipe, document, chunks)
        about = identity_of(document).search_words or None
    except Exception as error:
        if isinstance(error, ConfigError) or (isinstance(error, QuarryError) and error.retryable):
            raise
        return failed(session, work, stage="chunk", reason=f"error: {type(error).__name__}: {error}", document=document)
    batches.spent(Seconds(chunk=time.perf_counter() - began))
    if not chunks:
        row = ended(
            work, outcome=Outcome.EMPTY, stage="chunk", reason="blank", document=document, max_attempts=attempts
        )
        return Ended(work, row)
    assert item.elements is not None
    return Chunked(work, document, prepared, item.elements, item.fresh, about)


def _not_parsed(session: Session, item: Parsed) -> Ended:
    outcome = Outcome(item.error.outcome if item.error else "failed")
    attempts = session.settings.ingest.max_attempts
    row = ended(item.work, outcome=outcome, stage="parse", reason=str(item.error), document=None, max_attempts=attempts)
    return Ended(item.work, row)
