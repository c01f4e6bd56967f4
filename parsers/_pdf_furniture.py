"""Running heads, feet and page numbers: what stands at the edge of the pages and repeats."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from parsers._pdf_lines import Line, Page
from parsers._pdf_order import rows

ZONE = 0.11
"""Share of the page's height at its top and bottom in which furniture is looked for."""
EDGE_ROWS = 4
MAX_STANDING = 120
"""Characters of a running head whose text changes."""
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(
    r"^\W*(?:page|p\.|seite|folio)?\W*(\d{1,4}|[ivxlc]{1,6})\W*(?:(?:of|von|/|\|)\W*\d{1,4}\W*)?$", re.IGNORECASE
)


class Furniture(NamedTuple):
    """Pieces by identity: `head` and `foot` hold `id(line)`."""

    head: frozenset[int]
    foot: frozenset[int]


class _Row(NamedTuple):
    page: int
    edge: str
    distance: float
    """From the page's edge in points."""
    text: str
    pieces: tuple[Line, ...]


def furniture(pages: Sequence[Page], *, body_size: float) -> Furniture:
    """A row repeats where its text, digits set aside, stands at the same height on at least three pages, or on two of
    a short document if the numbers in it count up with the pages."""
    candidates = [row for page in pages for row in _edge_rows(page, body_size)]
    found: dict[str, set[int]] = {"head": set(), "foot": set()}
    groups: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in candidates:
        groups[row.edge, _DIGITS.sub("#", row.text).casefold()].append(row)
    for (edge, _), group in groups.items():
        for row in group:
            near = [other for other in group if abs(other.distance - row.distance) < 8]
            if _repeats(near, len(pages)):
                found[edge].update(id(piece) for piece in row.pieces)
    for row in _standing(pages, body_size):
        found[row.edge].update(id(piece) for piece in row.pieces)
    for page in pages:
        for line in page.lines:
            if line.aside and not line.flag and (line.x1 < 0.12 * page.width or line.x0 > 0.88 * page.width):
                found["head"].add(id(line))
    return Furniture(frozenset(found["head"]), frozenset(found["foot"]))


def _edge_rows(page: Page, body_size: float) -> list[_Row]:
    found = []
    for edge in ("head", "foot"):
        zone = [
            line
            for line in page.lines
            if not line.flag
            and not line.aside
            and (line.y1 < ZONE * page.height if edge == "head" else line.y0 > (1 - ZONE) * page.height)
        ]
        stacked = rows(zone)
        for row in stacked[:EDGE_ROWS] if edge == "head" else stacked[-EDGE_ROWS:]:
            if max(piece.size for piece in row) <= 1.3 * body_size:
                top = min(piece.y0 for piece in row)
                distance = top if edge == "head" else page.height - top
                found.append(_Row(page.number, edge, distance, " ".join(p.text for p in row), tuple(row)))
    return found


def _standing(pages: Sequence[Page], body_size: float) -> list[_Row]:
    """Rows whose text changes, as the name of the section does: the outermost of their pages, on most pages at one
    height and in one size, and set off from the text by more than a line's usual distance."""
    slots: dict[tuple[str, int, int], list[tuple[_Row, bool]]] = defaultdict(list)
    for page in pages:
        for edge in ("head", "foot"):
            row = _outermost(page, edge, body_size)
            if row is not None:
                key = (edge, round(row.distance / 3), round(2 * row.pieces[0].size))
                slots[key].append((row, _set_off(row, page)))
    found: list[_Row] = []
    for group in slots.values():
        apart = [row for row, off in group if off]
        if len(group) >= max(3, 0.4 * len(pages)) and len(apart) >= 0.85 * len(group):
            found += apart
    return found


def _outermost(page: Page, edge: str, body_size: float) -> _Row | None:
    held = [row for row in _edge_rows(page, body_size) if row.edge == edge]
    if not held:
        return None
    row = held[0] if edge == "head" else held[-1]
    size = max(piece.size for piece in row.pieces)
    return row if size <= 1.05 * body_size and len(row.text) <= MAX_STANDING else None


def _set_off(row: _Row, page: Page) -> bool:
    """True where at least a line's height lies between the row and the text."""
    y0, y1 = min(piece.y0 for piece in row.pieces), max(piece.y1 for piece in row.pieces)
    others = [
        line for line in page.lines if not line.flag and not line.aside and not y0 <= (line.y0 + line.y1) / 2 <= y1
    ]
    if row.edge == "head":
        gap = min((line.y0 for line in others), default=page.height) - y1
    else:
        gap = y0 - max((line.y1 for line in others), default=0.0)
    return gap >= 0.8 * (y1 - y0)


def _repeats(group: Sequence[_Row], pages: int) -> bool:
    count = len({row.page for row in group})
    if count >= 3:
        return True
    if count < 2 or pages > 5:
        return False
    return _counting(group)


def _counting(group: Sequence[_Row]) -> bool:
    """True where some number in the rows grows as the page number does."""
    first, last = group[0], group[-1]
    before, after = _numbers(first.text), _numbers(last.text)
    step = last.page - first.page
    return len(before) == len(after) and any(b - a == step for a, b in zip(before, after, strict=True))


def _numbers(text: str) -> list[int]:
    alone = _NUMBER.match(text)
    if alone and not alone[1].isdigit():
        return [_roman(alone[1].lower())]
    return [int(number) for number in _DIGITS.findall(text) if len(number) < 6]


def _roman(text: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[letter] for letter in text]
    later = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, later, strict=True))
