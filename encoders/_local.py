"""Tokens of a part of a text from those of the whole, for tokenizers that look at no more than one word."""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from quarry.offsets import rising
from quarry.span import Span

if TYPE_CHECKING:
    from encoders.tokens import Tokens

_BLANKS = " \n\t"
"""White space to every step of such a tokenizer; the rarer kinds are left to a new tokenisation."""
_BLANK = re.compile(f"[{_BLANKS}]")


def looks_at_words(definition: bytes) -> bool:
    """True for BERT's pipeline: each step works on characters or on words between white space, so that a text that is
    cut at white space gives the tokens of its parts one after another. False where an added token may span more.
    """
    found = json.loads(definition)
    kinds = [(found.get(step) or {}).get("type") for step in ("normalizer", "pre_tokenizer", "model")]
    special = all(token.get("special") for token in found.get("added_tokens") or [])
    return special and kinds == ["BertNormalizer", "BertPreTokenizer", "WordPiece"]


def pieces(text: str, *, length: int) -> Iterator[Span]:
    """Parts of about `length` characters, cut at white space, whose tokens are those of the whole text."""
    start = 0
    while start < len(text):
        blank = _BLANK.search(text, start + length)
        end = blank.start() if blank else len(text)
        yield Span(start, end)
        start = end


class Parts:
    """Token counts of parts of one text; what is counted is remembered as if it had been tokenised."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self._text, self._tokens = text, tokens
        self._ids, offsets = tokens.located(text)
        self.starts = rising(offsets.starts)

    def count(self, span: Span, *, context: str = "") -> int:
        """Tokens of context + part: those of `Tokens.count`, by a new tokenisation only of words that are cut."""
        read = context + span.of(self._text)
        if context and context[-1] not in _BLANKS:
            return self._tokens.count(read)
        ids = array("i", self._tokens.ids_of(context) if context else ())
        first, last = self._inner(span)
        if first > last:
            return self._tokens.count(read)
        ids.extend(self._fresh(span.start, first))
        ids.extend(self._ids[bisect_left(self.starts, first) : bisect_left(self.starts, last)])
        ids.extend(self._fresh(last, span.end))
        self._tokens.recent.keep(read, ids)
        return len(ids)

    def _inner(self, span: Span) -> tuple[int, int]:
        """What is left between white space of a part whose edges may be in words; falling where that is nothing."""
        first, last = span.start, span.end
        if not self._free(first):
            blank = _BLANK.search(self._text, first, last)
            first = blank.start() if blank else last + 1
        if not self._free(last):
            last = max(self._text.rfind(blank, span.start, last) for blank in _BLANKS)
        return first, last

    def _fresh(self, start: int, end: int) -> Sequence[int]:
        return self._tokens.ids_of(self._text[start:end]) if start < end else ()

    def find(self, part: str, *, after: int) -> Span | None:
        """A place of a part at `after` or behind it."""
        start = self._text.find(part, after)
        return None if start < 0 else Span(start, start + len(part))

    def _free(self, place: int) -> bool:
        """True at white space and at the ends of the text."""
        if place <= 0 or place >= len(self._text):
            return True
        return self._text[place - 1] in _BLANKS or self._text[place] in _BLANKS
