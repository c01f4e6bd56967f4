"""Statements that decide what is meant elsewhere: found by rules and layout, each with the stretch that it rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from chunkers._scope_hits import Hits
from chunkers._scope_places import NUMBERED, Places
from chunkers._scope_rules import Breadth, Kind, Statement, in_line, in_sentence, titled
from chunkers._scope_tables import cell_statements, in_columns
from chunkers._scope_terms import TRIGGER, definitions, quoted
from chunkers._scope_units import OTHER, units
from chunkers._scope_words import CONVENTIONS
from chunkers._sentences import sentences
from quarry.span import Span
from quarry.types import Document, Element, ElementType


class Reach(IntEnum):
    """What is nearer wins."""

    DOCUMENT = 0
    PAGE = 1
    SECTION = 2
    TABLE = 3
    CELLS = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """A statement and what it rules."""

    statement: Statement
    rules: Span
    reach: Reach
    cells: tuple[Span, ...] = ()
    """For CELLS: the figures it is about."""

    @property
    def kind(self) -> Kind:
        return self.statement.kind

    @property
    def topic(self) -> tuple[Kind, str]:
        """Statements on one topic override each other."""
        return self.kind, self.statement.subject if self.kind is Kind.DEFINITION else ""

    @property
    def nearness(self) -> tuple[int, int, int]:
        """Of two that rule one place the greater one wins: reach, then the shorter stretch, then the later one."""
        return self.reach, -len(self.rules), self.statement.span.start


_CONVENTIONS = re.compile(rf"(?<!\w)(?:{CONVENTIONS})", re.IGNORECASE)
_FINANCIAL = re.compile(
    r"financial statements|\bnotes\b|accounts|abschluss|anhang|états financiers|annexe|estados financieros|bilancio",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"[$€£¥₹₩]|\b(?:in|en)\b|[kKmMT](?:€|[A-Z]{3})|000|audit|gepr[uü]ft|revision|testiert|number of|headcount"
    r"|employees"
    r"|passengers|customers|(?:mi|bi|tri)lli|thousand|mio|tsd|mrd|[A-Z]{3}\b|%|ended|currency|eur|units",
    re.IGNORECASE,
)
_LED_UNIT = re.compile(
    r"(?i:\b(?:in|en|auf|nearest|of|au|al|is|are|uses?|represents?|employs|adopts)\b|[:(])\W{0,3}(?:\w+\W+){0,3}?"
    r"(?:(?i:mill|mili|mio|mrd|mld|mn|mm|thous|tause|tsd|ths|bill|bn|bln|miles|mig|lakh|lac|cror|unit|einh"
    r"|whole|full|euro"
    r"|dollar|d[o\u00f3]lar|pound|sterl|yen|rup|fran|kron|rmb|renm|yuan|000|['\u2019]000)"
    r"|[$\u20ac\u00a3\u00a5\u20b9\u20a9]|[kKTM]?[A-Z]{2,3}|[kKTM]\u20ac)"
    r"|(?i:audit|gepr\u00fcft|revision|testiert|currency|w\u00e4hrung|monnaie|moneda|valuta|(?:financial"
    r"|fiscal) year|ended)"
    r"|^(?i:mill|thous)"
)
_SCALED = re.compile(r"\b(?:19|20)\d\d\b.*\b(?:19|20)\d\d\b", re.DOTALL)
_BROKEN = re.compile(r"\s*([(\[][^()\[\]]{2,80}[)\]])\s+[A-Z\u00c4\u00d6\u00dc\u00c9]\w*\s")
_PLURAL = re.compile(r"\b(?:tables|tabellen|tableaux|cuadros|tablas|tabelle)\b", re.IGNORECASE)
_PART_WORD = r"(note|item|part|chapter|section|appendix|annex|schedule|exhibit|abschnitt|kapitel|teil|anlage)\b"
THIS_PART = re.compile(rf"\b(?:this|the present|diese[mrs])\s+{_PART_WORD}", re.IGNORECASE)
OF_PART = re.compile(
    rf"\b(?:rest|remainder|remaining)\s+(?:part\s+)?(?:of|in)\s+(?:this|the)\s+{_PART_WORD}", re.IGNORECASE
)
_BACK = re.compile(r"\b(?:above|obig|ci-dessus|anterior|precedente)", re.IGNORECASE)
_SHORTENED = re.compile(r"\b(?:mio|mrd|mill|tsd|rs|cr|sfr)\.\s*\Z", re.IGNORECASE)
_MARKER = re.compile(r"\s*([*†‡¹²³]+|[(\[]?(?:\d{1,2}|[a-z])[)\]]|\d{1,2}(?=\s))")
LONGEST_CELL = 200
BRIEF = 8
"""Words of a line beside a table that may be a statement although it ends as a sentence does: `In thousands.`"""
SHORTEST = 12
"""Characters; `Table 4.` is no sentence."""


def scopes(document: Document) -> tuple[Scope, ...]:
    """In the order of their statements; those in running heads come last."""
    return tuple(_Reader(document).read())


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._text = document.text
        self._places = Places(document)
        self._hits = Hits(self._text)
        self._seen: set[Kind] = set()
        """Kinds that something already said for the rest of the document."""

    def read(self) -> Iterator[Scope]:
        for number, element in enumerate(self._places.body):
            for scope in self._of_element(number, element):
                if scope.reach is Reach.DOCUMENT:
                    self._seen.add(scope.kind)
                yield scope
        yield from self._running_heads()

    def _of_element(self, number: int, element: Element) -> Iterator[Scope]:
        if element.table is not None:
            yield from self._of_cells(number, element)
        elif element.type is ElementType.TITLE:
            if is_header(element.span.of(self._text)):
                return
            for statement in self._line(element):
                if statement.subject != OTHER or number in self._places.above:
                    yield self._of_heading(number, element, statement)
        elif element.type in (ElementType.TABLE, ElementType.CODE_SNIPPET):
            return
        elif number in self._places.above or number in self._places.below:
            yield from self._of_tied(number, element)
        else:
            yield from self._of_text(number, element)

    def _line(self, element: Element) -> tuple[Statement, ...]:
        return in_line(self._text, element.span) if _TRIGGER.search(element.span.of(self._text)) else ()

    def _of_cells(self, number: int, element: Element) -> Iterator[Scope]:
        later = self._places.continued(number)
        for found in cell_statements(self._text, element):
            if len(found.statement.span) > LONGEST_CELL:
                continue
            if found.cells:
                more = (cell for table in later if found.columns for cell in in_columns(table, found.columns))
                yield Scope(found.statement, element.span, Reach.CELLS, (*found.cells, *more))
            else:
                end = self._places.body[number + len(later)].span.end
                yield Scope(found.statement, Span(element.span.start, end), Reach.TABLE)

    def _of_heading(self, number: int, element: Element, statement: Statement) -> Scope:
        table = self._places.above.get(number)
        if table is not None:
            return self._of_table(statement, table)
        section = self._places.section(element)
        if self._places.in_front(element):
            return Scope(statement, Span(element.span.start, self._places.end), Reach.DOCUMENT)
        return Scope(statement, section, Reach.SECTION)

    def _of_tied(self, number: int, element: Element) -> Iterator[Scope]:
        marked = _MARKER.match(element.span.of(self._text))
        told = self._of_lines(number, element)
        yield from self._terms(number, element)
        above = self._places.above.get(number)
        table = above if above is not None else self._places.below[number]
        for statement in told:
            if above is None and marked and element.type is not ElementType.FIGURE_CAPTION:
                yield self._of_note(statement, table, marked[1])
            elif statement.breadth in (None, Breadth.TABLE) and self._about_table(number, statement):
                yield self._of_table(statement, table)
            else:
                yield from self._onwards(element, self._of_prose(number, element, statement))

    def _of_lines(self, number: int, element: Element) -> tuple[Statement, ...]:
        """Beside a table: of each line, and of a full sentence only what is said of amounts in general."""
        if not _TRIGGER.search(element.span.of(self._text)):
            return ()
        told: list[Statement] = []
        places = [place.strip(self._text) for place in self._whole(element.span)]
        lone = len([place for place in places if len(place) > SHORTEST]) == 1
        note = self._places.is_note(number) or element.type is ElementType.FIGURE_CAPTION
        lone = lone and (note or len(element.span.of(self._text).split()) <= BRIEF)
        for place in places:
            if _is_prose(place.of(self._text)):
                told += in_sentence(self._text, place) or (in_line(self._text, place) if lone else ())
            else:
                told += in_line(self._text, place)
        return tuple(told)

    def _about_table(self, number: int, statement: Statement) -> bool:
        """Not what speaks of all amounts in running text, nor a line right under the heading of a section."""
        body = self._places.body
        if body[number].type is ElementType.FIGURE_CAPTION or number in self._places.below:
            return True
        if self._places.after_title_line(number) or self._places.caption_in(number, statement.span.end) is not None:
            return True
        if not statement.firm and titled(self._text, body[number].span, statement):
            return True
        first = not number or body[number - 1].type is ElementType.TITLE
        if first and not (number and self._places.names_table(number - 1)):
            heading = body[number - 1] if number else None
            own = number + 1 < len(body) and body[number + 1].type is ElementType.TABLE
            numbered = heading is not None and NUMBERED.match(heading.span.of(self._text)) is not None
            if own and heading is not None and not numbered:
                return True  # a table's title that looks like a heading
            return not (statement.firm or numbered or heading is None or (heading.level or 1) <= 2)
        bracketed = body[number].span.of(self._text).lstrip().startswith("(")
        return bracketed or not statement.firm

    def _of_note(self, statement: Statement, table: int, marker: str) -> Scope:
        """What carries the note's mark: some figures, else the whole table."""
        element = self._places.body[table]
        mark = re.compile(rf"{re.escape(marker.strip('()[]'))}\W?$")
        rows = element.table.rows if element.table else ()
        marked = [cell for row in rows for cell in row if cell.text.strip() and mark.search(cell.text.strip())]
        marked = [cell for cell in marked if not cell.text.strip()[0].isdigit() and any(c.isalpha() for c in cell.text)]
        cells = [
            other.span
            for cell in marked
            for row in rows
            for other in row
            if other.span
            and other is not cell
            and (other.row == cell.row if not cell.col else other.col == cell.col and other.row > cell.row)
        ]
        if cells:
            return Scope(statement, element.span, Reach.CELLS, tuple(cells))
        return self._of_table(statement, table)

    def _of_table(self, statement: Statement, table: int) -> Scope:
        run = self._places.run_of_tables(table)
        return Scope(statement, Span(min(statement.span.start, run.start), run.end), Reach.TABLE)

    def _of_text(self, number: int, element: Element) -> Iterator[Scope]:
        text = element.span.of(self._text)
        if broken := self._broken_line(number, element):
            yield from broken
        alone = self._places.short(number) and (text.lstrip().startswith("(") or len(text.split()) <= 8)
        told = self._line(element) if alone and not _is_prose(text) else ()
        caption = self._places.caption_in(number, element.span.end)
        table = self._places.next_table(number) if caption is not None else None
        if caption is not None and table is not None:
            for statement in in_line(self._text, Span(caption, element.span.end)):
                yield self._of_table(statement, table)
        kept = told or tuple(self._sentences(element))
        if caption is not None and table is not None:
            kept = tuple(statement for statement in kept if statement.span.start < caption)
        made = [self._of_prose(number, element, statement) for statement in kept]
        speaks = any(scope.reach is Reach.DOCUMENT for scope in made)
        for scope in made:  # what stands beside a statement for the whole document is one as well
            bare = speaks and scope.statement.breadth is None
            rules = Span(scope.statement.span.start, self._places.end)
            wide = replace(scope, rules=rules, reach=Reach.DOCUMENT) if bare else scope
            yield from self._onwards(element, wide)
        yield from self._terms(number, element)

    def _broken_line(self, number: int, element: Element) -> tuple[Scope, ...]:
        """`(in millions) Demand was strong.`: a table's line that was joined to the paragraph beside it."""
        found = _BROKEN.match(self._text, element.span.start, element.span.end)
        body = self._places.body
        near = [n for n in (number + 1, number - 1) if 0 <= n < len(body) and body[n].type is ElementType.TABLE]
        if not found or not near:
            return ()
        told = in_line(self._text, Span(*found.span(1)))
        return tuple(self._of_table(statement, near[0]) for statement in told if statement.breadth is None)

    def _sentences(self, element: Element) -> Iterator[Statement]:
        if self._hits.within(element.span):
            for sentence in self._whole(element.span):
                place = sentence.strip(self._text)
                if self._hits.within(place) and _LED_UNIT.search(self._text, place.start, place.end):
                    yield from in_sentence(self._text, place)

    def _whole(self, span: Span) -> Iterator[Span]:
        """Sentences; `Mio.` and its like end none."""
        start = span.start
        for sentence in sentences(self._text, span):
            if not _SHORTENED.search(self._text, start, sentence.end):
                yield Span(start, sentence.end)
                start = sentence.end
        if start < span.end:
            yield Span(start, span.end)

    def _of_prose(self, number: int, element: Element, statement: Statement) -> Scope:
        said = self._said(number, element, statement)
        if said is not None:
            return said
        start, path = statement.span.start, self._places.path(element)
        speaks = self._places.in_front(element) or any(_CONVENTIONS.search(self._name(title)) for title in path)
        first = statement.kind not in self._seen
        if speaks or (first and (statement.firm or (path and not self._places.has_table(path[-1])))):
            return Scope(statement, Span(start, self._places.end), Reach.DOCUMENT)
        if not path:
            return Scope(statement, self._places.here(number, statement.span.start), Reach.TABLE)
        return Scope(statement, self._places.rest(start, self._places.section(path[-1]).end), Reach.SECTION)

    def _onwards(self, element: Element, scope: Scope) -> Iterator[Scope]:
        """`From here on` also ends what was said of the sections that it stands in."""
        yield scope
        if scope.statement.breadth is Breadth.ONWARDS and scope.reach is Reach.DOCUMENT:
            start = scope.statement.span.start
            ends = {self._places.section(title).end for title in self._places.path(element)}
            yield from (
                replace(scope, rules=self._places.rest(start, end), reach=Reach.SECTION) for end in sorted(ends)
            )

    def _said(self, number: int, element: Element, statement: Statement) -> Scope | None:
        """As far as the statement itself says."""
        path, whole = self._places.path(element), Span(0, self._places.end)
        match statement.breadth:
            case Breadth.DOCUMENT:
                return Scope(statement, whole, Reach.DOCUMENT)
            case Breadth.ONWARDS:
                within = OF_PART.search(statement.span.of(self._text))
                end = self._places.section(self._named(path, within[1])).end if within and path else whole.end
                reach = Reach.SECTION if within and path else Reach.DOCUMENT
                return Scope(statement, self._places.rest(statement.span.start, end), reach)
            case Breadth.SECTION | Breadth.CHAPTER:
                return Scope(statement, self._places.section(self._part(path, statement)), Reach.SECTION)
            case Breadth.STATEMENTS:
                held = next((title for title in path if _FINANCIAL.search(self._name(title))), None)
                return Scope(statement, self._places.section(held), Reach.SECTION) if held else None
            case Breadth.TABLE:
                return self._of_named_tables(number, statement, path)
        return None

    def _of_named_tables(self, number: int, statement: Statement, path: list[Element]) -> Scope | None:
        sentence = statement.span.of(self._text)
        if _PLURAL.search(sentence):
            end = self._places.section(path[-1] if path else None).end
            return Scope(statement, self._places.rest(statement.span.start, end), Reach.SECTION)
        table = self._places.next_table(number, backwards=_BACK.search(sentence) is not None)
        if table is None:
            return Scope(statement, self._places.here(number, statement.span.start), Reach.TABLE)
        return self._of_table(statement, table)

    def _part(self, path: list[Element], statement: Statement) -> Element | None:
        """The heading that a statement means by `this note`, `this chapter`."""
        word = THIS_PART.search(statement.span.of(self._text))
        if word and path and (named := self._named(path, word[1])) is not path[-1]:
            return named
        return self._chapter(path) if statement.breadth is Breadth.CHAPTER else (path[-1] if path else None)

    def _named(self, path: list[Element], word: str) -> Element:
        """The innermost heading that begins with the word (`Item 7`), else the innermost one."""
        named = re.compile(rf"{re.escape(word)}\s+[\dIVXA-Z]", re.IGNORECASE)
        return next((title for title in reversed(path) if named.match(self._name(title).lstrip())), path[-1])

    def _chapter(self, path: list[Element]) -> Element | None:
        """The outermost heading that isn't the document's title, by its section ending with the document."""
        inner = [title for title in path if self._places.section(title).end < self._places.end]
        return inner[0] if inner else (path[min(1, len(path) - 1)] if path else None)

    def _terms(self, number: int, element: Element) -> Iterator[Scope]:
        text = element.span.of(self._text)
        if not quoted(text) or not TRIGGER.search(text):
            return
        for sentence in sentences(self._text, element.span):
            for statement in definitions(self._text, sentence.strip(self._text)):
                said = self._said(number, element, statement)
                path = self._places.path(element)
                everywhere = any(_CONVENTIONS.search(self._name(title)) for title in path)
                start = 0 if everywhere else statement.span.start
                yield said or Scope(statement, Span(start, self._places.end), Reach.DOCUMENT)

    def _name(self, title: Element) -> str:
        return title.span.of(self._text)

    def _running_heads(self) -> Iterator[Scope]:
        """`(in thousands)` in the head of a page rules that page; a table's header that is repeated there doesn't."""
        cells = {cell.text.strip() for e in self._places.body if e.table for row in e.table.rows[:3] for cell in row}
        for element in self._document.elements:
            if element.type not in (ElementType.HEADER, ElementType.FOOTER) or element.hidden or element.page is None:
                continue
            text = element.span.of(self._text).strip()
            page = self._places.page(element.page)
            if page is None or any(part in cells for part in (text, *text.split("\t"))):
                continue
            for statement in self._line(element):
                if statement.kind in (Kind.SCALE, Kind.CURRENCY, Kind.AUDIT):
                    yield Scope(statement, page, Reach.PAGE)


def is_header(title: str) -> bool:
    """`2024 EUR m  2023 EUR m`: a table's header row that the parser took for a heading."""
    if not _SCALED.search(title):
        return False
    return sum(unit.scale is not None for unit in units(title)) > 1


def _is_prose(text: str) -> bool:
    """A full sentence."""
    return text.rstrip().endswith((".", "!", "?")) and len(text.split()) > 4 and not text.lstrip().startswith("(")
