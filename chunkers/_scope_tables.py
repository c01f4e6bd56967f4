"""Units that a table's own cells state, and which of its cells hold amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chunkers._scope_rules import Kind, Statement, in_line
from chunkers._scope_units import OTHER, measure
from chunkers._scope_words import PER_SHARE, UNIT_HEADS
from quarry.span import Span
from quarry.types import Cell, Element, Table

_FIGURE = re.compile(
    r"[^\w\s]{0,3}\s?(?:[A-Z]{2,3}\s?)?[^\w\s]{0,2}\s?\d[\d.,'\u2019\u202f\u00a0 ]*\s?[^\w\s%]{0,2}(?:[a-z]\)?"
    r"|\d\))?$"
)
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d$")
_THOUSANDS = re.compile(r"\D*000s?\W*$", re.IGNORECASE)
"""`\u00a3'000`"""
_YEAR = re.compile(r"(?:(?:FY|Q[1-4]|H[12])?\s?(?:19|20)\d\d(?:\s?[/-]\s?\d{2,4})?(?:\s+|$))+$")
_IN_PERCENT = re.compile(r"(?<![\d\s])\s*[(\[]?(?:%|per ?cent)[)\]]?\s*$|^\s*%", re.IGNORECASE)
"""`Change %`, `Margin (%)`; `up 5 %` is no label."""
_PERCENT = re.compile(r"%\s*$")
_PER_SHARE = re.compile(rf"(?<!\w)(?:{PER_SHARE})(?!\w)", re.IGNORECASE)
_UNIT_HEAD = re.compile(rf"(?:{UNIT_HEADS})\W*$", re.IGNORECASE)
_NUMBERED_ROW = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+[^\W\d_]{3,}(?:\s[^\W\d]+){0,6}$")
PROSE_WORDS = 8
UNIT_CELL = 40
"""Characters of a cell in a column of units, at most."""
HEAD_ROWS = 3
"""Rows without figures that are looked at for units where the parser marks none as header."""


NAMED_INSIDE = re.compile(
    r"(?:(?<=[.!?:]\s)|^)(?:table|tabelle|tableau|tabella|tabla|cuadro|exhibit)\s\d[\d.]*[.:\s]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class CellStatement:
    """Said in a header cell, at the start of a row or in its column of units."""

    statement: Statement
    cells: tuple[Span, ...] = ()
    """The figures that it is about; empty for the whole table."""
    columns: range = range(0)
    """Of a header cell over some of the columns."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What of a table is numbers."""

    amounts: tuple[Span, ...]
    per_share: frozenset[Span]
    """Those of them in rows and columns per share."""


def is_figure(text: str) -> bool:
    text = text.strip()
    return bool(_FIGURE.match(text)) and not any(other.match(text) for other in (_YEAR, _THOUSANDS, _DATE))


def is_per_share(text: str) -> bool:
    return _PER_SHARE.search(text) is not None


def figures(table: Table) -> Figures:
    head = _head(table)
    columns = {
        c for row in table.rows[:head] for cell in row if is_per_share(cell.text) and cell.col for c in _cols(cell)
    }
    said = _unit_columns(table.rows[:head]) | _percent_columns(table.rows[:head])
    amounts: list[Span] = []
    shares: list[Span] = []
    for number, row in enumerate(table.rows[head:], start=head):
        stub = is_per_share(row[0].text) if row else False
        if row and _IN_PERCENT.search(row[0].text):
            continue
        for cell in row:
            span = cell.span or (table.row_spans[number] if number < len(table.row_spans) else None)
            if span is None or cell.col in said or not is_figure(cell.text) or _PERCENT.search(cell.text):
                continue
            amounts.append(span)
            if stub or cell.col in columns:
                shares.append(span)
    return Figures(tuple(amounts), frozenset(shares))


def headless(table: Table) -> bool:
    """It begins with a row of figures: what a page break left of the table before it."""
    return bool(table.rows) and any(is_figure(cell.text) for cell in table.rows[0])


def in_columns(table: Table, columns: range) -> tuple[Span, ...]:
    return tuple(c.span for row in table.rows for c in row if c.span and c.col in columns and is_figure(c.text))


def first_part(table: Table, end: int) -> int:
    """Where a second caption begins inside of what the parser took for one table; else `end`."""
    read = False
    for row in table.rows:
        spans = [cell.span for cell in row if cell.span]
        if any(is_figure(cell.text) for cell in row):
            read = True
        elif read and spans and _breaks(row):
            return spans[0].start
    return end


def hidden_headings(table: Table) -> Iterator[tuple[str, int]]:
    """Numbers of headings that were taken for rows, `5 Investments`, below the first figures; with their places."""
    read = False
    for row in table.rows:
        said = [cell for cell in row if cell.text.strip()]
        if any(is_figure(cell.text) for cell in row):
            read = True
        elif read and len(said) == 1 and said[0].span and (found := _NUMBERED_ROW.match(said[0].text.strip())):
            yield found[1], said[0].span.start


