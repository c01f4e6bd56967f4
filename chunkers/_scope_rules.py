"""Which words of a line or sentence are a statement about what stands elsewhere, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from chunkers import _scope_words as words
from chunkers._scope_units import OTHER, Unit, measure, units
from quarry.span import Span


class Kind(StrEnum):
    """Only statements of one kind (definitions: of one term) override each other."""

    SCALE = "scale"
    CURRENCY = "currency"
    AUDIT = "audit"
    PERIOD = "period"
    DEFINITION = "definition"


class Breadth(IntEnum):
    """How far a statement itself says that it reaches."""

    TABLE = 1
    SECTION = 2
    CHAPTER = 3
    STATEMENTS = 4
    ONWARDS = 5
    DOCUMENT = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated where; spans are into the document's text."""

    kind: Kind
    span: Span
    """The clause or sentence."""
    words: Span
    """The least of it that says the same."""
    subject: str = ""
    """Value of a unit, status or period; the term that is defined."""
    breadth: Breadth | None = None
    firm: bool = False
    """It says `all` or `unless otherwise stated`: it is about more than what stands next to it."""
    implied: bool = False
    """`in euros` says that they are no millions where another statement of both is overridden."""
    exception: Span | None = None
    """`except per share data`."""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


_IN_TABLE = _compiled(words.IN_TABLE)
_BREADTHS = (
    (Breadth.ONWARDS, _compiled(words.FROM_HERE)),
    (Breadth.TABLE, _IN_TABLE),
    (Breadth.CHAPTER, _compiled(words.IN_CHAPTER)),
    (Breadth.SECTION, _compiled(words.IN_SECTION)),
    (Breadth.DOCUMENT, _compiled(words.IN_DOCUMENT)),
    (Breadth.STATEMENTS, _compiled(words.IN_STATEMENTS)),
)
_ALL = _compiled(
    rf"(?:all|any|every|alle|sämtliche|tous|toutes|l'ensemble|tod[oa]s"
    rf"|tutt[ie])\W+(?:\w+\W+){{0,2}}(?:{words.AMOUNTS})"
    rf"|{words.OTHERWISE}|except (?:where|as|if)"
)
_CONTRAST = re.compile(r"\b(?:unlike|contrary to|in contrast to|as opposed to|different from)\b[^,;]*,", re.IGNORECASE)
"""`Unlike the rest of this report, ...` speaks of something else."""
_LOCAL = re.compile(
    r"\b(?:as follows|the following|folgende[rsn]?|suivante?s?|siguientes?|seguent[ei])\b|:\W*$", re.IGNORECASE
)
_BRACKETED = re.compile(r"\((?:in |en )?$")
_PUT_IN = re.compile(rf"\s*,\s*(?:{words.OTHERWISE})(?:\W+\w+){{0,3}}?,\s", re.IGNORECASE)
"""`All figures are, unless otherwise stated, in ...`"""
_OURS = re.compile(
    r"\b(?:we|the (?:group|company|bank|issuer|corporation|parent company))\s+(?:\w+\s+)?"
    r"(?:reports?|presents?|states?|publish(?:es)?|prepares?|express(?:es)?|quotes?|gives?|shows?|discloses?)\b(?:\s+(?:its|our|all))?"
    r"|\b(?:was|were) as follows",
    re.IGNORECASE,
)
"""`The Group reports its figures in ...` is about these reports; `the subsidiary reports its ...` isn't."""
_LED_IN = re.compile(
    r"[,(]\s*(?:(?:all|amounts?|figures?|expressed|stated|presented|shown)\s+)*(?:in|en)\s+$", re.IGNORECASE
)
"""`The breakdown, in millions, is as follows:`"""
_EXCEPT = re.compile(rf"[\s,;(]*(?<!\w)(?:{words.EXCEPT})(?!\w)", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:^|[(\[,;:|/\u2013\u2014-]\s*|\b(?:in|en|nearest|as|to|près|al)\s+(?:(?:the|current|constant|nominal"
    r"|full)\s+)?"
    r"|\b(?:de|au|auf|ganze)\s+)$",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"\b(?:in|en|nearest|auf|au|al|près|represents?|are|uses?|employs|adopts|:)\W+(?:the\s+|de\s+)?(?:(?:nearest|units|multiples)\s+(?:of\s+)?)?$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    rf"\b(?:sub-?section|section|note|item|chapter|part|report|document|publication|appendix|annex)\s+"
    rf"(?:(?:is|are|has been|have been)\s+(?:\w+\s+)?(?:{words.STATED})|uses|employs|adopts)\b|\bwe\s+(?:\w+\s+)?use\b",
    re.IGNORECASE,
)
"""`This section is denominated in ...`"""
_END = re.compile(
    r"\s*(?:$|[)\],;.:|/\u2013\u2014-]|(?:and|or|und|et|y|e|unless|except|other|save|au[sß]er|sauf|salvo)\b)"
)
_COUNTS = re.compile(
    rf"(?<!\w)(?:{words.COUNTS})|^(?:(?:tab\w*|exhibit|cuadro)?\.? ?[\d.]*\W*)(?:average "
    rf"|total )?(?:{words.COUNTED})(?=\s*(?:$|[^\w\s&/,;'\u2019]|\d"
    rf"|(?:by|per|at|in|on|as|nach|am|im|par|au|por|al|a)\b))",
    re.IGNORECASE,
)
_MONEY = _compiled(words.MONEY)
_AMOUNTS = _compiled(words.AMOUNTS)
_STATED = _compiled(words.STATED)
_ELSEWHERE = _compiled(words.ELSEWHERE)
_UNAUDITED = _compiled(words.UNAUDITED)
_AUDITED = re.compile(rf"[(\[]\s*(?:{words.AUDITED})\s*[)\]]", re.IGNORECASE)
_IS_UNAUDITED = re.compile(
    rf"(?:\b(?:is|are|remains?|ist|sind|est|sont|son|está?n?|è|sono|been|wurden?)\W+(?:\w+\W+){{0,2}}"
    rf"|^\W*)(?:{words.UNAUDITED})"
    rf"|\b(?:not|nicht|pas|no|non|none|neither)\b[^.;]*audit|nicht geprüft|non sono|no han sido",
    re.IGNORECASE,
)
_PERIOD = _compiled(words.PERIOD)
_CURRENCY_IS = re.compile(
    r"(?:reporting|presentation|monetary|measurement|accounting) units?\b"
    r"|(?<!functional )(?:presentation(?:al)?|reporting|presentational|report) currency\b(?! of (?:the|its) subs)"
    r"|berichtswährung|darstellungswährung|monnaie de présentation|moneda de presentación|valuta di presentazione",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab][^\"\u201c\u201d\u201e\u00ab\u00bb]*[\"\u201d\u201c\u00bb]")
_SAID = _compiled(f"{words.AMOUNTS}|{words.STATED}|in|en|of|the|are|is|de|di|all|as|alle|tous|les|sind")
_WORD = re.compile(r"[^\W\d_]{3,}")
NAMING = 2
"""Words that make a name."""
SHORT_WORDS = 24
LONGEST = 160
"""Characters of a statement as it is read; of a longer sentence its clause."""


def breadth_of(text: str) -> Breadth | None:
    """What it says of its reach; a sentence that leads something in is about that."""
    text = _CONTRAST.sub(" ", text)
    said = next((breadth for breadth, pattern in _BREADTHS if pattern.search(text)), None)
    return Breadth.TABLE if said is None and _LOCAL.search(text) else said


def titled(text: str, line: Span, statement: Statement) -> bool:
    """The line names a table besides its unit: something is left of it without what units are said with."""
    before = Span(line.start, min(statement.words.start, line.end)).of(text)
    return len(_WORD.findall(_SAID.sub(" ", before))) >= NAMING


def in_line(text: str, place: Span) -> tuple[Statement, ...]:
    """Of a caption, a heading, a line beside a table or a header cell."""
    line = place.of(text)
    made = [*_units_of_line(line), *_audit_of_line(line), *_period_of_line(line)]
    return tuple(_moved(statement, line, place) for statement in made)


def in_sentence(text: str, place: Span) -> tuple[Statement, ...]:
    """Of running text: it must be about amounts in general, not about one."""
    sentence = place.of(text)
    made = [*_units_of_sentence(sentence), *_audit_of_sentence(sentence), *_period_of_sentence(sentence)]
    return tuple(_moved(statement, sentence, place) for statement in made)


def _moved(statement: Statement, line: str, place: Span) -> Statement:
    clause = _clause(line, statement.words)
    by = place.start
    exception = statement.exception
    return Statement(
        statement.kind,
        clause.shift(by),
        statement.words.shift(by),
        statement.subject,
        breadth_of(line),
        _ALL.search(line) is not None,
        statement.implied,
        exception.shift(by) if exception else None,
    )


def _clause(line: str, core: Span) -> Span:
    """The whole line, or of a long one the stretch between commas and stops round `core`, with what follows."""
    whole = Span(0, len(line)).strip(line)
    if len(whole) <= LONGEST:
        return whole
    cuts = [whole.start, *(m.end() for m in re.finditer(r"[,;:()\u2013\u2014]\s+", line)), whole.end]
    start = max((cut for cut in cuts if cut <= core.start), default=whole.start)
    if core.end - start > LONGEST:
        return core
    ends = [cut for cut in cuts if core.end <= cut <= start + LONGEST]
    return Span(start, max(ends, default=core.end)).strip(line)


def _ruled_part(line: str) -> tuple[str, Span | None]:
    """The line up to its exception, and the exception; one at the start is no end, nor is a reserve put in between."""
    for found in _EXCEPT.finditer(line):
        if _PUT_IN.match(line, found.start()):
            continue
        if found.start() > 2 and line[: found.start()].strip(" ("):
            return line[: found.start()], Span(found.start(), len(line)).strip(line)
    return line, None


def _units_of_line(line: str) -> Iterator[Statement]:
    ruled, exception = _ruled_part(line)
    found = [unit for unit in units(ruled) if _stands_as_unit(ruled, unit)]
    yield from _stated(found, exception, implied=True)
    if not any(unit.currency for unit in found):
        yield from _no_money(ruled, scaled=any(unit.scale for unit in found))


def _no_money(line: str, *, scaled: bool) -> Iterator[Statement]:
    """`in tonnes`, `(%)`, `Number of employees`; where a scale is given it stays: `Number of shares, in thousands`."""
    found = measure(line)
    if found and not (found.start and _LEAD.search(line[: found.start]) and _END.match(line, found.end)):
        found = None
    if found is None and not any(unit.currency for unit in units(line)) and not _MONEY.search(line):
        count = _COUNTS.search(line)
        found = Span(*count.span()) if count else None
    if found:
        for kind in (Kind.CURRENCY,) if scaled else (Kind.SCALE, Kind.CURRENCY):
            yield Statement(kind, found, found, OTHER)


def _stands_as_unit(line: str, unit: Unit) -> bool:
    led = _LEAD.search(line[: unit.span.start]) is not None
    ended = _END.match(line, unit.span.end) is not None
    if unit.scale is not None and unit.currency is not None and not _is_number(line, unit):
        return led or ended
    return led and ended


def _is_number(line: str, unit: Unit) -> bool:
    """`CHF 1,000` is a unit only where it is led in as one: it may be an amount."""
    return unit.scale_span is not None and line[unit.scale_span.start] == "1"


def _units_of_sentence(sentence: str) -> Iterator[Statement]:
    if not (_about_amounts(sentence) or any(each.search(sentence) for each in (_ALL, _CURRENCY_IS, _LOCAL))):
        return
    ruled, exception = _ruled_part(sentence)
    if _ELSEWHERE.search(_OURS.sub(" ", ruled)):
        return
    found = [unit for unit in units(ruled) if unit.currency != OTHER]
    if not found:
        return
    quoted = [Span(*m.span()) for m in _QUOTED.finditer(sentence)]
    found = [unit for unit in found if not any(q.overlaps(unit.span) for q in quoted)]
    found = [unit for unit in found if _is_given(ruled, unit)]
    if found:
        yield from _stated(found, exception, implied=True)


def _is_given(sentence: str, unit: Unit) -> bool:
    """`amounts ... in millions`, `in thousands of euros unless ...`, `the presentation currency is the euro`."""
    before = sentence[: unit.span.start]
    if _CURRENCY_IS.search(before) or _PLACE.search(before[-40:]):
        return True
    if _LED_IN.search(before) and _LOCAL.search(sentence):
        return True
    if _BRACKETED.search(before):
        return _about_amounts(before) and (_STATED.search(before) or _LOCAL.search(sentence)) is not None
    if not (_GIVEN.search(before) or (unit.span.start == 0 and unit.scale is not None)):
        return False
    if re.search(r"\bin the\s+$", before, re.IGNORECASE):
        return False
    stated = (
        _STATED.search(sentence)
        or _OURS.search(before)
        or _PLACE.search(before)
        or _ALL.search(sentence)
        or breadth_of(sentence)
        or len(sentence.split()) < 12
    )
    opening = len(before.split()) < 2 and (_about_amounts(sentence) or _ALL.search(sentence))
    return bool(stated) and bool(_about_amounts(before) or opening)


def _about_amounts(text: str) -> bool:
    return any(pattern.search(text) for pattern in (_AMOUNTS, _IN_TABLE, _PLACE, _OURS))


def _stated(found: list[Unit], exception: Span | None, *, implied: bool) -> Iterator[Statement]:
    """The first scale and the first currency; `in euros` alone says whole euros."""
    scale = next((unit for unit in found if unit.scale is not None), None)
    currency = next((unit for unit in found if unit.currency is not None), None)
    if scale and scale.scale_span:
        yield Statement(Kind.SCALE, scale.span, scale.scale_span, f"1e{scale.scale}", exception=exception)
    elif implied and currency and currency.currency_span:
        yield Statement(Kind.SCALE, currency.span, currency.currency_span, "1e0", exception=exception, implied=True)
    if currency and currency.currency and currency.currency_span:
        yield Statement(Kind.CURRENCY, currency.span, currency.currency_span, currency.currency, exception=exception)


def _audit_of_line(line: str) -> Iterator[Statement]:
    found = _UNAUDITED.search(line) or _AUDITED.search(line)
    if found:
        status = "unaudited" if _UNAUDITED.match(line, found.start()) else "audited"
        yield Statement(Kind.AUDIT, Span(*found.span()), Span(*found.span()), status)


def _audit_of_sentence(sentence: str) -> Iterator[Statement]:
    found = _UNAUDITED.search(sentence)
    status = "unaudited"
    if found and not _IS_UNAUDITED.search(sentence) and breadth_of(sentence) in (None, Breadth.TABLE):
        return
    if not found:
        found = re.search(
            rf"(?:(?:have|has) been|is|are|sind|wurden?)\s+({words.AUDITED})(?!\w)", sentence, re.IGNORECASE
        )
        status = "audited"
    if found and _AMOUNTS.search(sentence) and not re.search(r"(?i)subsidiar|competitor|\bnot all\b", sentence):
        yield Statement(Kind.AUDIT, Span(*found.span()), Span(*found.span()), status)


def _period_of_line(line: str) -> Iterator[Statement]:
    found = _PERIOD.search(line)
    if found and len(line.split()) <= SHORT_WORDS:
        yield Statement(Kind.PERIOD, Span(*found.span()), Span(*found.span()), found[0].lower())


def _period_of_sentence(sentence: str) -> Iterator[Statement]:
    found = _PERIOD.search(sentence) or re.search(r"(?i)(?:financial|fiscal) year (?:19|20)\d\d(?:/\d+)?", sentence)
    if found and _ALL.search(sentence) and re.search(r"(?i)\b(?:refers?|relates?|covers?|are for|apply)\b", sentence):
        yield Statement(Kind.PERIOD, Span(*found.span()), Span(*found.span()), found[0].lower())
