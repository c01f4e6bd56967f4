"""Two models for one space: one reads documents, a smaller one (as a rule) queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from encoders._pooling import Array
from encoders.around import Around
from quarry.encoding import Encoder, EncoderIdentity, Mixture, Prepared
from quarry.errors import ConfigError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk


class Asymmetric(Around):
    """Both models are part of its fingerprint: neither may change under an index."""

    def __init__(self, documents: Encoder, queries: Encoder) -> None:
        mine, theirs = documents.identity, queries.identity
        if mine.dim != theirs.dim:
            raise ConfigError(
                f"encoder {mine.name!r}: its documents have {mine.dim} dimensions, its queries {theirs.dim}; "
                "set encoder.dim to a length that both were trained for"
            )
        super().__init__(documents)
        self._queries = queries

    @cached_property
    def identity(self) -> EncoderIdentity:
        mine, theirs = self.inner.identity, self._queries.identity
        made_by = digest("asymmetric", mine.fingerprint, theirs.fingerprint)
        return replace(mine, query_prompt=theirs.query_prompt, fingerprint=made_by)

    @property
    def setup(self) -> str:
        return f"{self.inner.setup}; queries {self._queries.setup}"

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        return self._keyed(super().prepare(chunks))

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        return self._keyed(super().prepare_mixed(text, chunks, mixture, sections=sections, parts=parts))

    def encode_query(self, query: str) -> Array:
        return self._queries.encode_query(query)

    def forget(self) -> None:
        super().forget()
        self._queries.forget()

    def _keyed(self, prepared: Prepared) -> Prepared:
        """By this encoder's fingerprint, since that is what the store looks vectors up by."""
        jobs = (replace(job, key=job.key_by(self.fingerprint)) for job in prepared.jobs)
        return replace(prepared, jobs=tuple(jobs))
