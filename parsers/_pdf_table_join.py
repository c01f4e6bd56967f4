"""Tables that go on over pages: the later part joined to the first, its repeated header left to the furniture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from parsers._pdf_blocks import Block
from parsers._pdf_lines import Line, Style
from parsers._pdf_table_grid import Grid, GridCell, figures
from quarry.types import ElementType

SHIFT = 4.0
"""Points by which columns may be out of line after the page's own shift is taken off."""
_CONTINUED = re.compile(
    r"\b(?:cont(?:inued|[’']?d|\.)|fortsetzung|forts\.|suite|continuación|\(\d+/\d+\))", re.IGNORECASE
)
EDGE = 0.11
"""Share of the page's height at its top and foot where running heads and feet stand."""
_BETWEEN = frozenset({ElementType.FOOTNOTE})


def joined(found: Sequence[Block], heights: Mapping[int, float]) -> tuple[list[Block], list[Block]]:
    """The blocks with each table in one piece, and what was a repeated header or a caption that says no more than
    `continued`: those are furniture. `heights` are those of the pages."""
    kept: list[Block] = []
    repeated: list[Block] = []
    for number, block in enumerate(found):
        if block.grid is None or (head := _head(kept, block, heights)) is None:
            kept.append(block)
            continue
        assert head.grid is not None
        caption = _continued_caption(kept, head, block)
        same = _same_header(head.grid, block.grid)
        if not same and not _plain(head, block, found, number, captioned=caption is not None):
            kept.append(block)
            continue
        drop = max(head.grid.header, block.grid.header) if same else 0
        if caption is not None:
            kept.remove(caption)
            repeated.append(caption)
        if drop:
            repeated.append(Block(ElementType.HEADER, _lines(block.grid, block.first.page, drop)))
        head.grid = _appended(head.grid, head.first.page, block.grid, page=block.first.page, drop=drop)
        head.lines.append(block.first)
    for block in repeated:
        block.type = ElementType.HEADER
    return kept, repeated


def _head(kept: Sequence[Block], block: Block, heights: Mapping[int, float]) -> Block | None:
    """The table that ends the page or the column before, where `block` opens its own."""
    page = block.first.page
    for before in reversed(kept):
        last = before.lines[-1]
        if before.grid is not None:
            beside = last.page == page and before.column != block.column and last.x1 <= block.first.x0
            return before if (beside or last.page == page - 1) and _fits(before, block) else None
        if before.type is ElementType.FIGURE_CAPTION and last.page == page and _CONTINUED.search(before.text):
            continue
        if not (last.page < page and before.type in _BETWEEN) and not _marginal(before, heights):
            return None
    return None


def _marginal(block: Block, heights: Mapping[int, float]) -> bool:
    """True for lines at the edge of their pages: running heads and feet that repeat too seldom to be known."""
    return len(block.lines) < 4 and all(
        line.y1 < EDGE * heights[line.page] or line.y0 > (1 - EDGE) * heights[line.page] for line in block.lines
    )


def _continued_caption(kept: Sequence[Block], head: Block, block: Block) -> Block | None:
    after = kept[kept.index(head) + 1 :]
    return next((b for b in after if b.first.page == block.first.page and b.grid is None), None)


def _fits(head: Block, block: Block) -> bool:
    """True where the columns of both stand alike on their pages."""
    assert head.grid is not None
    assert block.grid is not None
    first, second = _places(head.grid, head.lines[-1].page), _places(block.grid, 0)
    if first.keys() != second.keys() or len(first) < 2:
        return False
    shifts = [b - a for a, b in zip(first[min(first)], second[min(first)], strict=True)]
    return any(
        all(
            any(abs(b - a - shift) < SHIFT for a, b in zip(first[col], second[col], strict=True))
            for col in sorted(first)
        )
        for shift in (*shifts, 0.0)
    )


def _places(grid: Grid, page: int) -> dict[int, tuple[float, float, float]]:
    """Left edge, right edge and middle of the words of each column."""
    spans: dict[int, tuple[float, float]] = {}
    for cell in grid.cells:
        if cell.page not in (0, page) or cell.colspan > 1:
            continue
        for word in (word for line in cell.lines for word in line):
            x0, x1 = spans.get(cell.col, (word.x0, word.x1))
            spans[cell.col] = (min(x0, word.x0), max(x1, word.x1))
    return {col: (x0, x1, (x0 + x1) / 2) for col, (x0, x1) in spans.items()}


def _same_header(first: Grid, second: Grid) -> bool:
    """True where both open with the same rows of names; in a part of two rows they may not be known as names."""
    count = max(first.header, second.header)
    return count > 0 and bool(_top(first, count)) and _top(first, count) == _top(second, count)


def _top(grid: Grid, count: int) -> list[tuple[int, int, str]]:
    return [(c.row, c.col, c.text.casefold()) for c in grid.cells if c.row < count and c.lines]


def _plain(head: Block, block: Block, found: Sequence[Block], number: int, *, captioned: bool) -> bool:
    """True where a table without a header of its own goes on: it says so, or its columns are of the same width and
    kind as those above, nothing names it, and its first row looks like the others."""
    assert head.grid is not None
    assert block.grid is not None
    if captioned:
        return True
    ahead = number + 1 < len(found) and found[number + 1].type is ElementType.FIGURE_CAPTION
    if ahead or (block.grid.header and _figured(block.grid)) or block.grid.header > 1:
        return False
    wide = abs((head.grid.box[2] - head.grid.box[0]) - (block.grid.box[2] - block.grid.box[0])) < 2 * SHIFT
    return wide and bool(head.grid.header)


def _figured(grid: Grid) -> bool:
    """True where the header was told from the body by its words above numbers."""
    return figures(cell for cell in grid.cells if cell.row >= grid.header and cell.col) >= 0.5


def _lines(grid: Grid, page: int, rows: int) -> list[Line]:
    made = []
    for cell in grid.cells:
        for words in cell.lines if cell.row < rows else ():
            x0, y0, x1, y1, _ = zip(*words, strict=True)
            style = Style(max(y1) - min(y0), bold=False, mono=False, colour=0)
            made.append(Line(page, words, min(x0), min(y0), max(x1), max(y1), max(y1), style))
    return made


def _appended(first: Grid, first_page: int, second: Grid, *, page: int, drop: int) -> Grid:
    """Rows of the second below those of the first, less `drop` at its top."""
    shift = first.rows - drop
    own = [replace(cell, page=cell.page or first_page) for cell in first.cells]
    more = [_moved(cell, page, drop=drop, shift=shift) for cell in second.cells if cell.row + cell.rowspan > drop]
    rows = first.rows + second.rows - drop
    return replace(
        first, cells=(*own, *more), rows=rows, header=max(first.header, drop), sure=first.sure and second.sure
    )


def _moved(cell: GridCell, page: int, *, drop: int, shift: int) -> GridCell:
    row = max(cell.row, drop)
    return replace(cell, page=page, row=row + shift, rowspan=cell.rowspan - (row - cell.row))
