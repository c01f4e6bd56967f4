"""Definitions of terms: `"Company" means ...`, `Halden Lines Ltd (the "Company")`, `references to "we" are to ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chunkers._scope_rules import LONGEST, Kind, Statement, breadth_of
from chunkers._scope_words import MEANS, PRONOUNS
from quarry.span import Span

_OPEN, _CLOSE = "[\"\u201c\u201e\u00ab\u2018']", "[\"\u201d\u201c\u00bb\u2019']"
_TERM = rf"{_OPEN}\s?(?P<term>[\w][\w&./ \u2019-]{{0,40}}?)\s?{_CLOSE}"
_LIST = rf"(?:,?\s*(?:and|or|und|oder|et|ou|y|o|e|,|as well as)\s*(?:the\s+)?{_TERM.replace('?P<term>', '?:')}){{0,5}}"
_MEANS = re.compile(rf"{_TERM}{_LIST},?\s*(?:\([^)]{{0,60}}\)\s*)?(?:,[^,]{{0,40}},\s*)?(?:{MEANS})", re.IGNORECASE)
_NAMED = re.compile(
    rf"\((?:(?:hereinafter|hereafter|together|collectively|jointly|each|referred to as|also|nachfolgend"
    rf"|im folgenden|ci-après"
    rf"|en adelante|di seguito|the|an?|as|with its subsidiaries|,|die|der|das|le|la|les|el|il|lo"
    rf"|l')\s*)+{_TERM}\s*\)",
    re.IGNORECASE,
)
_QUOTED = re.compile(_TERM)
_MARKS = '"\u201c\u201e\u00ab\u2018'
_CAPITAL = re.compile("'[A-Z]")
TRIGGER = re.compile(rf"(?:{MEANS})|\(", re.IGNORECASE)


def quoted(text: str) -> bool:
    """True where something may be in quotation marks."""
    return any(mark in text for mark in _MARKS) or ("'" in text and _CAPITAL.search(text) is not None)


def definitions(text: str, place: Span) -> Iterator[Statement]:
    """Of one sentence. A pronoun is a term only where the sentence says for what part of the document."""
    sentence = place.of(text)
    breadth = breadth_of(sentence)
    for found in (*_MEANS.finditer(sentence), *_NAMED.finditer(sentence)):
        for term in _QUOTED.finditer(found[0]):
            name = term["term"].strip()
            if _usable(name, said=breadth is not None):
                clause = _clause(sentence, found).shift(place.start)
                yield Statement(Kind.DEFINITION, clause, clause, name, breadth)


def _usable(name: str, *, said: bool) -> bool:
    if name.lower() in PRONOUNS:
        return said
    return bool(name) and (name[0].isupper() or name[0].isdigit() or " " in name or said)


def _clause(sentence: str, found: re.Match[str]) -> Span:
    """The sentence, or of a long one what stands round the term: what is named before it, else what it means."""
    whole = Span(0, len(sentence)).strip(sentence)
    if len(whole) <= LONGEST:
        return whole
    if found.re is _NAMED:
        start = max(whole.start, found.end() - LONGEST)
        cut = sentence.rfind(", ", start, found.start())
        start = cut + 2 if 0 < cut < found.start() - 20 else sentence.find(" ", start) + 1
        return Span(max(whole.start, start), found.end())
    end = sentence.rfind(" ", found.end(), min(whole.end, found.start() + LONGEST))
    return Span(found.start(), max(found.end(), end))
