"""HTML: paragraphs, headings, lists, tables and code in reading order; what is no main content after them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from parsers import parser
from parsers._elements import Draft, elements_of
from parsers._encoding import decode
from parsers._html_blocks import Block, block_flags
from parsers._html_choice import choose
from parsers._html_meta import Meta, meta_of
from parsers._html_tree import release, tree
from parsers._html_types import Piece, by_tag, by_unstructured, version
from quarry.span import Span
from quarry.types import Document, ElementType, Origin, Outcome

_DECLARED = re.compile(rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\b|<html\b[^>]*\bxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_HEAD = 8192


class _Written(NamedTuple):
    text: str
    drafts: list[Draft]


@parser
@dataclass(frozen=True, slots=True)
class Html:
    """Text as a browser shows it, with a selector and the nearest anchor for each element."""

    media_types: ClassVar[tuple[str, ...]] = ("text/html", "application/xhtml+xml")
    extensions: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")
    revision: ClassVar[int] = 2

    mode: Literal["main", "all"] = "main"
    """`main`: what is no main content is stored as Header or Footer, and no chunk holds it. `all`: only what is hidden
    is left out of chunks."""
    types: Literal["tags", "unstructured"] = "tags"
    """What names the type of a paragraph: our own rules, or unstructured's `partition_html`, at 5,000 a second."""
    alt_text: bool = False
    """True: texts that stand in for pictures are chunked. Else they are stored, flagged `hidden:alt`."""
    max_blocks: int = 200_000
    """Blocks after which the rest is cut and the document is `partial`."""
    typed_blocks: int = 4_000
    """Pages of more blocks are never typed by unstructured."""

    def __post_init__(self) -> None:
        if self.max_blocks < 1 or self.typed_blocks < 0:
            raise ValueError(f"max_blocks must be at least 1, typed_blocks at least 0: {self}")

    def parse(self, data: bytes, origin: Origin) -> Document:
        declared = _DECLARED.search(data[:_HEAD])
        text, _, warning = decode(data, declared=declared.group(1).decode("ascii") if declared else None)
        xhtml = _XHTML.search(text[:_HEAD]) is not None
        root = tree(text, xhtml=xhtml)
        del text
        meta = meta_of(root)
        choice = choose(root, meta, mode=self.mode, alt_text=self.alt_text, limit=self.max_blocks + 1)
        cut = len(choice.blocks) > self.max_blocks
        del choice.blocks[self.max_blocks :]
        typed = self.types == "unstructured" and len(choice.blocks) <= self.typed_blocks
        written = _written(choice.blocks, _types(choice.blocks, typed=typed))
        release(root)
        untyped = self.types == "unstructured" and not typed
        notes = (warning, choice.note, f"types: by tags alone, over {self.typed_blocks} blocks" if untyped else None)
        names = (f"html/{self.revision}", choice.library, f"unstructured/{version()}" if typed else None)
        return self._document(origin, written, meta, xhtml=xhtml, cut=cut, warnings=_said(notes), parser=_said(names))

    def _document(
        self,
        origin: Origin,
        written: _Written,
        meta: Meta,
        *,
        xhtml: bool,
        cut: bool,
        warnings: tuple[str, ...],
        parser: tuple[str, ...],
    ) -> Document:
        elements = elements_of(written.drafts, content_sha256=origin.sha256)
        top = next((e for e in elements if e.in_body and e.type is ElementType.TITLE and e.level == 1), None)
        outcome, reason = Outcome.OK, None
        if not any(element.in_body for element in elements):
            outcome, reason = Outcome.EMPTY, "blank" if not elements else "blank: all its text is hidden"
        elif cut:
            outcome, reason = Outcome.PARTIAL, f"limit: parsers.html.max_blocks allows {self.max_blocks}"
        return Document(
            origin=origin,
            media_type="application/xhtml+xml" if xhtml else "text/html",
            text=written.text,
            elements=elements,
            parser=" ".join(parser),
            title=meta.title or (" ".join(top.span.of(written.text)[:_HEAD].split()) if top else None),
            author=meta.author,
            created=meta.created,
            language=meta.language,
            canonical=meta.canonical,
            outcome=outcome,
            reason=reason,
            warnings=warnings,
        )


def _said(notes: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(note for note in notes if note)


def _types(blocks: Sequence[Block], *, typed: bool) -> list[ElementType]:
    """What stands in the body by kind and text; the rest is Header up to the body's first block, Footer after it."""
    first = next((number for number, block in enumerate(blocks) if block.context.place.in_body), 0)
    pieces = [Piece(block.kind, block.context.level, block.inline.text) for block in blocks]
    body = [piece for piece, block in zip(pieces, blocks, strict=True) if block.context.place.in_body]
    found = by_unstructured(body) if typed else {}
    types = []
    for number, (piece, block) in enumerate(zip(pieces, blocks, strict=True)):
        place = block.context.place
        outside = ElementType.HEADER if number < first else ElementType.FOOTER
        types.append(place.furniture or (outside if place.clutter else None) or found.get(piece) or by_tag(piece))
    return types


def _written(blocks: Sequence[Block], types: Sequence[ElementType]) -> _Written:
    """The body first, then furniture and hidden text, each in page order, blank lines between."""
    order = sorted(range(len(blocks)), key=lambda number: not blocks[number].context.place.in_body)
    pieces: list[str] = []
    drafts: list[Draft] = []
    start = 0
    for number in order:
        block = blocks[number]
        drafts.append(_draft(block, types[number], start=start))
        pieces.append(block.inline.text)
        start += len(block.inline.text) + 2
    return _Written("\n\n".join(pieces), drafts)


def _draft(block: Block, kind: ElementType, *, start: int) -> Draft:
    context = block.context
    level = {"heading": context.level, "li": context.depth, "dd": context.depth}.get(block.kind)
    listed = kind in (ElementType.TITLE, ElementType.LIST_ITEM)
    return Draft(
        kind,
        Span(start, start + len(block.inline.text)),
        level=level if listed else None,
        table=block.table.table.moved(start) if block.table and kind is ElementType.TABLE else None,
        links=block.inline.moved(start),
        flags=block_flags(block),
        css_path=context.node.css_path() or None,
        anchor=block.anchor,
    )
