"""Where the text of a document passes from one page to the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from quarry.layout import Layout
from quarry.span import Span
from quarry.types import Document, Element


def page_runs(document: Document) -> Iterator[Span]:
    """Spans that tile the body, each of one page; one span where no element has a page.

    The text follows the reading order, so a page's note that is read after the next page's first lines is a run of its
    own. A word that is broken over two pages belongs to the first of them.
    """
    cuts: list[tuple[int, int | None]] = []
    end = 0
    for element in document.elements:
        if not element.in_body:
            continue
        for start, page in _pages(element, document.layout, document.text):
            if not cuts or (page is not None and page != cuts[-1][1]):
                cuts.append((start, page))
        end = element.span.end
    for (start, _), (following, _) in pairwise([*cuts, (end, None)]):
        yield Span(start, following)


def has_pages(document: Document) -> bool:
    return len(document.layout) > 0 or any(element.page is not None for element in document.elements)


def _pages(element: Element, layout: Layout, text: str) -> Iterator[tuple[int, int | None]]:
    """Places in the element from which on its text stands on a page; the first is its start."""
    words = layout.words(element.span)
    if not len(words):
        yield element.span.start, element.page
        return
    last = layout.pages[words[0]]
    yield element.span.start, last
    for before, word in pairwise(words):
        if layout.pages[word] == last:
            continue
        start = layout.starts[word]
        if start == layout.ends[before] and not text[start - 1 : start + 1].isspace():
            start = max(start, min(layout.ends[word], element.span.end))
        if start < element.span.end:
            last = layout.pages[word]
            yield start, last
