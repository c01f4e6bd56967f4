"""Which blocks are headings, and of which level: bookmarks first, then numbering, then size and weight."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from parsers._pdf_blocks import Block, Body
from quarry.types import ElementType

MAX_LETTERS, MAX_LINES = 160, 4
"""A longer block is no heading."""
TRUSTED = 0.8
"""Share of the bookmarks that must be found on their pages before other blocks are kept from being headings."""
_NUMBER = re.compile(
    r"(?:(?P<word>chapter|part|article|section|appendix|annex|kapitel|artikel)\s+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+|[IVX]{1,5}|[A-Z](?=[.:]))[.):]?\s+\S",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"(?:\.\s?){4,}\s*\d+\s*$|\s\d{1,4}$")
_TEXT_TYPES = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT, ElementType.LIST_ITEM)


class Bookmark(NamedTuple):
    level: int
    title: str
    page: int
    """1-based."""


class _Style(NamedTuple):
    size: float
    bold: bool
    capitals: bool


def mark_headings(blocks: Sequence[Block], bookmarks: Sequence[Bookmark], *, body: Body, pages: int) -> None:
    """Types the blocks that are headings as Title and gives them their level."""
    contents = _contents_pages(blocks, pages=pages)
    levels = _bookmarked(blocks, bookmarks, contents)
    if len(bookmarks) < 3 or len(levels) < TRUSTED * len(bookmarks):
        levels = {**_by_looks(blocks, body=body, contents=contents), **levels}
    for number, level in levels.items():
        block = blocks[number]
        block.type, block.level, block.bullet, block.ordered = ElementType.TITLE, level, False, False


def _bookmarked(blocks: Sequence[Block], bookmarks: Sequence[Bookmark], contents: set[int]) -> dict[int, int]:
    """Level by number of the block that a bookmark names on its page, or on the next one."""
    by_page: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        if block.type in _TEXT_TYPES and len(block.text) < 2 * MAX_LETTERS:
            by_page.setdefault(block.first.page, []).append(number)
    levels: dict[int, int] = {}
    for mark in bookmarks:
        wanted = _letters(mark.title)
        for page in (mark.page, mark.page + 1):
            candidates = [n for n in by_page.get(page, []) if n not in levels and page not in contents]
            match = next((n for n in candidates if wanted and _same(_letters(blocks[n].text), wanted)), None)
            if match is not None:
                levels[match] = mark.level
                break
    return levels


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _same(block: str, wanted: str) -> bool:
    """Bookmarks often leave the number out, sometimes add it."""
    if block == wanted:
        return True
    longer, shorter = (block, wanted) if len(block) > len(wanted) else (wanted, block)
    rest = longer.removesuffix(shorter)
    return len(shorter) > 3 and rest != longer and len(rest) <= 8


def _contents_pages(blocks: Sequence[Block], *, pages: int) -> set[int]:
    """Pages on which lines that end in page numbers prevail: what stands there are no headings."""
    counts: dict[int, list[int]] = {}
    for block in blocks:
        for line in block.lines:
            entry = counts.setdefault(line.page, [0, 0])
            entry[0] += 1
            entry[1] += bool(_CONTENTS.search(line.text))
    return {page for page, (lines, ends) in counts.items() if pages > 2 and ends >= 5 and ends > 0.5 * lines}


def _by_looks(blocks: Sequence[Block], *, body: Body, contents: set[int]) -> dict[int, int]:
    candidates = {
        number: _Style(round(2 * block.first.size) / 2, block.first.style.bold, _capitals(block.text))
        for number, block in enumerate(blocks)
        if block.first.page not in contents and _looks(block, following(blocks, number), body=body)
    }
    styles = sorted(set(candidates.values()), key=lambda style: (-style.size, not style.bold, not style.capitals))
    ranks = {style: rank for rank, style in enumerate(styles, start=1)}
    depths = {number: _depth(blocks[number].text) for number in candidates}
    shift = _shift(candidates, depths, ranks)
    return {
        number: max(1, depths[number] + shift) if depths[number] else _rank(style, ranks, candidates, depths, shift)
        for number, style in candidates.items()
    }


def following(blocks: Sequence[Block], number: int) -> Block | None:
    return blocks[number + 1] if number + 1 < len(blocks) else None


def _looks(block: Block, after: Block | None, *, body: Body) -> bool:
    text, size = block.text.strip(), block.first.size
    if block.type not in _TEXT_TYPES or block.bullet or len(text) > MAX_LETTERS or len(block.lines) > MAX_LINES:
        return False
    if block.flags:
        return False
    if sum(character.isalpha() for character in text) < 3 or (text.endswith((",", ";", ".", ":")) and not _depth(text)):
        return False
    larger = size >= 1.12 * body.size
    bold = block.first.style.bold and not body.bold and all(line.style.bold for line in block.lines)
    if larger and size > body.size + 0.8:
        return True
    if after is None or after.type is ElementType.TABLE:
        return False
    if bold and size >= 0.97 * body.size:
        return len(block.lines) <= 2 and not text.endswith((".", ":"))
    return _capitals(text) and bool(_depth(text)) and len(block.lines) <= 2


def _capitals(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) > 3 and all(character.isupper() for character in letters)


def _depth(text: str) -> int:
    """1 for `2 Method`, `Article 4`, 3 for `2.1.4 ...`; 0 without a number."""
    match = _NUMBER.match(text)
    if not match or (match["number"].isalpha() and match["number"].islower()):
        return 0
    return match["number"].count(".") + 1


def _shift(candidates: dict[int, _Style], depths: dict[int, int], ranks: dict[_Style, int]) -> int:
    """How many levels stand above the numbered ones: 1 where a style of its own, used often, is larger."""
    numbered = [ranks[style] for number, style in candidates.items() if depths[number] == 1]
    if not numbered:
        return 0
    above = [style for number, style in candidates.items() if not depths[number] and ranks[style] < min(numbered)]
    return 1 if len(above) > 2 else 0


def _rank(
    style: _Style, ranks: dict[_Style, int], candidates: dict[int, _Style], depths: dict[int, int], shift: int
) -> int:
    """An unnumbered heading takes the level of numbered ones of its style, else the rank of its style."""
    alike = [depths[number] + shift for number, other in candidates.items() if other == style and depths[number]]
    if alike:
        return max(1, min(alike))
    numbered = {ranks[other]: depths[number] + shift for number, other in candidates.items() if depths[number]}
    above = [rank for rank in numbered if rank < ranks[style]]
    if above:
        return numbered[max(above)] + 1
    return 1 if numbered else ranks[style]
