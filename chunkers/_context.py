"""Which scope statements are read before a chunk, within what part of its tokens."""

from __future__ import annotations

from collections.abc import Sequence

from chunkers._headings import CONTEXT_SHARE, line
from chunkers._scope_ruling import Ruling
from quarry.span import Span
from quarry.types import TokenCounter

EXTRA_SHARE = 4
"""A definition, a period or what rules running text gets at most one part in so many."""


def scope_lines(
    rulings: Sequence[Ruling], *, text: str, before: Span | None, tokens: TokenCounter, limit: int, spare: int
) -> tuple[Span, ...]:
    """Statements that fit one part in `CONTEXT_SHARE` of `limit`, the weightiest first, but for those inside `before`.

    A unit whose statement is too long is given by its words alone. What isn't `sure` also fits `spare` tokens: those
    that are left when the text and the headings have their place.
    """
    room = limit // CONTEXT_SHARE
    read: list[Span] = []
    for ruling in rulings:
        if before and before.start <= ruling.core.start and ruling.core.end <= before.end:
            continue
        most = room if ruling.sure else min(room, spare, limit // EXTRA_SHARE)
        for span in dict.fromkeys((ruling.span, ruling.core)):
            cost = tokens.count(f"{line(span.of(text))}\n")
            if cost <= most and not any(span.overlaps(other) for other in read):
                read.append(span)
                room -= cost
                spare -= cost
                break
    return tuple(read)
