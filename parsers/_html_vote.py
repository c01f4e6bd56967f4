"""A second opinion on main content, from trafilatura: what it leaves out of an article is taken for clutter."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from html import escape
from importlib import import_module, metadata
from itertools import groupby, pairwise
from types import ModuleType
from typing import Final

from lxml import etree, html  # type: ignore[import-untyped]  # lxml ships no types

from parsers._html_blocks import Block
from parsers._html_main import Main
from parsers._html_tree import Node

NAME: Final = "trafilatura"
_MOST_CHARACTERS = 400_000
"""Of main content; its time grows faster than its input."""
_DEEP = 150
"""Nodes below are handed over without their tags."""
_LEFT_OUT = 0.5
"""If it leaves out more than this share of the text, it has lost its way, and its opinion doesn't count."""
_PIECE = 24
_SAMPLES = 12
_LONG = 250
_LISTED = frozenset({"li", "dd", "dt"})
_INTRODUCED = _LISTED | {"table", "pre"}
_SURE = frozenset({"figcaption", "caption", "table", "pre", "img"})
"""Kinds whose tag says enough: trafilatura leaves out captions, and code and tables now and then."""
_VOID = frozenset({"br", "img", "hr", "input", "wbr", "col", "area", "source", "track", "embed", "param"})
_ATTRIBUTES = ("class", "id", "href", "role", "rel", "itemprop", "data-testid")
_FAILURES = (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError, etree.LxmlError)
"""What a defect in it raises; a page is never lost over a second opinion."""
_NO_WORD = re.compile(r"[\W_]+")


def second_opinion(main: Main, blocks: Sequence[Block], *, hidden: Callable[[Node], bool]) -> list[Block] | None:
    """The blocks, with what was outvoted marked as clutter; None where there is no opinion to go by."""
    if main.length > _MOST_CHARACTERS:
        return None
    said = _said(_page(main, hidden=hidden))
    if not said:
        return None
    out = _outvoted(blocks, said)
    total = _length(block for block in blocks if block.context.place.in_body and block.kind not in _SURE)
    if _length(blocks[number] for number in out) > _LEFT_OUT * total:
        return None
    return [block.marked(NAME) if number in out else block for number, block in enumerate(blocks)]


@lru_cache(maxsize=1)
def version() -> str:
    return metadata.version(NAME)


def _length(blocks: Iterable[Block]) -> int:
    return sum(len(block.inline.text) for block in blocks)


def _outvoted(blocks: Sequence[Block], said: str) -> set[int]:
    body = [number for number, block in enumerate(blocks) if block.context.place.in_body]
    missing = {
        number for number in body if blocks[number].kind not in _SURE and not _is_in(blocks[number].inline.text, said)
    }
    out: set[int] = set()
    for listed, numbers in groupby(body, key=lambda number: blocks[number].kind in _LISTED):
        run = list(numbers)
        if listed:
            gone = [number for number in run if number in missing]
            whole = _length(blocks[n] for n in gone) > 0.8 * _length(blocks[n] for n in run)
            out.update(gone if whole else ())
        else:
            out.update(number for number in run if number in missing and blocks[number].kind != "heading")
    last = max((number for number in body if number not in missing), default=0)
    out -= {number for number in out if number < last and _is_long(blocks[number])}
    out -= {number for number, after in pairwise(body) if after not in out and _leads_in(blocks[number], blocks[after])}
    return out | _empty_headings(blocks, body, missing, out)


def _leads_in(block: Block, following: Block) -> bool:
    """`You will need:`, before a list, a table or code."""
    return block.inline.text.endswith((":", "：")) and following.kind in _INTRODUCED


def _is_long(block: Block) -> bool:
    return len(block.inline.text) >= _LONG and block.linked < 0.2


def _empty_headings(blocks: Sequence[Block], body: Sequence[int], missing: set[int], out: set[int]) -> set[int]:
    """Missing headings that are links, or have neither text nor a kept heading below them."""
    found: set[int] = set()
    filled, below = False, 0
    for number in reversed(body):
        block = blocks[number]
        if block.kind != "heading":
            filled = filled or number not in out
            continue
        level = block.context.level or 6
        if number in missing and (not (filled or below > level) or block.linked > 0.5):
            found.add(number)
        else:
            below = level
        filled = False
    return found


def _key(text: str) -> str:
    return _NO_WORD.sub("", text).lower()


def _is_in(text: str, said: str) -> bool:
    """Half of the text at least, in samples of `_PIECE` letters; white space and punctuation don't count."""
    key = _key(text)
    if key in said:
        return True
    if len(key) < 2 * _PIECE:
        return False
    step = max(_PIECE, (len(key) - _PIECE) // _SAMPLES)
    samples = [key[start : start + _PIECE] in said for start in range(0, len(key) - _PIECE + 1, step)]
    return 2 * sum(samples) >= len(samples)


def _page(main: Main, *, hidden: Callable[[Node], bool]) -> str:
    """The main content as a page of its own."""
    pieces = ["<html><body>"]
    stack: list[tuple[Node | str, int]] = [(node, 0) for node in reversed(list(main.kept.values()))]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, str):
            pieces.append(item if depth < 0 else escape(item, quote=False))
            continue
        if id(item) in main.cut or item.tag in _UNSEEN or hidden(item):
            continue
        if depth < _DEEP:
            pieces.append(_start_tag(item))
            if item.tag not in _VOID:
                stack.append((f"</{item.tag}>", -1))
        stack.extend((child, depth + 1) for child in reversed(item.children))
    pieces.append("</body></html>")
    return "".join(pieces)


_UNSEEN = frozenset({"script", "style", "template", "head", "noscript", "title"})


def _start_tag(node: Node) -> str:
    attrs = "".join(f' {name}="{escape(node.attrs[name])}"' for name in _ATTRIBUTES if node.attrs.get(name))
    return f"<{node.tag}{attrs}>"


def _said(page: str) -> str:
    try:
        root = html.document_fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
        # "txt": without the text that it would write beside the tree.
        found = _library().bare_extraction(
            root, output_format="txt", fast=True, include_comments=False, include_tables=True
        )
        return _key("".join(found.body.itertext())) if found is not None else ""
    except _FAILURES:
        return ""


@lru_cache(maxsize=1)
def _library() -> ModuleType:
    # It logs pages that it finds nothing in, with their text.
    logging.getLogger(NAME).setLevel(logging.CRITICAL)
    return import_module(NAME)
