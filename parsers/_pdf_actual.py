"""Replacement texts (`/ActualText`): which glyphs each of them stands for.

MuPDF gives the first character of each replacement no width and the place of the glyph before it, so that it ends up
in another word or line. The glyphs themselves are read where they are, and take their characters from the replaced
text, which runs in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

RawWord = tuple[float, float, float, float, str, int, int, int]
"""x0, y0, x1, y1, text, block, line, number, as `TextPage.extractWORDS` gives them."""
REACH = 40
"""Characters by which the two texts may differ in one place."""
SURE = 4
"""Characters that must agree for the two to be in step again."""


def replaced(glyphs: Sequence[RawWord], text: str) -> list[RawWord]:
    """The words of `glyphs` (read without replacements) with the characters of `text` (read with them)."""
    source = _visible("".join(text.split()))
    wanted = "".join(_visible(word[4]) for word in glyphs)
    if source == wanted:
        return [(*word[:4], _visible(word[4]), *word[5:]) for word in glyphs]
    cuts = _cuts(wanted, source)
    made, position = [], 0
    for word in glyphs:
        end = position + len(_visible(word[4]))
        made.append((*word[:4], source[cuts[position] : cuts[end]], *word[5:]))
        position = end
    return made


def _visible(text: str) -> str:
    """Without the marks that fonts' tables of characters hold for want of better (word joiners)."""
    return text.replace("\u2060", "")


def _cuts(wanted: str, source: str) -> list[int]:
    """For each place in `wanted` the place in `source` that belongs to it, ascending, from end to end."""
    cuts = [0] * (len(wanted) + 1)
    for here, there in _steps(wanted, source):
        cuts[here] = there
    for place in range(1, len(cuts)):
        cuts[place] = max(cuts[place], cuts[place - 1])
    cuts[-1] = len(source)
    return cuts


def _steps(wanted: str, source: str) -> Iterator[tuple[int, int]]:
    here = there = 0
    a, b = wanted.casefold(), source.casefold()
    if len(a) != len(wanted) or len(b) != len(source):
        a, b = wanted, source
    while here < len(a) and there < len(b):
        yield here, there
        if a[here] == b[there]:
            here, there = here + 1, there + 1
            continue
        step = _in_step(a, b, here, there)
        if step is None or step[0] == step[1]:
            here, there = here + 1, there + 1
        else:
            here, there = here + step[0], there + step[1]
    yield here, there


def _in_step(a: str, b: str, here: int, there: int) -> tuple[int, int] | None:
    """The fewest characters to pass over on both sides until the texts agree again; None where they don't."""
    for total in range(1, REACH):
        for first in range(total + 1):
            second = total - first
            ahead = a[here + first : here + first + SURE]
            if ahead and ahead == b[there + second : there + second + SURE]:
                return first, second
    return None
