"""Bookmarks: each matched to the block that it names, by its text and by the point that it leads to."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from parsers._pdf_blocks import Block
from parsers._pdf_lines import Page
from quarry.types import ElementType

MAX_LETTERS = 320
TEXT_TYPES = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT, ElementType.LIST_ITEM)
_NAMED = 4
"""PyMuPDF's LINK_NAMED: such targets are given from the page's bottom."""
MAX_PARTS = 3
"""Blocks that one bookmark may name: `Chapter 3`, a line below it `The sea`."""


class Bookmark(NamedTuple):
    level: int
    title: str
    page: int
    """1-based."""
    y: float | None = None
    """Of its target from the page's top; None where it names none or the page is turned."""


def bookmarks_of(opened: Any, pages: Sequence[Page]) -> list[Bookmark]:
    try:
        found = opened.get_toc(simple=False)
    except (RuntimeError, ValueError):  # a damaged outline is as good as none
        return []
    return [
        Bookmark(level, title, page, _target(pages[page - 1], target))
        for level, title, page, target in found
        if title.strip() and 0 < page <= len(pages)
    ]


def _target(page: Page, target: dict[str, Any]) -> float | None:
    point = target.get("to")
    if point is None or (point.x == 0 and point.y == 0) or page.turn:
        return None
    y = page.height - point.y if target.get("kind") == _NAMED else point.y
    return float(y) if 0 <= y <= page.height else None


def bookmarked(blocks: Sequence[Block], marks: Sequence[Bookmark], contents: Collection[int]) -> dict[int, int]:
    """Level by number of each block that a bookmark names on its page, or on the next one. A block that stands in
    a table of contents (`contents`) is none."""
    by_page: dict[int, list[int]] = {}
    for number, block in enumerate(blocks):
        if number not in contents and block.type in TEXT_TYPES and block.letters < MAX_LETTERS:
            by_page.setdefault(block.first.page, []).append(number)
    levels: dict[int, int] = {}
    for mark in marks:
        for number in _named(blocks, mark, by_page, levels):
            levels[number] = mark.level
    return levels


def _named(
    blocks: Sequence[Block], mark: Bookmark, by_page: dict[int, list[int]], taken: Collection[int]
) -> Sequence[int]:
    wanted = bare(mark.title)
    if not wanted:
        return ()
    for page in (mark.page, mark.page + 1):
        free = [number for number in by_page.get(page, ()) if number not in taken]
        same = [number for number in free if _same(bare(blocks[number].text), wanted)]
        if same:
            return (min(same, key=lambda number: (_off(blocks[number], mark, page), number)),)
        for place, number in enumerate(free):
            parts = free[place : place + MAX_PARTS]
            for count in range(2, len(parts) + 1):
                run = parts[:count]
                if run[-1] - number == count - 1 and bare(" ".join(blocks[n].text for n in run)) == wanted:
                    return run
    return ()


def _off(block: Block, mark: Bookmark, page: int) -> float:
    if mark.y is None or page != mark.page:
        return 0.0
    return abs(block.first.y0 - mark.y)


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))


def _same(block: str, wanted: str) -> bool:
    """Bookmarks often leave the number out, sometimes add it."""
    if block == wanted:
        return True
    longer, shorter = (block, wanted) if len(block) > len(wanted) else (wanted, block)
    rest = longer.removesuffix(shorter)
    return len(shorter) > 3 and rest != longer and len(rest) <= 8
