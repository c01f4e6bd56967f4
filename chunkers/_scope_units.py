"""Units of amounts as they are written: `millions of euros`, `Mio. EUR`, `$'000`, `in Tausend`, `T€`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from chunkers._scope_words import CURRENCIES, MEASURES, SCALES, SHORT_SCALES
from quarry.span import Span

OTHER = "other"
"""Currency of what isn't money."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One phrase; spans are into the text that was read."""

    span: Span
    scale: int | None = None
    """Power of ten."""
    scale_span: Span | None = None
    currency: str | None = None
    """ISO code, `$`, or OTHER."""
    currency_span: Span | None = None


def _either(words: Mapping[int, tuple[str, ...]] | Mapping[str, tuple[str, ...]]) -> str:
    """Longest pattern first, so that `miles de millones` isn't read as `miles`."""
    return "|".join(sorted((word for group in words.values() for word in group), key=len, reverse=True))


_CURRENCY = rf"(?<![A-Za-z])(?:{_either(CURRENCIES)})(?![A-Za-z])"
_SCALE = rf"(?<![A-Za-z0-9](?=[A-Za-z0-9]))(?:{_either(SCALES)})(?![A-Za-z0-9])"
_CODE = "|".join(code for code in CURRENCIES if code != "$")
_COMPACT = rf"US\$|[A-Z]{{0,2}}\$|[€£¥₹₩]|\b(?:{_CODE}|RMB)"
_SHORT = "|".join(sorted(SHORT_SCALES, key=len, reverse=True))
_GLUE = r"(?:\s*[-,(/]\s*|\s+(?:in|en|of|de|di|von|an|the|l[ea]s?)\s+(?:the\s+|de\s+)?|\s+d['\u2019]\s*|\s+|\s*)"
_UNIT = re.compile(
    rf"(?:(?<![A-Za-z])|(?=['\u2018\u2019]))(?:"  # asked once, for speed
    rf"(?P<c1>{_CURRENCY}){_GLUE}(?P<s1>{_SCALE})"
    rf"|(?P<s2>{_SCALE})(?:{_GLUE}|\s+of\s+[^\W\d_]{{4,13}}\s+)(?P<c2>{_CURRENCY})"
    rf"|(?P<s3>{_SCALE})"
    rf"|(?P<c4>{_CURRENCY}))",
    re.IGNORECASE,
)
_SHORT_UNIT = re.compile(
    rf"(?<![\w$€£¥])(?:(?P<c1>{_COMPACT})(?P<gap>\s?)(?P<s1>(?i:{_SHORT}|000s?))(?![\w'\u2019])"
    rf"|(?P<s2>(?i:{_SHORT}))(?P<gap2>\s?)(?P<c2>US\$|[A-Z]?\$|[€£¥₹]|(?:{_CODE}|RMB))(?!\w))"
)
_MEASURE = re.compile(rf"(?<![\w.])(?:{MEASURES})(?!\w)", re.IGNORECASE)
_OF_OTHERS = re.compile(rf"\s+(?:(?:metric|of|de|von|di|d['\u2019])\s*)*(?:{MEASURES})(?!\w)", re.IGNORECASE)
_OF_WORD = re.compile(r"\s+(?:of|d['\u2019])\s+(?!the\b)[a-z]+", re.IGNORECASE)
_NUMBER_BEFORE = re.compile(
    r"(?:[0-9](?:[0-9.,]*[0-9])?\s?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|several|many|few|some|"
    r"tens of|hundreds of|half a|a|per|zwei|drei|vier|fünf|zehn|einige|deux|trois|dix|dos|tres|diez|due|tre"
    r"|dieci)\s+)$",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(r"(?:(?<![0-9.,])|\b[0-9]{1,2}[./][0-9]{1,2}[./])(?:19|20)[0-9]{2}(?:/[0-9]{2,4})?\s$")
_NUMBER_AFTER = re.compile(r"\s?[0-9]")
_CODES = {code for code in CURRENCIES if code != "$"}
_LOOKBACK = 24


def _readers(words: Mapping[int, tuple[str, ...]]) -> list[tuple[re.Pattern[str], int]]:
    return [(re.compile(word, re.IGNORECASE), power) for power, group in words.items() for word in group]


_POWERS = _readers(SCALES)
_ISO = [(re.compile(rf"(?:{'|'.join(group)})", re.IGNORECASE), code) for code, group in CURRENCIES.items()]


@lru_cache(maxsize=1024)
def units(text: str) -> tuple[Unit, ...]:
    """Phrases in text order. Amounts (`3 million euros`) and counts in words (`several thousand`) are none.

    Remembered: a line is asked for more than once, and tables repeat what their cells say.
    """
    return tuple(_units(text))


def _units(text: str) -> Iterator[Unit]:
    place = 0
    while place < len(text):
        match = _UNIT.search(text, place)
        short = next((m for m in _SHORT_UNIT.finditer(text, place) if _is_compact(m)), None)
        if short and (match is None or short.start() <= match.start()):
            match = short
        if match is None:
            return
        place = match.end()
        if not _counted(text, match):
            yield _read(text, match)


def measure(text: str) -> Span | None:
    """Where something else than money is named."""
    found = _MEASURE.search(text)
    return Span(*found.span()) if found else None


def _is_compact(match: re.Match[str]) -> bool:
    """`EUR k`, `£m`, `MEUR`: three letters are a known code, and `m` after a blank needs one as well."""
    code = (match["c1"] or match["c2"]).strip()
    return not code.isalpha() or code.upper() in _CODES


def _counted(text: str, match: re.Match[str]) -> bool:
    groups = match.groupdict()
    before = text[max(0, match.start() - _LOOKBACK) : match.start()]
    if _NUMBER_BEFORE.search(before) and not _YEAR_BEFORE.search(before):
        return True
    return groups.get("c4") is not None and _NUMBER_AFTER.match(text, match.end()) is not None


def _read(text: str, match: re.Match[str]) -> Unit:
    groups = match.groupdict()
    scale = next((name for name in ("s1", "s2", "s3") if groups.get(name)), None)
    currency = next((name for name in ("c1", "c2", "c4") if groups.get(name)), None)
    end = match.end()
    code = _code(text, *match.span(currency)) if currency else None
    currency_span = Span(*match.span(currency)) if currency else None
    if scale and not currency:
        others = _OF_OTHERS.match(text, end) or _OF_WORD.match(text, end)
        if others:
            code, currency_span, end = OTHER, Span(end, others.end()), others.end()
    return Unit(
        Span(match.start(), end),
        _power(text, match, scale) if scale else None,
        Span(*match.span(scale)) if scale else None,
        code,
        currency_span,
    )


def _power(text: str, match: re.Match[str], name: str) -> int:
    word = match[name]
    if word.lower() in SHORT_SCALES and "c4" not in match.groupdict():
        return SHORT_SCALES[word.lower()]
    start, end = match.span(name)
    for pattern, power in _POWERS:  # in place: some look at what stands around them
        found = pattern.match(text, start)
        if found and found.end() == end:
            return power
    return 3  # `000`


def _code(text: str, start: int, end: int) -> str:
    for pattern, code in _ISO:
        found = pattern.match(text, start)
        if found and found.end() == end:
            return code
    return text[start:end].upper()
