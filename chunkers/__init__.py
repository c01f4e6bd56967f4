"""`Document` -> `Chunk`s: one strategy a file; `chunker.build({"kind": ..., ...})` makes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from chunkers._sections import top_sections
from quarry.registry import Registry
from quarry.types import Chunk, Document, SentenceEmbedder, TokenCounter

__all__ = ["Chunker", "chunker", "top_sections"]


class Chunker(Protocol):
    """A strategy. Its fields are its settings; equal settings are equal values."""

    kind: ClassVar[str]
    """File name, set by the decorator."""
    tiny: ClassVar[dict[str, Any]]
    """Settings small enough for the laws to bite on short texts."""
    late: ClassVar[bool]
    """True where vectors are pooled from long windows instead of from each chunk's own text."""

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        """Hash of what the spans depend on: kind, revision, settings, tokenizer, and the encoder where it embeds."""

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        """Chunks in text order. All body text but white space is in some chunk; each fits `tokens.limit`."""


chunker: Registry[Chunker] = Registry("chunkers")
