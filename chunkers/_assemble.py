"""From the pieces that a strategy decides on to chunks: located, counted, and never over the limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from chunkers._headings import Context, Headings
from chunkers._ruler import Ruler, whole_character
from chunkers._sentences import rows, sentences
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import chunk_id
from quarry.span import Span
from quarry.types import Chunk, Document, Element, ElementType

SMALLEST = 8
"""Least size in tokens: one character has up to four in a byte tokenizer, and context takes a third."""
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """What a strategy decides: a span, and what is read before it."""

    span: Span
    context: Context = field(default_factory=Context)


class Sized(Protocol):
    """A strategy whose chunks have a most size."""

    @property
    def kind(self) -> str: ...

    @property
    def size(self) -> int: ...

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str: ...


class Maker:
    """Makes the chunks of one document by one strategy."""

    def __init__(
        self, strategy: Sized, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> None:
        self.kind = strategy.kind
        self.fingerprint = strategy.fingerprint(tokens=tokens, embedder=embedder)
        self.size = max(1, min(strategy.size, tokens.limit))
        """Most tokens of context + text."""
        self.document = document
        self.ruler = Ruler(document.text, tokens)

    def chunks(self, pieces: Iterable[Piece]) -> Iterator[Chunk]:
        """In the order of the pieces. A piece that is too long with its context is split, never cut off."""
        index = _Index(self.document)
        for piece in pieces:
            span = piece.span.strip(self.document.text)
            if not len(span):
                continue
            for part in _fitting(self.ruler, span, limit=self.size, context=piece.context.text):
                elements = index.touched(part)
                if elements:  # else it is markup between two elements
                    yield self._chunk(part, piece.context, elements, index.headings(elements[0]))

    def _chunk(self, span: Span, context: Context, elements: tuple[Element, ...], headings: tuple[str, ...]) -> Chunk:
        document, text = self.document, span.of(self.document.text)
        return Chunk(
            id=chunk_id(document.origin.id, self.fingerprint, span, text),
            document_id=document.origin.id,
            uri=document.origin.uri,
            span=span,
            text=text,
            context=context.text,
            tokens=self.ruler.count(span, context=context.text),
            strategy=self.kind,
            heading_path=headings,
            pages=document.layout.page_numbers(span) or _pages(elements),
            regions=document.layout.regions(span) or tuple(region for e in elements for region in e.regions),
            elements=tuple(element.id for element in elements),
            context_spans=context.spans,
        )


def split(ruler: Ruler, span: Span, *, limit: int, context: str = "") -> Iterator[Span]:
    """Spans that tile `span`, each of at most `limit` tokens but for white space at its ends.

    Cut at sentence ends, else at rows, else at words, else at characters.
    """
    if ruler.fits(span.strip(ruler.text), limit=limit, context=context):
        yield span
        return
    room = max(1, limit - (ruler.count(Span(0, 0), context=context) if context else 0))
    units = _units(ruler, span, room=room)
    start = units[0].start
    for unit, following in pairwise([*units, Span(span.end, span.end)]):
        grown = Span(start, following.end)
        if following.start < span.end and ruler.estimate(grown) <= room:
            continue
        yield from _exactly(ruler, Span(start, unit.end), limit=limit, context=context)
        start = unit.end


def _fitting(ruler: Ruler, span: Span, *, limit: int, context: str) -> Iterator[Span]:
    for part in split(ruler, span, limit=limit, context=context):
        stripped = part.strip(ruler.text)
        if len(stripped):
            yield stripped


def _units(ruler: Ruler, span: Span, *, room: int) -> list[Span]:
    """Sentences, rows where a sentence is too long, words where a row is, runs of characters where a word is."""
    units: list[Span] = []
    for part in _parts(ruler, span, room=room):
        if ruler.estimate(part) <= room:
            units.append(part)
            continue
        for match in _WORD.finditer(ruler.text, part.start, part.end):
            word = Span(units[-1].end if units else span.start, match.end())
            units.extend([word] if ruler.estimate(word) <= room else _runs(ruler, word, room=room))
    if units and units[-1].end < span.end:
        units[-1] = Span(units[-1].start, span.end)
    return units or [span]


def _parts(ruler: Ruler, span: Span, *, room: int) -> Iterator[Span]:
    for sentence in sentences(ruler.text, span):
        yield from [sentence] if ruler.estimate(sentence) <= room else rows(ruler.text, sentence)


def _runs(ruler: Ruler, word: Span, *, room: int) -> Iterator[Span]:
    start = word.start
    while start < word.end:
        end = ruler.reach(start, word.end, room)
        if end < word.end:
            end = whole_character(ruler.text, end, after=start)
        yield Span(start, end)
        start = end


def _exactly(ruler: Ruler, span: Span, *, limit: int, context: str) -> Iterator[Span]:
    """By real counts: a tokenizer may give a part more tokens than it has inside the whole."""
    if len(span) <= 1 or ruler.fits(span.strip(ruler.text), limit=limit, context=context):
        yield span
        return
    middle = _middle(ruler.text, span)
    yield from _exactly(ruler, Span(span.start, middle), limit=limit, context=context)
    yield from _exactly(ruler, Span(middle, span.end), limit=limit, context=context)


def _middle(text: str, span: Span) -> int:
    half = (span.start + span.end) // 2
    space = text.rfind(" ", span.start + 1, half)
    place = space + 1 if space > 0 else whole_character(text, half, after=span.start)
    return min(max(place, span.start + 1), span.end - 1)


def _pages(elements: Iterable[Element]) -> tuple[int, ...]:
    starts = {element.page for element in elements if element.page is not None}
    return tuple(sorted(starts | {region.page for element in elements for region in element.regions}))


class _Index:
    """Elements by place and by id."""

    def __init__(self, document: Document) -> None:
        self._elements = document.elements
        self._headings = Headings(document)
        self._next = 0

    def touched(self, span: Span) -> tuple[Element, ...]:
        """Chunks come in text order, so the search starts where the last one began."""
        while self._next and self._elements[self._next - 1].span.end > span.start:
            self._next -= 1
        while self._next < len(self._elements) and self._elements[self._next].span.end <= span.start:
            self._next += 1
        found = self._next
        while found < len(self._elements) and self._elements[found].span.start < span.end:
            found += 1
        return self._elements[self._next : found]

    def headings(self, element: Element) -> tuple[str, ...]:
        """Above the element, the outermost first; a heading's own path ends with itself."""
        lowest = element.id if element.type is ElementType.TITLE else element.parent
        return self._headings.above(lowest)
