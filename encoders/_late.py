"""Late chunking's model inputs: windows of the sections' tokens, and which of them each chunk is pooled from."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from encoders._windows import Places, parts, windows
from encoders.tokens import Tokens
from quarry.span import Span
from quarry.types import Chunk


@dataclass(frozen=True, slots=True)
class LateWindow:
    """One stretch of body tokens that some chunk is pooled from."""

    ids: tuple[int, ...]
    uses: tuple[tuple[int, int, int], ...]
    """(chunk, first token, last token + 1), counted from the window's start."""


def late_parts(
    text: str,
    chunks: Sequence[Chunk],
    sections: Iterable[Span],
    tokens: Tokens,
    *,
    sizes: Sequence[tuple[int, int]],
) -> list[list[LateWindow]]:
    """Windows of each (size, overlap) in the order of the text. No window crosses a section's bounds.

    The document is tokenised whole, as it was for cutting it; a token over a section's bound is where most of its
    characters are.
    """
    order = sorted(range(len(chunks)), key=lambda index: chunks[index].span)
    starts = [chunks[index].span.start for index in order]
    reach = max((len(chunk.text) for chunk in chunks), default=0)
    ids, offsets = tokens.located(text)
    found = Places(offsets)
    laid: list[list[LateWindow]] = [[] for _ in sizes]
    for section in sections:
        near = order[bisect_left(starts, section.start - reach) : bisect_left(starts, section.end)]
        inside = [index for index in near if chunks[index].span.overlaps(section)]
        first, last = found.tokens(section.start, section.end)
        spans = (chunks[index].span for index in inside)
        own = (found.tokens(max(s.start, section.start), min(s.end, section.end)) for s in spans)
        ranges = [(a - first, b - first) for a, b in own]
        for windows_of, (size, overlap) in zip(laid, sizes, strict=True):
            windows_of += _section(ids[first:last], inside, ranges, size=size, overlap=overlap) if inside else ()
    return laid


def _section(
    ids: Sequence[int], inside: Sequence[int], ranges: Sequence[tuple[int, int]], *, size: int, overlap: int
) -> Iterator[LateWindow]:
    found = windows(ids, size=size, overlap=overlap)
    uses: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for index, (first, last) in zip(inside, ranges, strict=True):
        for part in parts(first, last, found) if first < last else ():
            start = found[part.window][0]
            uses[part.window].append((index, part.start - start, part.end - start))
    for number in sorted(uses):
        start, end = found[number]
        yield LateWindow(tuple(ids[start:end]), tuple(uses[number]))
