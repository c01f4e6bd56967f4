"""What a document is: title, organisation, form, period, language; from metadata, title page and the file's name.

Many documents say nearly the same; what tells them apart stands once, on the first page. Wrong is worse than nothing:
a rule takes a clear pattern, or two places that agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

from quarry import _identity_rules as rules
from quarry._identity_rules import FormRule
from quarry.span import Span
from quarry.types import Document, Element, ElementType

LONGEST_LINE = 100
"""Characters of a line on a title page that can name something."""
TITLE_LINES = 40
FIRST_LINES = 6
"""Of a title page: where names of persons, parties and places have not begun yet."""
SAMPLE_WORDS = 2000
"""Of running text, for the guess of its language."""
_WORD = re.compile(r"[^\W_]+")
_TITLE_PARTS = re.compile(r"\s*(?::|\||\s[-–—]\s)\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """A fact about a document and where it stands."""

    value: str
    span: Span | None = None
    """In the document's text; None where metadata or the file's name say it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """None for what is not clear."""

    title: Found | None = None
    organisation: Found | None = None
    form: Found | None = None
    """What kind of document: `10-K`, `Annual Report`, `Policy No. 7`."""
    period: Found | None = None
    """What time or issue it is of: `2018`, `Q3 2022`, `Version 3.2`."""
    language: Found | None = None
    """BCP 47."""

    @property
    def line(self) -> str:
        """What a chunk's context begins with: organisation, form and period, and the title where it says more."""
        title = self.title.value if self.title else ""
        own = set(words(title))
        form = None if title and self._loose else self.form
        parts = [found.value for found in (self.organisation, form, self.period) if found]
        known = {word for part in parts for word in words(part)}
        if own - rules.NOISE <= known and parts:
            return " ".join(parts)
        more = [part for part in parts if not set(words(part)) <= own]
        if more == parts[-1:] and self.period:
            return f"{title} {self.period.value}"
        return f"{' '.join(more)}: {title}" if more else title

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where the line was taken from, as far as it stands in the text."""
        found = (self.organisation, self.form, self.period)
        return tuple(sorted({item.span for item in found if item is not None and item.span is not None}))

    @property
    def _loose(self) -> bool:
        """True for a form that a title says better."""
        rule = _rule_of(self.form)
        return rule is not None and rule.strength == "loose"

    def opens(self, text: str) -> bool:
        """True where `text` says all of the line already."""
        return set(words(self.line)) <= set(words(text))

    @property
    def named(self) -> bool:
        """True where more than a title is known."""
        return any((self.organisation, self.form, self.period))

    @property
    def search_words(self) -> str:
        """Organisation, form and period in all the words that people may ask for them with. The title is no part of
        it: its words say what the text is about, and stand in a field of their own.
        """
        rule, part = _rule_of(self.form), self.period.value.split()[0] if self.period else ""
        form = None if self._loose else self.form
        found = [item.value for item in (self.organisation, form, self.period) if item]
        return " ".join([*found, *filter(None, (rule.also if rule else "", rules.PART_WORDS.get(part, "")))])

    def record(self) -> dict[str, str]:
        """The fields of the `document` record; unknown ones are left out."""
        found = {name: getattr(self, name) for name in ("organisation", "form", "period", "language")}
        return {name: item.value for name, item in found.items() if item is not None}


def _rule_of(form: Found | None) -> FormRule | None:
    return next((rule for rule in rules.FORMS if form and rule.label == form.value), None)


class _Line(NamedTuple):
    text: str
    span: Span


class _NameFacts(NamedTuple):
    """What the name of a file says."""

    organisation: str | None = None
    sure: bool = False
    """The organisation needs no second place that names it."""
    form: str | None = None
    period: str | None = None


_last: list[tuple[Document, Identity]] = []


def identity_of(document: Document) -> Identity:
    """From the parsed document at its place: equal files under different names may be different to tell apart.

    That of the last document is remembered: who chunks it and who stores it both ask.
    """
    for known, identity in _last[:1]:
        if known is document:
            return identity
    found = _identity_of(document)
    _last[:] = [(document, found)]
    return found


def _identity_of(document: Document) -> Identity:
    lines = _title_page(document)
    name = name_facts(document.origin.path)
    form = _form(document, lines) or _form_of_name(name, document.title)
    return Identity(
        title=_title(document, lines),
        organisation=_organisation(document, lines, name),
        form=form,
        period=_period(document, lines, form, name),
        language=Found(document.language) if document.language else _language(document),
    )


def name_facts(path: str) -> _NameFacts:
    """By the last part of the path alone, so that moving a folder changes nothing."""
    stem = re.sub(r"\.[A-Za-z]\w{0,4}$", "", path.rpartition("/")[2])
    form = next((rule for rule in rules.FORMS if rule.in_name and rule.in_name.search(stem)), None)
    rest = form.in_name.sub(" ", stem) if form and form.in_name else stem
    spaced = re.sub(r"[_\W]+", " ", rest).strip()
    period, rest = _name_period(rest, spaced)
    tokens = [token for token in re.sub(r"[_\W]+", " ", rest).split() if token.casefold() not in rules.NOISE]
    if not 0 < len(tokens) <= 3 or not all(_is_name(token) for token in tokens):
        tokens = []
    sure = form is not None and period is not None and bool(tokens)
    if period is not None and form is None and period.isdigit():
        period = None  # a year alone may be anything
    organisation = " ".join(map(_capital, tokens)) if tokens and period else None
    return _NameFacts(organisation, sure, form.label if form else None, period)


def _name_period(rest: str, spaced: str) -> tuple[str | None, str]:
    """The period in a name, and what is left without it."""
    for label, pattern in rules.PARTS:
        match = pattern.search(spaced)
        if match:
            return f"{label} {match['year'] or match['year2']}", spaced.replace(match[0], " ")
    day = re.search(rf"(?<!\d){rules.YEAR}-[01]\d-[0-3]\d(?!\d)", rest)
    if day:
        return day[0], re.sub(rf"(?<!\d){day[0][:4]}(?!\d)", " ", rest.replace(day[0], " "))
    years = re.findall(rf"(?<![0-9A-Za-z])(?:FY)?({rules.YEAR})(?![0-9A-Za-z])", spaced, re.IGNORECASE)
    if len(set(years)) != 1:
        return None, spaced
    return years[0], re.sub(rf"(?<![0-9A-Za-z])(?:FY)?{years[0]}(?![0-9A-Za-z])", " ", spaced, flags=re.IGNORECASE)


def _is_name(token: str) -> bool:
    """No hash, no running number: a word, or letters with a digit or two (`3M`)."""
    return len(token) > 1 and any(letter.isalpha() for letter in token) and sum(map(str.isdigit, token)) <= 2


def _capital(word: str) -> str:
    return word if any(map(str.isupper, word)) else word.capitalize()


def _title_page(document: Document) -> list[_Line]:
    """Lines of the page on which the text begins; of a document without pages its first ones."""
    lines: list[_Line] = []
    first: Element | None = None
    for element in document.elements:
        if not element.in_body or element.type is ElementType.TABLE:
            continue
        first = first or element
        if element.page != first.page or len(lines) >= TITLE_LINES:
            break
        lines.extend(_lines(element, document.text))
    return lines


def _lines(element: Element, text: str) -> Iterator[_Line]:
    start = element.span.start
    for part in element.span.of(text).split("\n"):
        span = Span(start, start + len(part)).strip(text)
        if len(span):
            yield _Line(" ".join(span.of(text).split()), span)
        start += len(part) + 1


def _title(document: Document, lines: Sequence[_Line]) -> Found | None:
    title = " ".join((document.title or "").split())
    place = next((line.span for line in lines if line.text.casefold() == title.casefold()), None)
    return Found(title, place) if title else None


def _form(document: Document, lines: Sequence[_Line]) -> Found | None:
    """By the title page, else by the title; a number of its own makes it clearer."""
    for line in lines:
        number = rules.POLICY_NUMBER.search(line.text) if len(line.text) <= LONGEST_LINE else None
        if number:
            return Found(" ".join(number[0].split()), line.span)
    heads = [] if document.title else [line for line in lines[:FIRST_LINES] if len(line.text.split()) <= 8]
    named = [line for line in lines if len(line.text) <= LONGEST_LINE and rules.ANY_FORM.search(line.text)]
    for rule in rules.FORMS if named else ():
        found = _form_line(rule, heads if rule.strength == "loose" else named)
        if found:
            return Found(rule.label, found.span)
    title = document.title or ""
    possible = rules.FORMS if rules.ANY_FORM.search(title) else ()
    return next((Found(rule.label) for rule in possible if _in_title(rule, title)), None)


def _form_of_name(name: _NameFacts, title: str | None) -> Found | None:
    """A title says better what a manual is."""
    rule = next((rule for rule in rules.FORMS if rule.label == name.form), None)
    return Found(rule.label) if rule and not (title and rule.strength == "loose") else None


def _form_line(rule: FormRule, lines: Sequence[_Line]) -> _Line | None:
    """A code may stand in any line, words only where the line is hardly more than them."""
    for line in lines:
        match = rule.pattern.search(line.text) if len(line.text) <= LONGEST_LINE else None
        if match is None:
            continue
        if rule.strength == "code" or (rule.strength == "report" and len(line.text.split()) <= 10):
            return line
        if rule.strength == "loose" and _at_an_end(match, line.text):
            return line
    return None


def _in_title(rule: FormRule, title: str) -> bool:
    match = rule.pattern.search(title)
    return match is not None and (rule.strength != "loose" or _at_an_end(match, title))


def _at_an_end(match: re.Match[str], text: str) -> bool:
    """`Service Agreement`, `Manual of ...`, but not `Policy makers met`."""
    after = text[match.end() :].strip(" .:")
    return not after or (
        match.start() == 0 and re.match(r"(?:of|for|de|für|der|zu|no\b|nr\b)", after, re.IGNORECASE) is not None
    )


def _organisation(document: Document, lines: Sequence[_Line], name: _NameFacts) -> Found | None:
    for line, following in pairwise(lines):
        if rules.REGISTRANT.search(following.text) and len(line.text) <= LONGEST_LINE:
            return Found(line.text, line.span)
    told = [document.author or "", *_TITLE_PARTS.split(document.title or ""), name.organisation or ""]
    keys = {"".join(words(text)) for text in told if text}
    candidates = {"".join(words(line.text)): line for line in reversed(lines) if _names_organisation(line.text)}
    agreed = [line for key, line in candidates.items() if any(_agrees(key, other) for other in keys)]
    chosen = agreed if len(agreed) == 1 else list(candidates.values())
    if len(chosen) == 1:
        return Found(chosen[0].text, chosen[0].span)
    if not candidates:
        return _in_the_title(document, lines) or _of_the_name(name, lines)
    return None


def _of_the_name(name: _NameFacts, lines: Sequence[_Line]) -> Found | None:
    """As the title page writes it, where that names it; a name without a form needs that."""
    wanted = words(name.organisation or "")
    for line in lines[:FIRST_LINES] if wanted else ():
        if words(line.text)[: len(wanted)] == wanted:
            written = list(_WORD.finditer(line.text))[: len(wanted)]
            return Found(line.text[written[0].start() : written[-1].end()], line.span)
    return Found(name.organisation) if name.organisation and name.sure else None


def _names_organisation(text: str) -> bool:
    if len(text) > LONGEST_LINE or len(text.split()) > 8 or rules.NO_ORGANISATION.search(text):
        return False
    small = [word for word in text.split() if word[0].islower() and word.strip(".,") not in rules.SMALL_WORDS]
    return not small and rules.ORGANISATION.match(text) is not None


def _agrees(key: str, other: str) -> bool:
    """`Ashgrove` with `Ashgrove Dairy Equipment, Inc.`"""
    return len(other) >= 2 and (key.startswith(other) or other.startswith(key))


def _in_the_title(document: Document, lines: Sequence[_Line]) -> Found | None:
    """`Halden Ferry Lines: Annual Report 2024`, where the author or a line of the title page is the same name."""
    parts = [part for part in _TITLE_PARTS.split(document.title or "") if part]
    named = [
        part for part in parts if not any(_in_title(rule, part) for rule in rules.FORMS if rule.strength != "loose")
    ]
    if len(parts) < 2 or len(named) != 1 or len(named) == len(parts):
        return None
    line = next((line for line in lines if line.text.casefold() == named[0].casefold()), None)
    if line is not None:
        return Found(line.text, line.span)
    return Found(named[0]) if (document.author or "").casefold() == named[0].casefold() else None


def _period(document: Document, lines: Sequence[_Line], form: Found | None, name: _NameFacts) -> Found | None:
    """What a title page says in so many words; then the file's name; then a date or a version that stands alone."""
    short = [line for line in lines if len(line.text) <= LONGEST_LINE]
    said = _stated(short) or _beside_form(short, form, document.title or "")
    if said is not None:
        part = name.period if name.period and " " in name.period else None
        year = said.value if said.value.isdigit() else None
        return Found(part) if part and year and part.endswith(year) and _may_have_parts(form) else said
    if name.period:
        return Found(name.period)
    return _alone(short) or _year_of_title(document)


