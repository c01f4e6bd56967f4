"""Segments of sentences that speak of the same: boundaries from the similarity of neighbouring sentences.

`optimal` is the best segmentation by dynamic programming over all sentence pairs (after Kamradt's evaluation and the
Chroma report of 2024); the other methods cut where neighbours differ most. Statistics are those of a top-level section.
The vectors of the sentences are used again: by default a chunk's own is their mean, so the text is read once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._breakpoints import cuts as breakpoints
from chunkers._headings import Context, Headings
from chunkers._parts import by_section, units
from chunkers._ruler import Ruler
from chunkers._topics import topics
from quarry.encoding import Mixture, SentenceEmbedder, TokenCounter
from quarry.errors import EncodeError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document, Element

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, np.dtype[np.float32]]

Method = Literal["optimal", "percentile", "standard_deviation", "interquartile", "gradient", "bollinger"]
_TIE = 1e-6
"""Scores so near are equal but for rounding: the longer segment is taken."""


@chunker
@dataclass(frozen=True, slots=True)
class Semantic:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 16, "unit": 8, "plain": 1.0}
    revision: ClassVar[int] = 2

    size: int = 120
    """Most tokens of context + text."""
    method: Method = "optimal"
    penalty: float = 1.0
    """optimal: times the mean similarity that a pair must exceed to hold sentences together."""
    line_bonus: float = 0.3
    """optimal: reward of a cut at a line break."""
    amount: float | None = None
    """The others' threshold, as in `_breakpoints`: percentile and gradient a percentile (90), standard_deviation,
    interquartile and bollinger so many spreads (1.5, 1, 1.5). Null takes the usual one."""
    unit: int = 80
    """Longest sentence-like unit in tokens; longer ones are split."""
    context: bool = True
    """Put title and headings before a chunk, where `plain` or `heading` embeds them."""
    plain: float = 0.0
    """Weight of the vector of context + text; it takes a pass of its own."""
    sentences: float = 1.0
    """Weight of the mean of the sentences' vectors, which are there already."""
    heading: float = 0.5
    """Weight of the vector of the context alone."""
    topics: float | None = 0.5
    """Cosine from which segments anywhere in a document have one topic, by the means of their sentences; null: none."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST or self.unit < 1:
            raise ValueError(f"size must be at least {SMALLEST}, unit positive: size={self.size}, unit={self.unit}")
        if self.method in ("percentile", "gradient") and not 0 < (50 if self.amount is None else self.amount) < 100:
            raise ValueError(f"amount of method {self.method} must be in (0, 100): amount={self.amount}")
        self.mixture  # noqa: B018 - checks the weights

    @property
    def mixture(self) -> Mixture:
        return Mixture(self.plain, self.sentences, self.heading, unit=min(self.unit, self.size))

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        read = embedder.fingerprint if embedder is not None else None
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, tokens.limit, read)

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        if embedder is None:
            raise EncodeError("the semantic chunker compares sentences: it needs an encoder")
        made = Maker(self, document, tokens=tokens, embedder=embedder)
        above = Headings.embedded(document, shown=self.context and bool(self.plain or self.heading))
        found = list(self._segments(document, made.ruler, tokens, embedder, above=above))
        chunks = made.chunks(piece for piece, _ in found)
        return chunks if self.topics is None or not found else _labelled(chunks, found, threshold=self.topics)

    def _segments(
        self, document: Document, ruler: Ruler, tokens: TokenCounter, embedder: SentenceEmbedder, *, above: Headings
    ) -> Iterator[tuple[Piece, Vector]]:
        """With the mean of their sentences' vectors."""
        size = min(self.size, tokens.limit)
        for elements in by_section(document):
            found = units(elements, ruler, unit=min(self.unit, size))
            if not found:
                continue
            contexts, starts = self._contexts(elements, above, tokens), [element.span.start for element in elements]
            room = size - max(tokens.count(context.text) if context.text else 0 for context in contexts.values())
            vectors = embedder.embed([unit.of(document.text).strip() for unit in found])
            for first, last in pairwise(self._cuts(found, vectors, ruler, size=room)):
                span = Span(found[first].start, found[last - 1].end)
                mean = vectors[first:last].sum(axis=0)
                yield Piece(span, contexts[elements[bisect_right(starts, span.start) - 1].parent]), mean

    def _contexts(
        self, elements: Sequence[Element], above: Headings, tokens: TokenCounter
    ) -> dict[str | None, Context]:
        """By the heading that an element stands under."""
        firsts: dict[str | None, Element] = {}
        for element in elements:
            firsts.setdefault(element.parent, element)
        return {
            parent: above.context(parent, before=element.span, lead=None, tokens=tokens, limit=self.size)
            for parent, element in firsts.items()
        }

    def _cuts(self, units: Sequence[Span], vectors: np.ndarray[Any, Any], ruler: Ruler, *, size: int) -> list[int]:
        if self.method == "optimal":
            return self._optimal(units, vectors, ruler, size=size)
        distances = 1 - (vectors[:-1] * vectors[1:]).sum(axis=1, dtype="float64")
        return [0, *breakpoints(distances, self.method, self.amount), len(units)]

    def _optimal(self, units: Sequence[Span], vectors: np.ndarray[Any, Any], ruler: Ruler, *, size: int) -> list[int]:
        """Cuts that maximise the sum of (cosine - penalty * mean cosine) over the pairs inside a segment."""
        reach = _reaches(units, ruler, size=size)
        threshold = self.penalty * _mean_similarity(vectors)
        best, came = [0.0], [0]
        for last in range(1, len(units) + 1):
            gain, found, place = 0.0, float("-inf"), last - 1
            for start in range(last - 1, reach[last - 1] - 1, -1):
                similar = vectors[start + 1 : last] @ vectors[start]
                gain += float(similar.sum(dtype="float64")) - threshold * len(similar)
                score = best[start] + gain + (self.line_bonus if start and _breaks(ruler.text, units[start - 1]) else 0)
                if score > found - _TIE:
                    found, place = score, start
            best.append(found)
            came.append(place)
        return _path(came)


