"""Which statements rule a chunk: for each of its amounts the nearest of each kind."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from chunkers._scope import Reach, Scope, is_header, scopes
from chunkers._scope_rules import Kind
from chunkers._scope_tables import Figures, figures, is_per_share
from chunkers._scope_units import OTHER
from chunkers._scope_words import CURRENCIES, MEASURES
from quarry.span import Span
from quarry.types import Document, Element, ElementType

_FAR = 1 << 40
_UNITS = (Kind.SCALE, Kind.CURRENCY)
_CURRENCY = "|".join(word for group in CURRENCIES.values() for word in group)
_AMOUNT = re.compile(
    r"(?<![\w.,:/-])(?:[$€£¥₹₩]?\s?\d{1,3}(?:[.,'\u2019\u202f\u00a0]\d{3})+(?:[.,]\d+)?"
    r"|(?<![$€£¥₹₩])(?<![$€£¥₹₩]\s)\d+[.,]\d{1,2})"
    r"(?![\d.,:/-]*\d)(?!\w)(?!\)?\s?(?:[kmb]n?\b|thousand|million|billion|trillion|mio|mrd|tsd|crore|lakh"
    rf"|{MEASURES}|{_CURRENCY}))",
    re.IGNORECASE,
)


_OWN_UNIT = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(code for code in CURRENCIES if code != '$')})\s\Z")
"""Right before an amount in running text that says itself what it is in: `CHF 2.10`."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A statement that decides something about a chunk."""

    span: Span
    """Of the statement as it is read, or of the words of it that count here."""
    core: Span
    """The least that says it."""
    kind: Kind
    sure: bool = False
    """Unit or audit status of a table: it must not fall away."""


class _Won(NamedTuple):
    """A scope that is the nearest of its kind somewhere."""

    scope: Scope
    held: bool = True
    """False for a scale that an exception takes back."""
    in_table: bool = False


