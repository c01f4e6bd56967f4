"""An encoder of whole texts round anything that turns texts into vectors and hides its token states."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from encoders._batches import batches
from encoders._mixing import Inputs, embedded, job_of
from encoders._pooling import Array, unit
from encoders.outputs import check_bits
from encoders.tokens import Tokens, clean
from quarry import fault
from quarry.encoding import LATE, EmbeddedChunk, EncoderIdentity, Mixture, Prepared, Usage
from quarry.errors import ConfigError, EncodeError, ModelError
from quarry.span import Span
from quarry.types import Chunk


@dataclass(frozen=True, slots=True)
class Text:
    """What a model is given; the prompt is the model's own affair."""

    text: str
    tokens: int
    """Special tokens and prompt included."""


class TextModel(Protocol):
    """Texts to vectors; nothing is normalised or cut."""

    def documents(self, batches: Sequence[Sequence[Text]]) -> Iterator[tuple[int, Array]]:
        """`(number of the batch, (texts, dim) float32)` as they are done, in any order."""

    def query(self, text: Text) -> Array:
        """`(dim,)` float32."""


class WholeTexts:
    """Fits `quarry.encoding.Encoder`. Mixtures are refused: they take token states, or several texts a chunk."""

    def __init__(
        self,
        model: TextModel,
        *,
        tokens: Tokens,
        query_tokens: Tokens,
        identity: EncoderIdentity,
        sizes: tuple[int, int],
        setup: str,
    ) -> None:
        """`sizes`: most texts and most tokens of a batch. `setup`: what computes the vectors; another one has to show
        that it makes those that a generation holds.
        """
        self.setup = setup
        self._model, self._sizes = model, sizes
        self._query_tokens = query_tokens
        self.tokens, self.identity = tokens, identity
        self._counting = threading.Lock()
        self._encoded = 0

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def usage(self) -> Usage:
        return Usage(self._encoded, 0)

    def check(self, mixture: Mixture) -> None:
        name = self.identity.name
        if mixture.late:
            raise ConfigError(
                f"late chunking pools token states, {name} gives one vector a text; choose another chunker, or load "
                "the model itself"
            )
        if mixture.sentences or mixture.heading:
            raise ConfigError(
                f"{name} reads each chunk as one text, this strategy mixes several readings; set chunker.plain=1, "
                "chunker.sentences=0 and chunker.heading=0, choose another chunker, or load the model itself"
            )

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare(chunks))

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        return embedded(self, self.prepare_mixed(text, chunks, LATE, sections=sections))

    def prepare_mixed(
        self,
        text: str,  # noqa: ARG002  # nothing but whole texts is read
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],  # noqa: ARG002
        parts: Sequence[Sequence[Span]] = (),  # noqa: ARG002
    ) -> Prepared:
        self.check(mixture)
        return self.prepare(chunks)

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        """Tokenised, with keys. EncodeError for one over the model's length: nothing is cut."""
        texts = [chunk.embedded_text for chunk in chunks]
        sequences = self._sequences(texts, self.tokens, names=[f"chunk {chunk.id}" for chunk in chunks])
        inputs = Inputs()
        jobs = [
            job_of(self.fingerprint, chunk, [inputs.plain([ids], skip=0)])
            for chunk, ids in zip(chunks, sequences, strict=True)
        ]
        return Prepared(tuple(jobs), tuple(inputs.windows))

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Array]]]:
        """Longest texts first. Jobs with one key are computed once."""
        same: dict[str, list[int]] = defaultdict(list)
        for index in wanted:
            same[prepared.jobs[index].key].append(index)
        texts = [Text(clean(prepared.jobs[n[0]].chunk.embedded_text), prepared.tokens(n[:1])) for n in same.values()]
        users = list(same.values())
        for numbers, vectors in self._run(texts):
            yield [(index, vector) for n, vector in zip(numbers, vectors, strict=True) for index in users[n]]

    def embed(self, texts: Sequence[str]) -> Array:
        """`(len(texts), dim)` float32. Texts over the model's length raise EncodeError."""
        sequences = self._sequences(texts, self.tokens, names=[f"text {number}" for number in range(len(texts))])
        found = np.empty((len(texts), self.identity.dim), dtype=np.float32)
        for numbers, vectors in self._run(
            [Text(clean(text), len(ids)) for text, ids in zip(texts, sequences, strict=True)]
        ):
            found[numbers] = vectors
        return found

    def encode_query(self, query: str) -> Array:
        (ids,) = self._sequences([query], self._query_tokens, names=["the query"])
        self._count(len(ids))
        vector: Array = self._checked(self._model.query(Text(clean(query), len(ids)))[None], 1)[0]
        return vector

    def forget(self) -> None:
        self.tokens.recent.clear()

    def _run(self, texts: Sequence[Text]) -> Iterator[tuple[list[int], Array]]:
        most_texts, most_tokens = self._sizes
        order = sorted(range(len(texts)), key=lambda number: -texts[number].tokens)
        groups = list(batches(order, length=lambda number: texts[number].tokens, budget=most_tokens, most=most_texts))
        fault.reach("encode")
        for number, vectors in self._model.documents([[texts[n] for n in group] for group in groups]):
            self._count(sum(texts[n].tokens for n in groups[number]))
            yield groups[number], self._checked(vectors, len(groups[number]))

    def _checked(self, vectors: Array, texts: int) -> Array:
        """Cut to the dimension, then of unit length. EncodeError where one is zero or not finite."""
        if vectors.ndim != 2 or len(vectors) != texts or vectors.shape[1] < self.identity.dim:
            raise ModelError(
                f"{self.identity.name} gave vectors of shape {vectors.shape} for {texts} texts; its profile says "
                f"{self.identity.dim} dimensions"
            )
        return unit(np.asarray(vectors, dtype=np.float32), dim=self.identity.dim)

    def _sequences(self, texts: Sequence[str], tokens: Tokens, *, names: Sequence[str]) -> list[tuple[int, ...]]:
        found = []
        for name, ids in zip(names, tokens.ids([tokens.prompt + text for text in texts]), strict=True):
            whole = (*tokens.prefix, *ids, *tokens.suffix)
            if len(whole) > tokens.max_tokens:
                raise EncodeError(
                    f"{name} has {len(whole)} tokens, {self.identity.name} takes {tokens.max_tokens}; nothing is cut"
                )
            found.append(whole)
        return found

    def _count(self, tokens: int) -> None:
        with self._counting:
            self._encoded += tokens


def whole_dim(name: str, declared: int | None, *, dim: int | None, dtype: str) -> int:
    """The length that vectors are cut to. ConfigError where the profile doesn't say how long they are."""
    if declared is None:
        raise ConfigError(f"encoder {name!r}: its profile needs dim, the length of the model's vectors")
    if dim is not None and dim > declared:
        raise ConfigError(f"encoder.dim is {dim}, {name} has {declared} dimensions")
    if dtype == "binary":
        check_bits(dim or declared)
    return dim or declared
