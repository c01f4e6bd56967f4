"""What stands above a place: paths of headings, and the context that is made of them."""

from __future__ import annotations

from dataclasses import dataclass

from quarry.span import Span
from quarry.types import Document, Element, TokenCounter

CONTEXT_SHARE = 3
"""Context gets at most one part in so many of a chunk's tokens."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is read before a chunk's text."""

    text: str = ""
    """Empty, or closed by a line break."""
    spans: tuple[Span, ...] = ()
    """Where its parts were taken from; a document's title that is no heading has no place."""


class Headings:
    """The headings of one document by their ids."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._title = _line(document.title or "")
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
        """Title and headings in one line, then the line `lead`, in at most a third of `limit` tokens.

        Where there is no room the outer headings go first, then the lead. The title is left out where `before`, which
        the context is read before, starts with it.
        """
        path = self.path(lowest)
        parts: list[tuple[str, Span | None]] = [
            (name, heading.span) for name, heading in zip(self.names(path), path, strict=True)
        ]
        opening = self._text[before.start : min(before.end, before.start + 2 * len(self._title))]
        if self._title and self._title != (parts[0][0] if parts else "") and self._title not in _line(opening):
            parts.insert(0, (self._title, None))
        for first in range(len(parts) + 1):
            made = self._joined(parts[first:], lead)
            if tokens.count(made.text) <= limit // CONTEXT_SHARE:
                return made
        lowest_alone = self._joined(parts[-1:], None)
        return lowest_alone if tokens.count(lowest_alone.text) <= limit // CONTEXT_SHARE else Context()

    def _joined(self, parts: list[tuple[str, Span | None]], lead: Span | None) -> Context:
        lines = [" > ".join(name for name, _ in parts), _line(lead.of(self._text)) if lead else ""]
        spans = [span for _, span in parts if span is not None] + ([lead] if lead else [])
        return Context("".join(f"{line}\n" for line in lines if line), tuple(spans))


def _line(text: str) -> str:
    return " ".join(text.split())
