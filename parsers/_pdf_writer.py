"""Blocks -> the document's text, with elements and a layout entry for each word."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby
from typing import Any

from parsers._pdf_blocks import Block
from parsers._pdf_lines import SOFT_HYPHEN, Line, Page, packed, turn_box
from parsers._pdf_table_grid import Grid, GridCell
from parsers._table_html import html_of
from quarry.fingerprint import element_id
from quarry.layout import BBox, Layout, Region
from quarry.span import Span
from quarry.types import HIDDEN, Cell, Element, ElementType, Table

_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_DOTS = re.compile(r"[.\u00b7\u2024-\u2026]+")
SLICE = 65_536
MANY = 10_000
LEADER = 5
"""Dots in a row that are no punctuation any more."""
_LEADERS = ("..", ". .", "\u00b7", "\u2026", "\u2024", "\u2025")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]")


def compounds(pages: Iterable[Page]) -> frozenset[str]:
    """Words with a hyphen inside a line: a hyphen at a line's end belongs to the word if it is one of these."""
    texts = (line.text for page in pages for line in page.lines if "-" in line.text)
    return frozenset(match.casefold() for text in texts for match in _COMPOUND.findall(text))


@dataclass(slots=True)
class Writer:
    """Collects text, elements and layout in the order in which blocks are given."""

    sha256: str
    pages: Sequence[Page]
    compounds: frozenset[str]
    elements: list[Element] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)
    """Earlier parts, many in one."""
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
        return "".join([*self._done, *self._parts])

    @property
    def layout(self) -> Layout:
        """With boxes rounded to 1/100 point, a slice at a time: long documents have tens of millions of numbers."""
        import numpy as np  # PyMuPDF has loaded it

        boxes = np.frombuffer(self._boxes, dtype=np.float32)
        for start in range(0, len(boxes), SLICE):
            boxes[start : start + SLICE] = np.round(boxes[start : start + SLICE].astype(np.float64), 2)
        del boxes
        return Layout(self._starts, self._ends, self._pages, self._lines, self._boxes)

    def add(self, block: Block, *, body: bool = True) -> None:
        """One element. `body` False: page furniture and hidden text, which stand under no heading."""
        before = self._length
        if len(self._parts) > MANY:
            self._done.append("".join(self._parts))
            self._parts.clear()
        if self.elements:
            self._put("\n\n")
        start = self._length
        table = self._table(block.grid, block.first.page) if block.grid is not None else None
        regions = self._paragraph(block) if block.grid is None else self._table_regions(block.grid, block.first.page)
        if self._length == start:
            self._undo(before)
            return
        span = Span(start, self._length)
        made = element_id(self.sha256, block.type.value, span)
        parent = self._parent(block, made) if body else None
        hidden = [HIDDEN] if any(flag.startswith(HIDDEN) for flag in block.flags) else []
        flags = tuple(dict.fromkeys([*hidden, *block.flags, *(["ordered"] if block.ordered else [])]))
        element = Element(made, block.type, span, block.first.page, tuple(regions), level=block.level, parent=parent)
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

    def _paragraph(self, block: Block) -> list[Region]:
        """Writes the lines; gives back a box for each page and column that they stand in."""
        code = block.type is ElementType.CODE_SNIPPET
        left = min(line.x0 for line in block.lines)
        regions: list[Region] = []
        for number, line in enumerate(block.lines):
            following = block.lines[number + 1] if number + 1 < len(block.lines) else None
            text, boxes = line.text, line.boxes
            if block.bullet and number == 0:
                text, boxes = text.partition(" ")[2], boxes[4:]
            if not text:
                continue
            if code:
                self._put(" " * _indent(line, left))
            ending = self._line_of(text, boxes, line.page, following=None if code else following)
            _enclose(regions, line.page, self._box_of(line, boxes))
            if following is not None:
                self._between(ending, following, code=code)
        return regions

    def _between(self, ending: str, following: Line, *, code: bool) -> None:
        """What stands between two lines: nothing where a word goes on or both sides are CJK."""
        if code:
            self._put("\n")
        elif not _goes_on(ending, following.text):
            wide = _WIDE.match(ending[-1]) and _WIDE.match(following.text[0])
            if not wide:
                self._put(" ")

    def _line_of(self, text: str, boxes: array[float], page: int, *, following: Line | None) -> str:
        """Writes one line, without the hyphen that breaks its last word; gives back that word as it stood."""
        words = text.split(" ")
        ending = words[-1]
        dotted = any(sign in text for sign in _LEADERS)
        parts = _parted(words, boxes) if dotted else [(words, boxes)]
        for number, (part, own) in enumerate(parts):
            self._line += 1 if len(parts) == 1 else 2
            if number + 1 == len(parts) and following is not None and part[-1] is ending:
                part[-1] = self._without_hyphen(ending, following.text)
            self._entries([word.removesuffix(SOFT_HYPHEN) for word in part] if SOFT_HYPHEN in text else part, own, page)
            if number + 1 < len(parts):
                self._put(" ")
        return ending

    def _without_hyphen(self, last: str, following: str) -> str:
        if not _goes_on(last, following):
            return last
        head, tail = re.split(r"\W", last[:-1])[-1], re.split(r"\W", following.split(" ", 1)[0])[0]
        return last if f"{head}-{tail}".casefold() in self.compounds else last[:-1]

    def _entries(self, words: Sequence[str], boxes: array[float], page: int) -> None:
        """Words of one line, with blanks between them; an empty one has no entry."""
        starts = accumulate((len(word) + 1 for word in words), initial=self._length)
        spans = [(start, start + len(word)) for start, word in zip(starts, words, strict=False) if word]
        self._starts.extend([start for start, _ in spans])
        self._ends.extend([end for _, end in spans])
        self._pages.extend([page] * len(spans))
        self._lines.extend([self._line] * len(spans))
        kept = boxes if len(spans) == len(words) else _kept(words, boxes)
        if self.pages[page - 1].turn:
            for first in range(0, len(kept), 4):
                self._boxes.extend(self._shown(kept[first : first + 4], page))
        else:
            self._boxes.extend(kept)
        self._put(" ".join(words))

    def _shown(self, box: Sequence[float], page: int) -> tuple[float, float, float, float]:
        """A box in reading coordinates on the page as it is displayed."""
        read = self.pages[page - 1]
        return turn_box(box, (360 - read.turn) % 360, read.width, read.height)

    def _box_of(self, line: Line, boxes: array[float]) -> BBox:
        """Of the words of a line that are written."""
        box = (line.x0, line.y0, line.x1, line.y1)
        if len(boxes) < len(line.boxes):
            box = (min(boxes[::4]), min(boxes[1::4]), max(boxes[2::4]), max(boxes[3::4]))
        return _rounded(self._shown(box, line.page))

    def _table(self, grid: Grid, page: int) -> Table:
        rows: list[tuple[Cell, ...]] = []
        spans: list[Span] = []
        cells: dict[int, list[GridCell]] = defaultdict(list)
        for cell in grid.cells:
            cells[cell.row].append(cell)
        for number in range(grid.rows):
            if number:
                self._put("\n")
            start = self._length
            made = [
                self._cell(cell, cell.page or page, first=not place, header=number < grid.header)
                for place, cell in enumerate(cells[number])
            ]
            rows.append(tuple(made))
            spans.append(Span(start, self._length))
        return Table(tuple(rows), html_of(rows), tuple(spans))

    def _cell(self, cell: GridCell, page: int, *, first: bool, header: bool) -> Cell:
        if not first:
            self._put("\t")
        start, part = self._length, len(self._parts)
        for number, line in enumerate(cell.lines):
            if number:
                self._put(" ")
            text, boxes = packed(line)
            self._line_of(text, boxes, page, following=None)
        text, span = "".join(self._parts[part:]), Span(start, self._length)
        box = _rounded(self._shown(cell.box, page))
        place = span if text else None
        return Cell(text, cell.row, cell.col, cell.rowspan, cell.colspan, header, box, place)

    def _put(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)

    def _table_regions(self, grid: Grid, first: int) -> list[Region]:
        """A box for each page: that of all its cells and their words."""
        parts: dict[int, list[Any]] = defaultdict(list)
        for cell in grid.cells:
            parts[cell.page or first] += [cell.box, *(word for line in cell.lines for word in line)]
        return [Region(page, _rounded(self._shown(_around(own), page))) for page, own in sorted(parts.items())]


