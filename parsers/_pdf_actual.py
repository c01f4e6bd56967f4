"""Replacement texts (`/ActualText`): which glyphs each of them stands for.

MuPDF gives the first character of each replacement no width and the place of the glyph before it, so that it ends up
in another word or line. The glyphs themselves are read where they are, and take their characters from the replaced
text, which runs in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

RawWord = tuple[float, float, float, float, str, int, int, int]
"""x0, y0, x1, y1, text, block, line, number, as `TextPage.extractWORDS` gives them."""
REACH = 40
"""Characters by which the two texts may differ in one place."""
SURE = 4
"""Characters that must agree for the two to be in step again."""


def replaced(glyphs: Sequence[RawWord], text: str) -> list[RawWord]:
    """The words of `glyphs` (read without replacements) with the characters of `text` (read with them)."""
    source = _visible("".join(text.split()))
    bare = [_visible(word[4]) for word in glyphs]
    wanted = "".join(bare)
    made: list[RawWord] = []
    here = there = 0
    for word, own in zip(glyphs, bare, strict=True):
        start, end = there, here + len(own)
        if source.startswith(own, there):
            there += len(own)
        else:
            there = _past(wanted, source, (here, there), end)
        here = end
        made.append((*word[:4], source[start:there], *word[5:]))
    return made


def _visible(text: str) -> str:
    """Without the marks that fonts' tables of characters hold for want of better (word joiners)."""
    return text if text.isascii() else text.replace("\u2060", "")


def _past(wanted: str, source: str, at: tuple[int, int], end: int) -> int:
    """Where in `source` the characters end that belong to `wanted` from `at` up to `end`."""
    here, there = at
    while here < end and there < len(source):
        if wanted[here].casefold() == source[there].casefold():
            here, there = here + 1, there + 1
            continue
        first, second = _in_step(wanted, source, here, there)
        here, there = here + first, there + second
    return min(there, len(source))


def _in_step(wanted: str, source: str, here: int, there: int) -> tuple[int, int]:
    """The fewest characters to pass over on both sides until the texts agree again; one each where they don't."""
    a, b = wanted[here : here + REACH + SURE].casefold(), source[there : there + REACH + SURE].casefold()
    for total in range(1, REACH):
        for first in range(total + 1):
            ahead = a[first : first + SURE]
            if ahead and b.startswith(ahead, total - first):
                return first, total - first
    return 1, 1