def _breaks(row: Sequence[Cell]) -> bool:
    """A caption or running text: what follows is another table."""
    said = [cell.text.strip() for cell in row if cell.text.strip()]
    text = " ".join(said)
    prose = len(said) == 1 and text.endswith((".", "!", "?")) and len(text.split()) >= PROSE_WORDS
    return prose or NAMED_INSIDE.search(text) is not None


def cell_statements(text: str, element: Element) -> Iterator[CellStatement]:
    table = element.table
    if table is None:
        return
    head = _head(table)
    width = max((cell.col + cell.colspan for row in table.rows for cell in row), default=0)
    end = first_part(table, element.span.end)
    body = [
        cell for row in table.rows[head:] for cell in row if cell.span and cell.span.end <= end and is_figure(cell.text)
    ]
    for row in table.rows[:head]:
        alone = sum(bool(cell.text.strip()) for cell in row) == 1
        for cell in row:
            for statement in _of_cell(text, cell):
                columns = _cols(cell)
                whole = alone or not cell.col or len(columns) >= width - 1
                cells = () if whole else tuple(c.span for c in body if c.span and c.col in columns)
                if whole or cells:
                    yield CellStatement(statement, cells, range(0) if whole else columns)
    yield from _of_parts(text, table.rows[head:])
    yield from _of_rows(text, table.rows[:head], table.rows[head:])


def _of_parts(text: str, rows: Sequence[tuple[Cell, ...]]) -> Iterator[CellStatement]:
    """Lines between the rows, `in thousands`: they are about the rows below, up to the next such line."""
    said: list[Statement] = []
    held: list[Span] = []
    for row in (*rows, ()):
        found = [cell.span for cell in row if cell.span and is_figure(cell.text)]
        if row and not found and said and held and _breaks(row):
            yield from (CellStatement(statement, tuple(held)) for statement in said)
            said, held = [], []
        own = [] if found else [each for cell in row for each in _of_cell(text, cell) if each.subject != OTHER]
        if own or not row:
            yield from (CellStatement(statement, tuple(held)) for statement in said if held)
            said, held = own, []
        held += found


def _of_rows(text: str, head: Sequence[tuple[Cell, ...]], rows: Sequence[tuple[Cell, ...]]) -> Iterator[CellStatement]:
    said = _unit_columns(head)
    for row in rows:
        found = [cell.span for cell in row[1:] if cell.span and cell.col not in said and is_figure(cell.text)]
        if not found:
            continue
        for number, cell in enumerate(row):
            if is_figure(cell.text) and cell.col not in said:
                break
            own = _of_cell(text, cell) if not number else _of_unit_cell(text, cell, named=cell.col in said)
            for statement in own:
                yield CellStatement(statement, tuple(found))


def _percent_columns(head: Sequence[tuple[Cell, ...]]) -> set[int]:
    return {
        column for row in head for cell in row if cell.col and _IN_PERCENT.search(cell.text) for column in _cols(cell)
    }


def _unit_columns(head: Sequence[tuple[Cell, ...]]) -> set[int]:
    return {column for row in head for cell in row if _UNIT_HEAD.match(cell.text.strip()) for column in _cols(cell)}


def _of_unit_cell(text: str, cell: Cell, *, named: bool) -> Iterator[Statement]:
    """Of a column of units. A lone sign of a currency belongs to the number behind it, a lone `%` to the one before."""
    said = cell.text.strip()
    if cell.span is None or not said or len(said) > UNIT_CELL:
        return
    if named and (other := measure(said)) and len(other) == len(said):
        place = cell.span.strip(text)
        yield from (Statement(kind, place, place, OTHER) for kind in (Kind.SCALE, Kind.CURRENCY))
        return
    told = in_line(text, cell.span)
    if named or any(each.kind is Kind.SCALE and not each.implied and each.subject != OTHER for each in told):
        yield from told


def _of_cell(text: str, cell: Cell) -> tuple[Statement, ...]:
    return in_line(text, cell.span) if cell.span is not None and cell.text.strip() else ()


def _cols(cell: Cell) -> range:
    return range(cell.col, cell.col + cell.colspan)


def _head(table: Table) -> int:
    """Rows at the top that are marked as header, or hold no figures."""
    for number, row in enumerate(table.rows):
        marked = bool(row) and all(cell.header for cell in row if cell.col)
        bare = number < HEAD_ROWS and not any(is_figure(cell.text) for cell in row)
        if not marked and not bare:
            return number
    return min(len(table.rows), HEAD_ROWS)
