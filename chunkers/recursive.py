"""LangChain's recursive character splitter on the encoder's tokens, kept on exact spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._ruler import Ruler
from chunkers._sections import body
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document


@chunker
@dataclass(frozen=True, slots=True)
class Recursive:
    """With overlap 0 and white space kept, LangChain's pieces join to the text, so their lengths are their places."""

    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 12}
    revision: ClassVar[int] = 1

    size: int = 200
    """Most tokens of a chunk."""
    separators: tuple[str, ...] = ("\n\n", "\n", ". ", "? ", "! ", " ", "")
    """Tried in turn on what is still too long."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST or not self.separators:
            raise ValueError(
                f"size must be at least {SMALLEST} and separators given: size={self.size}, separators={self.separators}"
            )

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
        return made.chunks(Piece(span) for span in self._spans(made, body(document), tokens=tokens))

    def _spans(self, made: Maker, within: Span, *, tokens: TokenCounter) -> Iterator[Span]:
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            separators=list(self.separators),
            chunk_size=made.size,
            chunk_overlap=0,
            length_function=_Lengths(made.ruler, within, tokens),
            keep_separator="end",
            strip_whitespace=False,
        )
        start = within.start
        for piece in splitter.split_text(within.of(made.document.text)):
            yield Span(start, start + len(piece))
            start += len(piece)
        if start < within.end:
            yield Span(start, within.end)


class _Lengths:
    """Lengths of pieces, which LangChain asks for by their texts alone, for the first time in text order."""

    def __init__(self, ruler: Ruler, within: Span, tokens: TokenCounter) -> None:
        self._parts, self._count = ruler.parts, tokens.count
        self._known: dict[str, int] = {}
        self._place = within.start

    def __call__(self, piece: str) -> int:
        """At least 1: a piece of no tokens would be kept as overlap, and so be given twice."""
        length = self._known.get(piece)
        if length is None:
            length = self._known[piece] = max(1, self._counted(piece))
        return length

    def _counted(self, piece: str) -> int:
        """Any place where the same text stands will do."""
        found = self._parts.find(piece, after=self._place) if self._parts else None
        if self._parts is None or found is None:
            return self._count(piece)
        self._place = found.start
        return self._parts.count(found)
