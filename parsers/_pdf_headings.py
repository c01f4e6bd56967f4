"""Which blocks are headings, and of which level: bookmarks, then the structure tree, then number and look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from parsers._pdf_blocks import Block, Body
from parsers._pdf_contents import contents_of
from parsers._pdf_looks import by_looks, candidates_of
from parsers._pdf_numbers import number_of
from parsers._pdf_outline import MAX_LETTERS, TEXT_TYPES, Bookmark, bookmarked
from quarry.types import ElementType

TRUSTED = 0.8
"""Share of the bookmarks that must be found on their pages before other blocks are kept from being headings."""
MAX_TAGGED = 0.25
"""Share of the letters; where more are tagged as headings, the tags are not meant."""


def mark_headings(blocks: Sequence[Block], bookmarks: Sequence[Bookmark], *, body: Body, pages: int) -> None:
    """Types the blocks that are headings as Title and gives them their level."""
    contents = contents_of(blocks, pages=pages)
    contents |= {number for number, block in enumerate(blocks) if block.tag_kind == "contents"}
    levels = bookmarked(blocks, bookmarks, contents)
    sure = len(bookmarks) >= 3 and len(levels) >= TRUSTED * len(bookmarks)
    others = _tagged(blocks, contents)
    if sure and not others:
        others = _deeper(blocks, levels, body=body, contents=contents)
    elif not others:
        others = by_looks(blocks, body=body, contents=contents)
    levels = {**_aligned(others, levels), **levels}
    for number, level in levels.items():
        block = blocks[number]
        block.type, block.level, block.bullet, block.ordered = ElementType.TITLE, level, False, False


def _tagged(blocks: Sequence[Block], contents: set[int]) -> dict[int, int]:
    """Levels by the structure tree; none where it has no headings or calls a good part of the text so."""
    found = {
        number: block.first.tag.level
        for number, block in enumerate(blocks)
        if block.first.tag is not None
        and block.tag_kind == "H"
        and number not in contents
        and block.type in TEXT_TYPES
        and block.letters < MAX_LETTERS
    }
    letters = sum(block.letters for block in blocks) or 1
    if sum(blocks[number].letters for number in found) > MAX_TAGGED * letters:
        return {}
    known = [level for level in found.values() if level]
    return {number: level or min(known, default=1) for number, level in found.items()}


def _deeper(blocks: Sequence[Block], levels: dict[int, int], *, body: Body, contents: set[int]) -> dict[int, int]:
    """Headings below the depth of the bookmarks: numbers one deeper than the deepest that a bookmark has."""
    depths = {len(number_of(blocks[number].text)): level for number, level in levels.items()}
    deepest = max(depths)
    if not deepest:
        return {}
    found = {}
    for candidate in candidates_of(blocks, body=body, contents=contents):
        if candidate.depth > deepest and candidate.number not in levels:
            found[candidate.number] = depths[deepest] + candidate.depth - deepest
    return found


def _aligned(others: dict[int, int], levels: dict[int, int]) -> dict[int, int]:
    """Levels of another source on the bookmarks' scale, as far as both know the same headings."""
    steps = Counter(level - others[number] for number, level in levels.items() if number in others)
    if not steps:
        return others
    step = steps.most_common(1)[0][0]
    return {number: max(1, level + step) for number, level in others.items()}
