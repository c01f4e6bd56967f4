"""Which scope statements are read before a chunk, within what part of its tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chunkers._headings import CONTEXT_SHARE, Context, line
from chunkers._scope_ruling import Ruling
from quarry.encoding import TokenCounter
from quarry.span import Span

EXTRA_SHARE = 4
"""A definition, a period or what rules running text gets at most one part in so many."""


_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")


def without_overruled(context: Context, overruled: Sequence[Span], *, text: str) -> Context:
    """Headings without the units that are others here: `Notes (in thousands)` over a table in millions is `Notes`.

    What is taken out is the unit's brackets, or what stands from the comma or dash before it on.
    """
    for words in overruled:
        held = next((span for span in context.spans if span.start <= words.start and words.end <= span.end), None)
        if held is None:
            continue
        cut = _said_with(text, held, words)
        kept = [part.strip(text) for part in (Span(held.start, cut.start), Span(cut.end, held.end))]
        parts = tuple(part for part in kept if len(part))
        short = line(" ".join(part.of(text) for part in parts))
        places = tuple(each for span in context.spans for each in (parts if span == held else (span,)))
        name = line(held.of(text))
        said = context.text.replace(name, short, 1) if short else context.text.replace(f" > {name}", "", 1)
        context = Context(said, places) if said != context.text else context
    return context


def _said_with(text: str, heading: Span, words: Span) -> Span:
    bracket = next(
        (m for m in _BRACKETS.finditer(text, heading.start, heading.end) if m.start() <= words.start < m.end()), None
    )
    if bracket:
        return Span(*bracket.span())
    before = max(
        text.rfind(mark, heading.start, words.start) for mark in (",", ":", " \u2013", " \u2014", " -", " in ")
    )
    return Span(before if before > heading.start else words.start, heading.end)


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
