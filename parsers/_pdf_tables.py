"""Tables of a page without a model: grids that lines enclose, then columns of words that stand in line."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from parsers._pdf_lines import Line, Page, Word, turn_box
from parsers._pdf_order import columns, merged, rows
from parsers._pdf_table_align import SEED_EM
from parsers._pdf_table_grid import Box, Grid, GridCell, header_rows, is_figure, joined_lines, packed
from parsers._pdf_table_rows import aligned
from parsers._pdf_table_rules import Frame, Rules, Slot, drawn, frames
from parsers._pdf_table_words import within

MIN_STROKES = 4
MAX_STROKES = 20_000
"""Pages with more are drawings; finding tables in them takes minutes."""
MAX_PIECES = 20_000
"""The same for pieces of text."""
MAX_FRAMES = 200
MIN_SHARED = 0.3
"""Least share of rows with words in two cells: in drawings of boxes and lines there are few."""
WIDE_GAP_EM = 1.2
"""A gap of this many times the type size within a cell speaks of a column that no line marks."""

__all__ = ["Grid", "GridCell", "Ruled", "ruled", "worded"]


class Ruled(NamedTuple):
    """What the lines of a page say."""

    grids: list[Grid]
    lines: tuple[Line, ...]
    """Pieces that stand in none of the grids."""
    rules: Rules
    every: tuple[Line, ...]
    """All pieces of the page."""
    doubt: bool = False
    """True where lines enclose more columns or rows than they part."""


def unruled(read: Page) -> Ruled:
    """A page whose lines are not looked at."""
    return Ruled([], read.lines, Rules(), read.lines)


def ruled(page: Any, read: Page) -> Ruled:
    """The page's ruled tables; frames that enclose more columns than they draw are left to the words."""
    if not MIN_STROKES <= read.strokes <= MAX_STROKES:
        return unruled(read)
    found = drawn(page.get_cdrawings(), _place(page, read))
    grids: list[Grid] = []
    lines = read.lines
    for rules in (found.lines, found.edges):
        for frame in frames(rules)[:MAX_FRAMES]:
            if any(_overlap(frame.box, grid.box) for grid in grids):
                continue
            inside, rest = within(frame.box, lines)
            grid = _grid(frame, inside)
            if grid is not None:
                grids.append(grid)
                lines = rest
    return Ruled(grids, lines, found.lines, read.lines, not all(grid.sure for grid in grids))


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class Worded(NamedTuple):
    """What the words of a page say."""

    grids: list[Grid]
    lines: tuple[Line, ...]
    """Pieces that stand in none of the grids."""
    doubt: bool
    """True where something may be a table, or a table that was found may be cut wrongly."""


def worded(kept: Sequence[Line], rules: Rules) -> Worded:
    """Tables that no lines enclose; `kept` is one page's without its furniture."""
    if not _has_rows(kept):
        return Worded([], tuple(kept), doubt=False)
    # The whole page first: a table's columns may look like the page's own.
    whole = aligned([merged(row) for row in rows(kept)], rules)
    rest = _without(kept, whole.grids)
    areas = columns(rest)
    parts = [aligned(lines, rules) for lines in areas] if len(areas) > 1 else []
    more = [grid for part in parts for grid in part.grids]
    grids = [*whole.grids, *more]
    doubt = any(part.doubt for part in parts or [whole]) or not all(grid.sure for grid in grids)
    return Worded(grids, _without(rest, more), doubt)


def _without(kept: Sequence[Line], grids: Sequence[Grid]) -> tuple[Line, ...]:
    rest = tuple(kept)
    for grid in grids:
        _, rest = within(grid.box, rest)
    return rest


def _has_rows(kept: Sequence[Line]) -> bool:
    """True where a wide gap stands in or between pieces at least twice."""
    if len(kept) > MAX_PIECES:
        return False
    found = 0
    ordered = sorted(kept, key=lambda piece: piece.y0 + piece.y1)
    for a, b in pairwise(ordered):
        beside = b.y0 + 0.5 * (b.y1 - b.y0) < a.y1
        found += beside and max(a.x0, b.x0) - min(a.x1, b.x1) > SEED_EM * a.style.size
    if found >= 2:
        return True
    for piece in kept:
        gap = SEED_EM * piece.style.size
        found += any(b[0] - a[2] > gap for a, b in pairwise(piece.words))
        if found >= 2:
            return True
    return False


