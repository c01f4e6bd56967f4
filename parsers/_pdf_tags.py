"""The structure tree of a tagged PDF, line by line: what its author said that each line is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

MIN_COVERED = 0.75
"""Share of a page's letters that the tree must hold; else its tags say nothing about the page."""
MAX_DEPTH = 64
MAX_PAGES = 3000
"""Finding a page's part of the tree takes time in proportion to the whole tree."""
_HEADING = re.compile(r"^H([1-6])?$")
_KINDS = {
    "Title": "H",
    "TOCI": "contents",
    "Caption": "caption",
    "Note": "note",
    "FENote": "note",
    "LI": "item",
    "Code": "code",
    "Formula": "formula",
    "P": "P",
    "BlockQuote": "P",
    "TD": "cell",
    "TH": "cell",
}


class Tag(NamedTuple):
    """What the innermost known element around a line is."""

    kind: str
    """`H`, `P`, `item`, `caption`, `note`, `contents`, `code`, `formula`, `cell`."""
    level: int
    """1 to 6 for H1 to H6; 0 for a heading without a level and for what is no heading. Items: depth of the list."""
    path: tuple[int, ...]
    """Place in the tree: lines of one element have the same, on all its pages."""


class Tagged(NamedTuple):
    """A line of the page as the tree holds it; unturned page coordinates."""

    x0: float
    y0: float
    x1: float
    y1: float
    tag: Tag


def is_tagged(document: Any) -> bool:
    kind: str = document.xref_get_key(document.pdf_catalog(), "StructTreeRoot")[0]
    pages: int = document.page_count
    return kind != "null" and pages <= MAX_PAGES


def tagged_lines(pymupdf: Any, page: Any) -> list[Tagged]:
    """All tagged lines; none where the tree holds too little of the page's text."""
    flags = (pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES) | pymupdf.TEXT_COLLECT_STRUCTURE
    found: list[Tagged] = []
    inside = outside = 0
    for line, tag in _walk(page.get_text("dict", flags=flags)["blocks"]):
        letters = sum(len(span["text"].strip()) for span in line["spans"])
        if tag is None:
            outside += letters
        elif letters:
            inside += letters
            x0, y0, x1, y1 = line["bbox"]
            found.append(Tagged(x0, y0, x1, y1, tag))
    return found if inside > MIN_COVERED * (inside + outside) else []


def tag_at(lines: Sequence[Tagged], x: float, y: float) -> Tag | None:
    """Of the line in whose box the point is, the one whose middle is nearest."""
    best: tuple[float, Tag] | None = None
    for line in lines:
        if line.x0 - 1 <= x <= line.x1 + 1 and line.y0 <= y <= line.y1:
            off = abs((line.y0 + line.y1) / 2 - y)
            if best is None or off < best[0]:
                best = (off, line.tag)
    return best[1] if best else None


def _walk(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Tag | None]]:
    """Lines in the order of the tree, which may be nested as deep as a hostile file likes."""
    stack: list[tuple[dict[str, Any], Tag | None, tuple[int, ...], int]] = [(b, None, (), 0) for b in reversed(blocks)]
    while stack:
        block, tag, path, lists = stack.pop()
        if "lines" in block:
            for line in block["lines"]:
                yield line, tag
            continue
        if len(path) >= MAX_DEPTH or "blocks" not in block:
            continue
        name = block.get("std") or block.get("raw") or ""
        path = (*path, int(block.get("index") or 0))
        lists += name == "L"
        tag = _tag(name, path, lists=lists, outer=tag)
        stack += [(inner, tag, path, lists) for inner in reversed(block["blocks"])]


def _tag(name: str, path: tuple[int, ...], *, lists: int, outer: Tag | None) -> Tag | None:
    if outer is not None and (outer.kind in ("contents", "note", "cell", "caption", "H") or name == "Span"):
        return outer
    heading = _HEADING.match(name)
    if heading:
        return Tag("H", int(heading[1] or 0), path)
    kind = _KINDS.get(name)
    if kind is None or (kind == "P" and outer is not None and outer.kind == "item"):
        return outer
    return Tag(kind, lists if kind == "item" else 0, path)
