"""Headings by their look and number, over the whole document: what stands out, alone, above running text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from parsers._pdf_blocks import Block, Body
from parsers._pdf_numbers import depths_of, number_of
from quarry.types import ElementType

MAX_LETTERS, MAX_LINES = 160, 4
"""A longer block is no heading."""
SAME_SIZE = 0.3
"""Points: sizes that differ by less are one."""
_TEXT_TYPES = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT, ElementType.LIST_ITEM)


class Look(NamedTuple):
    """What sets a heading off from the text; sorts from the most to the least prominent."""

    smallness: float
    """Minus its size in points."""
    light: bool
    small_letters: bool
    upright: bool


class Candidate(NamedTuple):
    number: int
    """Of its block."""
    look: Look
    depth: int
    """Of its section number: 3 for `2.1.4`; 0 without one."""


def by_looks(blocks: Sequence[Block], *, body: Body, contents: Collection[int]) -> dict[int, int]:
    """Level by number of each block that looks like a heading."""
    return levels_of(candidates_of(blocks, body=body, contents=contents), body=body)


def candidates_of(blocks: Sequence[Block], *, body: Body, contents: Collection[int]) -> list[Candidate]:
    striking = [
        number
        for number, block in enumerate(blocks)
        if number not in contents and _strikes(block, following(blocks, number), body=body)
    ]
    sizes = _sizes(blocks[number].first.size for number in striking)
    looks = {number: _look(blocks[number], sizes) for number in striking}
    kept = _without_runs(striking, blocks, looks)
    kept = _without_odd(_without_rows(kept, blocks), blocks, looks)
    kept = _without_title_block(kept, blocks, looks)
    depths = depths_of([blocks[number].text for number in kept])
    return [Candidate(number, looks[number], depth) for number, depth in zip(kept, depths, strict=True)]


def following(blocks: Sequence[Block], number: int) -> Block | None:
    return blocks[number + 1] if number + 1 < len(blocks) else None


def _strikes(block: Block, after: Block | None, *, body: Body) -> bool:
    """True for a short block that is larger, bolder or more capital than the text."""
    text, size = block.text.strip(), block.first.size
    if block.type not in _TEXT_TYPES or block.bullet or len(text) > MAX_LETTERS or len(block.lines) > MAX_LINES:
        return False
    if block.flags or sum(character.isalpha() for character in text) < 2:
        return False
    if text.endswith((",", ";", ".", ":")) and not number_of(text):
        return False
    if size >= 1.12 * body.size and size > body.size + 0.8:
        return True
    if after is None or after.type is ElementType.TABLE:
        return False
    if not body.bold and all(line.style.bold for line in block.lines) and size >= 0.97 * body.size:
        return len(block.lines) <= 2 and not text.endswith((".", ":"))
    return _capitals(text) and bool(number_of(text)) and len(block.lines) <= 2


def _look(block: Block, sizes: dict[float, float]) -> Look:
    style = block.first.style
    return Look(-sizes[style.size], not style.bold, not _capitals(block.text), not style.italic)


def _sizes(found: Iterable[float]) -> dict[float, float]:
    """Each size by the largest one that is the same but for rounding."""
    merged: dict[float, float] = {}
    largest = 0.0
    for size in sorted(set(found), reverse=True):
        if not merged or largest - size > SAME_SIZE:
            largest = size
        merged[size] = largest
    return merged


def _without_runs(numbers: Sequence[int], blocks: Sequence[Block], looks: dict[int, Look]) -> list[int]:
    """Three and more of one look with nothing between them are a list, a title page or a column of a table."""
    kept: list[int] = []
    for _, group in groupby(enumerate(numbers), key=lambda item: item[1] - item[0]):
        neighbours = [number for _, number in group]
        for _, same in groupby(neighbours, key=lambda number: looks[number]):
            run = list(same)
            if len(run) < 3 or all(number_of(blocks[number].text) for number in run):
                kept += run
    return kept


def _without_rows(numbers: Sequence[int], blocks: Sequence[Block]) -> list[int]:
    """Two side by side with little text under them are the head of a table."""
    pages: dict[int, list[int]] = {}
    for number in numbers:
        pages.setdefault(blocks[number].first.page, []).append(number)
    beside = {
        number
        for group in pages.values()
        for number in group
        if any(other != number and _side_by_side(blocks[number], blocks[other]) for other in group)
    }
    return [
        number
        for number in numbers
        if number not in beside or any(_running(block) for block in _under(blocks, number, numbers))
    ]


def _under(blocks: Sequence[Block], number: int, striking: Collection[int]) -> Iterator[Block]:
    """The next blocks of its column, three at most, down to the next striking one."""
    for place in range(number + 1, min(number + 4, len(blocks))):
        if place in striking or blocks[place].column != blocks[number].column:
            return
        yield blocks[place]


def _side_by_side(block: Block, other: Block) -> bool:
    shared = min(block.lines[-1].y1, other.lines[-1].y1) - max(block.first.y0, other.first.y0)
    return shared > 0.5 * block.first.size


def _without_odd(numbers: Sequence[int], blocks: Sequence[Block], looks: dict[int, Look]) -> list[int]:
    """Where headings are bold, one larger line of a look of its own that is not bold is a label in a figure."""
    uses = Counter(looks[number] for number in numbers)
    bold = sum(not looks[number].light for number in numbers)
    return [
        number
        for number in numbers
        if bold < 3
        or not looks[number].light
        or uses[looks[number]] > 1
        or blocks[number].first.page == 1
        or number_of(blocks[number].text)
    ]


def _running(block: Block | None) -> bool:
    return block is not None and (len(block.lines) > 1 or len(block.text) > 60)


def _without_title_block(numbers: Sequence[int], blocks: Sequence[Block], looks: dict[int, Look]) -> list[int]:
    """Between the title of page 1 and the first running text below it stand authors, dates and addresses: they are
    kept only where they look like later headings."""
    opening = [number for number in numbers if blocks[number].first.page == 1]
    if not opening:
        return list(numbers)
    title = min(opening, key=lambda number: (looks[number], number))
    after = (n for n in range(title + 1, len(blocks)) if n not in numbers and _running(blocks[n]))
    end = next(after, len(blocks))
    within = [number for number in opening if title < number < end]
    uses, here = Counter(looks[number] for number in numbers), Counter(looks[number] for number in within)
    dropped = {
        number
        for number in within
        if _names(blocks[number].text)
        or (number != within[-1] and uses[looks[number]] == here[looks[number]] and not number_of(blocks[number].text))
    }
    return [number for number in numbers if number not in dropped]


def _names(text: str) -> bool:
    """True for `Jane Roe 1, John Doe 2`: names with marks of their addresses."""
    return bool(re.search(r"[^\W\d_]\s?[\d*†‡§¶](?:,\s?\d+)*(?:,| and |$)", text))


def _capitals(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) > 3 and all(character.isupper() for character in letters)


def levels_of(candidates: Sequence[Candidate], *, body: Body) -> dict[int, int]:
    """One level for each look, anchored at the section numbers; a number alone decides where looks don't tell the
    depths apart."""
    usual = _usual_depths(candidates)
    ranked = sorted({candidate.look for candidate in candidates})
    shift = _shift(candidates, usual, ranked)
    plain = _plain_levels(ranked, usual, shift) if usual else _ranks(candidates, ranked)
    told_apart = _told_apart(usual, body)
    levels = {}
    for number, look, depth in candidates:
        if not depth:
            levels[number] = plain[look]
        elif look in usual and depth != usual[look] and (depth in usual.values() or look in told_apart):
            levels[number] = usual[look] + shift
        else:
            levels[number] = depth + shift
    return levels


def _usual_depths(candidates: Sequence[Candidate]) -> dict[Look, int]:
    """The depth that most numbers of a look have, where more prominent looks have smaller depths; else nothing."""
    counts: dict[Look, Counter[int]] = {}
    for candidate in candidates:
        if candidate.depth:
            counts.setdefault(candidate.look, Counter())[candidate.depth] += 1
    return {look: min(count, key=lambda depth: (-count[depth], depth)) for look, count in counts.items()}


def _told_apart(usual: dict[Look, int], body: Body) -> set[Look]:
    """Looks that stand for one depth whatever their numbers say: larger than the text, and each depth above them has
    a look of its own. Headings of the text's own size are where designs stop telling depths apart."""
    depths = set(usual.values())
    return {
        look
        for look, depth in usual.items()
        if depth > 1 and -look.smallness > 1.04 * body.size and all(above in depths for above in range(1, depth))
    }