def _may_have_parts(form: Found | None) -> bool:
    """A year's report is of the year, whatever its name says."""
    return form is None or not any(word in form.value.casefold() for word in ("annual", "10-k", "20-f", "geschäfts"))


def _stated(lines: Sequence[_Line]) -> Found | None:
    for line in lines:
        if not rules.ANY_YEAR.search(line.text):
            continue
        date = rules.DATE.search(line.text)
        if date and rules.QUARTER_ENDED.search(line.text):
            return Found(f"quarter ended {date[0]}", line.span)
        if date and rules.YEAR_ENDED.search(line.text):
            year, month = _year_month(date)
            # A business year has the name of the year in which it ends, unless it ends early in that year.
            return Found(year if month >= 6 else f"year ended {date[0]}", line.span)
        for label, pattern in rules.PARTS:
            match = pattern.search(line.text)
            if match:
                return Found(f"{label} {match['year'] or match['year2']}", line.span)
        named = rules.NAMED_YEAR.search(line.text)
        if named and len(line.text.split()) <= 10:
            return Found("".join(named["year"].split()), line.span)
    return None


def _beside_form(lines: Sequence[_Line], form: Found | None, title: str) -> Found | None:
    """`Annual Report 2023`, in a line of the title page or in the title."""
    for text, span in (*((line.text, line.span) for line in lines), (title, None)) if form else ():
        years = rules.BARE_YEAR.findall(text)
        if len(set(years)) == 1 and len(text.split()) <= 12 and rules.REPORT.search(text):
            return Found(years[0], span)
    return None


