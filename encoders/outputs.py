"""Vectors in the number type that is asked for, for stores that keep smaller ones."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from encoders._pooling import Array
from quarry.errors import ConfigError

Dtype = Literal["float32", "float16", "int8", "binary"]
STEPS = 127


def check_bits(dim: int) -> None:
    """ConfigError where the signs of so many components fill no whole bytes."""
    if dim % 8:
        raise ConfigError(f"encoder.dim is {dim}: binary takes a multiple of 8")


def as_dtype(vectors: Array, dtype: Dtype) -> np.ndarray[Any, Any]:
    """`(texts, dim)` unit rows -> rows of the type; `binary` is `(texts, dim / 8)` uint8, a set bit for each component
    above zero, the first in the highest place.

    int8 brings each vector's largest component to 127, so compare such vectors by cosine. ConfigError for binary where
    the dimension is no multiple of 8.
    """
    if dtype == "binary":
        check_bits(vectors.shape[1])
        return np.packbits(vectors > 0, axis=1)
    if dtype == "int8":
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        steps: Array = np.rint(vectors * (STEPS / largest))
        return steps.astype(np.int8)
    return vectors.astype(dtype)
