"""Token counts of any span of one document, from one tokenisation of its text."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right

from quarry.encoding import Divisible, TokenCounter
from quarry.offsets import Offsets, rising
from quarry.span import Span

_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
_FLAGS = 64
"""Letters of flags looked back at; a flag is two of them."""


class Ruler:
    """Estimates by the tokens that a span touches; `count` is the real figure, which a tokenizer may make differ."""

    def __init__(self, text: str, tokens: TokenCounter) -> None:
        self.text = text
        self._tokens = tokens
        places = Offsets.of(tokens.offsets(text))
        self.parts = tokens.parts(text) if isinstance(tokens, Divisible) else None
        """None where each part must be tokenised again."""
        self._starts = rising(places.starts) if self.parts is None else self.parts.starts
        self._ends = rising(places.ends)
        self._last: tuple[tuple[int, int, str], int] | None = None

    def estimate(self, span: Span) -> int:
        return max(0, self.until(span.end) - self.before(span.start))

    def before(self, place: int) -> int:
        """Tokens that end at `place` or before."""
        return bisect_right(self._ends, place)

    def until(self, place: int) -> int:
        """Tokens that start before `place`."""
        return bisect_left(self._starts, place)

    def count(self, span: Span, *, context: str = "") -> int:
        """Tokens of context + text, as the encoder will see them. Asked twice in turn for what fits."""
        asked = (span.start, span.end, context)
        if self._last is None or self._last[0] != asked:
            self._last = asked, self._counted(span, context)
        return self._last[1]

    def _counted(self, span: Span, context: str) -> int:
        if self.parts is None:
            return self._tokens.count(context + span.of(self.text))
        return self.parts.count(span, context=context)

    def fits(self, span: Span, *, limit: int, context: str = "") -> bool:
        return self.count(span, context=context) <= limit

    def reach(self, start: int, end: int, tokens: int) -> int:
        """The furthest end of a span from `start` that touches at most `tokens` tokens, at a token's edge."""
        first = bisect_right(self._ends, start)
        last = first + tokens
        if last >= len(self._starts):
            return end
        return min(end, max(start + 1, self._starts[last]))


def whole_character(text: str, place: int, *, after: int) -> int:
    """`place` moved left to the start of its character: not before a combining mark or a joiner, nor after one.

    `place` itself where one character fills all from `after` on, so that each cut gains ground.
    """
    start = place
    while after < start < len(text) and _joined(text, start):
        start -= 1
    return start if start > after else place


def _joined(text: str, place: int) -> bool:
    before, behind = text[place - 1], text[place]
    if behind in _JOINERS or before == "\u200d" or "\U0001f3fb" <= behind <= "\U0001f3ff":
        return True
    if _is_flag(before) and _is_flag(behind):
        run = place
        while run and _is_flag(text[run - 1]) and place - run < _FLAGS:
            run -= 1
        return bool((place - run) % 2)
    return before + behind == "\r\n" or unicodedata.category(behind).startswith("M")


def _is_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"
