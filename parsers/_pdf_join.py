"""Paragraphs that go on in the next column or on the next page."""

from __future__ import annotations

from collections.abc import Sequence

from parsers._pdf_blocks import CLOSING, TERMINAL, Block
from parsers._pdf_lines import Line
from quarry.types import ElementType


def join(found: Sequence[Block], rights: dict[int, float]) -> list[Block]:
    """Paragraphs that go on in the next column or on the next page become one block; what stands between (notes,
    captions, tables) follows after it."""
    kept: list[Block] = []
    for block in found:
        head = _continued(kept, block, rights)
        if head is None:
            kept.append(block)
        else:
            head.lines.extend(block.lines)
            head.column = block.column
    return kept


_PASSED_OVER = frozenset(
    {ElementType.FOOTNOTE, ElementType.FIGURE_CAPTION, ElementType.TABLE, ElementType.UNCATEGORIZED_TEXT}
)
_FLOWING = (ElementType.NARRATIVE_TEXT, ElementType.LIST_ITEM)


def _continued(kept: Sequence[Block], block: Block, rights: dict[int, float]) -> Block | None:
    if block.type is not ElementType.NARRATIVE_TEXT or block.gap < 90:
        return None
    for head in reversed(kept[-8:]):
        if head.type in _PASSED_OVER:
            continue
        last, line = head.lines[-1], block.first
        if head.type not in _FLOWING or head.column == block.column or line.page - last.page > 1:
            return None
        if abs(last.size - line.size) > 0.6 or last.style.bold != line.style.bold or last.flag != line.flag:
            return None
        if last.tag is not None and line.tag is not None and last.tag.kind == line.tag.kind == "P":
            return head if last.tag.path == line.tag.path else None
        right = rights.get(head.column, last.x1)
        return head if _goes_on(last, line, right) or _filled(head, block, right) else None
    return None


def _filled(head: Block, block: Block, right: float) -> bool:
    """True where justified text ends in a full line: the end of a paragraph seldom does."""
    last, lines = head.lines[-1], head.lines
    if len(lines) < 3 or len(block.lines) < 2 or any(abs(line.x1 - right) > 1.5 for line in lines[-3:]):
        return False
    if any(abs(line.x1 - last.x1) > 1.5 for line in lines):
        return False
    return abs(block.lines[0].x0 - block.lines[1].x0) < 0.3 * last.size


def _goes_on(last: Line, line: Line, right: float) -> bool:
    end, start = last.text.rstrip(CLOSING), line.text.lstrip("\"'“‘([«")
    if end.endswith(("-", "\u00ad", "\u2010", ",")):
        return True
    if end.endswith(TERMINAL):
        return False
    if start[:1].islower():
        return True
    return last.x1 > right - 3 * last.size and start[:1].isalnum()
