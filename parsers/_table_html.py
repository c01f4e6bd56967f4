"""The cells of a table as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from quarry.types import Cell


def html_of(rows: Sequence[Sequence[Cell]]) -> str:
    """Spans and header cells kept, one line."""
    return "<table>" + "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows) + "</table>"


def _cell(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = f' rowspan="{cell.rowspan}"' if cell.rowspan > 1 else ""
    spans += f' colspan="{cell.colspan}"' if cell.colspan > 1 else ""
    return f"<{tag}{spans}>{escape(cell.text, quote=False)}</{tag}>"
