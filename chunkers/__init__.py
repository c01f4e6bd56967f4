"""`Document` -> `Chunk`s: one strategy a file; `chunker.build({"kind": ..., ...})` makes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Protocol, runtime_checkable

from chunkers._parts import sentence_parts
from chunkers._sections import top_sections
from quarry.encoding import Mixture, SentenceEmbedder, TokenCounter
from quarry.registry import Registry
from quarry.types import Chunk, Document

__all__ = ["Chunker", "Mixes", "chunker", "sentence_parts", "top_sections"]


class Chunker(Protocol):
    """A strategy. Its fields are its settings; equal settings are equal values."""

    kind: ClassVar[str]
    """File name, set by the decorator."""
    tiny: ClassVar[dict[str, Any]]
    """Settings small enough for the laws to bite on short texts."""

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        """Hash of what the spans depend on: kind, revision, settings, tokenizer, and the encoder where it embeds."""

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        """Chunks in text order. All body text but white space is in some chunk; each fits `tokens.limit`."""


@runtime_checkable
class Mixes(Protocol):
    """A strategy that has a say in what its chunks' vectors are made of; those of others are plain."""

    @property
    def mixture(self) -> Mixture: ...


chunker: Registry[Chunker] = Registry("chunkers")
