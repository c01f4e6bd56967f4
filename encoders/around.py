"""An encoder around another one, for those that change a thing or two of it: all is handed on, but that encoding is to
prepare and to run what was prepared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from encoders._mixing import embedded
from encoders._pooling import Array
from quarry.encoding import LATE, EmbeddedChunk, Encoder, EncoderIdentity, Mixture, Prepared, TokenCounter, Usage
from quarry.span import Span
from quarry.types import Chunk


class Around:
    """Fits `quarry.encoding.Encoder`."""

    def __init__(self, inner: Encoder) -> None:
        self.inner = inner

    @property
    def tokens(self) -> TokenCounter:
        return self.inner.tokens

    @property
    def identity(self) -> EncoderIdentity:
        return self.inner.identity

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def usage(self) -> Usage:
        return self.inner.usage

    @property
    def setup(self) -> str:
        return self.inner.setup

    def check(self, mixture: Mixture) -> None:
        self.inner.check(mixture)

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare(chunks))

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare_mixed(text, chunks, LATE, sections=sections))

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        return self.inner.prepare(chunks)

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        return self.inner.prepare_mixed(text, chunks, mixture, sections=sections, parts=parts)

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Array]]]:
        return self.inner.vectors(prepared, wanted)

    def embed(self, texts: Sequence[str]) -> Array:
        return self.inner.embed(texts)

    def encode_query(self, query: str) -> Array:
        return self.inner.encode_query(query)

    def forget(self) -> None:
        self.inner.forget()