def _labelled(
    chunks: Iterator[Chunk], segments: Sequence[tuple[Piece, Vector]], *, threshold: float
) -> Iterator[Chunk]:
    """With the topic of the segment that each is in."""
    import numpy as np

    sums = np.stack([vector for _, vector in segments])
    labels = topics(sums / np.linalg.norm(sums, axis=1, keepdims=True), threshold=threshold)
    starts = [piece.span.start for piece, _ in segments]
    for chunk in chunks:
        yield replace(chunk, topic=labels[bisect_right(starts, chunk.span.start) - 1])


def _reaches(units: Sequence[Span], ruler: Ruler, *, size: int) -> list[int]:
    """For each unit the first one that still fits into one segment with it."""
    reach, start = [], 0
    for last, unit in enumerate(units):
        while start < last and ruler.estimate(Span(units[start].start, unit.end)) > size:
            start += 1
        reach.append(start)
    return reach


def _mean_similarity(vectors: np.ndarray[Any, Any]) -> float:
    """Over all pairs, by the square of their sum: each vector's product with itself is taken off."""
    number = len(vectors)
    if number < 2:
        return 0.0
    total = vectors.sum(axis=0, dtype="float64")
    own = float((vectors.astype("float64") ** 2).sum())
    return (float(total @ total) - own) / (number * (number - 1))


def _breaks(text: str, unit: Span) -> bool:
    """True where a line ends with the unit."""
    return "\n" in text[unit.end - 1 : unit.end + 1] or unit.of(text).rstrip(" \t").endswith("\n")


def _path(came: Sequence[int]) -> list[int]:
    cuts = [len(came) - 1]
    while cuts[-1]:
        cuts.append(came[cuts[-1]])
    return cuts[::-1]
