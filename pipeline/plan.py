"""What changed: every input of the sources against what the store knows of it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

from parsers._media import media_type
from pipeline.known import SETTLED_NS, Known, counted, is_done, known_of
from pipeline.session import Session, metadata_json
from quarry import fault
from quarry.errors import RefusedError, SourceError
from quarry.fingerprint import document_id
from quarry.identity import identity_of, name_facts
from quarry.records import at
from quarry.types import Origin, Outcome
from sources import Input, Source, Stat
from sources.reading import Content, hash_content
from stores.rows import DocumentRow, LedgerRow

MASS_DELETE_FROM = 10
"""Up to so many deletes are never held back, but for those of a source that is empty."""
GROUP = 2000
"""Inputs that are hashed and compared at once."""
READERS = 4
"""Threads that hash files: the hash leaves the interpreter free."""


class Change(StrEnum):
    """Why a document needs work."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    """Its name says something else of it now: what the chunks carry of that is made again, from the stored elements."""
    AGAIN = "unchanged"
    """Its bytes are the same, but an earlier run did not finish it."""
    REDONE = "redone"
    """What is searchable of it is made again from its stored elements; its documents row stays as it is."""


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
    retry: tuple[str, ...] = ()
    """Work on these documents (by id) alone, whatever is known of them; nothing is listed, nothing deleted."""


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
    moved_from: DocumentRow | None = None
    """The place that it left, which goes in the same commit."""


@dataclass(frozen=True, slots=True)
class Move:
    """The same content under another path, URI or metadata: its rows are rewritten, nothing is computed."""

    known: DocumentRow
    row: DocumentRow

    @property
    def renamed(self) -> bool:
        return self.known.doc_id != self.row.doc_id


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a run and what can be said without doing it."""

    work: tuple[Work, ...] = ()
    moves: tuple[Move, ...] = ()
    unchanged: Mapping[Outcome, int] = field(default_factory=Counter)
    """Documents of which nothing is written, by their standing outcome."""
    standing: tuple[DocumentRow, ...] = ()
    """Those of them that are problems."""
    touched: tuple[DocumentRow, ...] = ()
    """Unchanged content under a new stat: only their documents rows are written."""
    refused: tuple[tuple[DocumentRow, DocumentRow | None], ...] = ()
    """What no parser takes or can't be read, with the row that was there before."""
    deleted: tuple[DocumentRow, ...] = ()
    held_back: tuple[str, ...] = ()
    """Why the deletes of a source are not done."""
    excluded: int = 0
    seconds: float = 0.0
    roots: Mapping[str, str] = field(default_factory=dict)
    """Name -> root of the sources of this run."""

    @property
    def seen(self) -> int:
        still = sum(self.unchanged.values()) + len(self.touched)
        return len(self.work) + len(self.moves) + len(self.refused) + still

    @property
    def changes_something(self) -> bool:
        return bool(self.work or self.moves or self.touched or self.refused or self.deleted)

    def shards(self, documents: int) -> Iterator[tuple[Work, ...]]:
        """The work in groups of so many documents."""
        for first in range(0, len(self.work), documents):
            yield self.work[first : first + documents]


def make_plan(session: Session, sources: Sequence[Source], request: Request) -> Plan:
    """List every source and compare. Reads and hashes files, writes nothing.

    Raises SourceError where a source that the collection doesn't know yet can't be listed at all.
    """
    started = time.perf_counter()
    fault.reach("plan")
    plan = Plan()
    for source in sources:
        left = None if request.limit is None else max(0, request.limit - plan.seen)
        plan = _joined(plan, _SourcePlan(session, source, request=request).made(left))
    return replace(plan, seconds=time.perf_counter() - started)


def _joined(first: Plan, second: Plan) -> Plan:
    return Plan(
        work=first.work + second.work,
        moves=first.moves + second.moves,
        unchanged=Counter(first.unchanged) + Counter(second.unchanged),
        standing=first.standing + second.standing,
        touched=first.touched + second.touched,
        refused=first.refused + second.refused,
        deleted=first.deleted + second.deleted,
        held_back=first.held_back + second.held_back,
        excluded=first.excluded + second.excluded,
        roots={**first.roots, **second.roots},
    )


