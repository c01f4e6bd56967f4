"""What a tokenizer was asked a moment ago: cutting a document and preparing its chunks ask for the same texts."""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from typing import TypeAlias

from quarry.offsets import Offsets

Located: TypeAlias = "tuple[array[int], Offsets]"
ROOM = 2**21
"""Tokens of texts that are kept, 4 bytes each beside the texts; what was used longest ago goes first."""
LONGEST = 4 * 10**6
"""Characters of a document whose tokens are kept with their places, some 12 MB."""


class Recent:
    """Ids of short texts, and the last document with its tokens' places. Shared between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: OrderedDict[str, array[int]] = OrderedDict()
        self._tokens = 0
        self._last: tuple[str, Located] | None = None

    def ids(self, text: str) -> array[int] | None:
        with self._lock:
            found = self._ids.get(text)
            if found is not None:
                self._ids.move_to_end(text)
            return found

    def keep(self, text: str, ids: array[int]) -> None:
        with self._lock:
            old = self._ids.pop(text, None)
            self._ids[text] = ids
            self._tokens += len(ids) - (0 if old is None else len(old))
            while self._tokens > ROOM:
                self._tokens -= len(self._ids.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._ids.clear()
            self._tokens, self._last = 0, None

    def located(self, text: str) -> Located | None:
        last = self._last
        return last[1] if last is not None and last[0] == text else None

    def keep_located(self, text: str, found: Located) -> None:
        self._last = (text, found) if len(text) <= LONGEST else None
