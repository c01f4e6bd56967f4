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
from quarry.types import Document

LOOKUP = 256
"""Element keys of one look into the store."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document, or why there is none."""

    work: Work
    document: Document | None
    error: DocumentError | None = None
    fresh: bool = True
    """True where it was parsed now, so that its elements are not in the store yet."""
    seconds: float = 0.0
    """Time in the worker."""


def parsed(session: Session, works: Sequence[Work], *, pool: ParserPool) -> Iterator[Parsed]:
    """In the order in which they get ready. Equal contents are parsed once."""
    waiting: dict[Future[ParseResult], list[Work]] = {}
    ahead = 4 * session.settings.ingest.processes
    for first in range(0, len(works), LOOKUP):
        group = works[first : first + LOOKUP]
        stored = session.stored_elements([work.element_key for work in group])
        for same in _by_key(group):
            document = stored.get(same[0].element_key)
            if document is not None:
                yield from (Parsed(work, _placed(document, work), fresh=False) for work in same)
                continue
            while len(waiting) >= ahead:
                yield from _ready(waiting)
            waiting[pool.submit(_job(same[0]))] = same
    while waiting:
        yield from _ready(waiting)


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
        for number, work in enumerate(works):
            seconds = 0.0 if number else result.seconds
            yield Parsed(work, _placed(result.document, work), fresh=not number, seconds=seconds)


def _placed(document: Document, work: Work) -> Document:
    moved = at(document, work.origin)
    return replace(moved, title=work.item.title) if work.item.title else moved
