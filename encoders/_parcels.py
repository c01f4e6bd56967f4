"""Batches and their vectors as flat arrays: what a pipe carries without touching each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any

import numpy as np

from encoders._pooling import Array, Cut

Ints = np.ndarray[Any, np.dtype[np.int32]]
Ids = Sequence[int] | Ints
"""Token ids of a model input."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Model inputs and what is pooled of each."""

    ids: Ints
    """One after another."""
    lengths: Ints
    """Tokens of each input."""
    counts: Ints
    """Cuts of each input."""
    cuts: Ints
    """`(cuts, 3)`: first state, last state + 1, place in `modes`."""
    modes: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, sequences: Sequence[Ids], cuts: Sequence[Sequence[Cut]]) -> Parcel:
        modes = dict.fromkeys(cut.modes for own in cuts for cut in own)
        places = {mode: place for place, mode in enumerate(modes)}
        rows = [(cut.first, cut.last, places[cut.modes]) for own in cuts for cut in own]
        return cls(
            ids=np.fromiter(chain.from_iterable(sequences), dtype=np.int32),
            lengths=np.array([len(ids) for ids in sequences], dtype=np.int32),
            counts=np.array([len(own) for own in cuts], dtype=np.int32),
            cuts=np.array(rows, dtype=np.int32).reshape(-1, 3),
            modes=tuple(places),
        )

    def opened(self) -> tuple[list[Ints], list[list[Cut]]]:
        """As they were given, each input an array."""
        cuts = [Cut(first, last, self.modes[place]) for first, last, place in self.cuts.tolist()]
        ends = list(accumulate(self.counts.tolist(), initial=0))
        own = [cuts[start:end] for start, end in pairwise(ends)]
        return list(np.split(self.ids, np.cumsum(self.lengths)[:-1])), own


@dataclass(frozen=True, slots=True)
class Answer:
    """The vectors of a parcel's cuts, in its order."""

    numbers: Array
    """All vectors one after another."""
    sizes: Ints
    """Numbers of each vector."""
    counts: Ints
    """Vectors of each input."""

    @classmethod
    def of(cls, pooled: Sequence[Sequence[Array]]) -> Answer:
        vectors = [vector for own in pooled for vector in own]
        return cls(
            numbers=np.concatenate(vectors) if vectors else np.empty(0, dtype=np.float32),
            sizes=np.array([len(vector) for vector in vectors], dtype=np.int32),
            counts=np.array([len(own) for own in pooled], dtype=np.int32),
        )

    def pooled(self) -> list[list[Array]]:
        """Views of the one array."""
        vectors = np.split(self.numbers, np.cumsum(self.sizes)[:-1])
        ends = list(accumulate(self.counts.tolist(), initial=0))
        return [vectors[start:end] for start, end in pairwise(ends)]