class _SourcePlan:
    """The plan of one source: a cheap look at every stat, a hash where that is not enough, then moves and deletes."""

    def __init__(self, session: Session, source: Source, *, request: Request) -> None:
        self._session = session
        self._source = source
        self._request = request
        self._now = datetime.now(UTC)
        self._known = Known()
        self._work: list[Work] = []
        self._moves: list[Move] = []
        self._touched: list[DocumentRow] = []
        self._refused: list[tuple[DocumentRow, DocumentRow | None]] = []
        self._unchanged: Counter[Outcome] = Counter()
        self._standing: list[str] = []
        self._gone: dict[str, list[DocumentRow]] | None = None

    def made(self, left: int | None) -> Plan:
        source, roots = self._source, {self._source.name: self._source.root}
        self._known = self._known_documents()
        try:
            pending = self._retried() if self._request.retry else self._pending(left)
        except SourceError as error:
            if not self._known.total:
                raise
            return Plan(held_back=(f"source {source.name!r}: {error}",), roots=roots)
        for first in range(0, len(pending), GROUP):
            self._compare(pending[first : first + GROUP])
        missing = [*self._known.same, *self._known.others]
        deleted, held = self._deletes(missing, cut=left is not None)
        standing = self._session.documents_by_path(source.name, self._standing)
        return Plan(
            work=tuple(self._work),
            moves=tuple(self._moves),
            unchanged=self._unchanged,
            standing=tuple(standing.values()),
            touched=tuple(self._touched),
            refused=tuple(self._refused),
            deleted=deleted,
            held_back=(*held, *self._unlisted()),
            excluded=source.excluded,
            roots=roots,
        )

    def _unlisted(self) -> tuple[str, ...]:
        """Folders that can't be read: what is in them is not gone, and what was moved out of them can't be told."""
        source = self._source
        said = "nothing of this source is deleted until that can be read"
        return tuple(f"source {source.name!r}: can't list {folder}; {said}" for folder in source.unlisted)

    def _known_documents(self) -> Known:
        return known_of(
            self._session.collection,
            self._session.generation.id,
            source=self._source.name,
            metadata=metadata_json(self._source.metadata),
            trust_stat=not self._request.checksum and not self._relocated,
        )

    @property
    def _relocated(self) -> bool:
        """True where the root of the source has moved since the last run: every URI is another one."""
        stored = self._session.source_roots().get(self._source.name)
        return stored is not None and stored != self._source.root

    def _pending(self, left: int | None) -> list[tuple[str, Stat]]:
        """Inputs whose stat says too little. What is left in `_known` afterwards was not listed."""
        pending: list[tuple[str, Stat]] = []
        same, others, still = self._known.same, self._known.others, 0
        problems, standing = self._known.problems, self._standing
        for path, stat in islice(self._source.scan(), left):
            if same.get(path) == stat:
                del same[path]
                still += 1
                if path in problems:
                    standing.append(path)
            else:
                same.pop(path, None)
                others.discard(path)
                pending.append((path, stat))
        self._unchanged.update(counted(problems, standing, unchanged=still))
        return pending

    def _retried(self) -> list[tuple[str, Stat]]:
        """Nothing is listed, so nothing is missing."""
        self._known = Known(total=self._known.total)
        rows = self._session.collection.documents_by_id(self._request.retry)
        return [(row.path, Stat(row.size)) for row in rows.values() if row.source == self._source.name]

    def _compare(self, group: Sequence[tuple[str, Stat]]) -> None:
        """By content, and with what the ledger says."""
        session = self._session
        rows = session.documents_by_path(self._source.name, [path for path, _ in group])
        marks = session.collection.ledger(session.generation.id, [row.doc_id for row in rows.values()])
        items = [self._source.input(path, stat) for path, stat in group]
        limit = session.settings.limits.max_mb * 1e6
        with ThreadPoolExecutor(READERS, thread_name_prefix="hash") as readers:
            contents = readers.map(lambda item: _content(item, max_bytes=limit), items)
            fresh: list[Work] = []
            for item, content in zip(items, contents, strict=True):
                known = rows.get(item.path)
                work = self._take(item, known, marks.get(known.doc_id) if known else None, content=content)
                if work is not None and work.change is Change.ADDED:
                    fresh.append(work)
                elif work is not None:
                    self._work.append(work)
        self._match_moves(fresh)

    def _take(
        self, item: Input, known: DocumentRow | None, mark: LedgerRow | None, *, content: Content | RefusedError
    ) -> Work | None:
        """The work that an input needs; None where a row says it all."""
        row = self._row(item, known)
        if isinstance(content, RefusedError):
            self._refuse(row, known, reason=str(content))
            return None
        row = _hashed(row, content)
        if known is not None and not self._request.retry and self._settle(item, row, known, mark):
            return None
        found = item.media_type or media_type(content.head, name=item.path)
        row = replace(row, media_type=found)
        kind = self._session.parser_for(found, name=item.path)
        if kind is None:
            self._refuse(row, known, reason=f"type: no parser takes {found}")
            return None
        key = self._session.element_key(content.sha256, kind=kind, media_type=found)
        origin = Origin(row.doc_id, item.uri, item.source, item.path, content.sha256, item.metadata)
        same = known is not None and known.sha256 == content.sha256
        change = Change.ADDED if known is None else Change.AGAIN if same else Change.CHANGED
        return Work(item, origin, found, key, row, known, change)

    def _settle(self, item: Input, row: DocumentRow, known: DocumentRow, mark: LedgerRow | None) -> bool:
        """Known content: at most rows are rewritten. False where work is needed."""
        if known.sha256 == row.sha256:
            done = is_done(known.outcome, known.next_try, sha256=known.sha256, mark=mark)
            current = known
        else:  # a broken version was followed by the one that is still searchable
            done = mark is not None and mark.sha256 == row.sha256
            current = _restored(known, row, mark) if mark and done else known
        if not done or (item.title is not None and item.title != known.title):
            return False
        same = replace(
            current,
            size=row.size,
            mtime_ns=row.mtime_ns,
            ctime_ns=row.ctime_ns,
            inode=row.inode,
            hashed_at_ns=row.hashed_at_ns,
        )
        if (row.uri, row.metadata) != (known.uri, known.metadata):
            self._moves.append(Move(known, replace(same, uri=row.uri, metadata=row.metadata)))
        elif current is known and _says_nothing_new(same, known):
            self._unchanged[Outcome(known.outcome)] += 1
            if known.path in self._known.problems:
                self._standing.append(known.path)
        else:
            self._touched.append(same)
        return True

    def _refuse(self, row: DocumentRow, known: DocumentRow | None, *, reason: str) -> None:
        if known is not None and (known.outcome, known.reason, known.sha256) == ("refused", reason, row.sha256):
            self._unchanged[Outcome.REFUSED] += 1
            self._standing.append(known.path)
            return
        again = known is not None and known.sha256 == row.sha256 and known.outcome != Outcome.OK
        refused = replace(
            row,
            outcome=Outcome.REFUSED.value,
            reason=reason,
            stage="discover",
            attempts=known.attempts + 1 if known and again else 1,
            first_try=known.first_try if known and again else self._now,
            last_try=self._now,
        )
        self._refused.append((refused, known))

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

    def _match_moves(self, fresh: Sequence[Work]) -> None:
        """New paths with the content of documents that are gone from theirs."""
        if not fresh or not self._may_delete:
            self._work.extend(fresh)
            return
        gone = self._gone_by_key()
        for work in fresh:
            candidates = gone.get(work.element_key)
            if not candidates or work.item.title is not None:
                self._work.append(work)
                continue
            known = candidates.pop(_nearest(work.item.path, candidates))
            self._known.same.pop(known.path, None)
            self._known.others.discard(known.path)
            row = _moved(known, work.stat_row)
            if self._says_otherwise(work, known):
                self._work.append(replace(work, stat_row=row, change=Change.MOVED, moved_from=known))
            else:
                self._moves.append(Move(known, row))

    def _says_otherwise(self, work: Work, known: DocumentRow) -> bool:
        """True where the new name makes another document of the same content, as `3M_2018_10K.pdf` for `scan.pdf`."""
        if name_facts(work.item.path) == name_facts(known.path):
            return False
        stored = self._session.store.get_elements([work.element_key]).get(work.element_key)
        if stored is None:
            return True
        here, there = (
            identity_of(at(stored, replace(work.origin, path=path))) for path in (work.item.path, known.path)
        )
        return (here.line, here.search_words) != (there.line, there.search_words)

    def _gone_by_key(self) -> dict[str, list[DocumentRow]]:
        """Of what was not listed; looked up once and used up by the moves that are found."""
        if self._gone is not None:
            return self._gone
        rows = self._session.documents_by_path(self._source.name, [*self._known.same, *self._known.others])
        marks = self._session.collection.ledger(self._session.generation.id, [row.doc_id for row in rows.values()])
        gone: dict[str, list[DocumentRow]] = defaultdict(list)
        for row in rows.values():
            mark = marks.get(row.doc_id)
            if row.element_key and is_done(row.outcome, row.next_try, sha256=row.sha256, mark=mark):
                gone[row.element_key].append(row)
        self._gone = gone
        return gone

    @property
    def _may_delete(self) -> bool:
        asked = self._request
        partial = asked.keep_missing or asked.include or asked.exclude or asked.retry or asked.limit is not None
        return not partial and self._source.whole

    def _deletes(self, missing: Sequence[str], *, cut: bool) -> tuple[tuple[DocumentRow, ...], tuple[str, ...]]:
        """What is gone and may go, or the reason why it may not."""
        if not missing or cut or not self._may_delete:
            return (), ()
        known, allowed = self._known.total, self._session.settings.ingest.max_delete
        emptied = len(missing) == known
        if allowed < 1 and (emptied or (len(missing) > MASS_DELETE_FROM and len(missing) > allowed * known)):
            gone = f"{len(missing)} of {known} documents are gone, more than --max-delete {allowed:g}"
            name = self._source.name
            return (), (f"source {name!r}: {gone}; they stay searchable. If that is right, give --max-delete 1",)
        return tuple(self._session.documents_by_path(self._source.name, missing).values()), ()


