"""Vectors that are computed now: an encoder remembers texts, and what is remembered equals itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quarry.encoding import Encoder


def embed(encoder: Encoder, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    encoder.forget()
    before = encoder.usage.encoded
    found = encoder.embed(texts)
    assert encoder.usage.encoded > before
    return found
