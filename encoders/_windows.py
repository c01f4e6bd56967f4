"""Late chunking's windows: which token states of which window each chunk is pooled from."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

WINDOWS = 3
"""Revision of the rule by which tokens are taken and windows laid: part of the embed fingerprint."""
GRAM = 8
"""Tokens that decide whether a window starts after them."""
FACTOR = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio, odd (Knuth, The Art of Computer Programming, vol. 3, 6.4)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens `[start, end)` of the body, read in one window."""

    window: int
    start: int
    end: int


def windows(ids: Sequence[int], *, size: int, overlap: int) -> list[tuple[int, int]]:
    """`[start, end)` over the body; they start where the content says, so an edit moves only the windows near it.

    Each start is, in the second half of the stretch in which it may lie, where the hash of the last few tokens is
    least (content-defined chunking, Muthitacharoen et al. 2001, on tokens); after an edit the starts fall into step
    again within a few windows. A window reads up to the next one's start and `overlap` tokens on, so every stretch of
    at most `overlap` tokens lies whole in some window, and none is longer than `size`.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap must be in [0, size): overlap={overlap}, size={size}")
    if len(ids) <= size:
        return [(0, len(ids))] if len(ids) else []
    starts = _starts(_hashes(ids), stride=size - overlap, least=len(ids) - size)
    return [*((a, b + overlap) for a, b in pairwise(starts)), (starts[-1], len(ids))]


def _starts(hashes: np.ndarray[Any, np.dtype[np.uint64]], *, stride: int, least: int) -> list[int]:
    """From 0 until a full window reaches the end. Of equal hashes the last: repeated text gives long windows."""
    starts = [0]
    while starts[-1] < least:
        first = starts[-1] + (stride + 1) // 2
        near = hashes[first : starts[-1] + stride + 1]
        starts.append(first + len(near) - 1 - int(np.argmin(near[::-1])))
    return starts


def _hashes(ids: Sequence[int]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Of the GRAM tokens that end before each position: multiplied and summed modulo 2^64, then mixed."""
    tokens = np.asarray(ids, dtype=np.uint64)
    total = np.zeros(len(tokens) + 1, dtype=np.uint64)
    weight = 1
    for back in range(1, min(GRAM, len(tokens)) + 1):
        weight = weight * FACTOR % 2**64
        total[back:] += tokens[: len(tokens) + 1 - back] * np.uint64(weight)
    total ^= total >> np.uint64(29)
    total *= np.uint64(FACTOR)
    return total ^ (total >> np.uint64(32))


def parts(start: int, end: int, found: Sequence[tuple[int, int]]) -> list[Part]:
    """Where the chunk of body tokens `[start, end)` is pooled.

    In the window that holds it whole and gives it most context on its poorer side; a chunk that no window holds is
    stitched, each token from the window whose middle is nearest (so seams lie at the middle of overlaps).
    """
    first = bisect_left(found, end, key=lambda window: window[1])
    last = bisect_right(found, start, key=lambda window: window[0])
    whole = range(first, last)
    if whole:
        best = max(whole, key=lambda n: (min(start - found[n][0], found[n][1] - end), -n))
        return [Part(best, start, end)]
    seams = [(left[1] + right[0]) // 2 for left, right in pairwise(found)]
    first, last = bisect_right(seams, start), bisect_left(seams, end)
    edges = [start, *seams[first:last], end]
    return [Part(first + n, a, b) for n, (a, b) in enumerate(pairwise(edges)) if a < b]


class Places:
    """Which tokens of a text stand in a stretch of its characters."""

    def __init__(self, offsets: Iterable[tuple[int, int]]) -> None:
        # a normalizer that puts combining marks in order may make places run back; bisection needs them rising
        self._middles = array("q", accumulate((start + end for start, end in offsets), max))

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """`[first, last)` of the characters `[start, end)`; a token over a bound goes where most of its characters are.

        So spans that tile the text share out its tokens. A tie goes to the earlier span.
        """
        return bisect_right(self._middles, 2 * start), bisect_right(self._middles, 2 * end)
