"""Reading order: pieces of lines -> columns, each a run of whole lines from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from parsers._pdf_lines import Line

MIN_GUTTER = 7.0
"""Points: narrower gaps between columns do not occur in print."""
MAX_CROSSING = 0.35
"""Largest share of rows that may run across a gutter (titles, wide figures)."""
MIN_COLUMN, MAX_REST = 8, 3
"""Lines that make a column; lines that may be left of a text for its last one."""
WIDE_GAP_EM = 1.6
"""A gap within a line of at least this many times its size separates cells, not words."""


class Gutter(NamedTuple):
    """A vertical strip that (nearly) nothing crosses."""

    x0: float
    x1: float


def columns(pieces: Sequence[Line], edges: set[int] | None = None) -> list[list[Line]]:
    """The pieces as columns in reading order, each a list of whole lines.

    A gutter is looked for first over the whole area, where a few rows may cross it; such rows cut it into bands
    that are read one after the other, each column by column (recursive X-Y cut with spanning rows). `edges` holds the
    left edges of the columns of the pages before: it grows, and tells where a column of one or two lines starts.
    """
    areas = _areas(list(pieces), 0)
    if edges is not None:
        areas = _with_rest(areas[0], edges) if len(areas) == 1 else areas
        edges.update(round(min(p.x0 for p in area)) for area in areas[1:] if len(area) >= MIN_COLUMN)
    ordered = [_lines(area) for area in areas]
    return [lines for lines in ordered if lines]


def _with_rest(area: list[Line], edges: Collection[int]) -> list[list[Line]]:
    """The area, its last lines apart where they alone stand in a column that the pages before had."""
    for edge in edges:
        east = [p for p in area if p.x0 >= edge - 2]
        starts = east and abs(min(p.x0 for p in east) - edge) <= 2
        if starts and len(east) <= MAX_REST and all(p.x1 < edge for p in area if p.x0 < edge - 2):
            west = [p for p in area if p.x0 < edge - 2]
            if len(west) >= MIN_COLUMN:
                return [west, east]
    return [area]


def rows(pieces: Sequence[Line]) -> list[list[Line]]:
    """Pieces that stand side by side, top down; pieces of a row from left to right."""
    found: list[list[Line]] = []
    top, bottom = 0.0, 0.0
    tables = [piece for piece in pieces if is_mark(piece)]
    for piece in sorted(
        (piece for piece in pieces if not is_mark(piece)), key=lambda line: (line.y0 + line.y1, line.x0)
    ):
        middle, height = (piece.y0 + piece.y1) / 2, piece.y1 - piece.y0
        shared = min(bottom, piece.y1) - max(top, piece.y0)
        if found and (top < middle < bottom) and shared > 0.5 * min(height, bottom - top):
            found[-1].append(piece)
            if height > bottom - top:
                top, bottom = piece.y0, piece.y1
        else:
            found.append([piece])
            top, bottom = piece.y0, piece.y1
    for row in found:
        row.sort(key=lambda line: line.x0)
    if tables:
        found += [[table] for table in tables]
        found.sort(key=lambda row: min(piece.y0 for piece in row))
    return found


def is_mark(line: Line) -> bool:
    """True for what stands for a table: it is no text and shares its row with none."""
    return line.size == 0


def _areas(pieces: list[Line], depth: int) -> list[list[Line]]:
    if len(pieces) < 6 or depth > 8:
        return [pieces]
    stacked = rows(pieces)
    side_by_side = sum(1 for row in stacked if any(b.x0 - a.x1 > MIN_GUTTER for a, b in pairwise(row)))
    lone = sum(1 for a, b in pairwise(stacked) if a[-1].x1 < b[0].x0 or b[-1].x1 < a[0].x0)
    if side_by_side + lone < 3:
        return [pieces]
    gutter = _gutter(pieces, stacked)
    if gutter is None:
        return _cut_across(pieces, stacked, depth)
    return _bands(stacked, gutter, depth)


def _gutter(pieces: Sequence[Line], stacked: Sequence[Sequence[Line]]) -> Gutter | None:
    """The best strip between two columns of running text; None for one column and for tables."""
    left, right = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    best: tuple[float, Gutter] | None = None
    for gutter in _strips(pieces, left, right):
        west = [p for p in pieces if p.x1 <= gutter.x0 + 1]
        east = [p for p in pieces if p.x0 >= gutter.x1 - 1]
        crossing = len(pieces) - len(west) - len(east)
        if min(len(west), len(east)) < 3 or crossing > MAX_CROSSING * len(pieces):
            continue
        if not _beside(west, east) or _tabular(west, east, stacked):
            continue
        score = crossing - (gutter.x1 - gutter.x0) / 50
        if best is None or score < best[0]:
            best = (score, gutter)
    return best[1] if best else None


def _strips(pieces: Sequence[Line], left: float, right: float) -> list[Gutter]:
    """Strips whose crossing is locally lowest, at least `MIN_GUTTER` wide."""
    marks = [0] * (int(right - left) + 3)
    for piece in pieces:
        marks[max(0, int(piece.x0 - left + 0.5))] += 1
        marks[int(piece.x1 - left + 0.5) + 1] -= 1
    limit = MAX_CROSSING * len(pieces)
    covers = list(accumulate(marks))
    found: list[tuple[int, Gutter]] = []
    start = 0
    for x in (x for x, mark in enumerate(marks) if mark and x):
        if covers[start] <= limit and x - start >= MIN_GUTTER and left < left + start and x < len(covers) - 2:
            found.append((covers[start], Gutter(left + start, left + x)))
        start = x
    return [gutter for _, gutter in sorted(found)[:6]]


def _beside(west: Sequence[Line], east: Sequence[Line]) -> bool:
    """True where both sides share a stretch of the page's height: columns, not neighbours by chance."""
    shared = min(max(p.y1 for p in west), max(p.y1 for p in east)) - max(
        min(p.y0 for p in west), min(p.y0 for p in east)
    )
    return shared > 2 * min(west[0].y1 - west[0].y0, east[0].y1 - east[0].y0)


