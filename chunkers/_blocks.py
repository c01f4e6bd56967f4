"""The body as leaf sections of blocks: what belongs together under which headings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chunkers._ruler import Ruler
from chunkers._sections import top_sections
from quarry.span import Span
from quarry.types import Document, Element, ElementType

_CAPTIONED = (ElementType.TABLE, ElementType.IMAGE)
_LED = (ElementType.LIST_ITEM, ElementType.TABLE, ElementType.CODE_SNIPPET, ElementType.FORMULA)
"""What a paragraph that ends with a colon leads in."""


Tie = Literal["item", "nested", "note"]
"""The next block is an item of the same list, one that stands under an upper item, or a note to this paragraph."""


@dataclass(frozen=True, slots=True)
class Block:
    """One element, or several that must not be parted."""

    span: Span
    parent: str | None = None
    """Id of the heading it stands under."""
    heading: bool = False
    rows: tuple[Span, ...] = ()
    """Places at which a table or code block may be cut; empty for prose."""
    header: bool = False
    """True where the first row is a table's header."""
    opens: bool = False
    """True for a heading, a lead-in, a caption and its table: the first of them is never the last of a chunk."""
    tie: Tie | None = None
    """What it has with the next block where the two are better kept together."""


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under one heading, small neighbours joined."""

    level: int
    top: int
    """Number of the top-level section it is in."""
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


def blocks_of(document: Document) -> list[Block]:
    """All of them, in text order; they tile the body elements."""
    return [block for section in _sections(document) for block in section.blocks]


def clipped(blocks: Sequence[Block], within: Span) -> list[Block]:
    """What of the blocks, which are in text order, stands inside a span; their `rows` stay as they are."""
    first = bisect_right(blocks, within.start, key=lambda block: block.span.end)
    found: list[Block] = []
    for block in blocks[first:]:
        if block.span.start >= within.end:
            break
        inside = Span(max(block.span.start, within.start), min(block.span.end, within.end))
        whole = inside.end == block.span.end
        found.append(replace(block, span=inside, opens=block.opens and whole, tie=block.tie if whole else None))
    return found


def _joins(current: Section, section: Section, *, ruler: Ruler, size: int, merge_below: int) -> bool:
    if section.top != current.top or section.level < current.level:
        return False
    alone = all(block.opens for block in current.blocks)
    small = ruler.estimate(current.span) < merge_below or ruler.estimate(section.span) < merge_below // 2
    together = ruler.estimate(Span(current.span.start, section.span.end))
    return alone or (small and together <= 3 * size // 4)


def _joined(current: Section, section: Section) -> Section:
    return Section(current.level, current.top, current.blocks + section.blocks)


def _sections(document: Document) -> Iterator[Section]:
    tops = [span.start for span in top_sections(document)]
    levels = {e.id: e.level or 1 for e in document.elements if e.type is ElementType.TITLE}
    group: list[Element] = []
    for element in (e for e in document.elements if e.in_body):
        if group and element.type is ElementType.TITLE:
            yield _section(document.text, group, levels=levels, tops=tops)
            group = []
        group.append(element)
    if group:
        yield _section(document.text, group, levels=levels, tops=tops)


def _section(text: str, group: Sequence[Element], *, levels: Mapping[str, int], tops: Sequence[int]) -> Section:
    first = group[0]
    level = levels.get(first.id) or levels.get(first.parent or "", 0)
    return Section(level, bisect_right(tops, first.span.start), tuple(_blocks(text, group)))


def _blocks(text: str, group: Sequence[Element]) -> Iterator[Block]:
    for element, after, next_but_one in zip(group, [*group[1:], None], [*group[2:], None, None], strict=False):
        yield Block(
            element.span,
            parent=element.parent,
            heading=element.type is ElementType.TITLE,
            rows=_cuts(text, element),
            header=bool(element.table and element.table.rows and any(cell.header for cell in element.table.rows[0])),
            opens=_opens(text, element, after, next_but_one),
            tie=_tie(element, after) if after else None,
        )


def _cuts(text: str, element: Element) -> tuple[Span, ...]:
    """Rows of a table, lines of code and of a table whose rows have no places."""
    if element.table is not None and element.table.row_spans:
        return element.table.row_spans
    if element.type not in (ElementType.CODE_SNIPPET, ElementType.TABLE):
        return ()
    rows: list[Span] = []
    start = element.span.start
    for line in element.span.of(text).splitlines(keepends=True):
        rows.append(Span(start, start + len(line)))
        start += len(line)
    return tuple(rows)


def _opens(text: str, element: Element, after: Element | None, next_but_one: Element | None) -> bool:
    if element.type is ElementType.TITLE:
        return True
    if after is None:
        return False
    if _is_term(element):
        return True
    if after.type is ElementType.FIGURE_CAPTION and element.type in _CAPTIONED:
        return next_but_one is None or next_but_one.type is not element.type
    if element.type is ElementType.FIGURE_CAPTION:
        return after.type in _CAPTIONED
    led = element.type not in (ElementType.LIST_ITEM, *_LED) and after.type in _LED
    return led and element.span.of(text).rstrip().endswith((":", "\uff1a"))


def _tie(element: Element, after: Element) -> Tie | None:
    if after.type is ElementType.FOOTNOTE:
        return "note"
    if element.type is not ElementType.LIST_ITEM or after.type is not ElementType.LIST_ITEM:
        return None
    return "nested" if (after.level or 1) > 1 else "item"


def _is_term(element: Element) -> bool:
    """A term of a definition list, as a web page names it: what explains it follows."""
    return (element.css_path or "").rpartition("> ")[2].startswith("dt:")