def _alone(lines: Sequence[_Line]) -> Found | None:
    """A version, or a line that is a date and nothing else: the only one."""
    versions = {match[0]: line for line in lines if (match := rules.VERSION.search(line.text))}
    if len(versions) == 1:
        ((text, line),) = versions.items()
        return Found(" ".join(text.split()), line.span)
    dated = [line for line in lines if rules.DATE.fullmatch(line.text) or rules.MONTH_YEAR.fullmatch(line.text)]
    return Found(dated[0].text, dated[0].span) if len({line.text for line in dated}) == 1 and not versions else None


def _year_of_title(document: Document) -> Found | None:
    """`Water Quality Log 2023`: one year, at the end."""
    title = " ".join((document.title or "").split())
    years = rules.BARE_YEAR.findall(title)
    return Found(years[0]) if len(years) == 1 and title.endswith(years[0]) else None


def _year_month(date: re.Match[str]) -> tuple[str, int]:
    groups = date.groupdict()
    year = next(groups[key] for key in ("year", "year2", "year3", "year4") if groups[key])
    month = next(groups[key] for key in ("month", "month2", "month3", "month4") if groups[key])
    return year, int(month) if month.isdigit() else rules.MONTHS[month.casefold()]


def _language(document: Document) -> Found | None:
    """By the share of its stop words, where one language is far before the others."""
    text = document.text
    middle = max(0, len(text) // 2 - 6 * SAMPLE_WORDS // 2)  # where it is prose
    sample = _folded(match[0] for match in islice(_WORD.finditer(text, middle), SAMPLE_WORDS))
    counts = Counter(sample)
    shares = {code: sum(counts[word] for word in known) for code, known in rules.STOP_WORDS.items()}
    (best, most), (_, next_most) = Counter(shares).most_common(2)
    clear = most >= 20 and most >= len(sample) / 6 and most >= 1.5 * next_most
    return Found(best) if clear else None


def words(text: str) -> list[str]:
    """In small letters, by which titles and names are compared."""
    return _folded(_WORD.findall(text))


def _folded(found: Iterable[str]) -> list[str]:
    """All at once: no letter's small form has white space in it."""
    return " ".join(found).casefold().split()
