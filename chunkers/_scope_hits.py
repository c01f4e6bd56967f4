"""Where a sentence may state a unit, a status or a period at all: found by substrings, faster than by patterns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from chunkers._scope_words import CODES_AND_SIGNS, STEMS, WORDS_OF_UNITS
from quarry.span import Span


class Hits:
    """Places in one text; amounts (`$ 5`, `5 million`) are none."""

    def __init__(self, text: str) -> None:
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter that is lowered to two, `\u0130`
            lowered = "".join(low if len(low := character.lower()) == 1 else character for character in text)
        found = [place for stem in STEMS for place in _places(lowered, stem)]
        found += [
            place
            for word in WORDS_OF_UNITS
            for place in _places(lowered, word)
            if not lowered[place - 1 : place].isalpha() and not _counted(text, place)
        ]
        found += [
            place
            for sign in CODES_AND_SIGNS
            for place in _places(text, sign)
            if not _followed(text, place + len(sign)) and not _counted(text, place)
        ]
        self._places = sorted(found)

    def within(self, span: Span) -> bool:
        number = bisect_left(self._places, span.start)
        return number < len(self._places) and self._places[number] < span.end


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + len(part))


def _counted(text: str, place: int) -> bool:
    """Behind a number that is no year."""
    before = text[max(0, place - 7) : place].rstrip()
    if not before[-1:].isdigit():
        return False
    year = before[-4:]
    return not (year.isdigit() and year[:2] in ("19", "20") and before[-5:-4] in ("", " ", "/"))


def _followed(text: str, end: int) -> bool:
    return text[end : end + 2].lstrip()[:1].isdigit() and text[end : end + 3] != "000"
