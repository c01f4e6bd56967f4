"""Fixed windows of encoder tokens with overlap: the baseline that every strategy must beat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._ruler import Ruler, whole_character
from chunkers._sections import body
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document

_NOT_SPACE = re.compile(r"\S")


@chunker
@dataclass(frozen=True, slots=True)
class SlidingWindow:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 12, "overlap": 3}
    revision: ClassVar[int] = 1

    size: int = 200
    """Tokens per window."""
    overlap: int = 40
    """Tokens shared by neighbours; 0 <= overlap < size."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise ValueError(f"size must be at least {SMALLEST}: size={self.size}")
        if not 0 <= self.overlap < self.size:
            raise ValueError(f"overlap must be in [0, size): overlap={self.overlap}, size={self.size}")

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:  # noqa: ARG002 - reads no vectors
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, tokens.limit)

    def chunk(
        self,
        document: Document,
        *,
        tokens: TokenCounter,
        embedder: SentenceEmbedder | None = None,  # noqa: ARG002 - reads no vectors
    ) -> Iterator[Chunk]:
        made = Maker(self, document, tokens=tokens)
        return made.chunks(Piece(span) for span in self._windows(made.ruler, body(document), size=made.size))

    def _windows(self, ruler: Ruler, within: Span, *, size: int) -> Iterator[Span]:
        overlap = min(self.overlap, size - 1)
        rest = within.strip(ruler.text)
        while len(rest):
            window = _window(ruler, rest, size=size)
            yield window
            if window.end >= rest.end:
                return
            start = ruler.reach(window.start, window.end, max(1, size - overlap)) if overlap else window.end
            start = whole_character(ruler.text, start, after=window.start)
            found = _NOT_SPACE.search(ruler.text, max(window.start + 1, start), rest.end)
            rest = Span(found.start() if found else rest.end, rest.end)


def _window(ruler: Ruler, rest: Span, *, size: int) -> Span:
    """The longest that fits by the real count, which may be above the estimate where a word is cut."""
    tokens = size
    while True:
        end = ruler.reach(rest.start, rest.end, tokens)
        if end < rest.end:
            end = whole_character(ruler.text, end, after=rest.start)
        window = Span(rest.start, end)
        if tokens == 1 or ruler.fits(window, limit=size):
            return window
        tokens -= max(1, tokens // 8)
