"""The end of a run: what needs no parsing is written, what is gone is deleted, indexes follow."""

from __future__ import annotations

import time

from pipeline.outcome import problem
from pipeline.plan import Plan
from pipeline.report import ChunkCounts, DocumentCounts, Report, Seconds
from pipeline.session import Session
from quarry.types import Outcome
from stores.rows import DocumentRow


def told_by_plan(plan: Plan) -> Report:
    """The report of every input that needs no work."""
    still = [*plan.unchanged, *plan.touched]
    report = Report(
        documents=DocumentCounts(unchanged=len(still), excluded=plan.excluded, seen=len(still)),
        seconds=Seconds(discover=plan.seconds),
        held_back=plan.held_back,
    )
    for row in still:
        report += _told(row, row)
    for row, known in plan.refused:
        report += _told(row, known, tried=True)
    return report


def finish(session: Session, plan: Plan, *, changed: bool) -> Report:
    """Documents rows of refused and touched files, deletes, sources, indexes."""
    began = time.perf_counter()
    collection = session.collection
    collection.put_documents([*(row for row, _ in plan.refused), *plan.touched])
    deleted = 0
    if plan.deleted:
        deleted = collection.delete_documents([row.doc_id for row in plan.deleted]).deleted
    roots = {**session.source_roots, **plan.roots}
    if roots != session.source_roots:
        collection.put_sources(roots)
    if changed:
        collection.ensure_indexes(session.generation, session.settings.index)
    return Report(
        documents=DocumentCounts(deleted=len(plan.deleted)),
        chunks=ChunkCounts(deleted=deleted),
        seconds=Seconds(store=time.perf_counter() - began),
    )


def _told(row: DocumentRow, known: DocumentRow | None, *, tried: bool = False) -> Report:
    found = problem(row, known, tried=tried)
    counts = DocumentCounts()
    if tried:
        counts = DocumentCounts(seen=1, added=int(known is None), changed=int(known is not None))
    return Report(documents=counts, outcomes={Outcome(row.outcome): 1}, problems=(found,) if found else ())
