"""What the layout model saw, told to the blocks that the rules made: captions, notes, formulas, words in pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parsers._pdf_blocks import Block
from parsers._pdf_layout import Zone
from parsers._pdf_lines import Line
from quarry.types import ElementType

_OPEN = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT)
"""Types that the rules give to what they know nothing else about."""
MAX_CAPTION_LINES = 12


def refine(found: Sequence[Block], zones: Mapping[int, Sequence[Zone]]) -> None:
    """Headings, lists and code stay as the rules have them: those are surer of them than the model."""
    for block in found:
        own = zones.get(block.first.page, ())
        if not own or block.grid is not None:
            continue
        kind = _kind(block, own)
        if kind == "caption" and block.type in _OPEN and len(block.lines) <= MAX_CAPTION_LINES:
            block.type = ElementType.FIGURE_CAPTION
        elif kind == "footnote" and block.type in (*_OPEN, ElementType.LIST_ITEM):
            block.type, block.level, block.bullet, block.ordered = ElementType.FOOTNOTE, None, False, False
        elif kind == "formula" and block.type in _OPEN:
            block.type = ElementType.FORMULA
        elif kind == "picture" and block.type is ElementType.NARRATIVE_TEXT:
            block.type = ElementType.UNCATEGORIZED_TEXT
            block.flags.append("picture")


def _kind(block: Block, zones: Sequence[Zone]) -> str:
    """The zone in which all its lines on its first page stand; of several, the smallest."""
    lines = [line for line in block.lines if line.page == block.first.page]
    held = [zone for zone in zones if all(_inside(line, zone) for line in lines)]
    if len(lines) < len(block.lines) or not held:
        return ""
    smallest = min(held, key=lambda zone: (zone.box[2] - zone.box[0]) * (zone.box[3] - zone.box[1]))
    return smallest.kind


def _inside(line: Line, zone: Zone) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    x0, y0, x1, y1 = zone.box
    return x0 <= x <= x1 and y0 <= y <= y1
