"""Tables without lines: rows of words that stand in columns, in the lines of one column of the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from parsers._pdf_lines import Line, Word
from parsers._pdf_table_grid import is_figure, is_year
from parsers._pdf_table_rules import Rule, Rules

SPLIT_EM = 0.75
"""A gap of this many times the type size may part two cells."""
SEED_EM = 1.15
"""A gap of this many times the type size makes a line look like a row."""
FAR_EM = 2.4
"""Rows further apart than this many times their size belong to two tables, unless a frame holds them."""
MAX_ROWS, MAX_COLUMNS = 400, 64
_LEADER = re.compile(r"(?:[.·…_]{3,}|^[.·…_])$")
_NUMBERED = re.compile(r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]|\[\d{1,3}\])$")
_DOTS = re.compile(r"[.·…_]+")
_MARKERS = frozenset("•‣◦▪▫●○■□◆◇➢➤►▸✓✔∙⁃·–—-*\uf0b7\uf0a7\uf0d8\uf076\uf0fc")


@dataclass(slots=True)
class Segment:
    """Words of one line that no wide gap parts; `col` and `last` once the columns are known."""

    words: tuple[Word, ...]
    x0: float
    x1: float
    col: int = 0
    last: int = 0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(slots=True)
class Row:
    """A line as segments."""

    line: Line
    segments: list[Segment]
    ruled: bool = False
    """True where a line is drawn across between it and the row above."""

    @property
    def seeds(self) -> bool:
        """True where a wide gap is in it."""
        gap = SEED_EM * self.line.size
        return any(b.x0 - a.x1 > gap for a, b in pairwise(self.segments))

    def at(self, col: int) -> str:
        return " ".join(s.text for s in self.segments if s.col <= col <= s.last)

    @property
    def filled(self) -> set[int]:
        return {col for s in self.segments for col in range(s.col, s.last + 1)}


class Column(NamedTuple):
    x0: float
    x1: float


@dataclass(slots=True)
class Run:
    """Rows that may be a table, and where its columns stand."""

    rows: list[Row]
    first: int
    """Index of the first line in the column of the page."""
    columns: list[Column] = field(default_factory=list)

    @property
    def x0(self) -> float:
        return min(row.line.x0 for row in self.rows)

    @property
    def x1(self) -> float:
        return max(row.line.x1 for row in self.rows)


def row_of(line: Line) -> Row:
    """The line cut at its wide gaps; the mark of a list item stays with what follows it."""
    segments: list[Segment] = []
    start = 0
    words = line.words
    for number in range(1, len(words) + 1):
        if number < len(words) and not _apart(words[number - 1], words[number], line.size):
            continue
        if number < len(words) and start == 0 and _is_marker(words[:number]):
            continue
        own = words[start:number]
        inked = [word for word in own if not _DOTS.fullmatch(word.text)] or own
        right = max(_inked(word) for word in inked)
        segments.append(Segment(own, min(w.x0 for w in inked), right))
        start = number
    return Row(line, segments)


def _inked(word: Word) -> float:
    """Right edge of the word without the dots that follow it."""
    if word.text[-1:] not in ".·…_":
        return word.x1
    letters = len(word.text.rstrip(".·…_"))
    if not letters or len(word.text) - letters < 3:
        return word.x1
    return word.x0 + (word.x1 - word.x0) * letters / len(word.text)


def _apart(word: Word, after: Word, size: float) -> bool:
    """True where a wide gap parts two words, or a row of dots that leads the eye from one to the other."""
    if after.x0 - word.x1 > SPLIT_EM * size:
        return True
    return bool(_LEADER.search(word.text)) and not _LEADER.search(after.text)


def _is_marker(words: Sequence[Word]) -> bool:
    text = words[0].text
    return len(words) == 1 and (text in _MARKERS or bool(_NUMBERED.match(text)))


def runs(lines: Sequence[Line], rules: Rules) -> Iterator[Run]:
    """Stretches of lines with at least two that have wide gaps, with few others between them."""
    rows = [row_of(line) for line in lines]
    for number, row in enumerate(rows[1:], 1):
        row.ruled = _parted(rows[number - 1].line, row.line, rules.across)
    start = 0
    while start < len(rows):
        if not rows[start].seeds:
            start += 1
            continue
        end = _end(rows, start)
        if end - start <= MAX_ROWS and _in_line(rows[start:end]):
            first = _lifted(rows, start, end)
            yield Run(rows[first:end], first)
        start = end


def _beside_prose(rows: Sequence[Row]) -> bool:
    """True where most lines hold a long piece of text, of much the same width: notes in the margin of a page."""
    longest = [max(row.segments, key=lambda s: s.x1 - s.x0) for row in rows]
    widths = [segment.x1 - segment.x0 for segment in longest]
    words = median(len(segment.words) for segment in longest)
    return len(rows) > 3 and words >= 9 and median(widths) > 0.85 * max(widths)


def _in_line(rows: Sequence[Row]) -> bool:
    """True where in at least two rows something after a wide gap starts, ends or is centred at one place."""
    if _beside_prose(rows):
        return False
    places: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row.line.style.mono or not row.seeds:
            continue
        found = set()
        for segment in row.segments[1:]:
            found |= {("x0", round(segment.x0 / 4)), ("x1", round(segment.x1 / 4)), ("c", round(segment.middle / 4))}
        places.update(found)
    return max(places.values(), default=0) >= min(3, len(rows))


def _end(rows: Sequence[Row], start: int) -> int:
    """Index after the last row with wide gaps that goes on from `start`."""
    end, plain = start + 1, 0
    for number in range(start + 1, len(rows)):
        above, row = rows[number - 1].line, rows[number].line
        if row.y0 - above.y1 > FAR_EM * max(row.size, above.size) or row.y0 < above.y0:
            break
        if rows[number].seeds:
            end, plain = number + 1, 0
            continue
        plain += 1
        if plain > 3 or len(rows[number].segments[0].words) > 14:
            break
    return end + _tail(rows, start, end)


def _tail(rows: Sequence[Row], start: int, end: int) -> int:
    """Lines after the last row with gaps that go on one of its cells: short, close, and in the place of a column."""
    count = 0
    for number in range(end, min(end + 2, len(rows))):
        above, row = rows[number - 1].line, rows[number].line
        close = row.y0 - above.y1 < 0.35 * row.size and abs(row.size - above.size) < 0.6
        places = [s for r in rows[start:end] for s in r.segments]
        inner = any(abs(s.x0 - row.x0) < 2 for s in places) and row.x1 - row.x0 < 0.4 * (
            max(s.x1 for s in places) - min(s.x0 for s in places)
        )
        if not (close and inner) or rows[number].ruled:
            break
        count += 1
    return count


def _lifted(rows: Sequence[Row], start: int, end: int) -> int:
    """Index of the first row: names of columns above the first row with gaps belong to the table."""
    left, right = min(r.line.x0 for r in rows[start:end]), max(r.line.x1 for r in rows[start:end])
    first = start
    for number in range(start - 1, max(-1, start - 5), -1):
        row, below = rows[number].line, rows[number + 1].line
        close = below.y0 - row.y1 < 0.7 * row.size and abs(row.size - below.size) < 1.1
        inner = row.x0 > left + 0.15 * (right - left) and row.x1 < right + 12 and row.x1 - row.x0 < 0.7 * (right - left)
        if not (close and inner):
            break
        first = number
    return first


def _parted(above: Line, below: Line, across: Sequence[Rule]) -> bool:
    """True where a line is drawn across most of both between their middles."""
    top, bottom = (above.y0 + above.y1) / 2, (below.y0 + below.y1) / 2
    left, right = min(above.x0, below.x0), max(above.x1, below.x1)
    covered = [
        min(rule.end, right) - max(rule.start, left) for rule in across if top < rule.at < bottom and rule.end > left
    ]
    return sum(c for c in covered if c > 0) > 0.7 * (right - left)


def set_columns(run: Run, down: Sequence[Rule]) -> None:
    """Columns are what the segments of the fullest rows cover; others stretch them or span several of them."""
    columns: list[Column] = []
    for row in sorted(run.rows, key=lambda row: -len(row.segments)):
        for segment in row.segments:
            touched = [n for n, c in enumerate(columns) if c.x0 < segment.x1 and segment.x0 < c.x1]
            if not touched:
                columns.append(Column(segment.x0, segment.x1))
            elif len(touched) == 1:
                old = columns[touched[0]]
                wider = Column(min(old.x0, segment.x0), max(old.x1, segment.x1))
                if not any(n != touched[0] and c.x0 < wider.x1 and wider.x0 < c.x1 for n, c in enumerate(columns)):
                    columns[touched[0]] = wider
        columns.sort()
    if len(columns) > MAX_COLUMNS:
        return
    run.columns = columns
    _settle(run)
    run.columns = [column for n, column in enumerate(columns) if not _lone(run, n)]
    _settle(run)
    while len(run.columns) > 1 and (weak := _weakest(run, down)) is not None:
        left, right = run.columns[weak], run.columns[weak + 1]
        run.columns[weak : weak + 2] = [Column(min(left.x0, right.x0), max(left.x1, right.x1))]
        _settle(run)


def _lone(run: Run, number: int) -> bool:
    """True for a column between others that one poorly filled row alone has: a name over its neighbours."""
    held = [row for row in run.rows if any(s.col <= number <= s.last for s in row.segments)]
    inner = 0 < number < len(run.columns) - 1
    return inner and len(held) == 1 and len(run.rows) > 3 and len(held[0].segments) < len(run.columns) - 1


def _settle(run: Run) -> None:
    """Each segment's columns: those it covers by more than its rim, or the nearest."""
    for row in run.rows:
        for segment in row.segments:
            rim = min(2.0, 0.2 * (segment.x1 - segment.x0))
            touched = [n for n, c in enumerate(run.columns) if c.x0 < segment.x1 - rim and segment.x0 + rim < c.x1] or [
                min(range(len(run.columns)), key=lambda n: _away(run.columns[n], segment))
            ]
            segment.col, segment.last = touched[0], touched[-1]


