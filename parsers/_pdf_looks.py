"""Headings by their look and number, over the whole document: what stands out, alone, above running text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from parsers._pdf_blocks import Block, Body
from quarry.types import ElementType

MAX_LETTERS, MAX_LINES = 160, 4
"""A longer block is no heading."""
SAME_SIZE = 0.3
"""Points: sizes that differ by less are one."""
_NUMBER = re.compile(
    r"(?:(?P<word>chapter|part|article|section|appendix|annex|kapitel|artikel|abschnitt|anhang)\s+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+|[IVX]{1,5}(?![a-z])|[A-Z](?![a-z]))(?P<stop>[.):]?)"
    r"(?:\s+\S|\s*[—–-]\s*\S|$)",
    re.IGNORECASE,
)
_TEXT_TYPES = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT, ElementType.LIST_ITEM)
_ROMAN = {"i": 1, "v": 5, "x": 10}


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
    kept = _without_rows(kept, blocks)
    kept = _without_title_block(kept, blocks, looks)
    depths = _depths([blocks[number].text for number in kept])
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
    """Two on one baseline with little text under them are the head of a table."""
    places: Counter[tuple[int, int]] = Counter()
    for number in numbers:
        places[blocks[number].first.page, round(blocks[number].first.baseline)] += 1
    return [
        number
        for number in numbers
        if places[blocks[number].first.page, round(blocks[number].first.baseline)] < 2
        or _running(following(blocks, number))
    ]


def _running(block: Block | None) -> bool:
    return block is not None and (len(block.lines) > 1 or len(block.text) > 60)


def _without_title_block(numbers: Sequence[int], blocks: Sequence[Block], looks: dict[int, Look]) -> list[int]:
    """Of what stands above the first running text of page 1, the title and what looks like later headings are kept:
    not authors, dates and addresses."""
    later = Counter(looks[number] for number in numbers)
    first = next((n for n, block in enumerate(blocks) if _running(block) and n not in numbers), 0)
    above = [number for number in numbers if number < first and blocks[number].first.page == 1]
    if len(above) < 2:
        return list(numbers)
    largest = min(looks[number] for number in above)
    above_looks = Counter(looks[number] for number in above)
    dropped = {
        number
        for number in above
        if looks[number] != largest
        and number != above[-1]
        and (later[looks[number]] == above_looks[looks[number]] or _names(blocks[number].text))
        and not number_of(blocks[number].text)
    }
    return [number for number in numbers if number not in dropped]


def _names(text: str) -> bool:
    """True for `Jane Roe 1, John Doe 2`: names with marks of their addresses."""
    return bool(re.search(r"[^\W\d_]\s?[\d*†‡§¶](?:,\s?\d+)*(?:,| and |$)", text))


def _capitals(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) > 3 and all(character.isupper() for character in letters)


def number_of(text: str) -> tuple[str, ...]:
    """`("2", "1", "4")` of `2.1.4 Results`; `("IV",)` of `IV. Results`; empty without a section number."""
    match = _NUMBER.match(text)
    if not match:
        return ()
    number = match["number"]
    if number.isalpha() and not (match["word"] or (number.isupper() and match["stop"])):
        return ()
    return tuple(number.split("."))


def _depths(texts: Sequence[str]) -> list[int]:
    """Depth of each section number; 0 where it follows no other: years, initials, quantities."""
    numbers = [number_of(text) for text in texts]
    known = set(numbers)
    return [len(number) if number and _follows(number, known) else 0 for number in numbers]


def _follows(number: tuple[str, ...], known: Collection[tuple[str, ...]]) -> bool:
    """True where the number before it, the one after it or the section that it is in has a heading too."""
    last = number[-1]
    if last.isdigit():
        value = int(last)
        near = [str(value - 1), str(value + 1), str(value - 2)]
    elif len(last) == 1 and last.lower() not in _ROMAN:
        near = [chr(ord(last) - 1), chr(ord(last) + 1)]
    else:
        near = [_roman(_value(last) + step) for step in (-1, 1)] + [chr(ord(last[0]) + step) for step in (-1, 1)]
    if any((*number[:-1], other) in known for other in near if other):
        return True
    return last in ("1", "A", "I", "0") or (len(number) > 1 and number[:-1] in known)


def _value(roman: str) -> int:
    values = [_ROMAN.get(letter, 0) for letter in roman.lower()]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def _roman(value: int) -> str:
    text = ""
    for sign, worth in (("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1)):
        while value >= worth > 0:
            text, value = text + sign, value - worth
    return text


def levels_of(candidates: Sequence[Candidate], *, body: Body) -> dict[int, int]:
    """One level for each look, anchored at the section numbers; a number alone decides where looks don't tell the
    depths apart."""
    usual = _usual_depths(candidates)
    ranked = sorted({candidate.look for candidate in candidates})
    shift = _shift(candidates, usual, ranked)
    plain = _plain_levels(ranked, usual, shift)
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
    """1 where headings without numbers, more than two of them, are larger than those of the first depth."""
    first = [ranked.index(look) for look, depth in usual.items() if depth == 1]
    if not first:
        return 0
    above = [c for c in candidates if c.look not in usual and ranked.index(c.look) < min(first)]
    return 1 if len(above) > 2 else 0


def _plain_levels(ranked: Sequence[Look], usual: dict[Look, int], shift: int) -> dict[Look, int]:
    """Level of headings without numbers: that of numbered ones of their look, else between their neighbours'."""
    levels: dict[Look, int] = {}
    level = 0
    for place, look in enumerate(ranked):
        if look in usual:
            level = usual[look] + shift
        else:
            below = [usual[other] + shift for other in ranked[place + 1 :] if other in usual]
            level = max(1, min([level + 1, *below])) if usual else place + 1
        levels[look] = level
    return levels
