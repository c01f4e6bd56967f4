"""Blocks -> the document's text, with elements and a layout entry for each word."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby

from parsers._pdf_blocks import Block
from parsers._pdf_page import SOFT_HYPHEN, Line, Page, Word, turn_box
from parsers._pdf_table_grid import Box, Grid, GridCell
from quarry.fingerprint import element_id
from quarry.layout import BBox, Layout, Region
from quarry.span import Span
from quarry.types import Cell, Element, ElementType, Table

_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_DOTS = re.compile(r"[.\u00b7\u2024-\u2026]+")
LEADER = 5
"""Dots in a row that are no punctuation any more."""
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")


def compounds(lines: Iterable[Line]) -> frozenset[str]:
    """Words with a hyphen inside a line: a hyphen at a line's end belongs to the word if it is one of these."""
    return frozenset(match.casefold() for line in lines for match in _COMPOUND.findall(line.text))


@dataclass(slots=True)
class Writer:
    """Collects text, elements and layout in the order in which blocks are given."""

    sha256: str
    pages: Sequence[Page]
    compounds: frozenset[str]
    elements: list[Element] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _line: int = 0
    _starts: array[int] = field(default_factory=lambda: array("i"))
    _ends: array[int] = field(default_factory=lambda: array("i"))
    _pages: array[int] = field(default_factory=lambda: array("i"))
    _lines: array[int] = field(default_factory=lambda: array("i"))
    _boxes: array[float] = field(default_factory=lambda: array("f"))
    _headings: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def layout(self) -> Layout:
        return Layout(self._starts, self._ends, self._pages, self._lines, self._boxes)

    def add(self, block: Block, *, body: bool = True) -> None:
        """One element. `body` False: page furniture and hidden text, which stand under no heading."""
        before = self._length
        if self.elements:
            self._put("\n\n")
        start, first_word = self._length, len(self._starts)
        table = self._table(block.grid, block.first.page) if block.grid is not None else None
        if table is None:
            self._paragraph(block)
        if self._length == start:
            self._undo(before)
            return
        span = Span(start, self._length)
        made = element_id(self.sha256, block.type.value, span)
        parent = self._parent(block, made) if body else None
        regions = self._regions(range(first_word, len(self._starts)), block)
        flags = tuple(dict.fromkeys([*block.flags, *(["ordered"] if block.ordered else [])]))
        element = Element(made, block.type, span, block.first.page, regions, level=block.level, parent=parent)
        self.elements.append(replace(element, table=table, flags=flags))

    def _undo(self, length: int) -> None:
        if self._length > length:
            self._parts.pop()
            self._length = length

    def _parent(self, block: Block, made: str) -> str | None:
        if block.type is not ElementType.TITLE:
            return self._headings[-1][1] if self._headings else None
        level = block.level or 1
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        parent = self._headings[-1][1] if self._headings else None
        self._headings.append((level, made))
        return parent

    def _paragraph(self, block: Block) -> None:
        code = block.type is ElementType.CODE_SNIPPET
        left = min(line.x0 for line in block.lines)
        for number, line in enumerate(block.lines):
            words = line.words[1:] if block.bullet and number == 0 else line.words
            following = block.lines[number + 1] if number + 1 < len(block.lines) else None
            if code and words:
                self._put(" " * _indent(line, left))
            self._words(words, line.page, following=None if code else following)
            if following is not None and words:
                self._between(words, following, code=code)

    def _between(self, words: Sequence[Word], following: Line, *, code: bool) -> None:
        """What stands between two lines: nothing where a word goes on or both sides are CJK."""
        if code:
            self._put("\n")
        elif following.words and not self._goes_on(words[-1], following.words[0]):
            wide = _WIDE.match(words[-1].text[-1]) and _WIDE.match(following.words[0].text[0])
            if not wide:
                self._put(" ")

    def _goes_on(self, last: Word, first: Word) -> bool:
        """True where the hyphen at a line's end joins one word: letters before it, a small letter after it."""
        text = last.text
        return text.endswith(SOFT_HYPHEN) or (
            text.endswith(("-", "\u2010")) and len(text) > 2 and text[-2].isalpha() and first.text[:1].islower()
        )

    def _words(self, words: Sequence[Word], page: int, *, following: Line | None) -> None:
        """Leaders (the dots of a table of contents) are no text: their two sides are lines of their own."""
        parts = _parted(words)
        for part_number, part in enumerate(parts):
            self._line += 1 if len(parts) == 1 else 2
            for number, word in enumerate(part):
                text = word.text
                last = number + 1 == len(part) and part_number + 1 == len(parts)
                if last and following is not None and following.words:
                    text = self._without_hyphen(word, following.words[0])
                text = text.removesuffix(SOFT_HYPHEN)
                if text:
                    self._entry(word, page, self._length, self._length + len(text))
                    self._put(text)
                if not last:
                    self._put(" ")

    def _without_hyphen(self, last: Word, first: Word) -> str:
        if not self._goes_on(last, first):
            return last.text
        head, tail = re.split(r"\W", last.text[:-1])[-1], re.split(r"\W", first.text)[0]
        kept = f"{head}-{tail}".casefold() in self.compounds
        return last.text if kept else last.text[:-1]

    def _table(self, grid: Grid, page: int) -> Table:
        rows: list[tuple[Cell, ...]] = []
        spans: list[Span] = []
        for number in range(grid.rows):
            if number:
                self._put("\n")
            start = self._length
            cells = [cell for cell in grid.cells if cell.row == number]
            made = tuple(self._cell(cell, cell.page or page, first=not place) for place, cell in enumerate(cells))
            header = number < grid.header
            rows.append(tuple(replace(cell, header=header) for cell in made))
            spans.append(Span(start, self._length))
        return Table(tuple(rows), html_of(rows), tuple(spans))

    def _cell(self, cell: GridCell, page: int, *, first: bool) -> Cell:
        if not first:
            self._put("\t")
        start, part = self._length, len(self._parts)
        for number, line in enumerate(cell.lines):
            if number:
                self._put(" ")
            self._words(line, page, following=None)
        text, span = "".join(self._parts[part:]), Span(start, self._length)
        box = self._shown(cell.box, page)
        return Cell(text, cell.row, cell.col, cell.rowspan, cell.colspan, bbox=box, span=span if text else None)

    def _entry(self, word: Word, page: int, start: int, end: int) -> None:
        box = self._shown(word[:4], page)
        self._starts.append(start)
        self._ends.append(end)
        self._pages.append(page)
        self._lines.append(self._line)
        self._boxes.extend(box)

    def _shown(self, box: Box, page: int) -> BBox:
        """A box in reading coordinates as it stands on the displayed page."""
        read = self.pages[page - 1]
        turned = turn_box(box, (360 - read.turn) % 360, read.width, read.height)
        return BBox(*(round(value, 2) for value in turned))

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _regions(self, words: range, block: Block) -> tuple[Region, ...]:
        """A box for each page and column that the element stands in."""
        if block.grid is not None:
            return self._table_regions(block.grid, block.first.page)
        layout = self.layout
        regions: list[Region] = []
        for word in words:
            page, box = self._pages[word], layout.box(word)
            if regions and regions[-1].page == page and box.y0 >= regions[-1].bbox.y0 - 2 * (box.y1 - box.y0):
                regions[-1] = Region(page, regions[-1].bbox.union(box))
            else:
                regions.append(Region(page, box))
        return tuple(regions)

    def _table_regions(self, grid: Grid, first: int) -> tuple[Region, ...]:
        """A box for each page: that of all its cells and their words."""
        boxes: dict[int, BBox] = {}
        for cell in grid.cells:
            page = cell.page or first
            for part in (cell.box, *(word[:4] for line in cell.lines for word in line)):
                box = self._shown(part, page)
                boxes[page] = boxes[page].union(box) if page in boxes else box
        return tuple(Region(page, box) for page, box in sorted(boxes.items()))


def _parted(words: Sequence[Word]) -> list[list[Word]]:
    """The words on both sides of each run of at least LEADER dots; without such a run all of them."""
    parts: list[list[Word]] = [[]]
    for dotted, run in groupby(words, key=lambda word: bool(_DOTS.fullmatch(word.text))):
        found = list(run)
        if dotted and sum(len(word.text) for word in found) >= LEADER:
            parts.append([])
        else:
            parts[-1].extend(found)
    return [part for part in parts if part] or [list(words)]


def _indent(line: Line, left: float) -> int:
    """Blanks before a line of code, from the width of its characters."""
    letters = sum(len(word.text) for word in line.words) + len(line.words) - 1
    width = (line.x1 - line.x0) / max(1, letters)
    return max(0, round((line.x0 - left) / width)) if width > 0 else 0


def html_of(rows: Sequence[Sequence[Cell]]) -> str:
    """The table as HTML."""
    return "<table>" + "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in rows) + "</table>"


def _html_cell(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = f' rowspan="{cell.rowspan}"' if cell.rowspan > 1 else ""
    spans += f' colspan="{cell.colspan}"' if cell.colspan > 1 else ""
    return f"<{tag}{spans}>{escape(cell.text, quote=False)}</{tag}>"
