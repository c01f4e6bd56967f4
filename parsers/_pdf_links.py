"""Hyperlinks: the words in each link's box, as spans of the text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from quarry.layout import Layout
from quarry.span import Span
from quarry.types import Element, Link

MAX_LINKS = 500
"""Of one page; more is no text."""


class Target(NamedTuple):
    """A link's box on the page as displayed, and where it leads: a URL, or `#page=N` inside the document."""

    x0: float
    y0: float
    x1: float
    y1: float
    url: str


def targets(page: Any) -> tuple[Target, ...]:
    """The page's links. The library gives their boxes on the unturned page."""
    if page.first_link is None:
        return ()
    found = []
    for link in page.get_links()[:MAX_LINKS]:
        url = link.get("uri") or (f"#page={link['page'] + 1}" if link.get("page", -1) >= 0 else "")
        if url:
            box = link["from"] * page.rotation_matrix
            found.append(Target(box.x0, box.y0, box.x1, box.y1, url))
    return tuple(found)


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
    for word in range(len(layout)):
        own = links.get(layout.pages[word])
        url = _url(layout, word, own) if own else None
        if run is not None and (url != run[2] or layout.starts[word] in starts):
            yield Span(layout.starts[run[0]], layout.ends[run[1]]), run[2]
            run = None
        if url is not None:
            run = (run[0] if run else word, word, url)
    if run is not None:
        yield Span(layout.starts[run[0]], layout.ends[run[1]]), run[2]


def _url(layout: Layout, word: int, own: Sequence[Target]) -> str | None:
    x0, y0, x1, y1 = layout.boxes[4 * word : 4 * word + 4]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return next((link.url for link in own if link.x0 <= x <= link.x1 and link.y0 <= y <= link.y1), None)
