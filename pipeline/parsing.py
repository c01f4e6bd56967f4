"""Work -> parsed documents: stored parses first, the rest through the worker pool, always a few ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace

from pipeline.plan import Work
from pipeline.session import Session
from pipeline.workers import ParseJob, ParseResult, ParserPool
from quarry.errors import DocumentError
from quarry.records import at
from quarry.types import Document, Origin

LOOKUP = 256
"""Element keys of one look into the store."""
NOWHERE = Origin(id="", uri="", source="", path="", sha256="")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document at its place, or why there is none."""

    work: Work
    document: Document | None
    error: DocumentError | None = None
    elements: Document | None = None
    """What is stored of it: the parse without its place, so that equal files share one."""
    fresh: bool = False
    """True where it was parsed now, for this document."""
    seconds: float = 0.0
    """Time in the worker."""


def parsed(session: Session, works: Sequence[Work], *, pool: ParserPool) -> Iterator[Parsed]:
    """In the order in which they get ready. Equal contents are parsed once."""
    waiting: dict[Future[ParseResult], list[Work]] = {}
    ahead = 4 * session.settings.ingest.processes
    groups = _by_key(works)
    for first in range(0, len(groups), LOOKUP):
        some = groups[first : first + LOOKUP]
        stored = session.store.get_elements([same[0].element_key for same in some])
        for same in some:
            document = stored.get(same[0].element_key)
            if document is not None:
                for work in same:
                    _journal(session, work)
                    yield Parsed(work, _placed(document, work), elements=document)
                continue
            while len(waiting) >= ahead:
                yield from _ready(waiting)
            for work in same:
                _journal(session, work)
            waiting[pool.submit(_job(same[0]))] = same
    while waiting:
        yield from _ready(waiting)


def _journal(session: Session, work: Work) -> None:
    session.journals[work.item.source].start(work.origin.id, work.origin.sha256)


def _by_key(works: Sequence[Work]) -> list[list[Work]]:
    groups: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        groups[work.element_key].append(work)
    return list(groups.values())


def _job(work: Work) -> ParseJob:
    item = work.item
    data = item.body() if item.body is not None else None
    return ParseJob(origin=work.origin, media_type=work.media_type, path=item.file, data=data)


def _ready(waiting: dict[Future[ParseResult], list[Work]]) -> Iterator[Parsed]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        works = waiting.pop(future)
        try:
            result = future.result()
        except DocumentError as error:
            yield from (Parsed(work, None, error) for work in works)
            continue
        elements = at(result.document, replace(NOWHERE, sha256=works[0].origin.sha256))
        for number, work in enumerate(works):
            found = _placed(result.document, work)
            seconds = 0.0 if number else result.seconds
            yield Parsed(work, found, elements=elements, fresh=not number, seconds=seconds)


def _placed(document: Document, work: Work) -> Document:
    moved = at(document, work.origin)
    return replace(moved, title=work.item.title) if work.item.title else moved
