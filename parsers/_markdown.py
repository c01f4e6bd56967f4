"""CommonMark blocks and tables as spans of the raw source; markup stays in the text, between the elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from parsers._elements import Draft
from quarry.span import Span
from quarry.types import Cell, ElementType, Link, Table

_EOL = re.compile(r"\r\n|\n|\r")
_FRONT = re.compile(r"---[ \t]*(?:\r\n|\n|\r)(.*?)(?:\r\n|\n|\r)---[ \t]*(?:\r\n|\n|\r|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|lang|language)[ \t]*:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_PIPE = re.compile(r"(?<!\\)\|")
_LEAVES = {"heading_open", "paragraph_open", "fence", "code_block", "html_block", "table_open"}
_MARKUP = {"hr", *_LEAVES}
_NESTING = 60
"""Deeper lists and quotes are read as text: each level costs the library a few Python frames."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    title: str | None = None
    author: str | None = None
    date: str | None = None
    language: str | None = None
    end: int = 0
    """Where the body starts."""


def markdown_drafts(text: str) -> tuple[FrontMatter, list[Draft]]:
    """Leaf elements in text order. Lines that no block claims become UncategorizedText, so nothing is lost."""
    front = _front_matter(text)
    source = _Source.of(text, front.end)
    env: dict[str, dict[str, dict[str, list[int]]]] = {}
    tokens = _markdown().parse(text[front.end :], env)
    drafts = list(_drafts(tokens, source))
    references = [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]
    known = [item["map"] for item in references if isinstance(item, dict) and "map" in item]
    known += [token.map for token in tokens if token.map and token.type in _MARKUP]
    drafts.extend(_unclaimed(source, known))
    return front, sorted(drafts, key=lambda draft: draft.span)


def _front_matter(text: str) -> FrontMatter:
    found = _FRONT.match(text)
    if not found:
        return FrontMatter()
    fields: dict[str, str] = dict(_FIELD.findall(found[1]))
    language = fields.get("lang") or fields.get("language")
    return FrontMatter(fields.get("title"), fields.get("author"), fields.get("date"), language, found.end())


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTING}).enable("table")
    for name in ("link", "autolink"):
        rule = next(item.fn for item in parser.inline.ruler.__rules__ if item.name == name)
        parser.inline.ruler.at(name, _located(rule))
    return parser


