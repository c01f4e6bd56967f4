"""HTML: paragraphs, headings, lists, tables and code in reading order; menus, footers and hidden text after them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar, NamedTuple

from parsers import parser
from parsers._elements import Draft, elements_of
from parsers._encoding import decode
from parsers._html_blocks import Block, Walk, block_flags
from parsers._html_meta import Meta, meta_of
from parsers._html_rules import Strictness
from parsers._html_tree import Node, tree
from parsers._html_types import Piece, by_tag, by_unstructured, version
from quarry.span import Span
from quarry.types import Cell, Document, ElementType, Origin, Outcome, Table

_DECLARED = re.compile(rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\b|<html\b[^>]*\bxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_HEAD = 8192
_TAKEN_FOR_BODY = 0.25
"""Rules that leave less than this share of the visible text in the body mistake content for furniture."""


class _Written(NamedTuple):
    text: str
    drafts: list[Draft]


@parser
@dataclass(frozen=True, slots=True)
class Html:
    """Text as a browser shows it, with a selector and the nearest anchor for each element."""

    media_types: ClassVar[tuple[str, ...]] = ("text/html", "application/xhtml+xml")
    extensions: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")
    revision: ClassVar[int] = 1

    max_blocks: int = 200_000
    """Blocks after which the rest is cut and the document is `partial`."""
    typed_blocks: int = 4_000
    """Pages of more blocks are typed by their tags alone: unstructured types some 5,000 a second."""

    def __post_init__(self) -> None:
        if self.max_blocks < 1 or self.typed_blocks < 0:
            raise ValueError(f"max_blocks must be at least 1, typed_blocks at least 0: {self}")

    def parse(self, data: bytes, origin: Origin) -> Document:
        declared = _DECLARED.search(data[:_HEAD])
        text, _, warning = decode(data, declared=declared.group(1).decode("ascii") if declared else None)
        xhtml = _XHTML.search(text[:_HEAD]) is not None
        root = tree(text, xhtml=xhtml)
        meta = meta_of(root)
        blocks, lenient = _blocks(root, base=meta.base, limit=self.max_blocks + 1)
        cut = len(blocks) > self.max_blocks
        kept, typed = blocks[: self.max_blocks], len(blocks) <= self.typed_blocks
        written = _written(kept, _types(kept, typed=typed))
        warnings = [warning, lenient, None if typed else f"types: by tags alone, over {self.typed_blocks} blocks"]
        return self._document(
            origin, written, meta, xhtml=xhtml, cut=cut, warnings=tuple(item for item in warnings if item)
        )

    def _document(
        self, origin: Origin, written: _Written, meta: Meta, *, xhtml: bool, cut: bool, warnings: tuple[str, ...]
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
            parser=f"html/{self.revision} unstructured/{version()}",
            title=meta.title or (" ".join(top.span.of(written.text).split()) if top else None),
            author=meta.author,
            created=meta.created,
            language=meta.language,
            outcome=outcome,
            reason=reason,
            warnings=warnings,
        )


def _blocks(root: Node, *, base: str, limit: int) -> tuple[list[Block], str | None]:
    """The strictest rules that leave a body; the second value says where they had to be loosened."""
    blocks: list[Block] = []
    for strictness in sorted(Strictness, reverse=True):
        blocks = list(islice(Walk(strictness, base).blocks(root), limit))
        visible = sum(len(block.inline.text) for block in blocks if not block.context.place.hidden)
        body = sum(len(block.inline.text) for block in blocks if block.context.place.in_body)
        enough = body >= (_TAKEN_FOR_BODY * visible if strictness is Strictness.NAMES else 1)
        if enough or not visible:
            loose = (
                None if strictness is Strictness.NAMES else f"furniture: rules loosened to {strictness.name.lower()}"
            )
            return blocks, loose
    return blocks, None


def _types(blocks: Sequence[Block], *, typed: bool) -> list[ElementType]:
    pieces = [Piece(block.kind, block.context.level, block.inline.text) for block in blocks]
    body = [piece for piece, block in zip(pieces, blocks, strict=True) if block.context.place.in_body]
    found = by_unstructured(body) if typed else {}
    return [
        block.context.place.furniture or found.get(piece) or by_tag(piece)
        for piece, block in zip(pieces, blocks, strict=True)
    ]


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
        table=_moved(block.table.table, start) if block.table and kind is ElementType.TABLE else None,
        links=block.inline.moved(start),
        flags=block_flags(block),
        css_path=context.node.css_path() or None,
        anchor=block.anchor,
    )


def _moved(table: Table, start: int) -> Table:
    """The table with spans into the document's text."""
    rows = tuple(tuple(_moved_cell(cell, start) for cell in row) for row in table.rows)
    return Table(rows, table.html, tuple(Span(span.start + start, span.end + start) for span in table.row_spans))


def _moved_cell(cell: Cell, start: int) -> Cell:
    return replace(cell, span=Span(cell.span.start + start, cell.span.end + start)) if cell.span else cell
