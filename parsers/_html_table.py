"""Tables as grids: which tables hold data, where each cell stands, and its HTML written anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from parsers._html_runs import Inline
from parsers._html_tree import Node
from quarry.span import Span
from quarry.types import Cell, Link, Table

_MAX_COLUMNS = 1000
_PARTS = frozenset({"thead", "tbody", "tfoot"})
_STRUCTURE = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "article", "section", "nav", "form", "table"})


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell's node at its place; spans clamped to the grid."""

    node: Node
    row: int
    col: int
    rowspan: int
    colspan: int
    header: bool


def is_data_table(node: Node) -> bool:
    """Layout tables are read as the blocks in them: a lone column or row, or one that holds headings or tables."""
    if node.attrs.get("role", "").lower() in ("presentation", "none"):
        return False
    # Stops at the first hit, or tables nested thousands deep would take quadratic time.
    if any(child.tag in _STRUCTURE for child in node.descendants()):
        return False
    rows = [row for row in rows_of(node) if any(True for _ in _cells(row))]
    widest = max((sum(1 for _ in _cells(row)) for row in rows), default=0)
    marked = any(child.tag in ("th", "caption", "thead") for child in node.descendants())
    return widest > 1 and (len(rows) > 1 or marked)


def rows_of(table: Node) -> list[Node]:
    found: list[Node] = []
    for child in table.children:
        if isinstance(child, Node) and child.tag == "tr":
            found.append(child)
        elif isinstance(child, Node) and child.tag in _PARTS:
            found.extend(row for row in child.children if isinstance(row, Node) and row.tag == "tr")
    return found


def _cells(row: Node) -> Iterator[Node]:
    return (child for child in row.children if isinstance(child, Node) and child.tag in ("td", "th"))


def grid(table: Node) -> list[list[GridCell]]:
    """HTML's algorithm for forming a table, with spans clamped to 1,000 columns and the rows there are."""
    rows = rows_of(table)
    until: dict[int, int] = {}
    """By column: the first row that no cell from above reaches."""
    made: list[list[GridCell]] = []
    for number, row in enumerate(rows):
        line: list[GridCell] = []
        col = 0
        for node in _cells(row):
            while until.get(col, 0) > number:
                col += 1
            colspan = max(1, min(_number(node, "colspan"), _MAX_COLUMNS - col))
            below = _number(node, "rowspan") or len(rows)
            rowspan = max(1, min(below, len(rows) - number))
            until.update(dict.fromkeys(range(col, col + colspan), number + rowspan))
            header = node.tag == "th" or (row.parent is not None and row.parent.tag == "thead")
            line.append(GridCell(node, number, col, rowspan, colspan, header))
            col += colspan
        made.append(line)
    return made


def _number(node: Node, name: str) -> int:
    text = node.attrs.get(name, "1").strip()[:6]
    return int(text) if text.isascii() and text.isdecimal() else 1


@dataclass(frozen=True, slots=True)
class TableText:
    """A table as text, its spans counted from the text's start."""

    text: str
    table: Table
    links: tuple[Link, ...]


def table_text(cells: list[list[tuple[GridCell, Inline | None]]]) -> TableText | None:
    """Cells joined by tabs, rows by line breaks; None for a table without text."""
    pieces: list[str] = []
    length = 0
    rows, spans, links = [], [], list[Link]()
    for line in cells:
        row: list[Cell] = []
        start: int | None = None
        for place, inline in line:
            span = None
            if inline is not None:
                gap = "\t" if start is not None else "\n" if pieces else ""
                begin = length + len(gap)
                start = begin if start is None else start
                pieces += [gap, inline.text]
                length = begin + len(inline.text)
                span = Span(begin, length)
                links.extend(inline.moved(begin))
            row.append(_cell(place, inline.text if inline else "", span))
        if start is not None:
            spans.append(Span(start, length))
        rows.append(tuple(row))
    text = "".join(pieces)
    return TableText(text, Table(tuple(rows), _html(rows), tuple(spans)), tuple(links)) if text else None


def _cell(place: GridCell, text: str, span: Span | None) -> Cell:
    return Cell(text, place.row, place.col, place.rowspan, place.colspan, header=place.header, span=span)


def _html(rows: list[tuple[Cell, ...]]) -> str:
    lines = ("".join(_cell_html(cell) for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _cell_html(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = "".join(
        f' {name}="{value}"' for name, value in (("colspan", cell.colspan), ("rowspan", cell.rowspan)) if value > 1
    )
    return f"<{tag}{spans}>{escape(cell.text)}</{tag}>"
