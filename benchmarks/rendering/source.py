"""Markdown -> the parts that a rendered document is made of: its exact truth."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["heading", "paragraph", "item", "code", "table", "caption", "note"]

_FRONT = re.compile(r"\A---\s*\n.*?\n---\s*\n", re.DOTALL)
_LIQUID = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{:[^}]*\}", re.DOTALL)
_IMAGE = re.compile(r"<img\b[^>]*?(?:\balt=[\"']([^\"']*)[\"'])?[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
_BREAK = re.compile(r"</(?:td|th|tr|p|div|li|h\d|table)>|<br\s*/?>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"(?:\d+|[A-Z](?=\.\d))(?:\.\d+)*")
NOTE_WORDS = 14


@dataclass(frozen=True, slots=True)
class Part:
    """One element as its author meant it."""

    kind: Kind
    text: str
    level: int = 0
    """Heading: 1 is the top. Item: nesting depth from 1."""
    ordered: bool = False
    number: int = 0
    """Of an ordered item, from 1."""
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    """Footnote that the text ends with."""


def volume(paths: Iterable[Path], *, notes_every: int = 0, numbered: bool = False) -> tuple[Part, ...]:
    """Parts of several files, one after the other, the highest heading as level 1; optionally with footnotes, and
    with headings at the level of their section number."""
    parts = [part for path in paths for part in parts_of(path.read_text(encoding="utf-8"))]
    if numbered:
        top = min((part.level for part in parts if part.kind == "heading"), default=1)
        parts = [_numbered(part, top) for part in parts]
    return prepared(parts, notes_every=notes_every)


def _numbered(part: Part, top: int) -> Part:
    number = _NUMBER.match(part.text) if part.kind == "heading" else None
    return replace(part, level=top + number[0].count(".")) if number else part


def prepared(parts: Sequence[Part], *, notes_every: int = 0) -> tuple[Part, ...]:
    top = min((part.level for part in parts if part.kind == "heading"), default=1)
    made, long = [], 0
    for part in parts:
        if part.kind == "heading":
            made.append(replace(part, level=part.level - top + 1))
            continue
        long += part.kind == "paragraph" and len(part.text) > 200
        noted = notes_every and part.kind == "paragraph" and len(part.text) > 200 and long % notes_every == 0
        made.append(replace(part, note=_note(part.text)) if noted else part)
    return tuple(made)


def _note(text: str) -> str:
    """Running text that is nowhere else: the paragraph's last words, from the last to the first."""
    return f"Compare {' '.join(reversed(text.rstrip('.').split()[-NOTE_WORDS:]))}."


def parts_of(markdown: str) -> list[Part]:
    source = _LIQUID.sub("", _FRONT.sub("", markdown))
    return list(_walk(MarkdownIt("commonmark").enable("table").parse(source)))


def _walk(tokens: Sequence[Token]) -> Iterator[Part]:
    lists: list[list[int]] = []
    opened = False
    rows: list[list[str]] = []
    for number, token in enumerate(tokens):
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            lists.append([int(token.attrGet("start") or 1) if kind[0] == "o" else 0])
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif kind == "list_item_open":
            opened = True
        elif kind == "tr_open":
            rows.append([])
        elif kind == "table_close":
            yield Part("table", "", rows=tuple(tuple(row) for row in rows))
            rows = []
        elif kind in ("fence", "code_block") and token.content.strip():
            yield Part("code", token.content.rstrip("\n").expandtabs(4))
        elif kind == "html_block":
            yield from _html(token.content)
        elif kind == "inline":
            before = tokens[number - 1].type
            if before == "heading_open":
                before = f"heading{tokens[number - 1].tag[1:]}"
            if before in ("td_open", "th_open"):
                rows[-1].append(_plain(token))
            else:
                yield from _inline(token, before, lists=lists, opened=opened)
                opened = False


def _inline(token: Token, before: str, *, lists: Sequence[list[int]], opened: bool) -> Iterator[Part]:
    text = _plain(token)
    if before.startswith("heading") and text:
        yield Part("heading", text, level=int(before.removeprefix("heading")))
    elif opened and lists and text:
        ordinal = lists[-1][0]
        lists[-1][0] += bool(ordinal)
        yield Part("item", text, level=len(lists), ordered=bool(ordinal), number=ordinal)
    elif text:
        yield Part("paragraph", text)
    for child in token.children or ():
        if child.type == "image" and child.content.strip():
            yield Part("caption", _squeezed(child.content))


def _html(content: str) -> Iterator[Part]:
    captions = [match[1] for match in _IMAGE.finditer(content) if match[1]]
    for piece in _BREAK.split(content):
        text = _squeezed(html.unescape(_TAG.sub(" ", piece)))
        if any(character.isalpha() for character in text):
            yield Part("paragraph", text)
    for caption in captions:
        yield Part("caption", _squeezed(caption))


def _plain(token: Token) -> str:
    pieces = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and "br" in child.content):
            pieces.append(" ")
    return _squeezed("".join(pieces))


def _squeezed(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