def _located(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """The same rule, noting on the link token which characters of the source the link took."""

    def located(state: StateInline, silent: bool) -> bool:
        start, first = state.pos, len(state.tokens)
        done = rule(state, silent)
        if done and not silent:
            opened = next((token for token in state.tokens[first:] if token.type == "link_open"), None)
            if opened is not None:
                opened.meta["at"] = (start, state.pos)
        return done

    return located


@dataclass(frozen=True, slots=True)
class _Source:
    """The lines as markdown-it counts them, with their place in the text."""

    text: str
    lines: tuple[Span, ...]

    @classmethod
    def of(cls, text: str, start: int) -> _Source:
        ends = list(_EOL.finditer(text, start))
        starts = [start, *(end.end() for end in ends)]
        stops = [*(end.start() for end in ends), len(text)]
        return cls(text, tuple(Span(a, b) for a, b in zip(starts, stops, strict=True)))

    def block(self, first: int, last: int) -> Span:
        """Lines `[first, last)` without white space around them."""
        last = min(last, len(self.lines))
        if first >= last:
            return Span(0, 0)
        return Span(self.lines[first].start, self.lines[last - 1].end).strip(self.text)

    def inline(self, token: Token) -> tuple[int, ...]:
        """Where each line of an inline token's content starts in the text: content lines end where source lines end."""
        assert token.map is not None
        found = []
        for number, piece in enumerate(token.content.split("\n")):
            line = self.lines[token.map[0] + number]
            body = line.of(self.text).rstrip()
            found.append(line.start + max(0, len(body) - len(piece.rstrip())))
        return tuple(found)


def _drafts(tokens: Sequence[Token], source: _Source) -> Iterator[Draft]:
    lists: list[str] = []
    fresh = False
    skip_to = -1
    for number, token in enumerate(tokens):
        if number <= skip_to:
            continue
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append("ordered" if token.type.startswith("ordered") else "")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            fresh = True
        elif token.type == "table_open":
            skip_to = next(n for n in range(number, len(tokens)) if tokens[n].type == "table_close")
            yield from _table(tokens[number : skip_to + 1], source)
        elif token.type in _LEAVES:
            item = token.type == "paragraph_open" and fresh and bool(lists)
            yield from _leaf(token, tokens, number, source=source, item=lists if item else None)
            fresh = False


def _leaf(
    token: Token, tokens: Sequence[Token], number: int, *, source: _Source, item: list[str] | None
) -> Iterator[Draft]:
    assert token.map is not None
    if token.type in ("fence", "code_block"):
        yield from _code(token, source)
    elif token.type == "html_block":
        span = source.block(*token.map)
        if _TAG.sub("", span.of(source.text)).strip():
            yield Draft(ElementType.UNCATEGORIZED_TEXT, span)
    else:
        yield from _text_block(token, tokens[number + 1], source, item=item)


def _text_block(token: Token, inline: Token, source: _Source, *, item: list[str] | None) -> Iterator[Draft]:
    if not inline.content.strip():
        return
    starts = source.inline(inline)
    pieces = inline.content.split("\n")
    span = Span(starts[0], starts[-1] + len(pieces[-1].rstrip()))
    if token.type == "heading_open" and token.markup.startswith("#"):
        assert inline.map is not None
        line = source.lines[inline.map[0]]
        at = source.text.find(inline.content, source.text.index("#", line.start) + int(token.tag[1]))
        starts, span = (at,), Span(at, at + len(inline.content))
    span = span.strip(source.text)
    links = tuple(_links(inline, starts))
    if token.type == "heading_open":
        yield Draft(ElementType.TITLE, span, level=int(token.tag[1]), links=links)
    elif item:
        flags = ("ordered",) if item[-1] else ()
        yield Draft(ElementType.LIST_ITEM, span, level=len(item), links=links, flags=flags)
    else:
        yield Draft(ElementType.NARRATIVE_TEXT, span, links=links)


def _links(inline: Token, starts: Sequence[int]) -> Iterator[Link]:
    """Spans of whole links, from bracket to parenthesis: the source is the text."""
    offsets = [0]
    for piece in inline.content.split("\n"):
        offsets.append(offsets[-1] + len(piece) + 1)

    def place(position: int) -> int:
        line = next(n for n, (low, high) in enumerate(pairwise(offsets)) if low <= position < high)
        return starts[line] + position - offsets[line]

    for child in inline.children or ():
        if child.type == "link_open" and "at" in child.meta and child.attrGet("href"):
            start, end = child.meta["at"]
            yield Link(Span(place(start), place(end - 1) + 1), str(child.attrGet("href")))


def _code(token: Token, source: _Source) -> Iterator[Draft]:
    assert token.map is not None
    first, last = token.map
    language: tuple[str, ...] = ()
    if token.type == "fence":
        closing = source.lines[last - 1].of(source.text).strip(" \t>")
        closed = last - first > 1 and closing.startswith(token.markup) and not closing.strip(token.markup[0])
        first, last = first + 1, last - 1 if closed else last
        name = token.info.split()[0] if token.info.split() else ""
        language = (f"language:{name}",) if name else ()
    lines = [line for line in source.lines[first:last] if line.of(source.text).strip()]
    if lines:
        span = Span(lines[0].start, lines[-1].end)
        span = Span(span.start, span.start + len(span.of(source.text).rstrip()))
        yield Draft(ElementType.CODE_SNIPPET, span, flags=language)


def _table(tokens: Sequence[Token], source: _Source) -> Iterator[Draft]:
    rows: list[tuple[Cell, ...]] = []
    spans: list[Span] = []
    for token in tokens:
        if token.type == "tr_open" and token.map:
            line = source.lines[token.map[0]]
            spans.append(line.strip(source.text))
            rows.append(tuple(_cells(source, spans[-1], row=len(rows))))
    width = len(rows[0]) if rows else 0
    rows = [row[:width] for row in rows]
    if not rows:
        return
    span = Span(spans[0].start, spans[-1].end)
    parser = _markdown()
    html = parser.renderer.render(tokens, parser.options, {})
    yield Draft(ElementType.TABLE, span, table=Table(tuple(rows), html, tuple(spans)))


def _cells(source: _Source, line: Span, *, row: int) -> Iterator[Cell]:
    """Cells between unescaped pipes, as GitHub's table extension splits a row."""
    bars = [line.start + found.start() for found in _PIPE.finditer(line.of(source.text))]
    edges = [line.start - 1, *bars, line.end]
    if bars and bars[0] == line.start:
        edges.pop(0)
    if len(edges) > 2 and bars[-1] == line.end - 1:
        edges.pop()
    for col, (left, right) in enumerate(pairwise(edges)):
        span = Span(left + 1, right).strip(source.text)
        filled = span if len(span) else None
        yield Cell(span.of(source.text), row, col, header=row == 0, span=filled)


def _unclaimed(source: _Source, claimed: Sequence[Sequence[int] | None]) -> Iterator[Draft]:
    taken = {line for item in claimed if item for line in range(*item)}
    for number, line in enumerate(source.lines):
        body = line.strip(source.text)
        if number not in taken and len(body) and body.of(source.text).strip("-+*>#=_~`.)0123456789 \t"):
            yield Draft(ElementType.UNCATEGORIZED_TEXT, body)
