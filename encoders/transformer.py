"""Encoder on transformers and torch: sentence-transformers folders and plain models, whole texts or late pooling."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from encoders._folder import ModelFolder, read_folder
from encoders._late import late_parts
from encoders._pooling import Array, Cut, unit
from encoders._weights import weights_hash
from encoders._window_cost import OVERLAP, best_window
from encoders._windows import WINDOWS
from encoders.profiles import Profile, profile, resolve
from encoders.tokens import Tokens
from quarry import fault, memory
from quarry.errors import ConfigError, EncodeError
from quarry.fingerprint import digest
from quarry.settings import Precision
from quarry.span import Span
from quarry.types import Chunk, EmbeddedChunk, EncoderIdentity, Job, Prepared

if TYPE_CHECKING:
    from encoders._calibration import Spread
    from encoders._network import Network

BATCH_TOKENS = 2048
"""Tokens of one forward pass: measured optimum on CPUs of 512, 1024, 2048, 4096 and 8192."""
GPU_BATCH_TOKENS = 32768
"""From here on a GPU's time for starting kernels is small beside their work (arithmetic, not measured)."""
TIDY = 4
"""Rows after which freed memory goes back: rows of many sizes tear the heap, it grew by 1 MB for every 3 chunks."""
T = TypeVar("T")
R = TypeVar("R")
Use = tuple[int, int, int]
"""(window, first state, last state + 1)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens run so far."""

    encoded: int
    padding: int


@dataclass(slots=True)
class _Pooled:
    """A chunk's vector in the making."""

    total: Any = 0.0
    states: int = 0

    def add(self, found: Array, states: int) -> None:
        """The sum over so many states; a vector that is pooled already counts as one."""
        self.total = self.total + found
        self.states += states

    @property
    def mean(self) -> Array:
        return np.asarray(self.total / np.float32(self.states), dtype=np.float32)


