"""Encoder on transformers and torch: sentence-transformers folders and plain models, whole texts or late pooling."""

from __future__ import annotations

import multiprocessing
import os
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders import encoder
from encoders._batches import batches
from encoders._folder import ModelFolder, read_folder
from encoders._late import late_parts
from encoders._memo import Memo
from encoders._mixing import Inputs, Mixer, Reading, embedded, job_of
from encoders._places import named
from encoders._pooling import Array, Cut, unit
from encoders._weights import cache_dir, weights_hash
from encoders._window_cost import OVERLAP, best_window
from encoders._windows import WINDOWS
from encoders.outputs import check_bits
from encoders.profiles import Profile, profile, resolve
from encoders.tokens import Tokens
from quarry import fault
from quarry.encoding import LATE, Component, EmbeddedChunk, EncoderIdentity, Mixture, Prepared, Usage, Use
from quarry.errors import ConfigError, EncodeError
from quarry.fingerprint import digest
from quarry.settings import Precision
from quarry.span import Span
from quarry.types import Chunk

if TYPE_CHECKING:
    from encoders._dense import Projection
    from encoders._device import Setup
    from encoders._passes import Passes, Texts

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not spin: parsers need the cores
    "THP_MEM_ALLOC_ENABLE": "1",  # torch takes large blocks in huge pages: 4 to 5 % of the CPU
    "TORCHINDUCTOR_CACHE_DIR": str(cache_dir().parent / "inductor"),  # not in the temporary folder
}
"""For torch, where the user says nothing; set before it is imported."""
for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

BATCH_TOKENS = 2048
"""Tokens of one forward pass: measured optimum on CPUs of 512, 1024, 2048, 4096 and 8192."""
GPU_BATCH_TOKENS = 32768
"""From here on a GPU's time for starting kernels is small beside their work (arithmetic, not measured)."""
SHARED = 2 / 9
"""Of their tokens, what neighbouring windows of a size that a strategy asks for share."""


