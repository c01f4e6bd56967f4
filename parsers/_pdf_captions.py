"""Tables and what belongs to them: caption, line of units, notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from quarry.layout import BBox
from quarry.types import Element, ElementType

NEAR = 34.0
"""Points between a table and its caption, at most."""
_TABLE = re.compile(r"(?:tab(?:le|elle|leau|la|\.)?|exhibit|schedule)\b", re.IGNORECASE)
_FIGURE = re.compile(r"(?:fig|chart|graph|abb|listing|algorithm|plate)", re.IGNORECASE)
_UNITS = re.compile(
    r"\b(?:in|as|expressed in|en)\s+(?:the\s+)?(?:millions?|thousands?|billions?|hundreds?|percent(?:age)?|per\s?cent"
    r"|units|us\s*\$|usd|eur(?:os?)?|gbp|tonnes|kg|km|[%$€£¥])|\b(?:units?|unité|einheit)\s*:"
    r"|[$€£¥]\s?(?:000|m|bn|'000)\b|^\(?(?:%|per\s?cent|thousands|millions|[$€£¥])\)?$",
    re.IGNORECASE,
)
_NOTE = re.compile(r"(?:sources?|notes?|quelle|anmerkung|fuente|\*+|†|\([*a-z1-9]\)|n\.b\.)\s*[:.]?", re.IGNORECASE)
MAX_UNIT_WORDS = 16
_TEXT = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT)


def tied(elements: Sequence[Element], text: str) -> tuple[Element, ...]:
    """The elements, each table with the ids of what explains it in `captions`; each of these belongs to one table."""
    found: dict[int, list[int]] = {n: [] for n, e in enumerate(elements) if e.table is not None}
    taken: set[int] = set()
    for wanted in (_is_caption, _is_units, _is_note):
        for number, own in found.items():
            for other in _beside(elements, number, wanted is _is_note):
                if other not in taken and wanted(elements[other], elements[other].span.of(text)):
                    own.append(other)
                    taken.add(other)
                    if wanted is _is_caption:
                        break
    return tuple(
        replace(e, captions=tuple(elements[m].id for m in sorted(found[n]))) if found.get(n) else e
        for n, e in enumerate(elements)
    )


def _beside(elements: Sequence[Element], number: int, below: bool) -> list[int]:
    """Neighbours within reach on the page, what stands above before what stands below."""
    table = elements[number]
    above = [] if below else _reach(elements, table, range(number - 1, max(-1, number - 4), -1))
    return above + _reach(elements, table, range(number + 1, min(len(elements), number + 4)))


def _reach(elements: Sequence[Element], table: Element, numbers: range) -> list[int]:
    near: list[int] = []
    edge = None
    for number in numbers:
        element = elements[number]
        if element.table is not None or not element.in_body or not element.regions:
            break
        region = element.regions[0]
        frame = next((r.bbox for r in table.regions if r.page == region.page), None)
        if frame is None or _gap(edge or frame, region.bbox) > NEAR or not _over(frame, region.bbox):
            break
        edge = region.bbox
        near.append(number)
    return near


def _gap(box: BBox, other: BBox) -> float:
    return max(other.y0 - box.y1, box.y0 - other.y1, 0.0)


def _over(box: BBox, other: BBox) -> bool:
    return min(box.x1, other.x1) > max(box.x0, other.x0)


def _is_caption(element: Element, text: str) -> bool:
    if element.type is ElementType.FIGURE_CAPTION:
        return not _FIGURE.match(text)
    return element.type is ElementType.TITLE and bool(_TABLE.match(text)) and any(c.isdigit() for c in text[:14])


def _is_units(element: Element, text: str) -> bool:
    return element.type in _TEXT and len(text.split()) <= MAX_UNIT_WORDS and bool(_UNITS.search(text))


def _is_note(element: Element, text: str) -> bool:
    return element.type in (*_TEXT, ElementType.FOOTNOTE) and bool(_NOTE.match(text))
