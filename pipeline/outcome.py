"""How a document ended, as the row that the next run reads and the problem that this one reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.plan import Work
from pipeline.report import Problem
from quarry.types import Document, Outcome
from stores.rows import DocumentRow

FIRST_RETRY = timedelta(minutes=10)
LAST_RETRY = timedelta(days=1)


def ended(
    work: Work,
    *,
    outcome: Outcome,
    stage: str,
    reason: str | None,
    document: Document | None,
    max_attempts: int,
) -> DocumentRow:
    """The documents row after a try at `work`."""
    now = datetime.now(UTC)
    known = work.known if work.known and work.known.sha256 == work.origin.sha256 else None
    known = known if known and known.outcome != Outcome.OK else None
    attempts = known.attempts + 1 if known else 1
    standing = known.first_try if known else None
    again = outcome is Outcome.FAILED and attempts < max_attempts
    row = replace(
        work.stat_row,
        outcome=outcome.value,
        reason=reason,
        stage=stage,
        attempts=attempts,
        first_try=None if outcome is Outcome.OK else standing or now,
        last_try=now,
        next_try=now + retry_delay(attempts) if again else None,
        element_key=work.element_key,
    )
    if document is None:
        return row
    return replace(row, title=document.title, pages=document.pages)


def retry_delay(attempts: int) -> timedelta:
    """10 minutes, doubled with each attempt, a day at most: what failed may work again, but not at once."""
    doubled: timedelta = FIRST_RETRY * 2.0 ** min(attempts - 1, 10)
    return min(doubled, LAST_RETRY)


def problem(row: DocumentRow, known: DocumentRow | None, *, tried: bool) -> Problem | None:
    """What to report of a row; `tried`: this run worked on it."""
    if row.outcome == Outcome.OK:
        return None
    same = known is not None and (known.outcome, known.reason, known.sha256) == (row.outcome, row.reason, row.sha256)
    return Problem(
        uri=row.uri,
        outcome=Outcome(row.outcome),
        stage=row.stage or "",
        reason=row.reason or "",
        attempts=row.attempts,
        new=tried and not same,
    )
