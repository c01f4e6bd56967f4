"""The body of a document and its top-level sections: where windows, statistics and planning start afresh."""

from __future__ import annotations

from itertools import pairwise

from quarry.span import Span
from quarry.types import Document, ElementType


def body(document: Document) -> Span:
    """From the first to the last element that chunkers read; empty where there is none."""
    inside = [element.span for element in document.elements if element.in_body]
    return Span(inside[0].start, inside[-1].end) if inside else Span(0, 0)


def top_sections(document: Document) -> tuple[Span, ...]:
    """Spans that tile the body, cut before each heading of the highest level that occurs more than once.

    A lone heading of the highest level is the document's title: cutting there would leave one section.
    """
    whole = body(document)
    if not len(whole):
        return ()
    titles = [e for e in document.elements if e.in_body and e.type is ElementType.TITLE and e.level is not None]
    levels = sorted({e.level for e in titles if e.level is not None})
    counts = {level: sum(e.level == level for e in titles) for level in levels}
    top = next((level for level in levels if counts[level] > 1), None)
    upto = [e.span.start for e in titles if top is not None and e.level is not None and e.level <= top]
    cuts = [cut for cut in upto if cut > whole.start]
    edges = [whole.start, *cuts, whole.end]
    return tuple(Span(a, b) for a, b in pairwise(edges))