def _away(column: Column, segment: Segment) -> float:
    return max(column.x0 - segment.x1, segment.x0 - column.x1, 0.0)


def _weakest(run: Run, down: Sequence[Rule]) -> int | None:
    """The column whose edge to the next more rows run across than keep; None where all edges hold."""
    worst: tuple[float, int] | None = None
    for number in range(len(run.columns) - 1):
        top, bottom = run.rows[0].line.y0, run.rows[-1].line.y1
        drawn = any(
            run.columns[number].x1 - 3 < rule.at < run.columns[number + 1].x0 + 3
            and min(rule.end, bottom) - max(rule.start, top) > 0.5 * (bottom - top)
            for rule in down
        )
        crossed = sum(1 for row in run.rows if any(s.col <= number < s.last for s in row.segments))
        kept = sum(
            1
            for row in run.rows
            if any(s.last == number for s in row.segments) and any(s.col == number + 1 for s in row.segments)
        )
        share = crossed / (kept + 1e-9)
        if not drawn and share > 0.6 and (worst is None or share > worst[0]):
            worst = (share, number)
    return worst[1] if worst else None


def is_figure_row(row: Row) -> bool:
    """True where most of what stands right of the first column is numbers."""
    rest = [segment.text for segment in row.segments if segment.col > 0]
    if rest and all(map(is_year, rest)):
        return row.segments[0].col == 0 and not is_year(row.segments[0].text)
    return bool(rest) and sum(map(is_figure, rest)) >= 0.5 * len(rest)