def _content(item: Input, *, max_bytes: float) -> Content | RefusedError:
    try:
        return hash_content(item, max_bytes=max_bytes)
    except RefusedError as error:
        return error


def _restored(known: DocumentRow, row: DocumentRow, mark: LedgerRow) -> DocumentRow:
    """The row of a document whose bytes are again those that are searchable."""
    return replace(
        known,
        sha256=row.sha256,
        element_key=mark.element_key,
        outcome=mark.outcome,
        reason=None,
        stage="parse",
        attempts=1,
        first_try=None,
        next_try=None,
    )


def _moved(known: DocumentRow, row: DocumentRow) -> DocumentRow:
    """What is known of the content, at its new place."""
    return replace(
        known,
        doc_id=row.doc_id,
        path=row.path,
        uri=row.uri,
        size=row.size,
        mtime_ns=row.mtime_ns,
        ctime_ns=row.ctime_ns,
        inode=row.inode,
        hashed_at_ns=row.hashed_at_ns,
        metadata=row.metadata,
        last_seen=row.last_seen,
    )


def _nearest(path: str, candidates: Sequence[DocumentRow]) -> int:
    """Of several equal files that are gone, the one with the same name; the first without one."""
    name = path.rpartition("/")[2]
    return next((n for n, row in enumerate(candidates) if row.path.rpartition("/")[2] == name), 0)


def _says_nothing_new(row: DocumentRow, known: DocumentRow) -> bool:
    """No write for what only was hashed again, unless that hash settles a file that was young at the last one."""
    settled = [found.hashed_at_ns - found.mtime_ns >= SETTLED_NS for found in (row, known)]
    stats = [(found.size, found.mtime_ns, found.ctime_ns, found.inode) for found in (row, known)]
    return stats[0] == stats[1] and settled[0] == settled[1]


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
