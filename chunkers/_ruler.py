"""Token counts of any span of one document, from one tokenisation of its text."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right

from quarry.span import Span
from quarry.types import TokenCounter

_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


class Ruler:
    """Estimates by the tokens that a span touches; `count` is the real figure, which a tokenizer may make differ."""

    def __init__(self, text: str, tokens: TokenCounter) -> None:
        self.text = text
        self._tokens = tokens
        offsets = tokens.offsets(text)
        self._starts = [start for start, _ in offsets]
        self._ends = [end for _, end in offsets]

    def estimate(self, span: Span) -> int:
        return max(0, bisect_left(self._starts, span.end) - bisect_right(self._ends, span.start))

    def count(self, span: Span, *, context: str = "") -> int:
        """Tokens of context + text, as the encoder will see them."""
        return self._tokens.count(context + span.of(self.text))

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
    """`place` moved left to the start of its character: not before a combining mark or a joiner, nor after one."""
    while place > after + 1 and place < len(text) and _joined(text[place - 1], text[place]):
        place -= 1
    return place


def _joined(before: str, behind: str) -> bool:
    if behind in _JOINERS or before == "\u200d" or "\U0001f3fb" <= behind <= "\U0001f3ff":
        return True
    return unicodedata.category(behind).startswith("M")