class Transformer:
    """Fits `quarry.encoding.Encoder`. Weights and torch are loaded at the first text, not for `identity`."""

    def __init__(
        self, chosen: Profile, *, dim: int | None = None, dtype: str = "float32", precision: Precision = "auto"
    ) -> None:
        self._profile = chosen
        self._folder: ModelFolder = read_folder(resolve(chosen), chosen)
        self._dim = dim or self._folder.truncate_dim
        if self._dim and not 0 < self._dim <= self._folder.dim:
            raise ConfigError(f"encoder.dim is {self._dim}, {chosen.name} has {self._folder.dim} dimensions")
        if dtype == "binary":
            check_bits(self._dim or self._folder.dim)
        self._dtype = dtype
        self._precision = precision
        self._places = named()
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._encoded = 0
        self._memo = Memo()
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
        own = ["int8"] if self._precision == "int8" else []
        made_by = digest(
            "embed", known, folder.architecture, folder.include_prompt, self._window, self._overlap, WINDOWS, *own
        )
        return EncoderIdentity(
            name=chosen.name, model=chosen.model, revision=chosen.revision, fingerprint=made_by, **known
        )

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    @property
    def setup(self) -> str:
        """The device, number type and libraries that compute the vectors here, however many devices there are."""
        return self._setups[0].name

    @property
    def devices(self) -> int:
        """Texts are spread over so many, a process each; 1 is this process alone."""
        return 1 if multiprocessing.current_process().daemon else len(self._setups)  # a daemon may start no process

    @property
    def usage(self) -> Usage:
        return Usage(self._encoded, self._passes.padding if "_passes" in self.__dict__ else 0)

    def check(self, mixture: Mixture) -> None:
        if not mixture.late:
            return
        pooling, limit = "+".join(self._folder.pooling), self.tokens.limit
        if not self._profile.late_fits(pooling):
            raise ConfigError(
                f"late chunking needs a mean-pooled model, {self._profile.name} is {pooling}-pooled: only that state "
                "was trained; choose another chunker, or set `late: true` in its profile"
            )
        if max(mixture.windows, default=0) > limit:
            raise ConfigError(
                f"chunker.windows has {max(mixture.windows)}: {self._profile.name} reads {limit} tokens of text at "
                f"once; set it to {limit} at most"
            )

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        """Each chunk's prompt + context + text on its own. EncodeError for one over the model's length: never cut."""
        return embedded(self, self.prepare(chunks))

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        """Late chunking (Günther et al. 2024, §3.1): means over the token states of windows of the body text.

        Special and prompt tokens stand in every window and in no mean. A chunk that holds no whole token is encoded on
        its own. ConfigError as `check`.
        """
        return embedded(self, self.prepare_mixed(text, chunks, LATE, sections=sections))

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        """Tokenised, with keys; loads no model. EncodeError as `encode`."""
        inputs = Inputs()
        jobs = [job_of(self.fingerprint, chunk, [reading]) for chunk, reading in self._plain(chunks, inputs)]
        return Prepared(tuple(jobs), tuple(inputs.windows))

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        """Tokenised, with keys; loads no model. ConfigError as `check`.

        A chunk whose own text has no reading in the mixture, for want of a whole token, gets its plain one.
        """
        self.check(mixture)
        inputs = Inputs()
        readings: list[list[Reading]] = [[] for _ in chunks]
        if mixture.plain:
            for own, (_, reading) in zip(readings, self._plain(chunks, inputs, weight=mixture.plain), strict=True):
                own.append(reading)
        if mixture.sentences:
            self._add_sentences(text, parts, readings, inputs, weight=mixture.sentences)
        if mixture.late:
            self._add_late(text, chunks, tuple(sections), readings, inputs, mixture=mixture)
        bare = [index for index, own in enumerate(readings) if not own]
        for index, (_, reading) in zip(bare, self._plain([chunks[n] for n in bare], inputs), strict=True):
            readings[index].append(reading)
        if mixture.heading:
            self._add_headings(chunks, readings, inputs, weight=mixture.heading)
        jobs = (job_of(self.fingerprint, chunk, own) for chunk, own in zip(chunks, readings, strict=True))
        return Prepared(tuple(jobs), tuple(inputs.windows))

    def _plain(
        self, chunks: Sequence[Chunk], inputs: Inputs, *, weight: float = 1.0
    ) -> Iterator[tuple[Chunk, Reading]]:
        found = self._sequences([chunk.embedded_text for chunk in chunks], self._folder.document_prompt)
        for chunk, ids in zip(chunks, found, strict=True):
            self._check_length(ids, what=f"chunk {chunk.id}")
            yield chunk, inputs.plain([ids], skip=self._skip(self.tokens), weight=weight)

    def _add_sentences(
        self,
        text: str,
        parts: Sequence[Sequence[Span]],
        readings: Sequence[list[Reading]],
        inputs: Inputs,
        *,
        weight: float,
    ) -> None:
        """Stripped, as a strategy that compares sentences reads them."""
        texts = [span.of(text).strip() for own in parts for span in own]
        found = iter(self._sequences(texts, self._folder.document_prompt))
        for own, spans in zip(readings, parts, strict=True):
            sentences = [next(found) for _ in spans]
            for ids in sentences:
                self._check_length(ids, what="a sentence")
            if sentences:
                own.append(inputs.plain(sentences, skip=self._skip(self.tokens), weight=weight))

    def _add_headings(
        self, chunks: Sequence[Chunk], readings: Sequence[list[Reading]], inputs: Inputs, *, weight: float
    ) -> None:
        texts = list(dict.fromkeys(chunk.context.strip() for chunk in chunks))
        found = dict(zip(texts, self._sequences(texts, self._folder.document_prompt), strict=True))
        for chunk, own in zip(chunks, readings, strict=True):
            if heading := chunk.context.strip():
                own.append(inputs.plain([found[heading]], skip=self._skip(self.tokens), weight=weight))

    def _add_late(
        self,
        text: str,
        chunks: Sequence[Chunk],
        sections: Sequence[Span],
        readings: Sequence[list[Reading]],
        inputs: Inputs,
        *,
        mixture: Mixture,
    ) -> None:
        prefix, suffix = (*self.tokens.prefix, *self.tokens.prompt_ids), self.tokens.suffix
        laid = late_parts(text, chunks, sections, self.tokens, sizes=self._sizes(mixture.windows))
        for found in laid:
            uses: dict[int, list[Use]] = defaultdict(list)
            names: dict[int, list[Any]] = defaultdict(list)
            for part in found:
                number, name = inputs.add((*prefix, *part.ids, *suffix)), digest(part.ids)
                for index, first, last in part.uses:
                    uses[index].append((number, first + len(prefix), last + len(prefix)))
                    names[index].append([name, first, last])
            for index in uses:
                component = Component(mixture.late, tuple(uses[index]), plain=False)
                readings[index].append(Reading(component, ("late", names[index])))

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Array]]]:
        """Longest windows first, in batches of BATCH_TOKENS; memory holds a batch and the sums of unfinished chunks.

        Jobs with one key are computed once. Texts that `embed` read a moment ago are not run again.
        """
        same: dict[str, list[int]] = defaultdict(list)
        for index in wanted:
            same[prepared.jobs[index].key].append(index)
        first = [indexes[0] for indexes in same.values()]
        mixer = Mixer(prepared, first, pooling=self._folder.pooling, project=self._project, dim=self._dim)
        known = {n: vector for n in mixer.texts() if (vector := self._memo.get(prepared.windows[n])) is not None}

        def shared(found: Iterable[tuple[int, Array]]) -> list[tuple[int, Array]]:
            return [(other, vector) for index, vector in found for other in same[prepared.jobs[index].key]]

        if known:
            yield shared(mixer.take_known(known))
        order = [window for window in mixer.windows() if window not in known]
        order.sort(key=lambda window: (-len(prepared.windows[window]), window))

        def texts(batch: list[int]) -> Texts:
            fault.reach("encode")
            return [prepared.windows[n] for n in batch], [mixer.cuts(n) for n in batch]

        for batch, pooled in self._over(order, texts, length=lambda window: len(prepared.windows[window])):
            yield shared(mixer.take(dict(zip(batch, pooled, strict=True))))

    def embed(self, texts: Sequence[str]) -> Array:
        """`(len(texts), dim)` float32; equal texts are run once, and what was read a moment ago not at all.

        Texts over the model's length raise EncodeError.
        """
        sequences = self._sequences(texts, self._folder.document_prompt)
        for number, ids in enumerate(sequences):
            self._check_length(ids, what=f"text {number}")
        if not sequences:
            return np.empty((0, self._dim or self._folder.dim), dtype=np.float32)
        keys = [ids.tobytes() for ids in sequences]
        every = dict(zip(keys, sequences, strict=True))
        known = {key: vector for key, ids in every.items() if (vector := self._memo.get(ids)) is not None}
        fresh = {key: ids for key, ids in every.items() if key not in known}
        for (key, ids), vector in zip(fresh.items(), self._vectors(list(fresh.values()), self.tokens), strict=True):
            self._memo.put(ids, vector)
            known[key] = vector
        return unit(np.stack([known[key] for key in keys]), dim=self._dim)

    def forget(self) -> None:
        """Texts that were read before are tokenised and run again: so a measurement sees what a strategy costs."""
        self._memo.clear()
        self.tokens.recent.clear()

    def encode_query(self, query: str) -> Array:
        """With the query prompt; `(dim,)` float32."""
        (ids,) = self._sequences([query], self._folder.query_prompt)
        self._check_length(ids, what="the query")
        vector: Array = unit(self._vectors([ids], self._query_tokens), dim=self._dim)[0]
        return vector

    def states(self, ids: Sequence[int]) -> Array:
        """`(tokens, hidden)` float32 of one model input, special tokens and prompt included, run on its own."""
        cuts = [Cut(place, place + 1) for place in range(len(ids))]  # the sum over one state is the state
        ((_, (found,)),) = self._over([0], lambda _: ([ids], [cuts]), length=lambda _: len(ids))
        return np.stack(found)

    def finished(self, pooled: Array) -> Array:
        """`(texts, dim)` float32 from `(texts, hidden)`: Dense modules, then cut, then of unit length."""
        return unit(self._project(np.asarray(pooled, dtype=np.float32)), dim=self._dim)

    def _skip(self, tokens: Tokens) -> int:
        """States that are left out of the pooling."""
        return 0 if self._folder.include_prompt or not tokens.prompt else len(tokens.prefix) + len(tokens.prompt_ids)

    def _sizes(self, windows: Sequence[int]) -> list[tuple[int, int]]:
        """(tokens, overlap) of each."""
        return [(size, int(size * SHARED)) for size in windows] or [(self._window, self._overlap)]

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

    @cached_property
    def _setups(self) -> tuple[Setup, ...]:
        from encoders._device import setups

        return setups(self._precision, self._places)

    @cached_property
    def _passes(self) -> Passes:
        with self._loading:
            if self.devices > 1:
                from encoders._processes import Processes

                return Processes(self._folder, self._setups, name=self._profile.name)
            from encoders._passes import InProcess

            return InProcess(self._folder, self._setups[0], name=self._profile.name)

    @cached_property
    def _projection(self) -> Projection:
        from encoders._dense import Projection

        return Projection(self._folder.dense)

    @cached_property
    def _query_tokens(self) -> Tokens:
        return self._tokens(self._folder.query_prompt)

    def _tokens(self, prompt: str) -> Tokens:
        return Tokens.from_folder(self._folder.network, max_tokens=self._folder.max_tokens, prompt=prompt)

    def _sequences(self, texts: Sequence[str], prompt: str) -> list[array[int]]:
        """Prompt and text are tokenised together, as the model was trained."""
        found = self.tokens.ids([prompt + text for text in texts])
        prefix, suffix = array("i", self.tokens.prefix), array("i", self.tokens.suffix)
        return [prefix + ids + suffix for ids in found]

    def _check_length(self, ids: Sequence[int], *, what: str) -> None:
        if len(ids) > self._folder.max_tokens:
            raise EncodeError(
                f"{what} has {len(ids)} tokens, {self._profile.name} takes {self._folder.max_tokens}; nothing is cut"
            )

    def _vectors(self, sequences: Sequence[Sequence[int]], tokens: Tokens) -> Array:
        """`(len(sequences), full dim)` unit rows: longest first, so that a batch holds texts of about one length."""
        skip = self._skip(tokens)
        pooled: list[Any] = [None] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))

        def texts(batch: list[int]) -> Texts:
            own = [sequences[index] for index in batch]
            return own, [[Cut(skip, len(ids), self._folder.pooling)] for ids in own]

        for batch, result in self._over(order, texts, length=lambda index: len(sequences[index])):
            for index, (vector,) in zip(batch, result, strict=True):
                pooled[index] = vector
        if not pooled:
            return np.empty((0, self._folder.dim), dtype=np.float32)
        return unit(self._project(np.stack(pooled)))

    def _project(self, pooled: Array) -> Array:
        return self._projection(pooled) if self._folder.dense else pooled

    def _over(
        self, order: Sequence[int], texts: Callable[[list[int]], Texts], *, length: Callable[[int], int]
    ) -> Iterator[tuple[list[int], list[list[Array]]]]:
        """Batches of about one length, each with the vectors of its cuts, in order."""

        def counted(batch: list[int]) -> Texts:
            sequences, cuts = texts(batch)
            with self._counting:
                self._encoded += sum(map(len, sequences))
            return sequences, cuts

        budget = GPU_BATCH_TOKENS if self._setups[0].on_gpu else BATCH_TOKENS
        return self._passes.over(batches(order, length=length, budget=budget), counted)


@encoder
@dataclass(frozen=True, slots=True)
class OnTransformers:
    """The default back end. It has no settings: the profile and the model's folder say all."""

    def load(self, chosen: Profile, *, dim: int | None, dtype: str, precision: Precision) -> Transformer:
        return Transformer(chosen, dim=dim, dtype=dtype, precision=precision)
