"""Blocks into spans of a given size: cut where it hurts least, decided locally, so that an edit stays local."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from chunkers._ruler import Ruler
from chunkers._sentences import rows, sentences
from quarry.span import Span

if TYPE_CHECKING:
    from chunkers._blocks import Block

LINE = 0.1
"""Cost of a cut at a line break after a sentence, in squared shares of a chunk that stays unfilled."""
INSIDE = 0.25
"""Cost of a cut after another sentence of a block."""
BROKEN = 0.5
"""Cost of a cut at a line break in a sentence of more than half a chunk: rows and verses have no stops."""
TIES = {"item": 0.1, "nested": 0.3, "note": 0.25}
"""Cost of a cut between two items of a list, inside an upper item, between a text and its footnote."""
MIXED = 0.6
"""Cost of a chunk that holds a part of a paragraph and something of its neighbours."""
AFTER_OPENING = 4.0
"""Cost of a cut that parts a heading, lead-in or caption from what it opens."""


class _Unit(NamedTuple):
    span: Span
    cut: float
    """Cost of cutting after it."""
    whole: bool = True
    """True where a paragraph ends with it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The units of one run by number, as plain lists: the inner loop reads nothing else."""

    before: Sequence[int]
    """Tokens before each unit."""
    until: Sequence[int]
    """Tokens up to the end of each unit."""
    paragraph: Sequence[int]
    """Number of the paragraph that each unit is in, and one more for the end."""

    def parts(self, place: int) -> bool:
        """True where a cut before unit `place` parts a paragraph."""
        return place > 0 and self.paragraph[place - 1] == self.paragraph[place]


def pack(
    blocks: Sequence[Block], *, ruler: Ruler, room: int, extra: Mapping[Span, int] | None = None
) -> Iterator[Span]:
    """Spans that tile the blocks, each of about `room` tokens at most, at the least total cost.

    Dynamic programming over sentences: O(sentences x sentences of one chunk). A sentence over `room` stands alone.
    `extra`: tokens that a block brings besides its own, as the units of a table do that are read before it.
    """
    units = [unit for block in blocks for unit in _units(block, ruler=ruler, room=room)]
    if not units:
        return
    line = _line(units, ruler, extra)
    best: list[float] = [0.0]
    came: list[int] = [0]
    for last in range(1, len(units) + 1):
        closing = 0.0 if last == len(units) else units[last - 1].cut
        cost, start = _cheapest(line, best, room=room)
        best.append(cost + closing)
        came.append(start)
    cuts = [len(units)]
    while cuts[-1]:
        cuts.append(came[cuts[-1]])
    cuts.reverse()
    for first, last in pairwise(cuts):
        yield Span(units[first].span.start, units[last - 1].span.end)


def _line(units: Sequence[_Unit], ruler: Ruler, extra: Mapping[Span, int] | None = None) -> _Line:
    paragraph, more = [0], [0]
    for unit in units:
        paragraph.append(paragraph[-1] + unit.whole)
        more.append(more[-1] + (extra.get(unit.span, 0) if extra else 0))
    before = [ruler.before(unit.span.start) + added for unit, added in zip(units, more, strict=False)]
    until = [ruler.until(unit.span.end) + added for unit, added in zip(units, more[1:], strict=True)]
    return _Line(before, until, paragraph)


def _cheapest(line: _Line, best: Sequence[float], *, room: int) -> tuple[float, int]:
    """Least cost of the chunk that ends with unit `len(best) - 1` and of all before it; its first unit."""
    last = len(best) - 1
    until, paragraph, torn = line.until[last], line.paragraph[last], line.parts(last + 1)
    found, place = float("inf"), last
    for start in range(last, -1, -1):
        tokens = until - line.before[start]
        if tokens > room and start < last:
            break
        cost = best[start]
        if tokens < room:
            empty = 1 - tokens / room
            cost += empty * empty
        if line.paragraph[start] != paragraph and (torn or line.parts(start)):
            cost += MIXED
        if cost < found:
            found, place = cost, start
    return found, place


def _units(block: Block, *, ruler: Ruler, room: int) -> Iterator[_Unit]:
    """Sentences; rows of a long one. What a block opens is of one paragraph with it, and so are the items of a list."""
    listed = block.tie in ("item", "nested")
    cut = AFTER_OPENING if block.opens else TIES.get(block.tie or "", 0.0)
    closing = _Unit(block.span, cut, whole=not block.opens and not listed)
    if block.rows or block.heading:
        yield closing
        return
    units = [unit for sentence in sentences(ruler.text, block.span) for unit in _rows(sentence, ruler=ruler, room=room)]
    yield from units[:-1]
    yield _Unit(units[-1].span, closing.cut, closing.whole) if units else closing


def _rows(sentence: Span, *, ruler: Ruler, room: int) -> Iterator[_Unit]:
    if "\n" not in sentence.of(ruler.text):
        yield _Unit(sentence, INSIDE, whole=False)
        return
    body = sentence.strip(ruler.text)
    ends_line = "\n" in ruler.text[body.end : sentence.end]
    last = _Unit(sentence, LINE if ends_line else INSIDE, whole=ends_line)
    if "\n" not in body.of(ruler.text) or 2 * ruler.estimate(body) <= room:
        yield last
        return
    *others, lowest = rows(ruler.text, sentence)
    for row in others:
        yield _Unit(row, BROKEN, whole=False)
    yield _Unit(lowest, last.cut, last.whole)
