"""A table in place: cells with their words, and what can be told about them without knowing how they were found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from parsers._pdf_lines import Word

Box = tuple[float, float, float, float]

_FIGURE = re.compile(
    r"^[\s(<>≤≥~±+\-–−$€£¥]*(?:\d[\d\s.,:/%\-–−+±]*|[-–—−.…*]+|n\.?/?a\.?|n\.?d\.?)(?:[)\]%*†‡°]|[a-zA-Z€$£]{1,3})*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"^\W*(?:1[89]|20)\d\d(?:\W{1,3}(?:(?:1[89]|20)?\d\d))?\W*[a-z]?\W*$")


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell's place in the grid and the lines of words in it."""

    row: int
    col: int
    rowspan: int
    colspan: int
    box: Box
    lines: tuple[tuple[Word, ...], ...]
    page: int = 0
    """1-based; 0 where it is that of the grid."""

    @property
    def text(self) -> str:
        return " ".join(word.text for line in self.lines for word in line)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in place: cells in reading order; `header` is the number of rows on top that name the columns."""

    box: Box
    cells: tuple[GridCell, ...]
    rows: int
    header: int
    sure: bool = True
    """False where a model should look again."""


def is_figure(text: str) -> bool:
    """True for a number with its signs and unit, a dash or what else stands for a missing number."""
    return bool(_FIGURE.match(text))


def is_year(text: str) -> bool:
    return bool(_YEAR.match(text))


def figures(cells: Iterable[GridCell]) -> float:
    """Share of the cells with text that hold numbers."""
    texts = [cell.text for cell in cells if cell.lines]
    return sum(map(is_figure, texts)) / len(texts) if texts else 0.0


def header_rows(cells: Sequence[GridCell], rows: int) -> int:
    """Rows on top that name the columns: those above the first with numbers, at most four; one in a table of words."""
    filled = [[cell for cell in cells if cell.row == row and cell.lines] for row in range(min(rows, 6))]
    bodies = [figures(cell for cell in line if cell.col) >= 0.5 for line in filled]
    for row in range(min(2, len(filled) - 1)):
        bodies[row] = bodies[row] and not (_years(filled[row]) and not _years(filled[row + 1]))
    first = bodies.index(True) if True in bodies else None
    if first is None:
        named = len(filled[0]) > 1 or any(cell.colspan > 1 for cell in filled[0])
        return _reach(cells, 1) if named and rows > 2 else 0
    return first if first <= 4 and first < rows else 0


def _years(cells: Sequence[GridCell]) -> bool:
    """True where all names of columns are years."""
    names = [cell.text for cell in cells if cell.col]
    return bool(names) and all(is_year(name) for name in names)


def _reach(cells: Sequence[GridCell], count: int) -> int:
    """The first rows with all that their cells span, and the names below a name of several columns."""
    for cell in cells:
        if cell.row < count and cell.lines:
            count = max(count, cell.row + cell.rowspan)
    if any(cell.row + cell.rowspan == count and cell.colspan > 1 and cell.col > 0 for cell in cells if cell.lines):
        return count + 1
    return count


def packed(cells: Iterable[GridCell], *, narrow: float = 8.0) -> tuple[tuple[GridCell, ...], int]:
    """The cells without rows and columns that hold no text and are narrow or on the rim, and how many rows are left."""
    found = list(cells)
    rows = _kept([(c.row, c.rowspan, c.box[1], c.box[3], bool(c.lines)) for c in found], narrow)
    cols = _kept([(c.col, c.colspan, c.box[0], c.box[2], bool(c.lines)) for c in found], narrow)
    made = []
    for cell in found:
        span = [row for row in range(cell.row, cell.row + cell.rowspan) if row in rows]
        width = [col for col in range(cell.col, cell.col + cell.colspan) if col in cols]
        if span and width:
            row, col = rows[span[0]], cols[width[0]]
            made.append(replace(cell, row=row, rowspan=len(span), col=col, colspan=len(width)))
    return tuple(sorted(made, key=lambda cell: (cell.row, cell.col))), len(rows)


def _kept(places: Sequence[tuple[int, int, float, float, bool]], narrow: float) -> dict[int, int]:
    """Old index -> new index of the rows (or columns) that are kept."""
    count = max((start + span for start, span, _, _, _ in places), default=0)
    used, wide = [False] * count, [False] * count
    for start, span, low, high, text in places:
        if text:
            used[start] = True
        if span == 1 and high - low >= narrow:
            wide[start] = True
    inner = [index for index in range(count) if used[index]]
    if not inner:
        return {}
    kept = [index for index in range(inner[0], inner[-1] + 1) if used[index] or wide[index]]
    return {old: new for new, old in enumerate(kept)}


def joined_lines(held: Iterable[Sequence[Word]]) -> tuple[tuple[Word, ...], ...]:
    """Runs of words as the lines of a cell: what stands on one baseline is one line."""
    lines: list[list[Word]] = []
    for words in sorted(held, key=lambda words: (words[0].y0 + words[0].y1, words[0].x0)):
        middle = (words[0].y0 + words[0].y1) / 2
        if lines and lines[-1][0].y0 < middle < lines[-1][0].y1 and words[0].x0 >= lines[-1][-1].x1 - 1:
            lines[-1].extend(words)
        else:
            lines.append(list(words))
    return tuple(tuple(line) for line in lines)
