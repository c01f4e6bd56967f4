"""Vectors of texts that were read a moment ago, so that a strategy's reading of sentences is not done twice."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from encoders._pooling import Array

ROOM = 64 * 2**20
"""Bytes of vectors: the sentences of some batches of documents (40,000 of 384 numbers). What was used longest ago goes
first; a vector that is gone is computed again."""


class Memo:
    """Full unit vectors by the token ids of the model input. Shared between threads."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._bytes = 0
        self._vectors: OrderedDict[bytes, Array] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, ids: Sequence[int]) -> Array | None:
        with self._lock:
            found = self._vectors.get(key := _key(ids))
            if found is not None:
                self._vectors.move_to_end(key)
            return found

    def put(self, ids: Sequence[int], vector: Array) -> None:
        own = np.array(vector)  # no view: it would keep the whole batch
        with self._lock:
            old = self._vectors.pop(key := _key(ids), None)
            self._vectors[key] = own
            self._bytes += own.nbytes - (0 if old is None else old.nbytes)
            while self._bytes > self._room:
                self._bytes -= self._vectors.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._vectors.clear()
            self._bytes = 0


def _key(ids: Sequence[int]) -> bytes:
    return blake2b(array("q", ids).tobytes(), digest_size=16).digest()
