"""Where each word of a document's text stands on its page, and the boxes that any span of the text covers."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from typing import Any, NamedTuple
from zlib import compress, decompress

from quarry.span import Span

LARGE = 500_000
"""Words."""
MERGED_AREA = 1.15
"""A box may take in the next line while its area stays below this multiple of its lines' own areas."""


class BBox(NamedTuple):
    """PDF points of the page as displayed (rotation applied), origin top left; x0 < x1, y0 < y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def area(self) -> float:
        return max(0.0, self.x1 - self.x0) * max(0.0, self.y1 - self.y0)

    def union(self, other: BBox) -> BBox:
        return BBox(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def overlaps(self, other: BBox) -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1


class Region(NamedTuple):
    """A box on a page."""

    page: int
    """1-based."""
    bbox: BBox


class _Line(NamedTuple):
    page: int
    number: int
    bbox: BBox


@dataclass(frozen=True, slots=True)
class Layout:
    """One entry a word, in text order, in columns so that a long document stays small.

    Words don't overlap in the text. A word that is broken over two lines or pages is two entries. Boxes are what the
    PDF library reports for the word, rounded to 1/100 point.
    """

    starts: array[int] = field(default_factory=lambda: array("i"))
    ends: array[int] = field(default_factory=lambda: array("i"))
    pages: array[int] = field(default_factory=lambda: array("i"))
    """1-based."""
    lines: array[int] = field(default_factory=lambda: array("i"))
    """Number of the line that the word stands in; equal for the words of one line only. Boxes of lines whose numbers
    don't follow each other are never merged: something that is no text stands between them."""
    boxes: array[float] = field(default_factory=lambda: array("f"))
    """x0, y0, x1, y1 of each word in turn."""

    def __len__(self) -> int:
        return len(self.starts)

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes the columns of a long document go compressed: they are most of it, and two copies are
        there at once."""
        columns = tuple(getattr(self, item.name) for item in fields(self))
        if len(self) < LARGE:
            return Layout, columns
        return _unpacked, tuple((column.typecode, compress(memoryview(column), level=1)) for column in columns)

    def box(self, word: int) -> BBox:
        x0, y0, x1, y1 = self.boxes[4 * word : 4 * word + 4]
        return BBox(round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2))

    def words(self, span: Span) -> range:
        """Indexes of the words that `span` touches."""
        return range(bisect_right(self.ends, span.start), bisect_left(self.starts, span.end))

    def page_numbers(self, span: Span) -> tuple[int, ...]:
        words = self.words(span)
        return tuple(sorted(set(self.pages[words.start : words.stop])))

    def regions(self, span: Span) -> tuple[Region, ...]:
        """The boxes that the words of `span` cover: whole lines merged into blocks, partial lines on their own.

        A word that the span cuts gives the share of its box that its share of the characters has.
        """
        regions: list[Region] = []
        last, area = -1, 0.0
        for line in self._lines(span):
            follows = bool(regions) and line.page == regions[-1].page and line.number == last + 1
            union = regions[-1].bbox.union(line.bbox) if follows else line.bbox
            area = area + line.bbox.area if follows else line.bbox.area
            if follows and union.area <= MERGED_AREA * area:
                regions[-1] = Region(line.page, union)
            else:
                regions.append(Region(line.page, line.bbox))
                area = line.bbox.area
            last = line.number
        return tuple(regions)

    def _lines(self, span: Span) -> Iterator[_Line]:
        words = self.words(span)
        first = words.start
        places = zip(self.pages[first : words.stop], self.lines[first : words.stop], strict=True)
        for (page, number), line in groupby(places):
            end = first + len(list(line))
            if self.starts[first] >= span.start and self.ends[end - 1] <= span.end:
                yield _Line(page, number, self._around(first, end))
            else:
                yield _Line(page, number, self._cut(first, end, span))
            first = end

    def _cut(self, first: int, end: int, span: Span) -> BBox:
        """The box around the words of one line, the outer ones cut to the span."""
        box = self._share(first, span).union(self._share(end - 1, span))
        return box.union(self._around(first + 1, end - 1)) if end - first > 2 else box

    def _around(self, first: int, end: int) -> BBox:
        """The box around whole words."""
        if end - first == 1:
            return self.box(first)
        boxes = self.boxes[4 * first : 4 * end]
        left, top, right, bottom = min(boxes[::4]), min(boxes[1::4]), max(boxes[2::4]), max(boxes[3::4])
        return BBox(round(left, 2), round(top, 2), round(right, 2), round(bottom, 2))

    def _share(self, word: int, span: Span) -> BBox:
        box, start, end = self.box(word), self.starts[word], self.ends[word]
        left, right = max(start, span.start), min(end, span.end)
        if (left, right) == (start, end):
            return box
        width = (box.x1 - box.x0) / (end - start)
        return box._replace(x0=round(box.x0 + (left - start) * width, 2), x1=round(box.x1 - (end - right) * width, 2))


def _unpacked(*columns: tuple[str, bytes]) -> Layout:
    made: tuple[Any, ...] = tuple(array(code, decompress(packed)) for code, packed in columns)
    return Layout(*made)
