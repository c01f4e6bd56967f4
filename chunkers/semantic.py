"""Segments of sentences that speak of the same: boundaries from the similarity of neighbouring sentences.

`optimal` is the best segmentation by dynamic programming over all sentence pairs (after Kamradt's evaluation and the
Chroma report of 2024); `percentile` cuts where neighbours differ most. Statistics are those of a top-level section.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece, assemble, split
from chunkers._ruler import Ruler
from chunkers._sections import top_sections
from chunkers._sentences import sentences
from quarry.errors import EncodeError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document, Element, SentenceEmbedder, TokenCounter

if TYPE_CHECKING:
    import numpy as np

_TIE = 1e-6
"""Scores so near are equal but for rounding: the longer segment is taken."""


@chunker
@dataclass(frozen=True, slots=True)
class Semantic:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 16, "unit": 8}
    late: ClassVar[bool] = False
    revision: ClassVar[int] = 1

    size: int = 150
    """Most tokens of a chunk."""
    method: Literal["optimal", "percentile"] = "optimal"
    penalty: float = 1.0
    """optimal: times the mean similarity that a pair must exceed to hold sentences together."""
    line_bonus: float = 0.3
    """optimal: reward of a cut at a line break."""
    percentile: float = 90.0
    """percentile: cut where the distance of neighbours is above this percentile of the section's distances."""
    unit: int = 80
    """Longest sentence-like unit in tokens; longer ones are split."""

    def __post_init__(self) -> None:
        if not 0 < self.percentile < 100 or self.size < SMALLEST or self.unit < 1:
            raise ValueError(
                f"percentile must be in (0, 100), size at least {SMALLEST}, unit positive: "
                f"percentile={self.percentile}, size={self.size}, unit={self.unit}"
            )

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        read = embedder.fingerprint if embedder is not None else None
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, tokens.limit, read)

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        if embedder is None:
            raise EncodeError("the semantic chunker compares sentences: it needs an encoder")
        ruler = Ruler(document.text, tokens)
        made = Maker(self.kind, self.fingerprint(tokens=tokens, embedder=embedder), self.size)
        size = min(self.size, tokens.limit)
        pieces = (Piece(span) for span in self._segments(document, ruler, embedder, size=size))
        return assemble(document, pieces, maker=made, ruler=ruler, tokens=tokens)

    def _segments(self, document: Document, ruler: Ruler, embedder: SentenceEmbedder, *, size: int) -> Iterator[Span]:
        for elements in _by_section(document):
            units = _units(elements, ruler, unit=min(self.unit, size))
            if not units:
                continue
            vectors = embedder.embed([unit.of(document.text).strip() for unit in units])
            cuts = self._optimal(units, vectors, ruler, size=size) if self.method == "optimal" else None
            for first, last in pairwise(cuts if cuts is not None else self._by_percentile(units, vectors)):
                yield Span(units[first].start, units[last - 1].end)

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

    def _by_percentile(self, units: Sequence[Span], vectors: np.ndarray[Any, Any]) -> list[int]:
        import numpy as np

        distances = 1 - (vectors[:-1] * vectors[1:]).sum(axis=1)
        limit = np.percentile(distances, self.percentile) if len(distances) else 0.0
        return [0, *(int(n) + 1 for n in np.flatnonzero(distances > limit)), len(units)]


def _by_section(document: Document) -> Iterator[list[Element]]:
    """The body elements of each top-level section."""
    tops = [section.start for section in top_sections(document)]
    inside = (element for element in document.elements if element.in_body)
    for _, elements in groupby(inside, key=lambda element: bisect_right(tops, element.span.start)):
        yield list(elements)


def _units(elements: Iterable[Element], ruler: Ruler, *, unit: int) -> list[Span]:
    """Sentence-like units, none over `unit` tokens, none of white space."""
    return [
        part
        for element in elements
        for sentence in sentences(ruler.text, element.span)
        for part in split(ruler, sentence, limit=unit)
        if part.of(ruler.text).strip()
    ]


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
