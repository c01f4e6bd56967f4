"""Sentence-like units of a document: what `semantic` compares, and what vectors of sentences are made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from chunkers._assemble import split
from chunkers._ruler import Ruler
from chunkers._sections import top_sections
from chunkers._sentences import sentences
from quarry.encoding import TokenCounter
from quarry.span import Span
from quarry.types import Chunk, Document, Element


def by_section(document: Document) -> Iterator[list[Element]]:
    """The body elements of each top-level section."""
    tops = [section.start for section in top_sections(document)]
    inside = (element for element in document.elements if element.in_body)
    for _, elements in groupby(inside, key=lambda element: bisect_right(tops, element.span.start)):
        yield list(elements)


def units(elements: Iterable[Element], ruler: Ruler, *, unit: int) -> list[Span]:
    """In text order, none over `unit` tokens, none of white space."""
    return [
        part
        for element in elements
        for sentence in sentences(ruler.text, element.span)
        for part in split(ruler, sentence, limit=unit)
        if part.of(ruler.text).strip()
    ]


def sentence_parts(document: Document, chunks: Sequence[Chunk], *, tokens: TokenCounter, unit: int) -> list[list[Span]]:
    """The units in each chunk, cut at its bounds where they stick out: those of `semantic` are whole there."""
    inside = [element for element in document.elements if element.in_body]
    found = units(inside, Ruler(document.text, tokens), unit=min(unit, tokens.limit))
    starts, ends = [part.start for part in found], [part.end for part in found]
    parts: list[list[Span]] = []
    for span in (chunk.span for chunk in chunks):
        near = found[bisect_right(ends, span.start) : bisect_left(starts, span.end)]
        clipped = (Span(max(part.start, span.start), min(part.end, span.end)) for part in near)
        parts.append([part for part in clipped if part.of(document.text).strip()])
    return parts
