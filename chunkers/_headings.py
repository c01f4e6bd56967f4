"""What stands above a place: paths of headings, and the context that is made of them."""

from __future__ import annotations

from dataclasses import dataclass

from quarry.identity import Identity
from quarry.span import Span
from quarry.types import Document, Element, TokenCounter

OPENING = 200
"""Characters of a chunk in which a cover says what the document is."""
CONTEXT_SHARE = 3
"""Context gets at most one part in so many of a chunk's tokens."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is read before a chunk's text."""

    text: str = ""
    """Empty, or closed by a line break."""
    spans: tuple[Span, ...] = ()
    """Where its parts were taken from; what metadata or a file's name say has no place."""


class Headings:
    """The headings of one document by their ids."""

    def __init__(self, document: Document, *, identity: Identity | None = None) -> None:
        self._text = document.text
        self._identity = identity or Identity()
        self._title = _line(self._identity.line)
        self._by_id = {element.id: element for element in document.elements}

    def path(self, lowest: str | None) -> tuple[Element, ...]:
        """From the outermost heading to `lowest`; empty for None."""
        path: list[Element] = []
        while lowest in self._by_id and len(path) < len(self._by_id):
            path.append(self._by_id[lowest])
            lowest = path[-1].parent
        return tuple(reversed(path))

    def names(self, path: tuple[Element, ...]) -> tuple[str, ...]:
        return tuple(_line(heading.span.of(self._text)) for heading in path)

    def context(
        self, lowest: str | None, *, before: Span, lead: Span | None, tokens: TokenCounter, limit: int
    ) -> Context:
        """Identity and headings in one line, then the line `lead`, in at most a third of `limit` tokens.

        Where there is no room the outer headings go first, then the lead, then all headings: what the document is
        stays longest, unless no more than its title is known. It is left out where `before`, which the context is read
        before, starts with it.
        """
        path = self.path(lowest)
        parts: list[tuple[str, Span | None]] = [
            (name, heading.span) for name, heading in zip(self.names(path), path, strict=True)
        ]
        begins = max(2 * len(self._title), OPENING if self._identity.named else 0)
        opening = self._text[before.start : min(before.end, before.start + begins)]
        own: list[tuple[str, Span | None]] = []
        if self._title != (parts[0][0] if parts else "") and not self._identity.opens(opening):
            own = [(self._title, None)]
        always = own if self._identity.named else []
        if not always:
            parts = own + parts
        shorter = [(always + parts[first:], lead) for first in range(len(parts) + 1)]
        for chosen, line in (*shorter, (always + parts[-1:], None), (always, None), (parts[-1:], None)):
            made = self._joined(chosen, line)
            if tokens.count(made.text) <= limit // CONTEXT_SHARE:
                return made
        return Context()

    def _joined(self, parts: list[tuple[str, Span | None]], lead: Span | None) -> Context:
        lines = [" > ".join(name for name, _ in parts), _line(lead.of(self._text)) if lead else ""]
        places = [span for name, place in parts for span in ((place,) if place else self._spans(name))]
        return Context("".join(f"{line}\n" for line in lines if line), (*places, *([lead] if lead else ())))

    def _spans(self, name: str) -> tuple[Span, ...]:
        return self._identity.spans if name == self._title else ()


def _line(text: str) -> str:
    return " ".join(text.split())
