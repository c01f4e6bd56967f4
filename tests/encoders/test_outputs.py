"""Smaller number types keep the direction of a vector as well as their size allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import load_encoder
from encoders.outputs import as_dtype
from quarry.errors import ConfigError

TEXTS = ["Salt marshes keep a record of storms.", "The pilot waits.", "tide", "14 berths are filled by noon"]


def cosines(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    one, two = first.astype(np.float64), second.astype(np.float64)
    result: np.ndarray[Any, Any] = (one * two).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
    return result


def test_minilm_keeps_its_direction() -> None:
    vectors = load_encoder("minilm").embed(TEXTS)
    half, byte = as_dtype(vectors, "float16"), as_dtype(vectors, "int8")
    assert (half.dtype, byte.dtype) == (np.float16, np.int8)
    assert cosines(vectors, half).min() > 0.999999
    assert cosines(vectors, byte).min() > 0.9995
    assert np.abs(byte).max(axis=1).tolist() == [127] * len(TEXTS)
    assert np.array_equal(as_dtype(vectors, "float32"), vectors)


@given(st.lists(st.floats(-1, 1, width=32), min_size=16, max_size=16).filter(any))
def test_bits_are_the_signs(numbers: list[float]) -> None:
    vector = np.array([numbers], dtype=np.float32)
    bits = "".join(f"{byte:08b}" for byte in as_dtype(vector, "binary")[0])
    assert bits == "".join("1" if number > 0 else "0" for number in numbers)


def test_bits_come_in_eights() -> None:
    with pytest.raises(ConfigError, match="multiple of 8"):
        as_dtype(np.ones((1, 12), dtype=np.float32), "binary")
