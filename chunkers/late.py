"""Late chunking: boundaries of another strategy, vectors pooled from the token states of long windows.

Günther et al. 2024, "Late Chunking". Windows alone are no better than plain vectors; mixed with what the chunk says by
itself, its sentences or its plain vector, they gain on all texts that were measured (docs/late.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from chunkers import Chunker, chunker
from quarry.encoding import Mixture, SentenceEmbedder, TokenCounter
from quarry.errors import ConfigError
from quarry.fingerprint import chunk_id, digest
from quarry.types import Chunk, Document


@chunker
@dataclass(frozen=True, slots=True)
class Late:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"boundaries": {"kind": "metadata_aware", "size": 16}}
    revision: ClassVar[int] = 2

    boundaries: dict[str, Any] = field(default_factory=lambda: {"kind": "metadata_aware"}, hash=False)
    """Another strategy with its settings; its chunks' context is embedded in what the weights below give to it."""
    windows: tuple[int, ...] = ()
    """Tokens of text in a window, several for a reading each; empty: the encoder profile's `late_window`."""
    plain: float = 0.0
    """Weight of the vector of context + text, beside 1 for each reading in windows."""
    sentences: float = 1.0
    """Weight of the mean of the sentences' vectors; windows alone, with all three weights 0, gain little."""
    heading: float = 0.5
    """Weight of the vector of the context alone."""

    def __post_init__(self) -> None:
        if self.boundaries.get("kind") == "late":
            raise ConfigError("chunkers.late: boundaries come from another strategy than late")
        self._inner()
        self.mixture  # noqa: B018 - checks the weights

    @property
    def mixture(self) -> Mixture:
        return Mixture(self.plain, self.sentences, self.heading, late=1.0, windows=self.windows)

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        inner = self._inner().fingerprint(tokens=tokens, embedder=embedder)
        return digest("chunk", self.kind, self.revision, inner, self.mixture)

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        made_by = self.fingerprint(tokens=tokens, embedder=embedder)
        for chunk in self._inner().chunk(document, tokens=tokens, embedder=embedder):
            name = chunk_id(document.origin.id, made_by, chunk.span, chunk.text)
            own = replace(chunk, id=name, strategy=self.kind)
            if chunk.context and not (self.plain or self.heading):
                own = replace(own, context="", context_spans=(), tokens=tokens.count(chunk.text))
            yield own

    def _inner(self) -> Chunker:
        return chunker.build(self.boundaries)
