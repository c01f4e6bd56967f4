"""Plain text: the file's own characters, with elements laid over them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from parsers import parser
from parsers._elements import Draft, elements_of
from parsers._encoding import decode
from quarry.span import Span
from quarry.types import Document, ElementType, Origin, Outcome

_BLANK_LINES = re.compile(r"(?:[ \t\f\v]*(?:\r\n|\n|\r))(?:[ \t\f\v]*(?:\r\n|\n|\r))+")
_ITEM = re.compile(r"[ \t]*(?:[-*•‣◦]|\(?(?:\d{1,3}|[a-z])[.)])[ \t]+\S")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


@parser
@dataclass(frozen=True, slots=True)
class Text:
    """`Document.text` has every code point of the file but a leading byte order mark."""

    media_types: ClassVar[tuple[str, ...]] = ("text/plain",)
    extensions: ClassVar[tuple[str, ...]] = (".txt",)
    revision: ClassVar[int] = 1

    def parse(self, data: bytes, origin: Origin) -> Document:
        text, _, warning = decode(data)
        blank = not text.strip()
        return Document(
            origin=origin,
            media_type="text/plain",
            text=text,
            elements=elements_of(_plain(text), content_sha256=origin.sha256),
            parser=f"text/{self.revision}",
            outcome=Outcome.EMPTY if blank else Outcome.OK,
            reason="blank" if blank else None,
            warnings=(warning,) if warning else (),
        )


def _plain(text: str) -> Iterator[Draft]:
    """Paragraphs stand between blank lines; one in which each line starts with a mark is a list."""
    start = 0
    for gap in [*_BLANK_LINES.finditer(text), None]:
        end = gap.start() if gap else len(text)
        body = Span(start, end).strip(text)
        if len(body):
            yield from _paragraph(text, body)
        start = gap.end() if gap else end


def _paragraph(text: str, body: Span) -> Iterator[Draft]:
    lines = [Span(found.start(), found.end()) for found in _LINE.finditer(text, body.start, body.end)]
    lines = [line.strip(text) for line in lines if line.of(text).strip()]
    if len(lines) < 2 or not all(_ITEM.match(line.of(text)) for line in lines):
        yield Draft(ElementType.NARRATIVE_TEXT, body)
        return
    for line in lines:
        yield Draft(ElementType.LIST_ITEM, line, level=1)
