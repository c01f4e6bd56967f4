"""Strings that Arrow can't take, made storable and back: file names may hold bytes that are no text."""

from __future__ import annotations

import re
from typing import TypeVar

S = TypeVar("S", str, str | None)
MARK = "\uffff"
"""A noncharacter: never in text that is meant to be interchanged."""
_UNSTORABLE = re.compile(f"[\ud800-\udfff{MARK}]")
_ESCAPED = re.compile(f"{MARK}([0-9a-f]{{4}})")


def stored(text: S) -> S:
    """Lone surrogates and the mark itself become the mark and four hex digits; all other text stays as it is."""
    if text is None or text.isascii():
        return text
    return _UNSTORABLE.sub(lambda match: f"{MARK}{ord(match[0]):04x}", text)


def loaded(text: S) -> S:
    """The inverse of `stored`."""
    if text is None or MARK not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
