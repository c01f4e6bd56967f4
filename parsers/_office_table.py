"""A table as unstructured gives it, as HTML -> cells with the places of their texts."""

from __future__ import annotations

from lxml import etree, html  # type: ignore[import-untyped]  # no stubs are published

from parsers._table_html import html_of
from quarry.span import Span
from quarry.types import Cell, Table


def table_of(source: str) -> tuple[str, Table] | None:
    """Cells joined by tabs, rows by line breaks; None for a table without text."""
    try:
        root = html.fragment_fromstring(source)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    parts: list[str] = []
    length = 0
    rows: list[tuple[Cell, ...]] = []
    spans: list[Span] = []
    for number, row in enumerate(root.iter("tr")):
        start = length + 1 if parts else 0
        texts = [" ".join(cell.text_content().split()) for cell in row.iter("td", "th")]
        rows.append(_row(row, texts, number, start=start))
        line = "\t".join(texts)
        parts.append(line)
        length = start + len(line)
        spans.append(Span(start, length))
    text = "\n".join(parts)
    return (text, Table(tuple(rows), html_of(rows), tuple(spans))) if text.strip() else None


def _row(row: html.HtmlElement, texts: list[str], number: int, *, start: int) -> tuple[Cell, ...]:
    cells = []
    column = 0
    for node, text in zip(row.iter("td", "th"), texts, strict=True):
        wide, tall = _count(node.get("colspan")), _count(node.get("rowspan"))
        span = Span(start, start + len(text)) if text else None
        cells.append(Cell(text, number, column, tall, wide, header=node.tag == "th", span=span))
        column += wide
        start += len(text) + 1
    return tuple(cells)


def _count(value: str | None) -> int:
    return max(1, int(value)) if value and value.isdecimal() else 1
