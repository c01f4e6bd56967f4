"""Late chunking's windows: which token states of which window each chunk is pooled from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens `[start, end)` of the body, read in one window."""

    window: int
    start: int
    end: int


def windows(tokens: int, *, size: int, overlap: int) -> list[tuple[int, int]]:
    """`[start, end)` over the body: full windows `size - overlap` apart, the last one shifted left to be full.

    Every stretch of at most `overlap` tokens lies whole in some window: it starts in the `size - overlap` tokens that
    are some window's own, and that window reads `overlap` tokens further.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap must be in [0, size): overlap={overlap}, size={size}")
    if tokens <= size:
        return [(0, tokens)] if tokens else []
    last = tokens - size
    starts = [*range(0, last, size - overlap), last]
    return [(start, start + size) for start in starts]


def parts(start: int, end: int, found: Sequence[tuple[int, int]]) -> list[Part]:
    """Where the chunk of body tokens `[start, end)` is pooled.

    In the window that holds it whole and gives it most context on its poorer side; a chunk that no window holds is
    stitched, each token from the window whose middle is nearest (so seams lie at the middle of overlaps).
    """
    whole = [n for n, (a, b) in enumerate(found) if a <= start and end <= b]
    if whole:
        best = max(whole, key=lambda n: (min(start - found[n][0], found[n][1] - end), -n))
        return [Part(best, start, end)]
    seams = [(left[1] + right[0]) // 2 for left, right in pairwise(found)]
    first, last = bisect_right(seams, start), bisect_left(seams, end)
    edges = [start, *seams[first:last], end]
    return [Part(first + n, a, b) for n, (a, b) in enumerate(pairwise(edges)) if a < b]


def token_ranges(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Body tokens `[first, last)` of each character span; a token over a bound goes where most of its characters are.

    `offsets` ascend; so spans that tile the text share out its tokens. A tie goes to the earlier span.
    """
    middles = [start + end for start, end in offsets]
    return [(bisect_right(middles, 2 * start), bisect_right(middles, 2 * end)) for start, end in spans]
