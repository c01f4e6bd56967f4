"""Markdown: the file's own characters, markup included, with elements laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from parsers import parser
from parsers._elements import Draft, elements_of
from parsers._encoding import decode
from parsers._markdown import markdown_drafts
from quarry.types import Document, ElementType, Origin, Outcome


@parser
@dataclass(frozen=True, slots=True)
class Markdown:
    """`Document.text` has every code point of the file but a leading byte order mark."""

    media_types: ClassVar[tuple[str, ...]] = ("text/markdown",)
    extensions: ClassVar[tuple[str, ...]] = (".md", ".markdown")
    revision: ClassVar[int] = 1

    def parse(self, data: bytes, origin: Origin) -> Document:
        text, _, warning = decode(data)
        front, drafts = markdown_drafts(text)
        blank = not text.strip()
        return Document(
            origin=origin,
            media_type="text/markdown",
            text=text,
            elements=elements_of(drafts, content_sha256=origin.sha256),
            parser=f"markdown/{self.revision}",
            title=front.title or _first_heading(text, drafts),
            author=front.author,
            created=front.date,
            language=front.language,
            outcome=Outcome.EMPTY if blank else Outcome.OK,
            reason="blank" if blank else None,
            warnings=(warning,) if warning else (),
        )


def _first_heading(text: str, drafts: Sequence[Draft]) -> str | None:
    tops = (draft for draft in drafts if draft.type is ElementType.TITLE and draft.level == 1)
    return next((draft.span.of(text) for draft in tops), None)
