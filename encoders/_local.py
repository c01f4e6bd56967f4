"""Tokens of a part of a text from those of the whole, for tokenizers that look at no more than one word."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from quarry.span import Span

if TYPE_CHECKING:
    from encoders.tokens import Tokens

_BLANKS = " \n\t"
"""White space to every step of such a tokenizer; the rarer kinds are left to a new tokenisation."""


def looks_at_words(definition: bytes) -> bool:
    """True for BERT's pipeline: each step works on characters or on words between white space, so that a text that is
    cut at white space gives the tokens of its parts one after another. False where an added token may span more.
    """
    found = json.loads(definition)
    kinds = [(found.get(step) or {}).get("type") for step in ("normalizer", "pre_tokenizer", "model")]
    special = all(token.get("special") for token in found.get("added_tokens") or [])
    return special and kinds == ["BertNormalizer", "BertPreTokenizer", "WordPiece"]


class Parts:
    """Token counts of parts of one text; what is counted is remembered as if it had been tokenised."""

    def __init__(self, text: str, tokens: Tokens) -> None:
        self._text, self._tokens = text, tokens
        ids, offsets = tokens.located(text)
        self._ids = array("i", ids)
        starts = [start for start, _ in offsets]
        self.starts = array("l", starts if sorted(starts) == starts else accumulate(starts, max))

    def count(self, span: Span, *, context: str = "") -> int:
        """Tokens of context + part: those of `Tokens.count`, by a new tokenisation where an edge is inside a word."""
        if not (self._free(span.start, context) and self._free(span.end)):
            return self._tokens.count(context + span.of(self._text))
        first, end = bisect_left(self.starts, span.start), bisect_left(self.starts, span.end)
        ids = self._ids[first:end]
        if context:
            ids = array("i", self._tokens.ids_of(context)) + ids
        self._tokens.recent.keep(context + span.of(self._text), ids)
        return len(ids)

    def find(self, part: str, *, after: int) -> Span | None:
        """A place of a part at `after` or behind it."""
        start = self._text.find(part, after)
        return None if start < 0 else Span(start, start + len(part))

    def _free(self, place: int, context: str = "") -> bool:
        """True at white space and at the ends of the text; a context must leave off with white space."""
        if context and context[-1] not in _BLANKS:
            return False
        if place <= 0 or place >= len(self._text):
            return True
        return self._text[place - 1] in _BLANKS or self._text[place] in _BLANKS
