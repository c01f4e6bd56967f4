"""The body as leaf sections of blocks: what belongs together under which headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chunkers._ruler import Ruler
from chunkers._sections import top_sections
from quarry.span import Span
from quarry.types import Document, Element, ElementType

CODE_LINES = ElementType.CODE_SNIPPET


@dataclass(frozen=True, slots=True)
class Block:
    """One element, or several that must not be parted."""

    span: Span
    rows: tuple[Span, ...] = ()
    """Places at which a table or code block may be cut; empty for prose."""
    header: bool = False
    """True where the first row is a table's header."""
    opens: bool = False
    """True for a heading, a lead-in or a caption before its table: never the last block of a chunk."""


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under one heading, small neighbours joined."""

    level: int
    top: int
    """Number of the top-level section it is in."""
    headings: tuple[str, ...]
    """Above its first block, which may be a heading itself; the outermost first."""
    heading_spans: tuple[Span, ...]
    blocks: tuple[Block, ...]

    @property
    def span(self) -> Span:
        return Span(self.blocks[0].span.start, self.blocks[-1].span.end)


def leaf_sections(document: Document, *, ruler: Ruler, size: int, merge_below: int) -> Iterator[Section]:
    """In text order; they tile the body elements. A joined section never crosses a heading of a higher level."""
    current: Section | None = None
    for section in _sections(document):
        if current is not None and _joins(current, section, ruler=ruler, size=size, merge_below=merge_below):
            current = _joined(current, section)
            continue
        if current is not None:
            yield current
        current = section
    if current is not None:
        yield current


def _joins(current: Section, section: Section, *, ruler: Ruler, size: int, merge_below: int) -> bool:
    if section.top != current.top or section.level < current.level:
        return False
    alone = all(block.opens for block in current.blocks)
    small = ruler.estimate(current.span) < merge_below or ruler.estimate(section.span) < merge_below // 2
    together = ruler.estimate(Span(current.span.start, section.span.end))
    return alone or (small and together <= 3 * size // 4)


def _joined(current: Section, section: Section) -> Section:
    blocks = current.blocks + section.blocks
    return Section(current.level, current.top, current.headings, current.heading_spans, blocks)


def _sections(document: Document) -> Iterator[Section]:
    tops = [span.start for span in top_sections(document)]
    by_id = {element.id: element for element in document.elements}
    group: list[Element] = []
    for element in document.elements:
        if not element.in_body:
            continue
        if group and (element.type is ElementType.TITLE or element.span.start in tops):
            yield _section(document, group, by_id=by_id, tops=tops)
            group = []
        group.append(element)
    if group:
        yield _section(document, group, by_id=by_id, tops=tops)


def _section(document: Document, group: Sequence[Element], *, by_id: dict[str, Element], tops: list[int]) -> Section:
    first = group[0]
    path: list[Element] = []
    parent = first.parent
    while parent in by_id and len(path) < len(by_id):
        path.append(by_id[parent])
        parent = by_id[parent].parent
    path.reverse()
    level = (first.level or 1) if first.type is ElementType.TITLE else (path[-1].level or 0 if path else 0)
    return Section(
        level=level,
        top=sum(start <= first.span.start for start in tops),
        headings=tuple(" ".join(heading.span.of(document.text).split()) for heading in path),
        heading_spans=tuple(heading.span for heading in path),
        blocks=tuple(_blocks(document.text, group)),
    )


def _blocks(text: str, group: Sequence[Element]) -> Iterator[Block]:
    for element, following in zip(group, [*group[1:], None], strict=True):
        yield Block(
            element.span,
            rows=_cuts(text, element),
            header=bool(element.table and element.table.rows and any(cell.header for cell in element.table.rows[0])),
            opens=_opens(text, element, following),
        )


def _cuts(text: str, element: Element) -> tuple[Span, ...]:
    if element.table is not None:
        return element.table.row_spans
    if element.type is not CODE_LINES:
        return ()
    rows: list[Span] = []
    start = element.span.start
    for line in element.span.of(text).splitlines(keepends=True):
        rows.append(Span(start, start + len(line)))
        start += len(line)
    return tuple(rows)


def _opens(text: str, element: Element, following: Element | None) -> bool:
    if element.type is ElementType.TITLE:
        return True
    if following is None:
        return False
    if element.type is ElementType.FIGURE_CAPTION:
        return following.type is ElementType.TABLE
    lists = following.type in (ElementType.LIST_ITEM, ElementType.TABLE, ElementType.CODE_SNIPPET)
    return lists and element.type is not ElementType.LIST_ITEM and element.span.of(text).rstrip().endswith(":")
