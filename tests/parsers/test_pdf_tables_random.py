"""Tables of random size and content, drawn with and without lines, come back cell for cell."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pymupdf
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.pdf import Pdf
from quarry.types import Document, ElementType, Origin

WORDS = ["sand", "harbour", "tide", "quay", "lantern", "anchor", "rope", "salt", "mole", "ferry"]
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda words: " ".join(words).capitalize())
numbers = st.one_of(
    st.integers(0, 99_999).map(lambda n: f"{n:,}"), st.floats(0, 99).map(lambda x: f"{x:.1f}"), st.just("-")
)


@st.composite
def catalogue(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows of a name and numbers."""
    cols = draw(st.integers(2, 6))
    header = [draw(st.sampled_from(WORDS)).capitalize() for _ in range(cols)]
    rows = draw(st.integers(4, 12))
    return [header] + [[draw(names), *(draw(numbers) for _ in range(cols - 1))] for _ in range(rows)]


@st.composite
def form(draw: st.DrawFn) -> list[list[str]]:
    """Words in any cell, some cells empty, none of the rows or columns; half of the rows have words in two."""
    rows, cols = draw(st.integers(3, 9)), draw(st.integers(2, 6))
    cells = [[draw(st.one_of(names, numbers, st.just(""))) for _ in range(cols)] for _ in range(rows)]
    for row in range(rows):
        cells[row][0] = draw(names)
        cells[row][row % cols] = draw(names)
    for col in range(cols):
        cells[col % rows][col] = draw(names)
    return cells


def drawn(cells: Sequence[Sequence[str]], *, pitch: float, right: bool, ruled: bool) -> bytes:
    """Columns as wide as their widest cell and 14 points more; numbers flush left or right."""
    wide = [max(pymupdf.get_text_length(row[col], fontsize=9) for row in cells) + 14 for col in range(len(cells[0]))]
    with pymupdf.open() as document:
        page = document.new_page(width=max(595.0, 120 + sum(wide)), height=842)
        page.insert_text((60, 60), "What the harbours landed in the course of the year, by quay.", fontsize=10)
        for number, row in enumerate(cells):
            for col, text in enumerate(row):
                x, y = 60 + sum(wide[:col]), 120 + pitch * number
                shift = wide[col] - 10 - pymupdf.get_text_length(text, fontsize=9) if right and col else 0
                if text:
                    page.insert_text((x + 4 + shift, y + pitch - 4), text, fontsize=9)
                if ruled:
                    page.draw_rect((x, y, x + wide[col], y + pitch), width=0.5)
        return bytes(document.tobytes())


def read(data: bytes) -> list[list[list[str]]]:
    document: Document = Pdf(mode="fast").parse(
        data, Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", sha256(data).hexdigest())
    )
    found = []
    for element in document.elements:
        if element.type is not ElementType.TABLE or element.table is None:
            continue
        cols = max(cell.col + cell.colspan for row in element.table.rows for cell in row)
        grid = [[""] * cols for _ in element.table.rows]
        for cell in (cell for row in element.table.rows for cell in row):
            grid[cell.row][cell.col] = cell.text
        found.append(grid)
    return found


@settings(max_examples=60, deadline=None)
@given(cells=catalogue(), pitch=st.sampled_from([12.0, 14.0, 18.0]), right=st.booleans(), ruled=st.booleans())
def test_names_and_numbers_come_back(cells: list[list[str]], pitch: float, right: bool, ruled: bool) -> None:
    assert read(drawn(cells, pitch=pitch, right=right, ruled=ruled)) == [cells]


@settings(max_examples=40, deadline=None)
@given(cells=form(), pitch=st.sampled_from([13.0, 20.0]))
def test_any_cells_between_lines_come_back(cells: list[list[str]], pitch: float) -> None:
    assert read(drawn(cells, pitch=pitch, right=False, ruled=True)) == [cells]
