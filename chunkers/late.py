"""Late chunking: boundaries of another strategy, vectors pooled from the token states of long windows.

Günther et al. 2024, "Late Chunking". Heading paths are not embedded: the window around a chunk is its context.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chunkers import Chunker, chunker
from chunkers._assemble import Maker, Piece, assemble
from chunkers._ruler import Ruler
from quarry.errors import ConfigError
from quarry.fingerprint import digest
from quarry.types import Chunk, Document, SentenceEmbedder, TokenCounter


@chunker
@dataclass(frozen=True, slots=True)
class Late:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"boundaries": {"kind": "metadata_aware", "size": 16}}
    late: ClassVar[bool] = True
    revision: ClassVar[int] = 1

    boundaries: dict[str, Any] = field(default_factory=lambda: {"kind": "metadata_aware"}, hash=False)
    """Another strategy with its settings."""

    def __post_init__(self) -> None:
        if self.boundaries.get("kind") == "late":
            raise ConfigError("chunkers.late: boundaries come from another strategy than late")
        self._inner()

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        inner = self._inner().fingerprint(tokens=tokens, embedder=embedder)
        return digest("chunk", self.kind, self.revision, inner)

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        ruler = Ruler(document.text, tokens)
        made = Maker(self.kind, self.fingerprint(tokens=tokens, embedder=embedder), tokens.limit)
        inner = self._inner().chunk(document, tokens=tokens, embedder=embedder)
        return assemble(document, (Piece(chunk.span) for chunk in inner), maker=made, ruler=ruler, tokens=tokens)

    def _inner(self) -> Chunker:
        return chunker.build(self.boundaries)