def _tabular(west: Sequence[Line], east: Sequence[Line], stacked: Sequence[Sequence[Line]]) -> bool:
    """True where the sides look like columns of a table: rows match and the cells are short."""
    ids = {id(p): 0 for p in west} | {id(p): 1 for p in east}
    both = sum(1 for row in stacked if len({ids[id(p)] for p in row if id(p) in ids}) == 2)
    one = sum(1 for row in stacked if len({ids[id(p)] for p in row if id(p) in ids}) >= 1)
    matched = both / max(1, one)
    return not (_prose(west) and _prose(east)) and (matched > 0.6 or min(len(west), len(east)) < 4)


def _prose(side: Sequence[Line]) -> bool:
    """True where most of a side's letters stand in lines that are long, and of much the same length."""
    widths = sorted(p.x1 - p.x0 for p in side)
    usual = 0.55 * widths[(9 * len(side) - 1) // 10]
    letters = sum(len(p.text) for p in side)
    running = sum(len(p.text) for p in side if len(p.text) >= 18 and p.x1 - p.x0 >= usual)
    return running >= 0.6 * letters


def _bands(stacked: Sequence[Sequence[Line]], gutter: Gutter, depth: int) -> list[list[Line]]:
    """Areas above, between and below the rows that cross the gutter, columns from left to right."""
    areas: list[list[Line]] = []
    west: list[Line] = []
    east: list[Line] = []
    spanning: list[Line] = []

    def close() -> None:
        for side in (west, east):
            if side:
                areas.extend(_areas(list(side), depth + 1))
                side.clear()

    for row in stacked:
        if any(p.x0 < gutter.x0 - 1 and p.x1 > gutter.x1 + 1 for p in row):
            close()
            spanning.extend(row)
            continue
        if spanning:
            areas.append(list(spanning))
            spanning.clear()
        for piece in row:
            (west if (piece.x0 + piece.x1) / 2 < (gutter.x0 + gutter.x1) / 2 else east).append(piece)
    close()
    if spanning:
        areas.append(spanning)
    return areas


def _cut_across(pieces: list[Line], stacked: Sequence[Sequence[Line]], depth: int) -> list[list[Line]]:
    """Cut at one of the widest gaps between rows where a part has columns of its own."""
    gaps = []
    bottom = max(p.y1 for p in stacked[0])
    for number, row in enumerate(stacked[1:], 1):
        gaps.append((min(p.y0 for p in row) - bottom, number))
        bottom = max(bottom, max(p.y1 for p in row))
    for gap, number in sorted(gaps, reverse=True)[:3]:
        if gap < 2:
            break
        upper, lower = stacked[:number], stacked[number:]
        above, below = [p for row in upper for p in row], [p for row in lower for p in row]
        if (len(above) >= 6 and _gutter(above, upper)) or (len(below) >= 6 and _gutter(below, lower)):
            return _areas(above, depth + 1) + _areas(below, depth + 1)
    return [pieces]


def _lines(area: Sequence[Line]) -> list[Line]:
    return [merged(row) for row in rows(area)]


def merged(row: Sequence[Line]) -> Line:
    """Pieces that stand side by side as one line; `cells` says where it has wide gaps."""
    if len(row) == 1 and " " not in row[0].text:
        return row[0]
    main = row[0] if len(row) == 1 else max(row, key=lambda piece: piece.x1 - piece.x0)
    boxes = row[0].boxes
    for piece in row[1:]:
        boxes = boxes + piece.boxes
    gap = WIDE_GAP_EM * main.size
    cells = tuple([n // 4 for n in range(4, len(boxes), 4) if boxes[n] - boxes[n - 2] > gap])
    if len(row) == 1:
        return main._replace(cells=cells) if cells else main
    bold = all(piece.style.bold for piece in row if any(c.isalnum() for c in piece.text))
    mono = all(piece.style.mono for piece in row)
    return main._replace(
        text=" ".join(piece.text for piece in row),
        boxes=boxes,
        x0=min(piece.x0 for piece in row),
        y0=min(piece.y0 for piece in row),
        x1=max(piece.x1 for piece in row),
        y1=max(piece.y1 for piece in row),
        style=main.style._replace(bold=bold, mono=mono),
        cells=cells,
    )
