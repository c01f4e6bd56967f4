"""Segments of sentences that speak of the same: boundaries from the similarity of neighbouring sentences.

`optimal` is the best segmentation by dynamic programming over all sentence pairs (after Kamradt's evaluation and the
Chroma report of 2024); `percentile` cuts where neighbours differ most. Statistics are those of a top-level section.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from chunkers import chunker
from chunkers._assemble import Maker, Piece, assemble, split
from chunkers._ruler import Ruler
from chunkers._sections import top_sections
from chunkers._sentences import sentences
from quarry.errors import EncodeError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document, SentenceEmbedder, TokenCounter

if TYPE_CHECKING:
    import numpy as np


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
        if not 0 < self.percentile < 100 or self.size < 1 or self.unit < 1:
            raise ValueError(f"percentile must be in (0, 100), size and unit positive: {self}")

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        read = embedder.fingerprint if embedder is not None else None
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, read)

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
        for section in top_sections(document):
            units = _units(document, section, ruler, unit=min(self.unit, size))
            if not units:
                continue
            vectors = embedder.embed([unit.of(document.text).strip() for unit in units])
            cuts = self._optimal(units, vectors, ruler, size=size) if self.method == "optimal" else None
            for first, last in pairwise(cuts if cuts is not None else self._by_percentile(units, vectors)):
                yield Span(units[first].start, units[last - 1].end)

    def _optimal(self, units: Sequence[Span], vectors: np.ndarray[Any, Any], ruler: Ruler, *, size: int) -> list[int]:
        """Cuts that maximise the sum of (cosine - penalty * mean cosine) over the pairs inside a segment."""
        reach = _reaches(units, ruler, size=size)
        threshold = self.penalty * _mean_similarity(vectors, reach)
        best, came = [0.0], [0]
        for last in range(1, len(units) + 1):
            gain, found, place = 0.0, float("-inf"), last - 1
            for start in range(last - 1, reach[last - 1] - 1, -1):
                similar = vectors[start + 1 : last] @ vectors[start]
                gain += float(similar.sum(dtype="float64")) - threshold * len(similar)
                score = best[start] + gain + (self.line_bonus if start and _breaks(ruler.text, units[start - 1]) else 0)
                if score > found:
                    found, place = score, start
            best.append(found)
            came.append(place)
        return _path(came)

    def _by_percentile(self, units: Sequence[Span], vectors: np.ndarray[Any, Any]) -> list[int]:
        import numpy as np

        distances = 1 - (vectors[:-1] * vectors[1:]).sum(axis=1)
        limit = np.percentile(distances, self.percentile) if len(distances) else 0.0
        return [0, *(int(n) + 1 for n in np.flatnonzero(distances > limit)), len(units)]


def _units(document: Document, section: Span, ruler: Ruler, *, unit: int) -> list[Span]:
    """Sentence-like units of the section's elements, none over `unit` tokens, none of white space."""
    units: list[Span] = []
    for element in document.elements:
        if not element.in_body or not element.span.overlaps(section):
            continue
        for sentence in sentences(document.text, element.span):
            units.extend(part for part in split(ruler, sentence, limit=unit) if part.of(document.text).strip())
    return units


def _reaches(units: Sequence[Span], ruler: Ruler, *, size: int) -> list[int]:
    """For each unit the first one that still fits into one segment with it."""
    reach, start = [], 0
    for last, unit in enumerate(units):
        while start < last and ruler.estimate(Span(units[start].start, unit.end)) > size:
            start += 1
        reach.append(start)
    return reach


def _mean_similarity(vectors: np.ndarray[Any, Any], reach: Sequence[int]) -> float:
    """Over all pairs that could share a segment."""
    total, pairs = 0.0, 0
    for last, start in enumerate(reach):
        total += float((vectors[start:last] @ vectors[last]).sum(dtype="float64"))
        pairs += last - start
    return total / pairs if pairs else 0.0


def _breaks(text: str, unit: Span) -> bool:
    """True where a line ends with the unit."""
    return "\n" in text[unit.end - 1 : unit.end + 1] or unit.of(text).rstrip(" \t").endswith("\n")


def _path(came: Sequence[int]) -> list[int]:
    cuts = [len(came) - 1]
    while cuts[-1]:
        cuts.append(came[cuts[-1]])
    return cuts[::-1]
