"""What parsers without pages have in common: drafts in text order become elements with ids and parents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from quarry.fingerprint import element_id
from quarry.span import Span
from quarry.types import FURNITURE, HIDDEN, Element, ElementType, Link, Table


@dataclass(frozen=True, slots=True)
class Draft:
    """An element before it knows its id and its parent."""

    type: ElementType
    span: Span
    level: int | None = None
    table: Table | None = None
    links: tuple[Link, ...] = ()
    flags: tuple[str, ...] = ()
    css_path: str | None = None
    anchor: str | None = None
    page: int | None = None
    """1-based: slides and sheets are pages too."""

    def moved(self, by: int) -> Draft:
        """The same so many characters further on."""
        table = self.table and self.table.moved(by)
        links = tuple(replace(link, span=link.span.shift(by)) for link in self.links)
        return replace(self, span=self.span.shift(by), table=table, links=links)


def elements_of(drafts: Iterable[Draft], *, content_sha256: str) -> tuple[Element, ...]:
    """Parents follow from the heading levels alone: the nearest heading above with a lower level."""
    headings: list[tuple[int, str]] = []
    made: list[Element] = []
    for draft in drafts:
        ident = element_id(content_sha256, draft.type.value, draft.span)
        body = _in_body(draft)
        if body and draft.type is ElementType.TITLE and draft.level is not None:
            while headings and headings[-1][0] >= draft.level:
                headings.pop()
        parent = headings[-1][1] if body and headings else None
        made.append(_element(draft, ident, parent=parent))
        if body and draft.type is ElementType.TITLE and draft.level is not None:
            headings.append((draft.level, ident))
    return tuple(made)


def _in_body(draft: Draft) -> bool:
    return draft.type not in FURNITURE and not any(flag.startswith(HIDDEN) for flag in draft.flags)


def _element(draft: Draft, ident: str, *, parent: str | None) -> Element:
    return Element(
        id=ident,
        type=draft.type,
        span=draft.span,
        page=draft.page,
        css_path=draft.css_path,
        anchor=draft.anchor,
        level=draft.level,
        parent=parent,
        table=draft.table,
        links=draft.links,
        flags=draft.flags if _in_body(draft) else tuple(dict.fromkeys((HIDDEN, *draft.flags))),
    )
