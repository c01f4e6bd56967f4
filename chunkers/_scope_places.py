"""Where statements stand: sections of headings, and the lines that belong to a table."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

from chunkers._scope_rules import SHORT_WORDS
from chunkers._scope_tables import NAMED_INSIDE, first_part, headless, hidden_headings
from quarry.span import Span
from quarry.types import Document, Element, ElementType, Table

FRONT = 4000
"""Characters of a document's start that may speak for all of it without a heading."""
NEXT = 3
"""Elements from `the following table` to it, at most."""
ABOVE = 4
"""Elements before a table that are looked at."""
BELOW = 3
NOTE_WORDS = 12
_NOTE = re.compile(
    r"[\s*_]*(?:sources?|notes?|quellen?|anmerkung(?:en)?|hinweis|fuentes?|nota|remarque|n\.b\.)\b|\s*(?:\*+|†|‡"
    r"|[¹²³]|[(\[]?\w[)\]])\s",
    re.IGNORECASE,
)
_NAMED_TABLE = re.compile(
    r"\s*(?:tab(?:le|elle|leau|la|\.)?|exhibit|schedule|cuadro|übersicht)\s*[\dIVXA-Z]", re.IGNORECASE
)
NUMBERED = re.compile(r"\s*(?:\d+|[A-Z]|note|part|item|chapter|anhang)[\d.]*(?!\w)", re.IGNORECASE)
_ROW = re.compile(r"(?:^|\s)[(-]?\d[\d.,']*%?\)?\s+[(-]?\d[\d.,']*%?\)?\s*$")
_NUMBER = re.compile(r"\d+(?:\.\d+)*\.?(?=\s)")
SHORT_ITEM = 120
"""Characters of a note under a table that was taken for a list item."""
_TEXTS = (ElementType.NARRATIVE_TEXT, ElementType.UNCATEGORIZED_TEXT, ElementType.FOOTNOTE, ElementType.FIGURE_CAPTION)