class Rulings:
    """What rules where in one document."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        found = scopes(document)
        self._stated: dict[Span, set[Kind]] = defaultdict(set)
        for scope in found:
            self._stated[scope.statement.span].add(scope.kind)
        wide = [scope for scope in _without_hollow(found) if scope.reach is not Reach.CELLS]
        self._of_units = [scope for scope in wide if scope.kind not in (Kind.DEFINITION, Kind.PERIOD)]
        self._lines = {topic: _Line(group) for topic, group in _grouped(wide).items()}
        self._cells: dict[tuple[Kind, Span], Scope] = {}
        for scope in sorted((s for s in found if s.reach is Reach.CELLS), key=lambda s: -len(s.cells)):
            self._cells.update({(scope.kind, cell): scope for cell in scope.cells})
        said = {kind for kind, _ in self._cells}
        self._kinds = tuple(kind for kind in Kind if kind in said)
        self._used = _used(self._text, [topic[1] for topic in self._lines if topic[0] is Kind.DEFINITION])
        units = any(topic[0] is not Kind.DEFINITION for topic in self._lines) or self._cells
        self._tables = [(e, figures(e.table)) for e in document.elements if e.table and e.in_body] if units else []
        self._titles = [e.span for e in document.elements if e.type is ElementType.TITLE]
        units_said = {s.statement for s in found if s.kind in _UNITS and s.statement.subject != OTHER}
        self._headed = tuple(s for s in units_said if _inside(s.span, self._titles))
        self._headers = tuple(title for title in self._titles if is_header(title.of(self._text)))
        self._starts = [element.span.start for element, _ in self._tables]
        self._shares = {e.id: _share_table(document, e) for e, _ in self._tables}

    def of(self, span: Span) -> tuple[Ruling, ...]:
        """In order of weight: what is sure, then units, audit status, definitions, periods; of a kind in text order."""
        if not self._lines and not self._cells:
            return ()
        winners: dict[Scope, bool] = {}
        sure: set[Span] = set()
        for scope, held, in_table in self._of_amounts(span):
            winners[scope] = winners.get(scope, False) or held
            if in_table and scope.kind is not Kind.PERIOD:
                sure.add(scope.statement.span)
        made = [*self._rulings(winners, sure), *self._of_terms(span)]
        order = [Kind.SCALE, Kind.CURRENCY, Kind.AUDIT, Kind.DEFINITION, Kind.PERIOD]
        unique = {ruling.span: ruling for ruling in sorted(made, key=lambda r: -order.index(r.kind))}
        return tuple(sorted(unique.values(), key=lambda r: (not r.sure, max(1, order.index(r.kind)), r.span)))

    def overruled(self, span: Span) -> tuple[Span, ...]:
        """Units in headings that rule none of the amounts in `span`, while others of their kind do."""
        won = [scope for scope, *_ in self._of_amounts(span) if scope.kind in _UNITS]
        kinds, held = {scope.kind for scope in won}, {scope.statement.words for scope in won}
        others = tuple(s.words for s in self._headed if s.kind in kinds and s.words not in held)
        return (*others, *self._headers)

    def unit(self, span: Span) -> tuple[str, ...] | None:
        """What the units of the amounts in `span` are, for telling whether two stretches may share a chunk; None
        without amounts that are ruled."""
        found = {(s.kind, s.statement.subject) for s, *_ in self._of_amounts(span, inner=False) if s.kind in _UNITS}
        return tuple(sorted(f"{kind}:{value}" for kind, value in found)) or None

    def _of_amounts(self, span: Span, *, inner: bool = True) -> Iterator[_Won]:
        """Scopes that win somewhere in `span`."""
        place = span.start
        for element, held in self._touched(span):
            yield from self._of_prose(Span(place, element.span.start))
            yield from self._of_table(element, held, span, inner=inner)
            place = max(place, element.span.end)
        yield from self._of_prose(Span(place, span.end))

    def _touched(self, span: Span) -> Iterator[tuple[Element, Figures]]:
        first = max(0, bisect_right(self._starts, span.start) - 1)
        for element, held in self._tables[first:]:
            if element.span.start >= span.end:
                return
            if element.span.overlaps(span):
                yield element, held

    def _of_prose(self, span: Span) -> Iterator[_Won]:
        if span.end <= span.start or not any(scope.rules.overlaps(span) for scope in self._of_units):
            return
        for found in _AMOUNT.finditer(self._text, span.start, span.end):
            if _OWN_UNIT.search(self._text, max(span.start, found.start() - 8), found.start()):
                continue
            title = bisect_right(self._titles, found.start(), key=lambda each: each.start) - 1
            if title >= 0 and found.end() <= self._titles[title].end:
                continue  # its number
            yield from (_Won(scope) for scope in self._at(found.start()) if scope.kind is not Kind.PERIOD)

    def _of_table(self, element: Element, held: Figures, span: Span, *, inner: bool) -> Iterator[_Won]:
        wide: list[Scope] = []
        edge = 0
        whole = self._shares[element.id]
        first = bisect_right(held.amounts, span.start, key=lambda cell: cell.end)
        for cell in held.amounts[first:]:
            if cell.start >= span.end:
                return
            if cell.start >= edge:
                wide, edge = self._at(cell.start), self._edge(cell.start)
            told = self._kinds if inner else ()
            own = {kind: self._cells[kind, cell] for kind in told if (kind, cell) in self._cells}
            share = whole or cell in held.per_share
            for scope in own.values():
                yield _Won(scope, in_table=True)
            money = own.get(Kind.CURRENCY)
            for scope in wide:
                if scope.kind in own or (money and money.statement.subject == OTHER and scope.kind in _UNITS):
                    continue
                taken = share and scope.kind is Kind.SCALE and (self._spares_shares(scope) or whole)
                yield _Won(scope, held=not taken, in_table=True)

    def _at(self, place: int) -> list[Scope]:
        """The winners of all kinds but definitions; where it isn't money, no unit from further out."""
        found = [line.at(place) for topic, line in self._lines.items() if topic[0] is not Kind.DEFINITION]
        won = [scope for scope in found if scope is not None]
        other = next((s for s in won if s.kind is Kind.CURRENCY and s.statement.subject == OTHER), None)
        if other is None:
            return won
        return [s for s in won if s.kind is not Kind.SCALE or s.reach >= other.reach]

    def _edge(self, place: int) -> int:
        """Where something else may begin to rule."""
        return min((line.edge(place) for line in self._lines.values()), default=place + 1)

    def _rulings(self, winners: dict[Scope, bool], sure: set[Span]) -> Iterator[Ruling]:
        """A statement of which all counts is read whole; else the words of it that do, and its exception."""
        held: dict[Span, list[Scope]] = defaultdict(list)
        for scope, full in winners.items():
            if full:
                held[scope.statement.span].append(scope)
            elif scope.statement.exception and self._spares_shares(scope):
                yield Ruling(
                    scope.statement.exception, scope.statement.exception, Kind.CURRENCY, scope.statement.span in sure
                )
        for span, group in held.items():
            cores = [scope.statement.words for scope in group]
            kinds = {scope.kind for scope in group}
            if kinds >= self._stated[span] & {Kind.SCALE, Kind.CURRENCY, Kind.AUDIT}:
                yield Ruling(span, _hull(cores, span), min(kinds, key=list(Kind).index), span in sure)
            else:
                yield from (Ruling(s.statement.words, s.statement.words, s.kind, span in sure) for s in group)

    def _spares_shares(self, scope: Scope) -> bool:
        exception = scope.statement.exception
        return exception is not None and is_per_share(exception.of(self._text))

    def _of_terms(self, span: Span) -> Iterator[Ruling]:
        first = bisect_left(self._used, (span.start, ""))
        seen: set[str] = set()
        for number in range(first, len(self._used)):
            place, term = self._used[number]
            if place >= span.end:
                return
            scope = self._lines[Kind.DEFINITION, term].at(place)
            if term not in seen and scope and place + len(term) <= span.end:
                yield Ruling(scope.statement.span, scope.statement.span, Kind.DEFINITION)
            seen.add(term)


