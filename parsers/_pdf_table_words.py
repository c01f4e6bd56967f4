"""The words of a page that stand in a box, and the pieces that are left without them."""

from __future__ import annotations

from collections.abc import Sequence

from parsers._pdf_lines import Line, Word
from parsers._pdf_table_grid import Box


def within(box: Box, lines: Sequence[Line]) -> tuple[list[tuple[Line, tuple[Word, ...]]], tuple[Line, ...]]:
    """The words in a box, by line, and what is left of the lines."""
    x0, y0, x1, y1 = box
    inside: list[tuple[Line, tuple[Word, ...]]] = []
    rest: list[Line] = []
    for line in lines:
        if line.flag or line.aside or line.y0 > y1 or line.y1 < y0 or line.x0 > x1 or line.x1 < x0:
            rest.append(line)
            continue
        own: list[Word] = []
        outside: list[Word] = []
        for word in line.words:
            held = x0 - 1 <= (word.x0 + word.x1) / 2 <= x1 + 1 and y0 - 1 <= (word.y0 + word.y1) / 2 <= y1 + 1
            (own if held else outside).append(word)
        if own:
            inside.append((line, tuple(own)))
        if outside and own:
            line = line._replace(
                words=tuple(outside), x0=min(w.x0 for w in outside), x1=max(w.x1 for w in outside), cells=()
            )
        if outside:
            rest.append(line)
    return inside, tuple(rest)
