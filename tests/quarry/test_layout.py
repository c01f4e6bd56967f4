"""Boxes of a span: its words and nothing else's."""

from __future__ import annotations

import pickle
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry.layout import MERGED_AREA, BBox, Layout, Region
from quarry.span import Span

TEXT = "one two three four five six"
"""Two lines of three words on page 1, the last word on page 2."""


def layout() -> Layout:
    words = [(0, 3, 1, 0), (4, 7, 1, 0), (8, 13, 1, 0), (14, 18, 1, 1), (19, 23, 1, 1), (24, 27, 2, 2)]
    boxes: list[float] = []
    for number, (start, end, _, line) in enumerate(words):
        x = 10.0 * (number % 3)
        boxes += [x, 12.0 * line, x + (end - start), 12.0 * line + 10]
    starts, ends, pages, lines = (array("i", column) for column in zip(*words, strict=True))
    return Layout(starts, ends, pages, lines, array("f", boxes))


def test_whole_lines_merge_and_pages_do_not() -> None:
    found = layout().regions(Span(0, 27))
    assert [region.page for region in found] == [1, 1, 2]


def test_partial_line_starts_at_its_first_word() -> None:
    assert layout().regions(Span(4, 7)) == (Region(1, BBox(10, 0, 13, 10)),)


def test_a_cut_word_gives_its_share() -> None:
    (region,) = layout().regions(Span(8, 10))
    assert region.bbox == BBox(20, 0, 22, 10)


def test_empty_where_no_word_is() -> None:
    assert layout().regions(Span(3, 4)) == ()
    assert Layout().regions(Span(0, 5)) == ()
    assert layout().page_numbers(Span(14, 27)) == (1, 2)


@given(st.integers(0, 26), st.integers(1, 27))
def test_regions_hold_the_words_and_little_else(start: int, length: int) -> None:
    span, whole = Span(start, min(27, start + length)), layout()
    regions = whole.regions(span)
    words = [(whole.pages[word], whole._share(word, span)) for word in whole.words(span)]
    for page, box in words:
        assert any(r.page == page and r.bbox.x0 <= box.x0 and r.bbox.x1 >= box.x1 for r in regions)
    lines: dict[tuple[int, int], BBox] = {}
    for word, (page, box) in zip(whole.words(span), words, strict=True):
        key = (page, whole.lines[word])
        lines[key] = lines[key].union(box) if key in lines else box
    assert sum(r.bbox.area for r in regions) <= MERGED_AREA * sum(box.area for box in lines.values()) + 0.1


def test_a_long_layout_is_small_between_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    words = 3000
    numbers = array("i", range(0, 6 * words, 6))
    ends = array("i", range(5, 6 * words, 6))
    boxes = array("f", [float(n % 500) for n in range(4 * words)])
    layout = Layout(numbers, ends, array("i", [1] * words), array("i", [n // 10 for n in range(words)]), boxes)
    plain = pickle.dumps(layout)
    monkeypatch.setattr("quarry.layout.LARGE", 1000)
    packed = pickle.dumps(layout)
    assert len(packed) < len(plain) / 2
    assert pickle.loads(packed) == pickle.loads(plain) == layout  # our own bytes
