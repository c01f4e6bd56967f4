"""Token states -> one vector, by the poolings that sentence-transformers knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quarry.errors import EncodeError

Array = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Cut:
    """States `[first, last)` of a sequence, to be pooled."""

    first: int
    last: int
    modes: tuple[str, ...] = ()
    """As in `pool`; none: the sum, for a mean over several windows."""


def pool(states: Array, modes: Sequence[str]) -> Array:
    """`(tokens, hidden)` -> `(hidden * len(modes),)` float32; sums in float32. EncodeError without a token."""
    if not len(states):
        raise EncodeError("nothing to pool: the text has no token")
    return np.concatenate([_pooled(states, mode) for mode in modes])


def _pooled(states: Array, mode: str) -> Array:
    if mode == "cls":
        return np.asarray(states[0])
    if mode == "lasttoken":
        return np.asarray(states[-1])
    if mode == "max":
        return np.asarray(states.max(axis=0), dtype=np.float32)
    if mode == "weightedmean":
        weights = np.arange(1, len(states) + 1, dtype=np.float32)
        return np.asarray(weights @ states / weights.sum(), dtype=np.float32)
    total = states.sum(axis=0, dtype=np.float32)
    divisor = np.sqrt(len(states)) if mode == "mean_sqrt_len_tokens" else len(states)
    return np.asarray(total / np.float32(divisor), dtype=np.float32)


def unit(vectors: Array, *, dim: int | None = None) -> Array:
    """Rows cut to `dim` first (Matryoshka, Kusupati et al. 2022), then L2-normalised."""
    cut = vectors[:, :dim] if dim else vectors
    norms = np.linalg.norm(cut, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or (norms == 0).any():
        raise EncodeError("the model gave a vector that is zero or not finite")
    return np.ascontiguousarray(cut / norms, dtype=np.float32)
