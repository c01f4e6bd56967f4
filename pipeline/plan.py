"""What changed: every input of the sources against what the store knows of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from parsers._media import media_type
from pipeline.session import Session, metadata_json
from quarry.errors import RefusedError, SourceError
from quarry.fingerprint import document_id
from quarry.types import Origin, Outcome
from sources import Input, Source
from sources.reading import Content, hash_content
from sources.spec import Scope, resolve
from stores.rows import DocumentRow, LedgerRow

SETTLED_NS = 2_000_000_000
"""A file changed less than this before it was hashed may change again within the clock's resolution."""
MASS_DELETE_FROM = 10
"""Up to so many deletes are never held back."""
SEARCHABLE = frozenset({Outcome.OK, Outcome.PARTIAL})


class Change(StrEnum):
    """Why a document needs work."""

    ADDED = "added"
    CHANGED = "changed"
    AGAIN = "unchanged"
    """Its bytes are the same, but an earlier run did not finish it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one ingest is asked to do."""

    sources: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    keep_missing: bool = False
    limit: int | None = None
    checksum: bool = False
    """Hash every file, whatever its stat says."""


@dataclass(frozen=True, slots=True)
class Work:
    """One document to parse, chunk, embed and store."""

    item: Input
    origin: Origin
    media_type: str
    element_key: str
    stat_row: DocumentRow
    """The documents row so far: identity, stat and hash, without the outcome of this run."""
    known: DocumentRow | None
    change: Change


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a run and what can be said without doing it."""

    work: tuple[Work, ...] = ()
    unchanged: tuple[DocumentRow, ...] = ()
    touched: tuple[DocumentRow, ...] = ()
    """Unchanged content under a new stat: only their documents rows are written."""
    refused: tuple[tuple[DocumentRow, DocumentRow | None], ...] = ()
    """What no parser takes or can't be read, with the row that was there before."""
    deleted: tuple[DocumentRow, ...] = ()
    held_back: tuple[str, ...] = ()
    """Why the deletes of a source are not done."""
    warnings: tuple[str, ...] = ()
    excluded: int = 0
    seconds: float = 0.0
    roots: Mapping[str, str] = field(default_factory=dict)
    """Name -> root of the sources of this run."""

    @property
    def seen(self) -> int:
        return len(self.work) + len(self.unchanged) + len(self.touched) + len(self.refused)

    def shards(self, documents: int) -> Iterator[tuple[Work, ...]]:
        """The work in groups of so many documents."""
        for first in range(0, len(self.work), documents):
            yield self.work[first : first + documents]


def make_plan(session: Session, request: Request) -> Plan:
    """List every source and compare. Reads and hashes files, writes nothing.

    Raises SourceError where a source can't be listed at all.
    """
    started = time.perf_counter()
    scope = Scope(
        declared=session.settings.sources,
        stored=session.source_roots,
        extensions=session.extensions,
        include=request.include,
        exclude=request.exclude,
    )
    plan = Plan()
    for source in resolve(request.sources, scope=scope):
        plan = _joined(plan, _plan_source(session, source, request=request, left=_left(request, plan)))
    return replace(plan, seconds=time.perf_counter() - started)


def _left(request: Request, plan: Plan) -> int | None:
    return None if request.limit is None else max(0, request.limit - plan.seen)


def _joined(first: Plan, second: Plan) -> Plan:
    return Plan(
        work=first.work + second.work,
        unchanged=first.unchanged + second.unchanged,
        touched=first.touched + second.touched,
        refused=first.refused + second.refused,
        deleted=first.deleted + second.deleted,
        held_back=first.held_back + second.held_back,
        warnings=first.warnings + second.warnings,
        excluded=first.excluded + second.excluded,
        roots={**first.roots, **second.roots},
    )


def _plan_source(session: Session, source: Source, *, request: Request, left: int | None) -> Plan:
    known = {row.path: row for row in session.documents(source.name)}
    ledger = session.ledger()
    found = _Findings(session, request=request, ledger=ledger)
    seen: set[str] = set()
    try:
        for number, item in enumerate(source.inputs()):
            if left is not None and number >= left:
                break
            seen.add(item.path)
            found.take(item, known.get(item.path))
    except SourceError as error:
        if not known:
            raise
        return Plan(held_back=(f"source {source.name!r}: {error}",), roots={source.name: source.root})
    missing = [row for path, row in known.items() if path not in seen]
    deleted, held = _deletes(source, missing, known=len(known), session=session, request=request, cut=left is not None)
    return Plan(
        work=tuple(found.work),
        unchanged=tuple(found.unchanged),
        touched=tuple(found.touched),
        refused=tuple(found.refused),
        deleted=tuple(deleted),
        held_back=held,
        warnings=tuple(f"{source.name}/{folder}; its documents stay as they are" for folder in source.unlisted),
        excluded=source.excluded,
        roots={source.name: source.root},
    )


