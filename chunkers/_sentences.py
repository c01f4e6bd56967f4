"""Sentence-like units with exact spans, by rules: no model, one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarry.span import Span

_END = re.compile(
    r"""
    (?:
        # a stop, closing quotes, white space; from a run's first stop only, else a long run costs its square
        (?<![.!?\u2026\u061f\u06d4\u0964]) [.!?\u2026\u061f\u06d4\u0964]++ ["'\u201d\u2019)\]]*+ (?=\s)
      | [\u3002\uff01\uff1f\uff61]++ ["\u300d\u300f\u201d\u2019)]*+   # CJK stops need no space after them
      | \n[ \t]*\n                                      # an empty line
      | \n(?=[ \t]*(?:[-*\u2022\u2013]|\d+[.)]|[(]?[a-z][)])\s)     # a list item on the next line
    )
    \s*
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|al|approx|ca|no|nos|fig|figs|eq|eqs|sec|ch|vol|pp|p|art|dr|mr|mrs|ms|prof|st|jr|sr|inc|"
    r"ltd|co|corp|dept|est|resp|bzw|usw|z\.b|d\.h|u\.s|u\.k|u\.n)|\b[A-Z]|\b\d{1,2})\.$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")
_ROW = re.compile(r"[^\n]*\n\s*|[^\n]+")
_LOOKBACK = 16
"""Longest abbreviation with what stands before it."""


def sentences(text: str, within: Span) -> Iterator[Span]:
    """Spans that tile `within`; white space after a sentence belongs to it."""
    start = seen = within.start
    spoken = False
    small = within.of(text).islower()
    for match in _END.finditer(text, within.start, within.end):
        spoken = spoken or _WORD.search(text, seen, match.start()) is not None
        seen = match.end()
        if _is_abbreviation(text, match, start, small=small) or match.end() >= within.end:
            continue
        if not spoken:  # stops alone, `. . .`, are no sentence
            continue
        yield Span(start, match.end())
        start, spoken = match.end(), False
    if start < within.end:
        yield Span(start, within.end)


def rows(text: str, within: Span) -> Iterator[Span]:
    """Lines that tile `within`, empty ones with the line before: where a long sentence may be cut that has no stops."""
    for match in _ROW.finditer(text, within.start, within.end):
        yield Span(*match.span())


def _is_abbreviation(text: str, match: re.Match[str], start: int, *, small: bool) -> bool:
    """`Dr. `, `e.g. `, `J. `, `3. ` and a stop before a small letter end no sentence; `small`: all letters are."""
    if not match[0].startswith(".") or match[0].startswith(".."):
        return False
    following = text[match.end() : match.end() + 1]
    if following.islower() and not small:
        return True
    before = text[max(start, match.start() - _LOOKBACK) : match.start() + 1]
    found = _ABBREVIATION.search(before)
    if not found or "\n" in match[0]:
        return False
    # "in 12. The" may end a sentence, "12. The" at its start is a number
    return not found[0][0].isdigit() or found.start() == 0
