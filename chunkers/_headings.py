"""What stands above a place: paths of headings, and the context that is made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from quarry.encoding import TokenCounter
from quarry.identity import Identity, identity_of, words
from quarry.span import Span
from quarry.types import Document, Element

OPENING = 200
"""Characters of a chunk in which a cover says what the document is."""
CONTEXT_SHARE = 3
"""Headings and a lead get at most one part in so many of a chunk's tokens, scope statements another one."""

SCOPED_SHARE = 2
"""With scope statements all of the context gets at most one part in so many."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is read before a chunk's text."""

    text: str = ""
    """Empty, or closed by a line break."""
    spans: tuple[Span, ...] = ()
    """Where its parts were taken from; what metadata or a file's name say has no place."""


class _Asked(NamedTuple):
    """What a context depends on."""

    lowest: str | None
    told: bool
    """True where what follows begins with the identity anyway."""
    lead: Span | None
    scope: tuple[Span, ...]
    limit: int


class Headings:
    """The headings of one document by their ids."""

    def __init__(self, document: Document, *, identity: Identity | None = None) -> None:
        """`identity` is what contexts begin with, found in the document unless it is given."""
        self._document, self._given = document, identity
        self._text = document.text
        self._by_id = {element.id: element for element in document.elements}
        self._made: dict[_Asked, Context] = {}
        self._named: dict[str | None, tuple[str, ...]] = {}

    @classmethod
    def embedded(cls, document: Document, *, shown: bool) -> Headings:
        """Those that stand in contexts: none where they are not `shown`."""
        return cls(document) if shown else cls(replace(document, elements=()), identity=Identity())

    @cached_property
    def _identity(self) -> Identity:
        return identity_of(self._document) if self._given is None else self._given

    @cached_property
    def _title(self) -> str:
        return line(self._identity.line)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(words(self._title))

    @cached_property
    def _begins(self) -> int:
        """Characters in which a chunk may say the identity by itself."""
        return max(2 * len(self._title), OPENING if self._identity.named else 0)

    def path(self, lowest: str | None) -> tuple[Element, ...]:
        """From the outermost heading to `lowest`; empty for None."""
        path: list[Element] = []
        while lowest in self._by_id and len(path) < len(self._by_id):
            path.append(self._by_id[lowest])
            lowest = path[-1].parent
        return tuple(reversed(path))

    def names(self, path: tuple[Element, ...]) -> tuple[str, ...]:
        return tuple(line(heading.span.of(self._text)) for heading in path)

    def above(self, lowest: str | None) -> tuple[str, ...]:
        """The names from the outermost heading to `lowest`."""
        named = self._named.get(lowest)
        if named is None:
            named = self._named[lowest] = self.names(self.path(lowest))
        return named

    def context(
        self,
        lowest: str | None,
        *,
        before: Span,
        lead: Span | None,
        tokens: TokenCounter,
        limit: int,
        scope: tuple[Span, ...] = (),
    ) -> Context:
        """Identity and headings in one line, the statements `scope` and `lead`: each part by its share of `limit`.

        Where there is no room the outer headings go first, then the lead, then all headings: what the document is stays
        longest, unless no more than its title is known, and the scope stays always. The identity is left out where
        `before`, which the context is read before, starts with it. `tokens` is the same for all of a document.
        """
        asked = _Asked(lowest, self._told(lowest, before), lead, scope, limit)
        made = self._made.get(asked)
        if made is None:
            made = self._made[asked] = self._context(asked, tokens)
        return made

    def _told(self, lowest: str | None, before: Span) -> bool:
        """True where the outermost heading is the identity, or the text's opening says all of it."""
        if not self._words or self._title == next(iter(self.above(lowest)), ""):
            return True
        opening = self._text[before.start : min(before.end, before.start + self._begins)]
        return self._words <= set(words(opening))

    def _context(self, asked: _Asked, tokens: TokenCounter) -> Context:
        headings = self.path(asked.lowest)
        parts: list[tuple[str, Span | None]] = [
            (name, heading.span) for name, heading in zip(self.above(asked.lowest), headings, strict=True)
        ]
        own: list[tuple[str, Span | None]] = [] if asked.told else [(self._title, None)]
        always = own if self._identity.named else []
        if not always:
            parts = own + parts
        lead, scope = asked.lead, asked.scope
        shorter = [(always + parts[first:], lead) for first in range(len(parts) + 1)]
        for shown, led in (*shorter, (always + parts[-1:], None), (always, None), (parts[-1:], None), ([], None)):
            if tokens.count(self._joined(shown, (), led).text) > asked.limit // CONTEXT_SHARE:
                continue
            made = self._joined(shown, _unread(scope, shown, led), led)
            if not scope or tokens.count(made.text) <= asked.limit // SCOPED_SHARE or not shown:
                return made
        return Context()

    def _joined(self, parts: list[tuple[str, Span | None]], scope: tuple[Span, ...], lead: Span | None) -> Context:
        read = [*scope, lead] if lead else scope
        lines = [" > ".join(name for name, _ in parts), *(line(span.of(self._text)) for span in read)]
        places = [span for name, place in parts for span in ((place,) if place else self._spans(name))]
        return Context("".join(f"{each}\n" for each in lines if each), (*places, *read))

    def _spans(self, name: str) -> tuple[Span, ...]:
        return self._identity.spans if name == self._title else ()


def _unread(scope: tuple[Span, ...], parts: list[tuple[str, Span | None]], lead: Span | None) -> tuple[Span, ...]:
    """Statements that aren't read as headings or in the lead anyway."""
    read = [span for _, span in parts if span] + ([lead] if lead else [])
    return tuple(s for s in scope if not any(r.start <= s.start and s.end <= r.end for r in read))


def line(text: str) -> str:
    return " ".join(text.split())