class _Findings:
    """Sorts inputs by what they need."""

    def __init__(self, session: Session, *, request: Request, ledger: Mapping[str, LedgerRow]) -> None:
        self._session = session
        self._request = request
        self._ledger = ledger
        self._now = datetime.now(UTC)
        self.work: list[Work] = []
        self.unchanged: list[DocumentRow] = []
        self.touched: list[DocumentRow] = []
        self.refused: list[tuple[DocumentRow, DocumentRow | None]] = []

    def take(self, item: Input, known: DocumentRow | None) -> None:
        if known is not None and not self._request.checksum and _same_stat(item, known) and self._done(known):
            self.unchanged.append(known)
            return
        row = self._row(item, known)
        try:
            content = hash_content(item, max_bytes=self._session.settings.limits.max_mb * 1e6)
        except RefusedError as error:
            self._refuse(row, known, reason=str(error))
            return
        row = _hashed(row, content)
        if known is not None and known.sha256 == content.sha256 and self._done(known):
            self._touch(row, known)
            return
        self._work(item, row, known, content=content)

    def _work(self, item: Input, row: DocumentRow, known: DocumentRow | None, *, content: Content) -> None:
        found = item.media_type or media_type(content.head, name=item.path)
        row = replace(row, media_type=found)
        kind = self._session.parser_for(found, name=item.path)
        if kind is None:
            self._refuse(row, known, reason=f"type: no parser takes {found}")
            return
        key = self._session.element_key(content.sha256, kind=kind, media_type=found)
        origin = Origin(row.doc_id, item.uri, item.source, item.path, content.sha256, item.metadata)
        same = known is not None and known.sha256 == content.sha256
        change = Change.ADDED if known is None else Change.AGAIN if same else Change.CHANGED
        self.work.append(Work(item, origin, found, key, row, known, change))

    def _touch(self, row: DocumentRow, known: DocumentRow) -> None:
        same = replace(
            known,
            size=row.size,
            mtime_ns=row.mtime_ns,
            ctime_ns=row.ctime_ns,
            inode=row.inode,
            hashed_at_ns=row.hashed_at_ns,
        )
        if _same_identity(same, known):
            self.unchanged.append(known)
        else:
            self.touched.append(same)

    def _refuse(self, row: DocumentRow, known: DocumentRow | None, *, reason: str) -> None:
        if known is not None and (known.outcome, known.reason, known.sha256) == ("refused", reason, row.sha256):
            self.unchanged.append(known)
            return
        attempts = 1 if known is None or known.sha256 != row.sha256 else known.attempts + 1
        refused = replace(
            row, outcome="refused", reason=reason, stage="discover", attempts=attempts, last_try=self._now
        )
        self.refused.append((refused, known))

    def _row(self, item: Input, known: DocumentRow | None) -> DocumentRow:
        stat = item.stat
        return DocumentRow(
            doc_id=document_id(self._session.settings.collection, item.source, item.path),
            collection=self._session.settings.collection,
            source=item.source,
            path=item.path,
            uri=item.uri,
            size=stat.size,
            mtime_ns=stat.mtime_ns,
            ctime_ns=stat.ctime_ns,
            inode=stat.inode,
            metadata=metadata_json(item.metadata),
            title=item.title,
            first_seen=known.first_seen if known else self._now,
            last_seen=self._now,
        )

    def _done(self, known: DocumentRow) -> bool:
        """True where the same bytes need no work: they are searchable, or failed for good, or are not due yet."""
        if known.outcome in SEARCHABLE:
            mark = self._ledger.get(known.doc_id)
            return mark is not None and mark.sha256 == known.sha256
        if known.outcome == Outcome.FAILED:
            return known.next_try is not None and known.next_try > self._now
        return True


def _same_stat(item: Input, known: DocumentRow) -> bool:
    stat = item.stat
    same = (stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode) == _stat_columns(known)
    return item.body is None and same and known.hashed_at_ns - stat.mtime_ns >= SETTLED_NS


def _stat_columns(row: DocumentRow) -> tuple[int, int, int, int]:
    return row.size, row.mtime_ns, row.ctime_ns, row.inode


def _same_identity(row: DocumentRow, known: DocumentRow) -> bool:
    """No write for what only was hashed again, unless that hash settles a file that was young at the last one."""
    settled = [r.hashed_at_ns - r.mtime_ns >= SETTLED_NS for r in (row, known)]
    return _stat_columns(row) == _stat_columns(known) and settled[0] == settled[1]


def _hashed(row: DocumentRow, content: Content) -> DocumentRow:
    stat = content.stat
    return replace(
        row,
        sha256=content.sha256,
        size=stat.size,
        mtime_ns=stat.mtime_ns,
        ctime_ns=stat.ctime_ns,
        inode=stat.inode,
        hashed_at_ns=time.time_ns(),
    )


def _deletes(
    source: Source, missing: Sequence[DocumentRow], *, known: int, session: Session, request: Request, cut: bool
) -> tuple[Sequence[DocumentRow], tuple[str, ...]]:
    """What is gone and may go, or the reason why it may not."""
    if not missing or request.keep_missing or cut or not source.whole or request.include or request.exclude:
        return (), ()
    allowed = session.settings.ingest.max_delete
    emptied = len(missing) == known
    if len(missing) > MASS_DELETE_FROM and (emptied or len(missing) > allowed * known):
        gone = f"{len(missing)} of {known} documents are gone, more than --max-delete {allowed:g}"
        return (), (f"source {source.name!r}: {gone}; they stay searchable. If that is right, give --max-delete 1",)
    return missing, ()
