"""Lines of words in columns -> a grid: lines that belong to one row put together, names over several columns spread,
and what only looks like a table refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from parsers._pdf_lines import Line, Word
from parsers._pdf_table_align import Row, Run, Segment, is_figure_row, runs, set_columns
from parsers._pdf_table_grid import Grid, GridCell, figures, header_rows, is_figure, joined_lines
from parsers._pdf_table_rules import Rule, Rules

MIN_ROWS = 3
SURE, TAKEN, DOUBTFUL = 0.9, 0.5, 0.3
"""Certainties from which on a table needs no second look, is taken, and is worth one."""
MAX_CELL_WORDS = 14
"""More words in the usual cell is prose."""
_LEADER = re.compile(r"[.·…_]{4,}|(?:\. ){4,}")
_NOTE = re.compile(r"(?:sources?|notes?|quelle|fuente|\*+|†|\(\*\)|\d?\s?n\.b\.)(?:\s?\d+)?\s*[:.)*]", re.IGNORECASE)
_OPEN_END = re.compile(r"(?:[,\-–/(]|\b(?:and|of|the|or|in|for|to|by|with|und|et|de|des|der))$", re.IGNORECASE)


class Aligned(NamedTuple):
    grids: list[Grid]
    doubt: bool
    """True where words that stand in columns were taken for no table, and might be one."""


def aligned(lines: Sequence[Line], rules: Rules) -> Aligned:
    """Tables in one column of a page."""
    found: list[Grid] = []
    doubt = False
    for run in runs(lines, rules):
        set_columns(run, rules.down)
        if len(run.columns) < 2:
            continue
        _trim(run)
        if len(run.rows) < MIN_ROWS:
            continue
        header = _header(run)
        _spread(run, header, rules.across)
        grid = _grid(run, _merged(run, header), header)
        certainty = _certainty(run, grid, rules)
        if certainty >= TAKEN:
            found.append(replace(grid, sure=certainty >= SURE))
        doubt = doubt or DOUBTFUL <= certainty < TAKEN
    return Aligned(found, doubt)


def _trim(run: Run) -> None:
    """Without lines on top or at the foot that run across the columns: titles and notes."""
    while run.rows and _across(run, run.rows[-1]):
        run.rows.pop()
    while run.rows and _across(run, run.rows[0]):
        run.rows.pop(0)
        run.first += 1


def _across(run: Run, row: Row) -> bool:
    """True for one that is no row: it stands alone over the first columns, or is a note by its first word."""
    if len(row.segments) > 2:
        return False
    lone = len(row.segments) == 1 and row.segments[0].col == 0 and row.segments[0].last > 0
    spans = any(s.last - s.col >= max(1, len(run.columns) // 2) and len(s.words) > 3 for s in row.segments)
    return lone or spans or bool(_NOTE.match(row.line.text))


def _header(run: Run) -> int:
    """Number of lines above the first row of figures; 0 where there is none."""
    first = next((n for n, row in enumerate(run.rows) if is_figure_row(row)), None)
    if first is not None:
        lone = first > 0 and run.rows[first - 1].filled == {0} and first > 1
        return min(first - lone, 6)
    drawn = next((n for n, row in enumerate(run.rows[1:5], 1) if row.ruled), None)
    return drawn or 1


def _spread(run: Run, header: int, across: Sequence[Rule]) -> None:
    """Names of several columns stand over their middle, or over a line as wide as they."""
    for number, row in enumerate(run.rows[:header]):
        if len(row.segments) >= len(run.columns):
            continue
        bottom = run.rows[number + 1].line.y1 if number + 1 < len(run.rows) else row.line.y1
        for place, segment in enumerate(row.segments):
            low = row.segments[place - 1].last + 1 if place else 0
            high = row.segments[place + 1].col - 1 if place + 1 < len(row.segments) else len(run.columns) - 1
            drawn = _under(run, segment, [r for r in across if row.line.y1 - 2 < r.at < bottom], low=low, high=high)
            if drawn is not None:
                segment.col, segment.last = drawn
            elif segment.col > 0 or place or segment.last > segment.col:
                segment.col, segment.last = _centred(run, segment, low=low, high=high)


def _under(run: Run, segment: Segment, lines: Sequence[Rule], *, low: int, high: int) -> tuple[int, int] | None:
    """Columns that a short line under the segment underlines together with it."""
    for rule in lines:
        if rule.end - rule.start > 0.9 * (run.x1 - run.x0) or not rule.start - 4 < segment.middle < rule.end + 4:
            continue
        held = [n for n, c in enumerate(run.columns) if rule.start - 4 <= (c.x0 + c.x1) / 2 <= rule.end + 4]
        if held and low <= held[0] and held[-1] <= high:
            return held[0], held[-1]
    return None


def _centred(run: Run, segment: Segment, *, low: int, high: int) -> tuple[int, int]:
    """The columns over whose common middle the segment stands best; few rather than many."""
    best: tuple[float, int, int] | None = None
    low, high = min(low, segment.col), max(high, segment.last)
    for first in range(low, segment.col + 1):
        for last in range(segment.last, high + 1):
            middle = (run.columns[first].x0 + run.columns[last].x1) / 2
            off = abs(middle - segment.middle)
            start = abs(run.columns[first].x0 - segment.x0) if first == last else off
            cost = min(off, start) + 3.0 * (last - first)
            if best is None or cost < best[0]:
                best = (cost, first, last)
    assert best is not None
    return best[1], best[2]


def _merged(run: Run, header: int) -> list[list[Row]]:
    """Lines grouped to rows."""
    steps = [b.line.baseline - a.line.baseline for a, b in pairwise(run.rows)]
    tight = min((step for step in steps if step > 1), default=0.0)
    loose = [step for step in steps if step > 1.22 * tight]
    spaced = len(loose) >= 0.3 * len(steps) and len(loose) < len(steps)
    ruled = sum(row.ruled for row in run.rows[header + 1 :]) >= 0.5 * max(1, len(run.rows) - header - 1)
    grouped: list[list[Row]] = [[run.rows[0]]]
    for number, row in enumerate(run.rows[1:], 1):
        close = steps[number - 1] <= 1.22 * tight
        above = grouped[-1]
        if header and number == header and (spaced or is_figure_row(row)):
            grouped.append([row])
        elif number < header:
            same = close and not row.ruled and _continues_name(above, row)
            _put(grouped, row, same=same)
        elif row.ruled or _clash(above, row):
            grouped.append([row])
        elif ruled and len(run.rows) - header > 4:
            _put(grouped, row, same=True)
        else:
            _put(grouped, row, same=(close if spaced else True) and _goes_on(run, above, row, spaced=spaced))
    return grouped


def _put(grouped: list[list[Row]], row: Row, *, same: bool) -> None:
    if same:
        grouped[-1].append(row)
    else:
        grouped.append([row])


def _clash(above: Sequence[Row], row: Row) -> bool:
    """True where both have a number in one column."""
    return any(
        is_figure(row.at(col)) and any(is_figure(other.at(col)) for other in above if col in other.filled)
        for col in row.filled
        if col > 0
    )


def _continues_name(above: Sequence[Row], row: Row) -> bool:
    """Names of columns over two lines: nothing in the row spans what is single in the other."""
    if any(s.last > s.col for other in above for s in other.segments) != any(s.last > s.col for s in row.segments):
        spans = [s for other in above for s in other.segments if s.last > s.col]
        return bool(spans) and not any(s.col <= col <= s.last for s in spans for col in row.filled)
    return True


def _goes_on(run: Run, above: Sequence[Row], row: Row, *, spaced: bool) -> bool:
    """True where the line goes on cells of the row above instead of opening a row."""
    filled = set().union(*(other.filled for other in above))
    if spaced:
        return True
    texts = {col: row.at(col) for col in row.filled}
    if any(is_figure(text) for text in texts.values()) or not (row.filled <= filled or filled == {0}):
        return False
    small = sum(text[:1].islower() or bool(_OPEN_END.search(above[-1].at(col))) for col, text in texts.items())
    if 0 not in row.filled:
        return len(row.filled) <= max(1, len(run.columns) // 2) or 2 * small >= len(texts)
    if row.filled == {0} or filled == {0}:
        return bool(small)
    return 2 * small > len(texts) or (len(texts) > 1 and _lacks_figures(run, row))


def _lacks_figures(run: Run, row: Row) -> bool:
    """True where the row is empty in a column that holds nothing but numbers."""
    for col in range(1, len(run.columns)):
        cells = [other.at(col) for other in run.rows[1:] if col in other.filled]
        if col not in row.filled and len(cells) > 2 and sum(map(is_figure, cells)) >= 0.8 * len(cells):
            return True
    return False


def _grid(run: Run, grouped: Sequence[Sequence[Row]], header: int) -> Grid:
    """The cells, a box for each: as wide as its columns, as high as its row."""
    cells: list[GridCell] = []
    edges = [run.x0, *((a.x1 + b.x0) / 2 for a, b in pairwise(run.columns)), run.x1]
    rows_above = 0
    for number, rows in enumerate(grouped):
        y0, y1 = min(r.line.y0 for r in rows), max(r.line.y1 for r in rows)
        held: dict[tuple[int, int], list[tuple[Word, ...]]] = {}
        for segment in (s for row in rows for s in row.segments):
            key = next((k for k in held if k[0] <= segment.last and segment.col <= k[1]), None)
            words = held.pop(key) if key else []
            wide = (min(key[0], segment.col), max(key[1], segment.last)) if key else (segment.col, segment.last)
            held[wide] = [*words, segment.words]
        for (col, last), words in sorted(held.items()):
            box = (
                min(edges[col], *(word.x0 for line in words for word in line)),
                y0,
                max(edges[last + 1], *(word.x1 for line in words for word in line)),
                y1,
            )
            cells.append(GridCell(number, col, 1, last - col + 1, box, joined_lines(words)))
        rows_above += len(rows) if rows_above < header else 0
    named = sum(1 for rows in grouped if rows[0] in run.rows[:header])
    box = (run.x0, run.rows[0].line.y0, run.x1, max(row.line.y1 for row in run.rows))
    count = named if any(is_figure_row(row) for row in run.rows) else header_rows(cells, len(grouped))
    return Grid(box, tuple(cells), len(grouped), count, sure=False)


def _certainty(run: Run, grid: Grid, rules: Rules) -> float:
    """How sure it is that the run is a table: its rows and columns are filled, its cells short, and figures or lines
    bear it out."""
    body = [cell for cell in grid.cells if cell.row >= grid.header]
    rows, cols = grid.rows - grid.header, len(run.columns)
    words = [len(cell.text.split()) for cell in body]
    if rows < 2 or not words or median(words) > MAX_CELL_WORDS or max(words) > 60:
        return 0.0
    if sum(1 for row in run.rows if row.line.style.mono) > 0.5 * len(run.rows):
        return 0.0
    filled = len(body) / (rows * cols)
    if filled < 0.4 or _is_contents(run) or any(_is_prose(run, col) for col in range(cols)):
        return 0.0
    share = figures(cell for cell in body if cell.col > 0)
    numbers = sum(1 for cell in body if cell.col > 0 and is_figure(cell.text))
    framed = _framed(run, rules)
    if share >= 0.5 and numbers >= 3:
        return 1.0 if (framed or rows >= 4) and share >= 0.75 and filled >= 0.75 else 0.7
    if framed:
        return 0.7 if median(words) <= 10 else 0.3
    if cols < 3 or rows < 3 or median(words) > 4 or filled < 0.6:
        return 0.0
    return 0.6 if share > 0.15 else 0.3


def _is_prose(run: Run, col: int) -> bool:
    """True for a column of running text: most of its lines are long and fill its width."""
    own = [s for row in run.rows for s in row.segments if s.col == col == s.last]
    width = run.columns[col].x1 - run.columns[col].x0
    if len(own) < 4 or median(len(s.words) for s in own) < 4:
        return False
    return median(s.x1 - s.x0 for s in own) > 0.8 * width


def _framed(run: Run, rules: Rules) -> bool:
    """True where lines as wide as the table stand above and below it or in it."""
    top, bottom = run.rows[0].line, run.rows[-1].line
    wide = [r for r in rules.across if min(r.end, run.x1) - max(r.start, run.x0) > 0.9 * (run.x1 - run.x0)]
    above = any(-2.5 * top.size < rule.at - top.y0 < 0.5 * top.size for rule in wide)
    below = any(-0.5 * bottom.size < rule.at - bottom.y1 < 2.5 * bottom.size for rule in wide)
    inner = sum(1 for rule in wide if top.y1 < rule.at < bottom.y0)
    return (above and below) or (inner >= 1 and (above or below)) or inner >= 3


def _is_index(run: Run) -> bool:
    """True where words and page numbers take turns: an index in two or more columns."""
    for col in range(len(run.columns)):
        cells = [row.at(col) for row in run.rows if col in row.filled]
        paged = sum(all(part.strip().isdecimal() for part in cell.split(",")) for cell in cells)
        if (paged > 0.5 * len(cells)) != bool(col % 2):
            return False
    return True


def _is_contents(run: Run) -> bool:
    """True for a table of contents: leaders, or titles before page numbers that never fall."""
    texts = [row.line.text for row in run.rows]
    led = sum(1 for text in texts if _LEADER.search(text)) / len(texts)
    if led >= 0.4 and (len(run.columns) < 3 or _is_index(run)):
        return True
    ends = [row.segments[-1].text for row in run.rows if len(row.segments) > 1]
    if not ends or len(run.columns) > 3 or not all(end.isdecimal() and len(end) < 5 for end in ends):
        return False
    pages = [int(end) for end in ends]
    return len(pages) > 2 and all(a <= b for a, b in pairwise(pages)) and pages[0] < pages[-1]
