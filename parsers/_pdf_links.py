"""Hyperlinks: the words in each link's box, as spans of the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from quarry.layout import Layout
from quarry.span import Span
from quarry.types import Element, Link

_PAGE = re.compile(r"#page=(\d+)")
MAX_LINKS = 500
"""Of one page; more is no text."""


class Target(NamedTuple):
    """A link's box on the page as displayed, and where it leads: a URL, or `#page=N` inside the document."""

    x0: float
    y0: float
    x1: float
    y1: float
    url: str


def targets(pymupdf: Any, page: Any) -> tuple[Target, ...]:
    """The page's links, from MuPDF's own list: PyMuPDF's costs 25 times as much."""
    found: list[Target] = []
    link = pymupdf.mupdf.fz_load_links(page.this)
    while link.m_internal and len(found) < MAX_LINKS:
        held = link.m_internal
        url = _target(pymupdf, page, held.uri or "")
        if url:
            found.append(Target(held.rect.x0, held.rect.y0, held.rect.x1, held.rect.y1, url))
        link = link.next()
    return tuple(found)


def _target(pymupdf: Any, page: Any, uri: str) -> str:
    """Places inside the document as `#page=N`; empty where it leads nowhere."""
    if not uri.startswith("#"):
        return uri
    numbered = _PAGE.match(uri)
    if numbered:
        return f"#page={numbered[1]}"
    try:
        place, *_ = pymupdf.mupdf.fz_resolve_link(page.parent.this, uri)
    except (RuntimeError, pymupdf.mupdf.FzErrorBase):  # a name that nothing has
        return ""
    return f"#page={place.page + 1}" if place.page >= 0 else ""


def linked(elements: Sequence[Element], layout: Layout, links: Mapping[int, Sequence[Target]]) -> tuple[Element, ...]:
    """The elements with their links; `links` by page."""
    if not links:
        return tuple(elements)
    starts = [element.span.start for element in elements]
    held: dict[int, list[Link]] = {}
    for span, url in _spans(layout, links, frozenset(starts)):
        number = bisect_right(starts, span.start) - 1
        if number >= 0:
            cut = Span(span.start, min(span.end, elements[number].span.end))
            held.setdefault(number, []).append(Link(cut, url))
    return tuple(
        replace(element, links=tuple(sorted(held[number], key=lambda link: link.span))) if number in held else element
        for number, element in enumerate(elements)
    )


def _spans(
    layout: Layout, links: Mapping[int, Sequence[Target]], starts: Collection[int]
) -> Iterator[tuple[Span, str]]:
    """Runs of words with one target, broken where an element starts; a link over two lines is one run."""
    run: tuple[int, int, str] | None = None
    for word, url in sorted(_words(layout, links).items()):
        if run is not None and (url != run[2] or word != run[1] + 1 or layout.starts[word] in starts):
            yield Span(layout.starts[run[0]], layout.ends[run[1]]), run[2]
            run = None
        run = (run[0] if run else word, word, url)
    if run is not None:
        yield Span(layout.starts[run[0]], layout.ends[run[1]]), run[2]


def _words(layout: Layout, links: Mapping[int, Sequence[Target]]) -> dict[int, str]:
    """Words whose middle is in a link's box, and where that leads."""
    import numpy as np  # PyMuPDF has loaded it

    boxes = np.frombuffer(layout.boxes, dtype=np.float32).reshape(-1, 4)
    pages = np.frombuffer(layout.pages, dtype=np.int32)
    found: dict[int, str] = {}
    for page, own in links.items():
        words = np.flatnonzero(pages == page)
        x, y = boxes[words, 0] + boxes[words, 2], boxes[words, 1] + boxes[words, 3]
        for link in own:
            inside = (2 * link.x0 <= x) & (x <= 2 * link.x1) & (2 * link.y0 <= y) & (y <= 2 * link.y1)
            for word in words[inside].tolist():
                found.setdefault(word, link.url)
    return found
