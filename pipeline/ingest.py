"""Bring a collection in line with its sources: plan -> parse -> chunk -> embed -> upsert, the stages overlapping."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pipeline.finish import finish, told_by_plan
from pipeline.generations import bring_up
from pipeline.moves import move
from pipeline.plan import Plan, Request, make_plan
from pipeline.progress import Progress, Silent
from pipeline.report import Report, Seconds
from pipeline.session import Session, open_session
from pipeline.shard import Shard, locked, run_shard
from quarry.settings import Effective
from sources import Source
from sources.spec import Scope, resolve


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


def ingest(
    effective: Effective,
    request: Request,
    *,
    progress: Progress | None = None,
    shard: Shard | None = None,
    shard_documents: int | None = None,
    session: Session | None = None,
) -> Ingested:
    """One run, in shards of so many documents (all in one without a number), in a session of its own if none is given.

    Raises ConfigError or StoreError before it starts, BusyError after `ingest.wait_s` where another run holds one of
    the sources; a bad document never ends it.
    """
    session = session or open_session(effective)
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
