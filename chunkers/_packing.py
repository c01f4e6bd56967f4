"""Blocks into spans of a given size: cut where it hurts least, decided locally, so that an edit stays local."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from chunkers._ruler import Ruler
from chunkers._sentences import sentences
from quarry.span import Span

if TYPE_CHECKING:
    from chunkers._blocks import Block

INSIDE = 0.25
"""Cost of a cut inside a block, in squared shares of a chunk that stays unfilled: a fifth emptier is worth less."""
AFTER_OPENING = 4.0
"""Cost of a cut that parts a heading, lead-in or caption from what it opens."""


@dataclass(frozen=True, slots=True)
class _Unit:
    span: Span
    cut: float
    """Cost of cutting after it."""


def pack(blocks: Sequence[Block], *, ruler: Ruler, room: int) -> Iterator[Span]:
    """Spans that tile the blocks, each of about `room` tokens at most, at the least total cost.

    Dynamic programming over sentences: O(sentences x sentences of one chunk). A sentence over `room` stands alone.
    """
    units = [unit for block in blocks for unit in _units(block, ruler=ruler)]
    if not units:
        return
    before = [ruler.before(unit.span.start) for unit in units]
    until = [ruler.until(unit.span.end) for unit in units]
    best: list[float] = [0.0]
    came: list[int] = [0]
    for last in range(1, len(units) + 1):
        closing = 0.0 if last == len(units) else units[last - 1].cut
        cost, start = _cheapest(before, until[last - 1], best, room=room)
        best.append(cost + closing)
        came.append(start)
    cuts = [len(units)]
    while cuts[-1]:
        cuts.append(came[cuts[-1]])
    cuts.reverse()
    for first, last in pairwise(cuts):
        yield Span(units[first].span.start, units[last - 1].span.end)


def _cheapest(before: Sequence[int], until: int, best: Sequence[float], *, room: int) -> tuple[float, int]:
    """Least cost of a chunk that ends at token `until` with all before it, and its first unit."""
    last = len(best) - 1
    found, place = float("inf"), last
    for start in range(last, -1, -1):
        tokens = until - before[start]
        if tokens > room and start < last:
            break
        empty = 1 - tokens / room if tokens < room else 0.0
        cost = best[start] + empty * empty
        if cost < found:
            found, place = cost, start
    return found, place


def _units(block: Block, *, ruler: Ruler) -> Iterator[_Unit]:
    closing = AFTER_OPENING if block.opens else 0.0
    if block.rows or block.heading:
        yield _Unit(block.span, closing)
        return
    inside = list(sentences(ruler.text, block.span))
    for sentence in inside[:-1]:
        yield _Unit(sentence, INSIDE)
    yield _Unit(inside[-1] if inside else block.span, closing)