class Places:
    """Neighbours and sections of one document's body."""

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.body = [element for element in document.elements if element.in_body]
        self.end = self.body[-1].span.end if self.body else 0
        self._by_id = {element.id: element for element in self.body}
        self._titles = [e for e in self.body if e.type is ElementType.TITLE]
        self._ends = self._section_ends()
        self.above: dict[int, int] = {}
        """Number of a line -> number of the table that it introduces."""
        self.below: dict[int, int] = {}
        """Number of a note -> number of the table that it follows."""
        self._tables = [n for n in range(len(self.body)) if self._is_table(n)]
        self._tie()

    def path(self, element: Element) -> list[Element]:
        """Headings above it and, where it is one, itself; outermost first."""
        path = [element] if element.type is ElementType.TITLE else []
        above = element.parent
        while above in self._by_id and len(path) <= len(self._titles):
            path.append(self._by_id[above])
            above = path[-1].parent
        return path[::-1]

    def section(self, heading: Element | None) -> Span:
        """From a heading to the next one that isn't below it; the body without one."""
        if heading is None:
            return Span(self.body[0].span.start if self.body else 0, self.end)
        return Span(heading.span.start, self._ends.get(heading.id, self.end))

    def rest(self, start: int, end: int) -> Span:
        """From `start` on; past a section's end, where a hidden heading has ended it, up to the next heading."""
        if end <= start:
            end = next((title.span.start for title in self._titles if title.span.start > start), self.end)
        return Span(start, max(start, end))

    def has_table(self, heading: Element) -> bool:
        """In its section or a part of that; a statement in one without is about others."""
        section = self.section(heading)
        return any(section.start <= self.body[n].span.start < section.end for n in self._tables)

    def in_front(self, element: Element) -> bool:
        """On the title page, above the first chapter: under no heading, or under the name of the document."""
        path = self.path(element)
        if not path:
            return element.span.start < FRONT
        first = path[0].id == self._titles[0].id and self.at(path[0].span.start) <= 1 and len(self._titles) > 1
        return first and len(path) == 1 and not NUMBERED.match(path[0].span.of(self.text))

    def names_table(self, number: int) -> bool:
        return _NAMED_TABLE.match(self.body[number].span.of(self.text)) is not None

    def short(self, number: int) -> bool:
        element = self.body[number]
        return element.type in _TEXTS and len(element.span.of(self.text).split()) <= SHORT_WORDS

    def after_title_line(self, number: int) -> bool:
        """Under a caption or what looks like a table's title: a short line without a stop."""
        if not number or self.body[number - 1].type not in _TEXTS:
            return False
        before = self.body[number - 1]
        line = before.span.of(self.text).rstrip()
        if before.type is ElementType.FIGURE_CAPTION:
            return self.above.get(number - 1) == self.above.get(number)
        return len(line.split()) <= SHORT_WORDS // 2 and not line.endswith((".", ":", ";", "!", "?"))

    def caption_in(self, number: int, end: int) -> int | None:
        """Where a table's caption begins that the parser joined to the paragraph before it."""
        start = self.body[number].span.start
        if not self._tables or self.next_table(number) is None:
            return None
        found = [match.start() for match in NAMED_INSIDE.finditer(self.text, start, end)]
        return found[-1] if found and end - found[-1] <= SHORT_ITEM else None

    def next_table(self, number: int, *, backwards: bool = False) -> int | None:
        """In the same section, past headings of its parts at most."""
        path = self.path(self.body[number])
        section = self.section(path[-1] if path else None)
        ahead = range(number + 1, min(len(self.body), number + 1 + NEXT))
        numbers: Iterable[int] = range(number - 1, max(-1, number - 1 - NEXT), -1) if backwards else ahead
        for other in numbers:
            element = self.body[other]
            if not section.start <= element.span.start < section.end:
                return None
            if element.table is not None or element.type is ElementType.TABLE:
                return other
        return None

    def continued(self, number: int) -> list[Table]:
        """Tables on the next pages that go on with this one: right behind it, without a header of their own."""
        found: list[Table] = []
        for before, element in pairwise(self.body[number:]):
            table = element.table
            if table is None or before.page is None or element.page != before.page + 1 or not headless(table):
                break
            found.append(table)
        return found

    def run_of_tables(self, number: int) -> Span:
        """A table with those that follow it and rows outside of one: what a page break left of it."""
        first = last = number
        while last + 1 < len(self.body) and (self._is_table(last + 1) or self._is_row(last + 1)):
            last += 1
        while first > 0 and self._is_row(first - 1):
            first -= 1
        table = self.body[number].table
        end = self.body[last].span.end
        whole = table is None or (cut := first_part(table, end)) == end
        return Span(self.body[first].span.start, end if whole else cut)

    def here(self, number: int, start: int) -> Span:
        """The rest of an element and the one after it."""
        return Span(start, self.body[min(number + 1, len(self.body) - 1)].span.end)

    def page(self, number: int) -> Span | None:
        """What stands on a page."""
        spans = [e.span for e in self.body if e.page == number]
        return Span(spans[0].start, spans[-1].end) if spans else None

    def is_note(self, number: int) -> bool:
        element = self.body[number]
        return element.type is ElementType.FOOTNOTE or _NOTE.match(element.span.of(self.text)) is not None

    def at(self, place: int) -> int:
        """Number of the element that `place` is in or behind."""
        return max(0, bisect_right(self.body, place, key=lambda element: element.span.start) - 1)

    def _is_table(self, number: int) -> bool:
        return self.body[number].type is ElementType.TABLE

    def _section_ends(self) -> dict[str, int]:
        ends: dict[str, int] = {}
        is_open: list[Element] = []
        hidden = self._hidden()
        for title in self._titles:
            self._close(is_open, ends, [each for each in hidden if each[0] < title.span.start])
            hidden = [each for each in hidden if each[0] > title.span.start]
            while is_open and (is_open[-1].level or 1) >= (title.level or 1):
                ends[is_open.pop().id] = title.span.start
            is_open.append(title)
        self._close(is_open, ends, hidden)
        return ends

    def _hidden(self) -> list[tuple[int, str]]:
        """Places and numbers of headings that stand in what the parser took for tables."""
        tables = (element.table for element in self.body if element.table is not None)
        return [(place, number) for table in tables for number, place in hidden_headings(table)]

    def _close(self, is_open: list[Element], ends: dict[str, int], hidden: list[tuple[int, str]]) -> None:
        """A hidden heading that counts on from one whose section is open ends that section."""
        for place, number in hidden:
            before = _counted_back(number)
            numbers = [match[0].rstrip(".") if (match := _NUMBER.match(t.span.of(self.text))) else "" for t in is_open]
            if before in numbers:
                cut = numbers.index(before)
                ends.update({title.id: place for title in is_open[cut:]})
                del is_open[cut:]

    def _tie(self) -> None:
        tables = self._tables
        for table in tables:
            self._tie_above(table)
        under = self._captions_below(tables)
        for table in tables:
            line, seen = table, 0
            while line + 1 < len(self.body) and self._is_row(line + 1):
                line += 1
            while seen < BELOW and line + 1 < len(self.body) and self._can_follow(line + 1):
                line, seen = line + 1, seen + 1
                caption = self.body[line].type is ElementType.FIGURE_CAPTION
                if self._tells(line):
                    break
                if line not in self.above or (under if caption else self.is_note(line)):
                    self.below[line] = table
                    self.above.pop(line, None)

    def _tie_above(self, table: int) -> None:
        line, seen = table, 0
        while line and self._is_row(line - 1):
            line -= 1
        while line and seen < ABOVE:
            line, seen = line - 1, seen + 1
            named = self.body[line].type is ElementType.TITLE and self.names_table(line)
            if not (self.short(line) or named) or (self._tells(line) and not self._leads(line)):
                break
            self.above[line] = table
            if named:
                break

    def _tells(self, number: int) -> bool:
        """Running text: what follows it is no note of the table above."""
        text = self.body[number].span.of(self.text).rstrip()
        return text.endswith(".") and len(text.split()) > NOTE_WORDS and not self.is_note(number)

    def _leads(self, number: int) -> bool:
        """Right before a table or its caption."""
        after = self.body[number + 1].type
        return after in (ElementType.TABLE, ElementType.FIGURE_CAPTION)

    def _can_follow(self, number: int) -> bool:
        item = self.body[number].type is ElementType.LIST_ITEM
        return self.short(number) or (item and len(self.body[number].span) <= SHORT_ITEM)

    def _captions_below(self, tables: list[int]) -> bool:
        """Where this document puts its captions, by those that have a table on one side only."""
        above = below = 0
        for number, element in enumerate(self.body):
            if element.type is ElementType.FIGURE_CAPTION:
                after = number + 1 < len(self.body) and number in self.above
                before = number > 0 and self._is_table(number - 1)
                above, below = above + (after and not before), below + (before and not after)
        if above == below:
            return any(self.body[t].captions and self._first_caption(t) > self.body[t].span.start for t in tables[:1])
        return below > above

    def _first_caption(self, table: int) -> int:
        caption = self._by_id.get(self.body[table].captions[0])
        return caption.span.start if caption else 0

    def _is_row(self, number: int) -> bool:
        """`Bank loans 74,426 51,002`: a row of a table that was taken for text."""
        return self.body[number].type in _TEXTS and _ROW.search(self.body[number].span.of(self.text)) is not None


def _counted_back(number: str) -> str:
    """`5.3` -> `5.2`."""
    *outer, last = number.split(".")
    return ".".join((*outer, str(int(last) - 1)))