class Transformer:
    """Fits `quarry.types.Encoder`. Weights are loaded and torch is imported at the first text, not for `identity`."""

    def __init__(
        self, chosen: Profile, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
    ) -> None:
        self._profile = chosen
        self._folder: ModelFolder = read_folder(resolve(chosen), chosen)
        self._dim = dim or self._folder.truncate_dim
        if self._dim and not 0 < self._dim <= self._folder.dim:
            raise ConfigError(f"encoder.dim is {self._dim}, {chosen.name} has {self._folder.dim} dimensions")
        if dtype == "binary" and (self._dim or self._folder.dim) % 8:
            raise ConfigError(f"encoder.dim is {self._dim or self._folder.dim}: binary takes a multiple of 8")
        self._dtype = dtype
        self._precision = precision
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._encoded = 0
        self.tokens = self._tokens(self._folder.document_prompt)

    @classmethod
    def load(
        cls, name: str, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
    ) -> Transformer:
        """By profile name or model folder. ModelError in one line where the model is missing."""
        return cls(profile(name), dim=dim, dtype=dtype, precision=precision)

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
        made_by = digest(
            "embed", known, folder.architecture, folder.include_prompt, self._window, self._overlap, WINDOWS
        )
        return EncoderIdentity(
            name=chosen.name, model=chosen.model, revision=chosen.revision, fingerprint=made_by, **known
        )

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def setup(self) -> str:
        """The device, number type and libraries that compute the vectors here. Loads the model."""
        return self._network.setup.name

    @property
    def usage(self) -> Usage:
        return Usage(self._encoded, self._network.padding if "_network" in self.__dict__ else 0)

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        """Each chunk's prompt + context + text on its own. EncodeError for one over the model's length: never cut."""
        return self._every(self.prepare(chunks))

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        """Late chunking (Günther et al. 2024, §3.1): means over the token states of windows of the body text.

        Special and prompt tokens stand in every window and in no mean. A chunk that holds no whole token is encoded on
        its own. EncodeError where the model is not mean-pooled.
        """
        return self._every(self.prepare_late(text, chunks, sections=sections))

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        """Tokenised, with keys; loads no model. EncodeError as `encode`."""
        sequences = self._sequences([chunk.embedded_text for chunk in chunks], self._folder.document_prompt)
        for chunk, ids in zip(chunks, sequences, strict=True):
            self._check_length(ids, what=f"chunk {chunk.id}")
        made_by = self.fingerprint
        jobs = (
            _job(made_by, chunk, "plain", digest(ids), uses=((number, self._skip(self.tokens), len(ids)),))
            for number, (chunk, ids) in enumerate(zip(chunks, sequences, strict=True))
        )
        return Prepared(tuple(jobs), tuple(sequences))

    def prepare_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> Prepared:
        """Tokenised, with keys; loads no model. EncodeError as `encode_late`."""
        self._check_late()
        prefix = [*self.tokens.prefix, *self.tokens.prompt_ids]
        inputs: list[Sequence[int]] = []
        uses: dict[int, list[Use]] = defaultdict(list)
        keys: dict[int, list[Any]] = defaultdict(list)
        for part in late_parts(text, chunks, sections, self.tokens, size=self._window, overlap=self._overlap):
            number = len(inputs)
            inputs.append([*prefix, *part.ids, *self.tokens.suffix])
            name = digest(part.ids)
            for index, first, last in part.uses:
                uses[index].append((number, first + len(prefix), last + len(prefix)))
                keys[index].append([name, first, last])
        alone = self.prepare([chunk for index, chunk in enumerate(chunks) if index not in uses])
        rest = iter(Prepared.joined([Prepared((), tuple(inputs)), alone]).jobs)
        made_by = self.fingerprint
        jobs = (
            _job(made_by, chunk, "late", keys[index], uses=uses[index]) if index in uses else next(rest)
            for index, chunk in enumerate(chunks)
        )
        return Prepared(tuple(jobs), (*inputs, *alone.windows))

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Array]]]:
        """Longest windows first, in batches of BATCH_TOKENS; memory holds a batch and the sums of unfinished chunks.

        Jobs with one key are computed once.
        """
        users: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        same: dict[str, list[int]] = defaultdict(list)
        for index in wanted:
            same[prepared.jobs[index].key].append(index)
        left = {indexes[0]: len(prepared.jobs[indexes[0]].uses) for indexes in same.values()}
        for index in left:
            for window, first, last in prepared.jobs[index].uses:
                users[window].append((index, first, last))
        sums: dict[int, _Pooled] = defaultdict(_Pooled)
        order = sorted(users, key=lambda window: (-len(prepared.windows[window]), window))

        def run(batch: list[int]) -> list[list[Array]]:
            fault.reach("encode")
            cuts = [[self._pooled_by(prepared.jobs[index], a, b) for index, a, b in users[window]] for window in batch]
            return self._run([prepared.windows[window] for window in batch], cuts)

        for batch, result in self._spread(order, run, length=lambda window: len(prepared.windows[window])):
            done: list[int] = []
            for window, pooled in zip(batch, result, strict=True):
                for (index, first, last), found in zip(users[window], pooled, strict=True):
                    sums[index].add(found, 1 if prepared.jobs[index].plain else last - first)
                    left[index] -= 1
                    if not left[index]:
                        done.append(index)
            made = self._finished(done, sums)
            yield [(other, vector) for index, vector in made for other in same[prepared.jobs[index].key]]

    def _finished(self, done: Sequence[int], sums: dict[int, _Pooled]) -> list[tuple[int, Array]]:
        if not done:
            return []
        pooled = np.stack([sums.pop(index).mean for index in done])
        return list(zip(done, unit(self._network.project(pooled), dim=self._dim), strict=True))

    def _every(self, prepared: Prepared) -> list[EmbeddedChunk]:
        found = dict(item for batch in self.vectors(prepared, range(len(prepared.jobs))) for item in batch)
        return [EmbeddedChunk(job.chunk, found[index], job.key) for index, job in enumerate(prepared.jobs)]

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

    def _skip(self, tokens: Tokens) -> int:
        """States that are left out of the pooling."""
        return 0 if self._folder.include_prompt else len(tokens.prefix) + len(tokens.prompt_ids)

    @cached_property
    def _window(self) -> int:
        limit, wanted = self.tokens.limit, self._profile.late_overlap
        shared = min(OVERLAP, limit // 2) if wanted is None else min(wanted, limit - 1)
        chosen = self._profile.late_window or best_window(self._folder.config, overlap=shared, limit=limit)
        return min(chosen, limit)

    @cached_property
    def _overlap(self) -> int:
        wanted = self._profile.late_overlap
        return min(OVERLAP, self._window // 2) if wanted is None else min(wanted, self._window - 1)

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

            return Network(self._folder, precision=self._precision)

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
        skip = self._skip(tokens)
        pooled: list[Any] = [None] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))

        def run(batch: list[int]) -> list[list[Array]]:
            texts = [sequences[index] for index in batch]
            return self._run(texts, [[Cut(skip, len(ids), self._folder.pooling)] for ids in texts])

        for batch, result in self._spread(order, run, length=lambda index: len(sequences[index])):
            for index, (vector,) in zip(batch, result, strict=True):
                pooled[index] = vector
        if not pooled:
            return np.empty((0, self._dim or self._folder.dim), dtype=np.float32)
        return unit(self._network.project(np.stack(pooled)), dim=self._dim)

    def _spread(
        self, order: Sequence[int], run: Callable[[list[int]], R], *, length: Callable[[int], int]
    ) -> Iterator[tuple[list[int], R]]:
        """Batches of about one length, each with its result, in order, by the best split of this machine's cores."""
        network = self._network
        budget = GPU_BATCH_TOKENS if network.setup.on_gpu else BATCH_TOKENS
        batches = _batches(iter(order), length=length, budget=budget)
        if network.setup.on_gpu:
            yield from ((batch, run(batch)) for batch in batches)
            return
        for number, done in enumerate(self._cores.over(batches, run), start=1):
            yield done
            if number % TIDY == 0:
                memory.give_back()

    @cached_property
    def _cores(self) -> Spread:
        from encoders._calibration import Spread

        return Spread(digest(self._folder.architecture), self._network.setup.name)

    def _pooled_by(self, job: Job, first: int, last: int) -> Cut:
        """Plain vectors are pooled in the model's own way, late ones summed up for the mean over their windows."""
        return Cut(first, last, self._folder.pooling if job.plain else ())

    def _run(self, sequences: Sequence[Sequence[int]], cuts: Sequence[Sequence[Cut]]) -> list[list[Array]]:
        """EncodeError where torch gives up: out of memory, or ids that the network has no row for."""
        with self._counting:
            self._encoded += sum(map(len, sequences))
        network = self._network
        try:
            return network.pooled(sequences, cuts)
        except (RuntimeError, IndexError) as error:
            what = " ".join(str(error).split())[:200]
            raise EncodeError(f"{self._profile.name} broke on {len(sequences)} texts: {what}") from error


def _job(made_by: str, chunk: Chunk, kind: str, content: Any, *, uses: Sequence[Use]) -> Job:
    return Job(chunk, digest(made_by, kind, content), (kind, content), tuple(uses), kind == "plain")


def _batches(items: Iterator[T], *, length: Callable[[T], int], budget: int) -> Iterator[list[T]]:
    """Up to `budget` tokens, at least one item."""
    batch: list[T] = []
    total = 0
    for item in items:
        if batch and total + length(item) > budget:
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += length(item)
    if batch:
        yield batch
