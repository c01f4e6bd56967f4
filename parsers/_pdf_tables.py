"""Ruled tables of a page: PyMuPDF's line finder, only where the page draws a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parsers._pdf_lines import Line, Page, Word

MIN_STROKES = 4
MAX_STROKES = 20_000
"""Pages with more are drawings; finding tables in them takes minutes."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell's place in the grid and the lines of words in it."""

    row: int
    col: int
    rowspan: int
    colspan: int
    box: tuple[float, float, float, float]
    lines: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in place: cells in reading order; `header` is the number of rows on top that name the columns."""

    box: tuple[float, float, float, float]
    cells: tuple[GridCell, ...]
    rows: int
    header: int


def ruled(page: Any, read: Page) -> tuple[list[Grid], tuple[Line, ...]]:
    """The page's ruled tables and the pieces that stand in none of them."""
    if not MIN_STROKES <= read.strokes <= MAX_STROKES or page.rotation or read.turn or not _has_grid(page):
        return [], read.lines
    grids, lines = [], read.lines
    for table in page.find_tables(use_layout=False).tables:
        if table.row_count < 2 or table.col_count < 2:
            continue
        grid, rest = _grid(table, lines)
        if grid is not None:
            grids.append(grid)
            lines = rest
    return grids, lines


def _has_grid(page: Any) -> bool:
    """True where at least two horizontal and two vertical straight strokes of some length are drawn."""
    across, down = set(), set()
    for drawing in page.get_cdrawings():
        for item in drawing["items"]:
            if item[0] == "l":
                (x0, y0), (x1, y1) = item[1], item[2]
            elif item[0] == "re":
                x0, y0, x1, y1 = item[1][:4]
            else:
                continue
            width, height = abs(x1 - x0), abs(y1 - y0)
            if width > 20 and (height < 3 or item[0] == "re"):
                across.update({round(y0), round(y1)})
            if height > 8 and (width < 3 or item[0] == "re"):
                down.update({round(x0), round(x1)})
    return len(across) >= 2 and len(down) >= 2


def _grid(table: Any, lines: Sequence[Line]) -> tuple[Grid | None, tuple[Line, ...]]:
    x0, y0, x1, y1 = table.bbox
    inside, rest = [], []
    for line in lines:
        middle = (line.y0 + line.y1) / 2
        within = [w for w in line.words if x0 - 1 <= (w.x0 + w.x1) / 2 <= x1 + 1 and y0 - 1 <= middle <= y1 + 1]
        outside = tuple(w for w in line.words if w not in within)
        inside += [(line, within)] if within and not line.flag else []
        if line.flag or not within:
            rest.append(line)
        elif outside:
            ax0, _, ax1, _, _ = zip(*outside, strict=True)
            rest.append(line._replace(words=outside, x0=min(ax0), x1=max(ax1)))
    boxes = [[cell for cell in row.cells if cell is not None] for row in table.rows]
    lefts = _edges([box[0] for row in boxes for box in row])
    tops = _edges([box[1] for row in boxes for box in row])
    cells, taken = [], 0
    for box in sorted({tuple(box) for row in boxes for box in row}, key=lambda box: (box[1], box[0])):
        cell, count = _cell(box, lefts, tops, inside)
        taken += count
        cells.append(cell)
    total = sum(len(words) for _, words in inside)
    filled = sum(1 for cell in cells if cell.lines)
    if not cells or total < 4 or taken < total or filled < 0.3 * len(cells) or filled < 3:
        return None, tuple(lines)
    ordered = tuple(sorted(cells, key=lambda cell: (cell.row, cell.col)))
    header = 1 if not getattr(table.header, "external", True) and len(tops) > 1 else 0
    return Grid((x0, y0, x1, y1), ordered, len(tops), header), tuple(rest)


def _cell(
    box: tuple[float, ...], lefts: Sequence[float], tops: Sequence[float], inside: Sequence[tuple[Line, list[Word]]]
) -> tuple[GridCell, int]:
    """The cell in `box` and how many words it took."""
    x0, y0, x1, y1 = box
    held = []
    for line, words in inside:
        if y0 <= (line.y0 + line.y1) / 2 < y1:
            own = tuple(word for word in words if x0 <= (word.x0 + word.x1) / 2 < x1)
            if own:
                held.append(own)
    col, row = _index(lefts, x0), _index(tops, y0)
    colspan = max(1, sum(1 for left in lefts[col:] if left < x1 - 1.5))
    rowspan = max(1, sum(1 for top in tops[row:] if top < y1 - 1.5))
    return GridCell(row, col, rowspan, colspan, (x0, y0, x1, y1), _merged(held)), sum(len(words) for words in held)


def _merged(held: Sequence[tuple[Word, ...]]) -> tuple[tuple[Word, ...], ...]:
    """Pieces on one baseline become one line of the cell."""
    lines: list[list[Word]] = []
    for words in sorted(held, key=lambda words: (words[0].y0 + words[0].y1, words[0].x0)):
        middle = (words[0].y0 + words[0].y1) / 2
        if lines and lines[-1][0].y0 < middle < lines[-1][0].y1 and words[0].x0 >= lines[-1][-1].x1 - 1:
            lines[-1].extend(words)
        else:
            lines.append(list(words))
    return tuple(tuple(line) for line in lines)


def _edges(values: Sequence[float]) -> list[float]:
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > 1.5:
            edges.append(value)
    return edges


def _index(edges: Sequence[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))
