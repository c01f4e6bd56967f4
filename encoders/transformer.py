"""Encoder on transformers and torch: sentence-transformers folders and plain models, whole texts or late pooling."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from encoders._folder import ModelFolder, read_folder
from encoders._pooling import Array, pool, unit
from encoders._weights import weights_hash
from encoders._windows import parts, token_ranges, windows
from encoders.profiles import Profile, profile, resolve
from encoders.tokens import Tokens
from quarry.errors import ConfigError, EncodeError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, EmbeddedChunk, EncoderIdentity

if TYPE_CHECKING:
    from encoders._network import Network

BATCH_TOKENS = 2048
"""Tokens of one forward pass: measured optimum on CPUs of 512, 2048 and 8192."""
T = TypeVar("T")
Use = tuple[int, int, int]
"""(chunk, first state, last state + 1) of a window's output."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens run so far."""

    encoded: int
    padding: int


@dataclass(slots=True)
class _Pooled:
    """A chunk's vector in the making: the sum of its token states, and what they were."""

    total: Any = 0.0
    tokens: int = 0
    key: list[Any] = field(default_factory=list)


class Transformer:
    """Fits `quarry.types.Encoder`. Weights are loaded and torch is imported at the first text, not for `identity`."""

    def __init__(self, chosen: Profile, *, dim: int | None = None, dtype: str = "float32") -> None:
        self._profile = chosen
        self._folder: ModelFolder = read_folder(resolve(chosen), chosen)
        self._dim = dim or self._folder.truncate_dim
        if self._dim and not 0 < self._dim <= self._folder.dim:
            raise ConfigError(f"encoder.dim is {self._dim}, {chosen.name} has {self._folder.dim} dimensions")
        self._dtype = dtype
        self._loading = threading.Lock()
        self._encoded = 0
        self.tokens = self._tokens(self._folder.document_prompt)

    @classmethod
    def load(cls, name: str, *, dim: int | None = None, dtype: str = "float32") -> Transformer:
        """By profile name or model folder. ModelError in one line where the model is missing."""
        return cls(profile(name), dim=dim, dtype=dtype)

    @cached_property
    def identity(self) -> EncoderIdentity:
        folder, chosen = self._folder, self._profile
        known: dict[str, Any] = {
            "weights": weights_hash(folder.weights),
            "tokenizer": self.tokens.fingerprint,
            "pooling": "+".join(folder.pooling),
            "document_prompt": folder.document_prompt,
            "query_prompt": folder.query_prompt,
            "max_tokens": folder.max_tokens,
            "dim": self._dim or folder.dim,
            "dtype": self._dtype,
        }
        made_by = digest("embed", known, folder.architecture, folder.include_prompt, self._window, self._overlap)
        return EncoderIdentity(
            name=chosen.name, model=chosen.model, revision=chosen.revision, fingerprint=made_by, **known
        )

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def usage(self) -> Usage:
        return Usage(self._encoded, self._network.padding if "_network" in self.__dict__ else 0)

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        """Each chunk's prompt + context + text on its own. EncodeError for one over the model's length: never cut."""
        sequences = self._sequences([chunk.embedded_text for chunk in chunks], self._folder.document_prompt)
        for chunk, ids in zip(chunks, sequences, strict=True):
            self._check_length(ids, what=f"chunk {chunk.id}")
        vectors = self._vectors(sequences, self.tokens)
        made_by = self.fingerprint
        return [
            EmbeddedChunk(chunk, vector, digest(made_by, ids, [0, len(ids)]))
            for chunk, vector, ids in zip(chunks, vectors, sequences, strict=True)
        ]

    def embed(self, texts: Sequence[str]) -> Array:
        """`(len(texts), dim)` float32. Texts over the model's length raise EncodeError."""
        sequences = self._sequences(texts, self._folder.document_prompt)
        for number, ids in enumerate(sequences):
            self._check_length(ids, what=f"text {number}")
        return self._vectors(sequences, self.tokens)

    def encode_query(self, query: str) -> Array:
        """With the query prompt; `(dim,)` float32."""
        (ids,) = self._sequences([query], self._folder.query_prompt)
        self._check_length(ids, what="the query")
        vector: Array = self._vectors([ids], self._query_tokens)[0]
        return vector

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        """Late chunking (Günther et al. 2024, §3.1): means over the token states of windows of the body text.

        Special and prompt tokens stand in every window and in no mean. A chunk that holds no whole token is encoded on
        its own. Memory is bounded by a batch of windows. EncodeError where the model is not mean-pooled.
        """
        self._check_late()
        pooled = [_Pooled() for _ in chunks]
        for batch in _batches(self._late_jobs(text, chunks, sections, pooled), length=lambda job: len(job[0])):
            for states, (_, uses) in zip(self._run([ids for ids, _ in batch]), batch, strict=True):
                for index, first, last in uses:
                    pooled[index].total = pooled[index].total + states[first:last].sum(axis=0, dtype=np.float32)
                    pooled[index].tokens += last - first
        return self._finished(chunks, pooled)

    def _finished(self, chunks: Sequence[Chunk], pooled: Sequence[_Pooled]) -> list[EmbeddedChunk]:
        plain = iter(self.encode([chunk for chunk, sums in zip(chunks, pooled, strict=True) if not sums.tokens]))
        made_by = self.fingerprint
        result: list[EmbeddedChunk] = []
        for chunk, sums in zip(chunks, pooled, strict=True):
            if not sums.tokens:
                result.append(next(plain))
                continue
            mean: Array = np.asarray(sums.total / np.float32(sums.tokens), dtype=np.float32)
            vector = unit(self._network.project(mean[None]), dim=self._dim)[0]
            result.append(EmbeddedChunk(chunk, vector, digest(made_by, *sums.key)))
        return result

    def _late_jobs(
        self, text: str, chunks: Sequence[Chunk], sections: Iterable[Span], pooled: Sequence[_Pooled]
    ) -> Iterator[tuple[list[int], list[Use]]]:
        """Token ids of each window that some chunk is pooled from, and which of its states go to which chunk."""
        prefix = [*self.tokens.prefix, *self.tokens.prompt_ids]
        for section in sections:
            inside = [index for index, chunk in enumerate(chunks) if chunk.span.overlaps(section)]
            if not inside:
                continue
            body, offsets = self.tokens.located(section.of(text))
            found = windows(len(body), size=self._window, overlap=self._overlap)
            spans = [_clipped(chunks[index].span, section) for index in inside]
            uses: dict[int, list[Use]] = {}
            for index, (first, last) in zip(inside, token_ranges(offsets, spans), strict=True):
                for part in parts(first, last, found) if first < last else ():
                    start, end = found[part.window]
                    shift = len(prefix) - start
                    uses.setdefault(part.window, []).append((index, part.start + shift, part.end + shift))
                    pooled[index].key += [body[start:end], [part.start - start, part.end - start]]
            for number in sorted(uses):
                start, end = found[number]
                yield [*prefix, *body[start:end], *self.tokens.suffix], uses[number]

    @cached_property
    def _window(self) -> int:
        return min(self._profile.late_window or self.tokens.limit, self.tokens.limit)

    @cached_property
    def _overlap(self) -> int:
        wanted = self._profile.late_overlap
        return min(self._window // 2 if wanted is None else wanted, self._window - 1)

    def _check_late(self) -> None:
        allowed, pooling = self._profile.late, "+".join(self._folder.pooling)
        if allowed is False or (allowed is None and pooling != "mean"):
            raise EncodeError(
                f"late chunking needs a mean-pooled model, {self._profile.name} is {pooling}-pooled: only that state "
                "was trained; choose another chunker, or set `late: true` in its profile"
            )

    @cached_property
    def _network(self) -> Network:
        with self._loading:
            from encoders._network import Network

            return Network(self._folder)

    @cached_property
    def _query_tokens(self) -> Tokens:
        return self._tokens(self._folder.query_prompt)

    def _tokens(self, prompt: str) -> Tokens:
        return Tokens.from_folder(self._folder.network, max_tokens=self._folder.max_tokens, prompt=prompt)

    def _sequences(self, texts: Sequence[str], prompt: str) -> list[list[int]]:
        """Prompt and text are tokenised together, as the model was trained."""
        found = self.tokens.ids([prompt + text for text in texts])
        return [[*self.tokens.prefix, *ids, *self.tokens.suffix] for ids in found]

    def _check_length(self, ids: Sequence[int], *, what: str) -> None:
        if len(ids) > self._folder.max_tokens:
            raise EncodeError(
                f"{what} has {len(ids)} tokens, {self._profile.name} takes {self._folder.max_tokens}; nothing is cut"
            )

    def _vectors(self, sequences: Sequence[list[int]], tokens: Tokens) -> Array:
        """`(len(sequences), dim)` float32: longest first, so that a batch holds texts of about one length."""
        skip = 0 if self._folder.include_prompt else len(tokens.prefix) + len(tokens.prompt_ids)
        pooled: list[Any] = [None] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
        for batch in _batches(iter(order), length=lambda index: len(sequences[index])):
            for index, states in zip(batch, self._run([sequences[index] for index in batch]), strict=True):
                pooled[index] = pool(states[skip:], self._folder.pooling)
        if not pooled:
            return np.empty((0, self._dim or self._folder.dim), dtype=np.float32)
        return unit(self._network.project(np.stack(pooled)), dim=self._dim)

    def _run(self, sequences: Sequence[list[int]]) -> list[Array]:
        self._encoded += sum(map(len, sequences))
        return self._network.states(sequences)


def _clipped(span: Span, section: Span) -> tuple[int, int]:
    return max(span.start, section.start) - section.start, min(span.end, section.end) - section.start


def _batches(items: Iterator[T], *, length: Callable[[T], int]) -> Iterator[list[T]]:
    """Up to BATCH_TOKENS, at least one item."""
    batch: list[T] = []
    total = 0
    for item in items:
        if batch and total + length(item) > BATCH_TOKENS:
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += length(item)
    if batch:
        yield batch
