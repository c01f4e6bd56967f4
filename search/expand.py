"""What stands around a hit: its neighbours, its section or the rest of its table, as one stretch of the document.

A hit is widened by whole chunks, so that the stretch begins and ends where a chunk does, the nearest first, until what
was asked for is inside or the budget is spent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal, get_args

from quarry.errors import ConfigError, unknown
from quarry.layout import Region
from quarry.span import Span
from quarry.types import Document, Element, ElementType
from search.parents import Texts, pages_of, regions_of
from stores.collection import Collection
from stores.rows import ChunkRow, GenerationRow

Row = dict[str, Any]
Kind = Literal["next", "previous", "neighbours", "section", "parent", "table"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`section`: all under the heading that the hit stands under; `parent`: all under the heading above that one; `table`:
all of the tables that the hit touches, with their captions and their continuations on other pages."""
EXPAND_TOKENS = 500
_COLUMNS = ("chunk_id", "parent_id", "position", "start", "end", "tokens", "context")


@dataclass(frozen=True, slots=True)
class Step:
    """A chunk in its document; where chunks have parents, a parent."""

    id: str
    span: Span
    tokens: int
    """Of its text, by its share of the characters where context was counted with it."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A hit and what stands around it."""

    span: Span
    text: str
    pages: tuple[int, ...]
    regions: tuple[Region, ...]
    chunks: tuple[str, ...]
    """Ids of the chunks or parents in it, the hit's own among them."""


def kinds_of(asked: Iterable[str]) -> tuple[Kind, ...]:
    """From repeated or comma-separated names. ConfigError for one that there isn't."""
    names = [name.strip() for text in asked for name in text.split(",") if name.strip()]
    for name in names:
        if name not in KINDS:
            raise unknown(name, KINDS, place="what a hit can be widened by")
    return tuple(kind for kind in KINDS if kind in names)


class Expander:
    """Widens the hits of one search; the places of a document's chunks are read once."""

    def __init__(
        self, collection: Collection, generation: GenerationRow, *, texts: Texts, tokens: int = EXPAND_TOKENS
    ) -> None:
        if tokens < 1:
            raise ConfigError(f"the budget of a widened hit must be positive: it is {tokens} tokens")
        self._collection = collection
        self._generation = generation
        self._texts = texts
        self._tokens = tokens
        self._steps: dict[str, list[Step]] = {}

    def around(self, row: ChunkRow, kinds: Sequence[Kind]) -> Expanded | None:
        """The hit's text is always whole, whatever the budget. None where its document was replaced meanwhile."""
        document, steps = self._texts.of(row), self._steps_of(row)
        place = _place(steps, row.chunk.span)
        if document is None or place is None:
            return None
        first, last = place, place
        for kind in kinds:
            wanted = _wanted(kind, steps, place, row.chunk.span, document)
            first, last = min(first, wanted[0]), max(last, wanted[-1])
        chosen = _within_budget(steps, place, range(first, last + 1), tokens=self._tokens)
        span = Span(min(step.span.start for step in chosen), max(step.span.end for step in chosen))
        pages, regions = pages_of(document, span), regions_of(document, span)
        return Expanded(span, span.of(document.text), pages, regions, tuple(step.id for step in chosen))

    def neighbours(self, row: ChunkRow) -> tuple[Step | None, Step | None]:
        """What stands before and after; beside a unit of a parent its fellow units."""
        steps = self._steps_of(row)
        place = _place(steps, row.chunk.span)
        if place is None:
            return None, None
        return steps[place - 1] if place else None, steps[place + 1] if place + 1 < len(steps) else None

    def _steps_of(self, row: ChunkRow) -> list[Step]:
        key = f"{row.chunk.document_id} {row.chunk.parent_id is None}"
        if key not in self._steps:
            columns = self._collection.chunk_columns(self._generation, _COLUMNS, document=row.chunk.document_id)
            rows = columns.sort_by("position").to_pylist()
            self._steps[key] = list(_joined(rows) if row.chunk.parent_id is None else map(_step, rows))
        return self._steps[key]


def _step(row: Row) -> Step:
    span = Span(row["start"], row["end"])
    share = len(span) / max(1, len(span) + len(row["context"]))
    return Step(row["chunk_id"], span, math.ceil(row["tokens"] * share))


