"""The end of a run: what needs no parsing is written, what is gone is deleted, indexes and tables are kept up."""

from __future__ import annotations

import time

from pipeline.batch import COMMIT_WAIT_S, committing
from pipeline.outcome import problem
from pipeline.plan import Plan
from pipeline.report import ChunkCounts, DocumentCounts, Report, Seconds
from pipeline.retention import keep_house
from pipeline.session import Session
from quarry import fault
from quarry.types import Outcome
from stores.collection import Collection
from stores.rows import DocumentRow


def told_by_plan(plan: Plan) -> Report:
    """The report of every input that needs no work."""
    unchanged = sum(plan.unchanged.values()) + len(plan.touched)
    standing = tuple(found for row in plan.standing if (found := problem(row, row, tried=False)))
    report = Report(
        documents=DocumentCounts(unchanged=unchanged, excluded=plan.excluded, seen=unchanged),
        outcomes=dict(plan.unchanged),
        problems=standing,
        seconds=Seconds(discover=plan.seconds),
        held_back=plan.held_back,
    )
    for row in plan.touched:
        found = problem(row, row, tried=False)
        report += Report(outcomes={Outcome(row.outcome): 1}, problems=(found,) if found else ())
    for row, known in plan.refused:
        report += _refused(row, known)
    return report


def finish(session: Session, plan: Plan) -> Report:
    """Documents rows of refused and touched files, deletes, elements that nothing needs, indexes, compaction."""
    began = time.perf_counter()
    deleted = _write_rows(session, plan)
    session.collection.put_sources(plan.roots)
    interrupted = any(journal.interrupted for journal in session.journals.values())
    half_promoted = session.generation.state != "live"  # a promotion died between its swap and its end
    if plan.changes_something or interrupted or half_promoted:
        with session.collection.lock(wait_s=COMMIT_WAIT_S):
            _upkeep(session, elements=bool(plan.work or plan.deleted) or interrupted)
    session.collection.tidy((), session.settings.upkeep, only=("runs",))
    return Report(
        documents=DocumentCounts(deleted=len(plan.deleted)),
        chunks=ChunkCounts(deleted=deleted),
        seconds=Seconds(store=time.perf_counter() - began),
    )


def _write_rows(session: Session, plan: Plan) -> int:
    """Returns how many chunks went with the deleted documents."""
    rows = [*(row for row, _ in plan.refused), *plan.touched]
    if not rows and not plan.deleted:
        return 0
    with committing(session):
        fault.reach("finish.rows")
        session.collection.put_documents(rows)
        return session.collection.delete_documents([row.doc_id for row in plan.deleted]).deleted


def _upkeep(session: Session, *, elements: bool) -> None:
    collection, settings = session.collection, session.settings
    fault.reach("finish.elements")
    if elements:
        drop_unneeded_elements(collection)
    fault.reach("finish.indexes")
    for generation in collection.generations():
        collection.ensure_indexes(generation, settings.index)
    keep_house(collection, settings)
    fault.reach("finish.tidy")
    collection.tidy(collection.generations(), settings.upkeep)


def drop_unneeded_elements(collection: Collection) -> int:
    """Parses that no ledger row of any collection needs. The write lock keeps other runs from adding rows meanwhile."""
    store = collection.store
    with store.writing():
        return store.drop_elements(store.stored_element_keys() - collection.needed_elements())


def _refused(row: DocumentRow, known: DocumentRow | None) -> Report:
    found = problem(row, known, tried=True)
    counts = DocumentCounts(seen=1, added=int(known is None), changed=int(known is not None))
    return Report(documents=counts, outcomes={Outcome(row.outcome): 1}, problems=(found,) if found else ())