def _around(boxes: Sequence[Any]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = zip(*(box[:4] for box in boxes), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _kept(words: Sequence[str], boxes: array[float]) -> array[float]:
    """Boxes of the words that are not empty."""
    kept = array("f")
    for number, word in enumerate(words):
        if word:
            kept.extend(boxes[4 * number : 4 * number + 4])
    return kept


def _rounded(box: Sequence[float]) -> BBox:
    return BBox(*(round(value, 2) for value in box))


def _goes_on(last: str, following: str) -> bool:
    """True where the hyphen at a line's end joins one word: letters before it, a small letter after it."""
    return last.endswith(SOFT_HYPHEN) or (
        last.endswith(("-", "\u2010")) and len(last) > 2 and last[-2].isalpha() and following[:1].islower()
    )


def _enclose(regions: list[Region], page: int, box: BBox) -> None:
    """Adds a line's box: to the last region, or as a new one where the line is on another page or goes up again."""
    if regions and regions[-1].page == page and box.y0 >= regions[-1].bbox.y0 - 2 * (box.y1 - box.y0):
        regions[-1] = Region(page, regions[-1].bbox.union(box))
    else:
        regions.append(Region(page, box))


def _parted(words: Sequence[str], boxes: array[float]) -> list[tuple[list[str], array[float]]]:
    """The words on both sides of each run of at least LEADER dots, which are no text: their sides are lines of their
    own. Without such a run all of them."""
    parts: list[tuple[list[str], array[float]]] = [([], array("f"))]
    place = 0
    for dotted, run in groupby(words, key=lambda word: bool(_DOTS.fullmatch(word))):
        found = list(run)
        end = place + len(found)
        if dotted and sum(len(word) for word in found) >= LEADER:
            parts.append(([], array("f")))
        else:
            parts[-1][0].extend(found)
            parts[-1][1].extend(boxes[4 * place : 4 * end])
        place = end
    return [part for part in parts if part[0]] or [(list(words), boxes)]


def _indent(line: Line, left: float) -> int:
    """Blanks before a line of code, from the width of its characters."""
    letters = sum(len(word.text) for word in line.words) + len(line.words) - 1
    width = (line.x1 - line.x0) / max(1, letters)
    return max(0, round((line.x0 - left) / width)) if width > 0 else 0