class _Line:
    """Stretches that don't overlap, each with the scope that wins on it."""

    def __init__(self, group: list[Scope]) -> None:
        self._places: list[int] = []
        self._won: list[Scope | None] = []
        order = sorted(group, key=lambda scope: scope.rules.start)
        edges = sorted({edge for scope in group for edge in (scope.rules.start, scope.rules.end)})
        open_: list[tuple[tuple[int, int, int], int, Scope]] = []
        following = 0
        for edge in edges:
            while following < len(order) and order[following].rules.start <= edge:
                scope = order[following]
                reach, length, start = scope.nearness
                heappush(open_, ((-reach, -length, -start), following, scope))
                following += 1
            while open_ and open_[0][2].rules.end <= edge:
                heappop(open_)
            self._places.append(edge)
            self._won.append(open_[0][2] if open_ else None)

    def edge(self, place: int) -> int:
        """The next place at which the winner may change."""
        number = bisect_right(self._places, place)
        return self._places[number] if number < len(self._places) else place + _FAR

    def at(self, place: int) -> Scope | None:
        number = bisect_right(self._places, place) - 1
        return self._won[number] if number >= 0 else None


def _grouped(found: Iterable[Scope]) -> dict[tuple[Kind, str], list[Scope]]:
    groups: dict[tuple[Kind, str], list[Scope]] = defaultdict(list)
    for scope in found:
        groups[scope.topic].append(scope)
    return groups


def _without_hollow(found: tuple[Scope, ...]) -> Iterator[Scope]:
    """`in euros` says whole euros only where it overrides a statement of scale and currency in one."""
    both = defaultdict(set)
    for scope in found:
        both[scope.statement.span].add(scope.kind)
    full = [s for s in found if s.kind is Kind.SCALE and not s.statement.implied and len(both[s.statement.span]) > 1]
    for scope in found:
        if scope.statement.implied:
            place = scope.rules.start
            near = (s for s in full if s.rules.start <= place < s.rules.end and s.reach < scope.reach)
            if next(near, None) is None:
                continue
        yield scope


def _inside(span: Span, titles: list[Span]) -> bool:
    number = bisect_right(titles, span.start, key=lambda title: title.start) - 1
    return number >= 0 and span.end <= titles[number].end


def _hull(cores: list[Span], within: Span) -> Span:
    hull = Span(min(core.start for core in cores), max(core.end for core in cores))
    return hull if len(hull) <= 80 else within


def _used(text: str, terms: list[str]) -> list[tuple[int, str]]:
    """Where each term stands in the text, in one pass; of two that begin at one place the longer one."""
    if not terms:
        return []
    either = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    return [(found.start(), found[0]) for found in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", text)]


def _share_table(document: Document, element: Element) -> bool:
    """Its heading or caption says that all of it is per share."""
    names = {e.id: e for e in document.elements if e.id in {element.parent, *element.captions}}
    return any(
        is_per_share(e.span.of(document.text))
        and len(e.span) <= 60
        and "," not in e.span.of(document.text)
        and "except" not in e.span.of(document.text).lower()
        for e in names.values()
    )