def _joined(rows: Sequence[Row]) -> Iterator[Step]:
    """The units of a parent as one."""
    for (parent, _), family in groupby(rows, key=lambda row: (row["parent_id"], row["parent_id"] or row["chunk_id"])):
        steps = [_step(row) for row in family]
        span = Span(steps[0].span.start, max(step.span.end for step in steps))
        yield Step(parent or steps[0].id, span, sum(step.tokens for step in steps))


def _place(steps: Sequence[Step], span: Span) -> int | None:
    return next((place for place, step in enumerate(steps) if step.span == span), None)


def _wanted(kind: Kind, steps: Sequence[Step], place: int, span: Span, document: Document) -> tuple[int, int]:
    """First and last of the steps that were asked for."""
    if kind in ("next", "previous", "neighbours"):
        before, after = int(kind != "next"), int(kind != "previous")
        return max(0, place - before), min(len(steps) - 1, place + after)
    area = _table_area(document, span) if kind == "table" else _section_area(document, span, above=kind == "parent")
    inside = [number for number, step in enumerate(steps) if area is not None and step.span.overlaps(area)]
    return (inside[0], inside[-1]) if inside else (place, place)


def _within_budget(steps: Sequence[Step], place: int, wanted: range, *, tokens: int) -> Sequence[Step]:
    """From the hit outwards, after it and before it in turn; a side ends at the first that doesn't fit."""
    first, last, left = place, place, tokens - steps[place].tokens
    sides = [1, -1]
    while sides:
        side = sides.pop(0)
        step = last + 1 if side > 0 else first - 1
        if step not in wanted or steps[step].tokens > left:
            continue
        left -= steps[step].tokens
        first, last = min(first, step), max(last, step)
        sides.append(side)
    return steps[first : last + 1]


def _section_area(document: Document, span: Span, *, above: bool) -> Span | None:
    """From the heading to the next one of its level or a higher one; without a heading, to the first one."""
    inside = [element for element in document.elements if element.in_body]
    touched = next((element for element in inside if element.span.overlaps(span)), None)
    if touched is None:
        return None
    titles = {element.id: element for element in inside if element.type is ElementType.TITLE}
    lowest = titles.get(touched.id) or titles.get(touched.parent or "")
    heading = titles.get(lowest.parent or "") if lowest and above else lowest
    whole = Span(inside[0].span.start, inside[-1].span.end)
    if heading is None:
        return whole if above else Span(whole.start, min((t.span.start for t in titles.values()), default=whole.end))
    later = (title for title in titles.values() if title.span.start > heading.span.start)
    closing = next((title for title in later if (title.level or 1) <= (heading.level or 1)), None)
    return Span(heading.span.start, closing.span.start if closing else whole.end)


def _table_area(document: Document, span: Span) -> Span | None:
    """The tables that the span touches, with what explains them."""
    inside = [element for element in document.elements if element.in_body]
    spans: list[Span] = []
    for group in _tables(inside):
        known = {name for table in group for name in table.captions}
        parts = [*group, *(element for element in inside if element.id in known)]
        if any(part.span.overlaps(span) for part in parts):
            spans += [part.span for part in parts]
    return Span(min(part.start for part in spans), max(part.end for part in spans)) if spans else None


def _tables(inside: Sequence[Element]) -> Iterator[list[Element]]:
    """Each table with its continuations: tables of as many columns that follow at once, on a later page."""
    group: list[Element] = []
    for before, element in pairwise([None, *inside]):
        if element is None or element.type is not ElementType.TABLE:
            continue
        if group and before is group[-1] and _goes_on(group[-1], element):
            group.append(element)
            continue
        if group:
            yield group
        group = [element]
    if group:
        yield group


def _goes_on(table: Element, following: Element) -> bool:
    pages = table.page or 0, following.page or 0
    last = max((region.page for region in table.regions), default=pages[0])
    return pages[1] > last and _columns(table) == _columns(following) > 0


def _columns(element: Element) -> int:
    rows = element.table.rows if element.table else ()
    return max((cell.col + cell.colspan for row in rows for cell in row), default=0)
