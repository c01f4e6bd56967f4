"""What is searchable of a document made again from its stored elements, whatever its source holds by now."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from pipeline.plan import Change, Work
from pipeline.progress import Progress, Silent
from pipeline.report import Report
from pipeline.session import open_session
from pipeline.shard import locked, run_shard
from quarry.errors import RefusedError
from quarry.settings import Effective
from quarry.types import Origin
from sources import Input, Stat
from stores.rows import DocumentRow, LedgerRow


def redo_from_elements(effective: Effective, marks: Sequence[LedgerRow], *, progress: Progress | None = None) -> Report:
    """Chunks, vectors and marks anew, for the content that each mark names; documents rows stay as they are."""
    session = open_session(effective)
    rows = session.collection.documents_by_id(mark.doc_id for mark in marks)
    works = [_work(rows[mark.doc_id], mark) for mark in marks if mark.doc_id in rows]
    with locked(session, {work.item.source for work in works}):
        for journal in session.journals.values():
            journal.open()
        return run_shard(session, works, progress or Silent())


def _work(row: DocumentRow, mark: LedgerRow) -> Work:
    metadata = json.loads(row.metadata)
    title = row.title if row.sha256 == mark.sha256 else None
    item = Input(row.source, row.path, row.uri, None, Stat(), _nothing(row.uri), row.media_type, title, metadata)
    origin = Origin(row.doc_id, row.uri, row.source, row.path, mark.sha256, metadata)
    return Work(item, origin, row.media_type or "", mark.element_key, row, row, Change.REDONE)


def _nothing(uri: str) -> Callable[[], bytes]:
    def body() -> bytes:
        raise RefusedError(f"unreadable: the parsed {uri} is gone from the store; ingest it again")

    return body
