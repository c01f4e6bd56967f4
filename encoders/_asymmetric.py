"""Two models for one space: one reads documents, a smaller one (as a rule) queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from encoders._mixing import embedded
from encoders._pooling import Array
from quarry.encoding import LATE, EmbeddedChunk, Encoder, EncoderIdentity, Mixture, Prepared, TokenCounter, Usage
from quarry.errors import ConfigError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk


class Asymmetric:
    """Fits `quarry.encoding.Encoder`. Both models are part of its fingerprint: neither may change under an index."""

    def __init__(self, documents: Encoder, queries: Encoder) -> None:
        mine, theirs = documents.identity, queries.identity
        if mine.dim != theirs.dim:
            raise ConfigError(
                f"encoder {mine.name!r}: its documents have {mine.dim} dimensions, its queries {theirs.dim}; "
                "set encoder.dim to a length that both were trained for"
            )
        self._documents, self._queries = documents, queries
        made_by = digest("asymmetric", mine.fingerprint, theirs.fingerprint)
        self.identity: EncoderIdentity = replace(mine, query_prompt=theirs.query_prompt, fingerprint=made_by)

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def tokens(self) -> TokenCounter:
        return self._documents.tokens

    @property
    def usage(self) -> Usage:
        return self._documents.usage

    @property
    def setup(self) -> str:
        return f"{self._documents.setup}; queries {self._queries.setup}"

    def check(self, mixture: Mixture) -> None:
        self._documents.check(mixture)

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare(chunks))

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare_mixed(text, chunks, LATE, sections=sections))

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        return self._keyed(self._documents.prepare(chunks))

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        return self._keyed(self._documents.prepare_mixed(text, chunks, mixture, sections=sections, parts=parts))

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Array]]]:
        return self._documents.vectors(prepared, wanted)

    def embed(self, texts: Sequence[str]) -> Array:
        return self._documents.embed(texts)

    def encode_query(self, query: str) -> Array:
        return self._queries.encode_query(query)

    def forget(self) -> None:
        self._documents.forget()
        self._queries.forget()

    def _keyed(self, prepared: Prepared) -> Prepared:
        """By this encoder's fingerprint, since that is what the store looks vectors up by."""
        jobs = (replace(job, key=job.key_by(self.fingerprint)) for job in prepared.jobs)
        return replace(prepared, jobs=tuple(jobs))