def _shift(candidates: Sequence[Candidate], usual: dict[Look, int], ranked: Sequence[Look]) -> int:
    """How many levels without numbers stand above the first depth: larger looks that are used at least three times,
    and the title above them."""
    first = [look for look, depth in usual.items() if depth == 1]
    if not first:
        return 0
    uses = Counter(c.look for c in candidates if c.look < min(first))
    often = sum(1 for count in uses.values() if count > 2)
    return often + (1 if often and uses[ranked[0]] == 1 else 0)


def _ranks(candidates: Sequence[Candidate], ranked: Sequence[Look]) -> dict[Look, int]:
    """Levels where no heading has a number. A look that is used once makes no level of its own unless less prominent
    headings follow right upon it: `Contents` stands above nothing."""
    uses = Counter(candidate.look for candidate in candidates)
    heads = {c.look for c, after in pairwise(candidates) if after.look > c.look}
    levels, level = {}, 1
    for look in ranked:
        levels[look] = level
        level += uses[look] > 1 or look in heads
    return levels


def _plain_levels(ranked: Sequence[Look], usual: dict[Look, int], shift: int) -> dict[Look, int]:
    """Level of headings without numbers: that of numbered ones of their look, else between their neighbours'."""
    levels: dict[Look, int] = {}
    level = 0
    for place, look in enumerate(ranked):
        if look in usual:
            level = usual[look] + shift
        else:
            below = [usual[other] + shift for other in ranked[place + 1 :] if other in usual]
            level = max(1, min([level + 1, *below]))
        levels[look] = level
    return levels
