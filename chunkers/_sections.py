"""The body of a document and its top-level sections: where windows, statistics and planning start afresh."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from quarry.span import Span
from quarry.types import Document, Element, ElementType


def body(document: Document) -> Span:
    """From the first to the last element that chunkers read; empty where there is none."""
    inside = [element.span for element in document.elements if element.in_body]
    return Span(inside[0].start, inside[-1].end) if inside else Span(0, 0)


def top_sections(document: Document) -> tuple[Span, ...]:
    """Spans that tile the body, cut before each heading of the highest level that occurs more than once.

    A lone heading of the highest level is the document's title: cutting there would leave one section. A heading right
    below a higher one opens no section: it would leave that one alone.
    """
    whole = body(document)
    if not len(whole):
        return ()
    inside = [element for element in document.elements if element.in_body]
    counts = Counter(element.level for element in inside if _is_heading(element))
    top = min((level for level, count in counts.items() if level is not None and count > 1), default=0)
    cuts, read, above = [whole.start], False, 0
    for element in inside:
        level = element.level if _is_heading(element) else None
        if level is not None and level <= top:
            if element.span.start > whole.start and (read or level <= above):
                cuts.append(element.span.start)
            read, above = False, level
        read = read or element.type is not ElementType.TITLE
    return tuple(Span(a, b) for a, b in pairwise([*cuts, whole.end]))


def _is_heading(element: Element) -> bool:
    return element.type is ElementType.TITLE and element.level is not None