def _place(page: Any, read: Page) -> Callable[[Box], Box]:
    """Boxes as the page's content has them -> reading coordinates."""
    if not page.rotation and not read.turn:
        return lambda box: box
    matrix, rect = page.rotation_matrix, page.rect

    def place(box: Box) -> Box:
        (ax, ay), (bx, by) = (
            (x * matrix.a + y * matrix.c + matrix.e, x * matrix.b + y * matrix.d + matrix.f)
            for x, y in (box[:2], box[2:])
        )
        shown = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
        return turn_box(shown, read.turn, rect.width, rect.height)

    return place


def _grid(frame: Frame, inside: Sequence[tuple[Line, tuple[Word, ...]]]) -> Grid | None:
    """The frame's cells with their words; None where it is no table or leaves columns or rows to be found."""
    slots = frame.by_place()
    held: dict[int, list[tuple[Word, ...]]] = {}
    for _, words in inside:
        shares: dict[int, list[Word]] = {}
        for place, own in _shared(words, frame).items():
            shares.setdefault(slots[place], []).extend(own)
        for number, share in shares.items():
            held.setdefault(number, []).append(tuple(share))
    cells = [
        cell
        for number, slot in enumerate(frame.slots)
        for cell in _split(slot, joined_lines(held.get(number, ())), frame.xs)
    ]
    made, rows = packed(cells)
    filled = [cell for cell in made if cell.lines]
    cols = max((cell.col + cell.colspan for cell in made), default=0)
    if rows < 2 or cols < 2 or len(filled) < 3 or len(filled) < 0.3 * len(made):
        return None
    shared = Counter(row for cell in filled for row in range(cell.row, cell.row + cell.rowspan))
    if sum(1 for count in shared.values() if count > 1) < MIN_SHARED * rows:
        return None
    coarse = sum(map(_holds_columns, filled))
    if coarse > 0.2 * len(filled):
        return None
    return replace(_placed(made, rows), sure=coarse == 0)


def _split(slot: Slot, lines: tuple[tuple[Word, ...], ...], xs: Sequence[float]) -> list[GridCell]:
    """The slot's cell; one for each column of the frame where its words keep to them with wide gaps between."""
    whole = GridCell(slot.row, slot.col, slot.rowspan, slot.colspan, slot.box, lines)
    if slot.colspan < 3 or not _holds_columns(whole):
        return [whole]
    _, y0, _, y1 = slot.box
    cells = []
    for col in range(slot.col, slot.col + slot.colspan):
        x0, x1 = xs[col], xs[col + 1]
        own = [tuple(word for word in line if x0 <= (word.x0 + word.x1) / 2 < x1) for line in lines]
        if any(word.x0 < x0 - 2 or word.x1 > x1 + 2 for line in own for word in line):
            return [whole]
        cells.append(GridCell(slot.row, col, slot.rowspan, 1, (x0, y0, x1, y1), tuple(line for line in own if line)))
    return cells if sum(1 for cell in cells if cell.lines) > 2 else [whole]


def _holds_columns(cell: GridCell) -> bool:
    """True where the words of a cell stand in columns, or numbers in rows, that no line marks."""
    gaps = sum(any(b.x0 - a.x1 > WIDE_GAP_EM * (a.y1 - a.y0) for a, b in pairwise(line)) for line in cell.lines)
    if gaps and 2 * gaps >= len(cell.lines):
        return True
    lines = [" ".join(word.text for word in line) for line in cell.lines]
    return len(lines) > 1 and all(map(is_figure, lines))


def _placed(cells: Sequence[GridCell], rows: int) -> Grid:
    x0, y0, x1, y1 = zip(*(cell.box for cell in cells), strict=True)
    return Grid((min(x0), min(y0), max(x1), max(y1)), tuple(cells), rows, header_rows(cells, rows))


def _shared(words: Sequence[Word], frame: Frame) -> dict[tuple[int, int], list[Word]]:
    """Words by the elementary slot that holds their middle."""
    held: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        col = bisect_right(frame.xs, (word.x0 + word.x1) / 2) - 1
        row = bisect_right(frame.ys, (word.y0 + word.y1) / 2) - 1
        place = min(max(row, 0), len(frame.ys) - 2), min(max(col, 0), len(frame.xs) - 2)
        held.setdefault(place, []).append(word)
    return held
