"""Inline text as a browser shows it: white space collapsed, line breaks kept, links located."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from quarry.span import Span
from quarry.types import Link

_SPACE = re.compile(r"[ \t\n\r\f]+")


class Inline(NamedTuple):
    """A finished stretch of text; spans count from its start."""

    text: str
    links: tuple[Link, ...] = ()

    def moved(self, offset: int) -> tuple[Link, ...]:
        return tuple(Link(Span(k.span.start + offset, k.span.end + offset), k.url) for k in self.links)


@dataclass(slots=True)
class Run:
    """Text of one block while it is collected."""

    preserved: bool = False
    """As in `pre`: white space is text."""
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _gap: str = ""
    """White space that is written only if text follows: "", a space or a line break."""
    _links: list[tuple[int, int, int, str]] = field(default_factory=list)
    """Number of the link node, start, end, URL."""

    @property
    def blank(self) -> bool:
        return not self._length

    @property
    def at_break(self) -> bool:
        """True right after a line break."""
        return self._gap == "\n"

    def text(self, text: str, *, link: tuple[int, str] | None = None) -> None:
        if self.preserved:
            self._write(text.replace("\r\n", "\n").replace("\r", "\n"), link)
            return
        words = _SPACE.sub(" ", text)
        if words[:1] == " " and not self.blank:
            self._gap = self._gap or " "
        body = words.strip(" ")
        if not body:
            return
        if link and self._links and self._links[-1][0] != link[0] and self._links[-1][2] == self._length:
            # Style sheets set neighbouring links apart; without a space their words would run together.
            self._gap = self._gap or " "
        self._write_gap()
        self._write(body, link)
        self._gap = " " if words[-1] == " " else ""

    def line_break(self) -> None:
        if self.preserved:
            self._write("\n", None)
        elif not self.blank:
            self._gap = "\n"

    def space(self) -> None:
        """A boundary between two blocks that share a line."""
        if self.preserved:
            if self._pieces and not self._pieces[-1].endswith("\n"):
                self._write("\n", None)
        elif not self.blank:
            self._gap = self._gap or " "

    def _write_gap(self) -> None:
        if self._gap:
            self._pieces.append(self._gap)
            self._length += 1
            self._gap = ""

    def _write(self, text: str, link: tuple[int, str] | None) -> None:
        start = self._length
        self._pieces.append(text)
        self._length += len(text)
        if link is None:
            return
        number, url = link
        if self._links and self._links[-1][0] == number:
            start = self._links.pop()[1]
        self._links.append((number, start, self._length, url))

    def finished(self) -> Inline | None:
        """None where nothing but white space was collected."""
        text = "".join(self._pieces)
        lead = 0
        if self.preserved:
            body = text.strip("\n").rstrip()
            lead = len(text) - len(text.lstrip("\n"))
        else:
            body = text.strip()
            lead = len(text) - len(text.lstrip())
        if not body.strip():
            return None
        return Inline(body, tuple(self._located(body, lead)))

    def _located(self, body: str, lead: int) -> list[Link]:
        found = []
        for _, start, end, url in self._links:
            span = Span(max(0, start - lead), min(len(body), end - lead))
            if span.start < span.end and (inner := span.strip(body)):
                found.append(Link(inner, url))
        return found
