"""What is encoded and by what: work that is tokenised, its vectors, and what an encoder has to be able to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """A chunk with its vector."""

    chunk: Chunk
    vector: np.ndarray[Any, np.dtype[np.float32]]
    """`(dim,)` float32, L2-normalised."""
    embed_key: str
    """Hash of the embed fingerprint, the token ids of each contributing window and the token ranges pooled."""


Use = tuple[int, int, int]
"""(window, first state, last state + 1)."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a chunk's vector is the weighted sum of: unit vectors, each from another reading of the chunk.

    A weight of 0 leaves a reading out; so does a chunk that has none of it (no context, no whole token). The plain
    one stands in where nothing is left but the heading.
    """

    plain: float = 1.0
    """Its own text after its context."""
    sentences: float = 0.0
    """The mean over the vectors of its sentences, each read on its own."""
    heading: float = 0.0
    """Its context, read on its own."""
    late: float = 0.0
    """Each mean over its token states in windows of the document's text (Günther et al. 2024)."""
    windows: tuple[int, ...] = ()
    """Tokens of text in the windows of each `late` reading; empty for one with the model profile's own."""
    unit: int = 80
    """Most tokens of a sentence; longer ones are read in parts."""

    def __post_init__(self) -> None:
        weights = {name: getattr(self, name) for name in ("plain", "sentences", "heading", "late")}
        if min(weights.values()) < 0 or not self.plain + self.sentences + self.late:
            raise ValueError(f"weights must not be negative, and plain, sentences or late positive: {weights}")
        if self.unit < 1 or min(self.windows, default=2) < 2:
            raise ValueError(f"unit must be positive, windows 2 at least: unit={self.unit}, windows={self.windows}")


LATE = Mixture(plain=0.0, late=1.0)
"""Late chunking and nothing else."""


@dataclass(frozen=True, slots=True)
class Component:
    """One reading in a chunk's vector; its own vector has unit length before it is weighted."""

    weight: float
    uses: tuple[Use, ...]
    plain: bool
    """Each use is a text in itself, pooled in the model's own way, and the vector the mean of theirs. Else it is the
    mean over all these states of longer windows."""


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk's vector to be computed: which states of which model inputs it is pooled from."""

    chunk: Chunk
    key: str
    """Its `embed_key`: equal keys are equal vectors."""
    content: tuple[Any, ...]
    """What the key is made of besides the encoder's fingerprint, so that `key_by` finds it under another one."""
    components: tuple[Component, ...]

    def key_by(self, fingerprint: str) -> str:
        """What another encoder's key of the same content is."""
        return digest(fingerprint, *self.content)

    def moved(self, places: Sequence[int]) -> Job:
        """The same where window n stands at `places[n]`."""
        moved = tuple(
            replace(part, uses=tuple((places[window], first, last) for window, first, last in part.uses))
            for part in self.components
        )
        return replace(self, components=moved)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Tokenised work for many chunks, of one document or several."""

    jobs: tuple[Job, ...] = ()
    windows: tuple[tuple[int, ...], ...] = ()
    """Token ids of each model input, special tokens and prompt included; no two are equal."""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(job.key for job in self.jobs)

    def needed(self, indexes: Iterable[int]) -> list[int]:
        """Windows of these jobs, ascending."""
        parts = (part for index in indexes for part in self.jobs[index].components)
        return sorted({window for part in parts for window, _, _ in part.uses})

    def tokens(self, indexes: Iterable[int]) -> int:
        """Tokens of the model inputs that these jobs need."""
        return sum(len(self.windows[window]) for window in self.needed(indexes))

    @classmethod
    def joined(cls, parts: Iterable[Prepared]) -> Prepared:
        """One after another, so that windows of many documents share batches and equal ones are run once."""
        jobs: list[Job] = []
        windows: dict[tuple[int, ...], int] = {}
        for part in parts:
            places = [windows.setdefault(ids, len(windows)) for ids in part.windows]
            jobs += part.jobs if places == list(range(len(places))) else (job.moved(places) for job in part.jobs)
        return cls(tuple(jobs), tuple(windows))


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """What a vector depends on; its `fingerprint` goes into every generation."""

    name: str
    """Profile name."""
    model: str
    """Hub id or folder."""
    revision: str | None
    weights: str
    """Hex SHA-256 over the weight files."""
    tokenizer: str
    """Hex SHA-256 of tokenizer.json."""
    pooling: str
    document_prompt: str
    query_prompt: str
    max_tokens: int
    """Including special tokens and prompt."""
    dim: int
    dtype: str
    """Stored number type: float32 or float16."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens run so far."""

    encoded: int
    padding: int


class TokenCounter(Protocol):
    """The encoder's own tokenizer, without its weights: no torch is imported to count."""

    @property
    def fingerprint(self) -> str:
        """Hash of the tokenizer's definition."""

    @property
    def limit(self) -> int:
        """Most tokens that context + text of one chunk may have: model maximum less special tokens and prompt."""

    def count(self, text: str) -> int: ...

    def offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """`(start, end)` code points of each token of `text`, special tokens left out."""


class PartCounter(Protocol):
    """Counts parts of one text by its tokens."""

    @property
    def starts(self) -> Sequence[int]:
        """First code point of each token, never falling."""

    def count(self, span: Span, *, context: str = "") -> int:
        """What `TokenCounter.count` says of context + part."""

    def find(self, part: str, *, after: int) -> Span | None:
        """A place of a part of the text, at `after` or behind it."""


@runtime_checkable
class Divisible(Protocol):
    """A `TokenCounter` that may know the tokens of parts from those of the whole."""

    def parts(self, text: str) -> PartCounter | None: ...


class SentenceEmbedder(Protocol):
    """What a chunker that compares sentences is given."""

    @property
    def fingerprint(self) -> str:
        """Hash of what its vectors depend on: part of the chunking fingerprint of strategies that embed."""

    def embed(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """`(len(texts), dim)` float32, rows L2-normalised."""


class Encoder(SentenceEmbedder, Protocol):
    """Text to vectors, by one model."""

    @property
    def tokens(self) -> TokenCounter: ...

    @property
    def identity(self) -> EncoderIdentity: ...

    @property
    def usage(self) -> Usage: ...

    @property
    def setup(self) -> str:
        """What computes: device, number type and libraries, or a server. One that a generation doesn't know is tested.

        May load the model.
        """

    def check(self, mixture: Mixture) -> None:
        """ConfigError where it can't give vectors that are such mixtures. Reads no weights and imports no torch.

        Late chunking takes a mean-pooled model (Günther et al. 2024, §3.1) whose token states are seen here.
        """

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        """Embed each chunk's prompt + context + text on its own; order kept."""

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        """Pool each chunk from the token states of long windows over `text`; no window crosses a section's bounds.

        Raises ConfigError as `check`.
        """

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        """The work of `encode`, tokenised; loads no model."""

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        """The work of vectors that are mixtures, tokenised; loads no model.

        `parts` are the sentences of each chunk, for a mixture that has some weight on them. Raises ConfigError as
        `check`.
        """

    def vectors(
        self, prepared: Prepared, wanted: Collection[int]
    ) -> Iterator[list[tuple[int, np.ndarray[Any, np.dtype[np.float32]]]]]:
        """Run what the `wanted` jobs (by index) need; after each batch those that are done, with their vectors.

        Each vector is `(dim,)` float32, L2-normalised.
        """

    def forget(self) -> None:
        """Drop texts that are remembered with their tokens and vectors: what is measured or checked runs again."""

    def encode_query(self, query: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """`(dim,)` float32, L2-normalised, with the query prompt."""
