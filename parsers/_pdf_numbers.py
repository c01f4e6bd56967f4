"""Section numbers: `2.1.4`, `IV.`, `Appendix B`, and which of them follow each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_NUMBER = re.compile(
    r"(?:(?P<word>chapter|part|article|section|appendix|annex|kapitel|artikel|abschnitt|anhang)\s+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+|[IVX]{1,5}(?![a-z])|[A-Z](?![a-z]))(?P<stop>[.):]?)"
    r"(?:\s+\S|\s*[—–-]\s*\S|$)",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10}


def number_of(text: str) -> tuple[str, ...]:
    """`("2", "1", "4")` of `2.1.4 Results`; `("IV",)` of `IV. Results`; empty without a section number."""
    match = _NUMBER.match(text)
    if not match:
        return ()
    number = match["number"]
    if number.isalpha() and not (match["word"] or (number.isupper() and match["stop"])):
        return ()
    return tuple(number.split("."))


def depths_of(texts: Sequence[str]) -> list[int]:
    """Depth of each section number; 0 where it follows no other: years, initials, quantities."""
    numbers = [number_of(text) for text in texts]
    known = set(numbers)
    return [len(number) if number and _follows(number, known) else 0 for number in numbers]


def _follows(number: tuple[str, ...], known: Collection[tuple[str, ...]]) -> bool:
    """True where the number before it, the one after it or the section that it is in has a heading too."""
    last = number[-1]
    if last.isdigit():
        value = int(last)
        near = [str(value - 1), str(value + 1), str(value - 2)]
    elif len(last) == 1 and last.lower() not in _ROMAN:
        near = [chr(ord(last) - 1), chr(ord(last) + 1)]
    else:
        near = [_roman(_value(last) + step) for step in (-1, 1)] + [chr(ord(last[0]) + step) for step in (-1, 1)]
    if any((*number[:-1], other) in known for other in near if other):
        return True
    return last in ("1", "A", "I", "0") or (len(number) > 1 and number[:-1] in known)


def _value(roman: str) -> int:
    values = [_ROMAN.get(letter, 0) for letter in roman.lower()]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def _roman(value: int) -> str:
    text = ""
    for sign, worth in (("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1)):
        while value >= worth > 0:
            text, value = text + sign, value - worth
    return text


def goes_on(before: str, after: str) -> bool:
    """True where `after` starts with the number of the first section inside that of `before`, or of the next one."""
    first, second = number_of(before), number_of(after)
    if not first or not second:
        return False
    if second == (*first, "1"):
        return True
    return first[:-1] == second[:-1] and first[-1].isdigit() and second[-1] == str(int(first[-1]) + 1)
