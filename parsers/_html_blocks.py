"""The walk through a page: inline text is gathered into paragraphs, headings, items, tables, code and captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from typing import NamedTuple
from urllib.parse import urljoin

from parsers._html_main import Main
from parsers._html_rules import BLOCKS, CODE, LISTS, UNSEEN, Place, Strictness, code_language, heading_level, place_of
from parsers._html_runs import Inline, Run
from parsers._html_table import GridCell, TableText, grid, is_data_table, rows_of, table_text
from parsers._html_tree import Node

_KEPT = frozenset({"dt", "dd", "figcaption", "caption", "address", "pre"})
"""Tags that make a kind of block; heading, li and p stand beside them."""
_VOID = frozenset({"br", "img", "hr"})
_BREAKING = frozenset({"table", "details", "fieldset"})
"""What stands in them is of its own kind."""


class Context(NamedTuple):
    """What a node hands down to what stands in it."""

    node: Node
    """The innermost block."""
    kind: str = "p"
    place: Place = Place()
    level: int | None = None
    depth: int = 0
    """Nesting of lists."""
    ordered: bool = False
    anchor: str | None = None
    link: tuple[int, str] | None = None
    item: int = 0
    """`id` of the innermost list item."""


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of text that becomes one element."""

    kind: str
    """`heading`, `p`, `li`, `dt`, `dd`, `pre`, `figcaption`, `caption`, `address`, `table` or `img`."""
    inline: Inline
    context: Context
    anchor: str | None
    table: TableText | None = None

    @property
    def linked(self) -> float:
        """The share of its text that stands in links."""
        return sum(len(link.span) for link in self.inline.links) / len(self.inline.text)

    def marked(self, clutter: str) -> Block:
        """The same as no main content, with the reason."""
        place = self.context.place._replace(clutter=clutter)
        return replace(self, context=self.context._replace(place=place))


class _Inside(NamedTuple):
    """A node whose children are being walked through."""

    children: Iterator[Node | str]
    """Those that are left."""
    context: Context
    step: str = ""
    """What comes after them: `flush`, `restore` or nothing."""


@dataclass(slots=True)
class Walk:
    """`Walk(...).blocks(root)`: a stack instead of recursion, so depth costs nothing."""

    strictness: Strictness
    base: str = ""
    main: Main | None = None
    """Given: all but this is clutter."""
    alt_text: bool = False
    """False: texts that stand in for pictures are hidden."""
    """URL that relative links are resolved against; empty: they stay as they are written."""
    _made: list[Block] = field(default_factory=list)
    _run: Run | None = None
    _start: Context | None = None
    _inner_anchor: str | None = None
    _heading_anchor: str | None = None
    """Of the last heading in the body: where a block without an id of its own or around it is found."""
    _numbers: Iterator[int] = field(default_factory=count)
    _items: set[int] = field(default_factory=set)
    """List items of which a block was made."""

    def blocks(self, root: Node) -> Iterator[Block]:
        stack = [_Inside(iter((root,)), Context(root, place=Place(clutter="outside" if self.main else None)))]
        saved: list[tuple[Run | None, Context | None]] = []
        while stack:
            children, context, step = stack[-1]
            item = next(children, None)
            if isinstance(item, str):
                self._text(item, context)
                continue
            if item is None:
                stack.pop()
                if step:
                    self._flush()
                if step == "restore":
                    self._run, self._start = saved.pop()
            elif (entered := self._enter(item, context, saved)) is not None:
                stack.append(entered)
            if self._made:
                yield from self._made
                self._made.clear()
        self._flush()
        yield from self._made

    def _enter(self, node: Node, outer: Context, saved: list[tuple[Run | None, Context | None]]) -> _Inside | None:
        tag = node.tag
        if tag in _VOID:
            self._void(node, outer)
        if tag in _VOID or tag in UNSEEN:
            return None
        context = self._context(node, outer)
        block = tag in BLOCKS
        if tag == "table" and not self._holds_main(node) and is_data_table(node):
            self._flush()
            self._table(node, context)
            return None
        step = ""
        if block and outer.kind == "pre" and context.kind == "pre":
            self._open(outer).space()
        elif block:
            self._flush()
            step = "flush"
        elif context.place is not outer.place:
            saved.append((self._run, self._start))
            self._run = self._start = None
            step = "restore"
        return _Inside(iter(node.children), context, step)

    def _holds_main(self, table: Node) -> bool:
        """A table around the main content lays out the page."""
        return self.main is not None and id(table) in self.main.around

    def _context(self, node: Node, outer: Context) -> Context:
        place = place_of(node, outer.place, strictness=self.strictness, heading=outer.kind == "heading", main=self.main)
        attrs, tag = node.attrs, node.tag
        anchor = (attrs.get("id") or (attrs.get("name") if tag == "a" else None)) if attrs else None
        if tag in BLOCKS:
            return _block_context(node, outer, place=place, anchor=anchor or outer.anchor)
        if anchor and "id" not in outer.node.attrs:
            self._inner_anchor = self._inner_anchor or anchor
        href = attrs.get("href", "").strip() if tag == "a" else ""
        if href:
            return outer._replace(place=place, link=(next(self._numbers), self._url(href)))
        return outer if place is outer.place else outer._replace(place=place)

    def _url(self, href: str) -> str:
        try:
            return urljoin(self.base, href) if self.base else href
        except ValueError:
            return href

    def _void(self, node: Node, context: Context) -> None:
        """Line breaks and images: nodes without content."""
        if node.tag == "br":
            if self._run is not None and self._run.at_break and context.kind != "pre":
                self._flush()
            elif self._run is not None:
                self._run.line_break()
        elif node.tag == "img":
            alt = " ".join(node.attrs.get("alt", "").split())
            place = place_of(node, context.place, strictness=self.strictness, heading=False, main=self.main)
            if not self.alt_text:
                place = place._replace(hidden=place.hidden or "alt")
            if alt and context.kind != "heading":
                here = context._replace(node=node, place=place)
                self._made.append(Block("img", Inline(alt), here, node.attrs.get("id") or context.anchor))
        else:
            self._flush()

    def _open(self, context: Context) -> Run:
        if self._run is None:
            self._run, self._start = Run(preserved=context.kind == "pre"), context
        return self._run

    def _text(self, text: str, context: Context) -> None:
        if self._run is not None or context.kind == "pre" or text.strip():
            self._open(context).text(text, link=context.link)

    def _flush(self) -> None:
        run, start = self._run, self._start
        inner, self._inner_anchor = self._inner_anchor, None
        if run is None or start is None:
            return
        self._run = self._start = None
        inline = run.finished()
        if inline is not None:
            anchor = start.node.attrs.get("id") or inner
            if start.kind == "heading" and start.place.in_body:
                self._heading_anchor = anchor or start.anchor
            anchor = anchor or self._heading_anchor or start.anchor
            self._made.append(Block(self._kind(start), inline, start, anchor))

    def _kind(self, context: Context) -> str:
        """The first block of a list item is the item; those after it are paragraphs of it."""
        if context.kind != "li":
            return context.kind
        if context.item in self._items:
            return "p"
        self._items.add(context.item)
        return "li"

    def _table(self, table: Node, context: Context) -> None:
        """What stands in a table but in no cell, its caption first, goes before it."""
        cells = grid(table)
        rows = rows_of(table)
        sections = {id(row.parent): row.parent for row in rows if row.parent is not None and row.parent is not table}
        known = {id(cell.node) for line in cells for cell in line} | set(map(id, rows)) | set(sections)
        for part in [table, *sections.values(), *rows]:
            for is_caption, items in groupby(part.children, key=_is_caption):
                own = context._replace(kind="caption") if is_caption else context
                self._loose([" " if id(item) in known else item for item in items], own)
        cell_text = [[(cell, self._cell(cell, context)) for cell in line] for line in cells]
        made = table_text(cell_text)
        if made is not None:
            self._made.append(
                Block(
                    "table",
                    Inline(made.text, made.links),
                    context,
                    context.node.attrs.get("id") or self._heading_anchor or context.anchor,
                    made,
                )
            )

    def _cell(self, cell: GridCell, context: Context) -> Inline | None:
        run = self._inline([cell.node], context._replace(kind="p"))
        return run.finished()

    def _loose(self, items: list[Node | str], context: Context) -> None:
        inline = self._inline(items, context).finished()
        if inline is not None:
            self._made.append(Block(context.kind, inline, context, context.anchor))

    def _inline(self, items: list[Node | str], context: Context) -> Run:
        """Everything in `items` as one line; hidden parts become blocks of their own."""
        run = Run()
        stack: list[tuple[Node | str, Context]] = [(item, context) for item in reversed(items)]
        while stack:
            item, outer = stack.pop()
            if isinstance(item, str):
                run.text(item, link=outer.link)
                continue
            if item.tag in UNSEEN:
                continue
            inner = self._context(item, outer)
            if inner.place.hidden != context.place.hidden:
                alone = Node("span", {}, item, 1)
                alone.children = item.children
                self._loose([alone], inner._replace(kind="p", node=item))
                continue
            if item.tag in BLOCKS or item.tag in ("br", "td", "th"):
                run.space()
                stack.append((" ", outer))
            stack.extend((child, inner) for child in reversed(item.children))
        return run


def _is_caption(child: Node | str) -> bool:
    return isinstance(child, Node) and child.tag == "caption"


def _block_context(node: Node, outer: Context, *, place: Place, anchor: str | None) -> Context:
    """Kind, level and nesting of a block; paragraphs and boxes keep the kind of what they stand in."""
    _, kind, _, level, depth, ordered, _, link, item = outer
    tag = node.tag
    heading = heading_level(node)
    if heading is not None:
        kind, level = "heading", heading
    elif tag in LISTS:
        kind, depth, ordered = "p", depth + 1, tag == "ol"
    elif tag == "li":
        kind, depth, item = "li", max(1, depth), id(node)
    elif tag in CODE:
        kind = "pre"
    elif tag in _BREAKING:
        kind = "p"
    elif tag in _KEPT:
        kind = tag
    return Context(node, kind, place, level, depth, ordered, anchor, link, item)


def block_flags(block: Block) -> tuple[str, ...]:
    """`hidden:<reason>`, `ordered`, `language:<name>`."""
    flags = []
    context = block.context
    if context.place.hidden:
        flags.append(f"hidden:{context.place.hidden}")
    if context.place.clutter:
        flags.append(f"clutter:{context.place.clutter}")
    if block.kind == "li" and context.ordered:
        flags.append("ordered")
    language = code_language(context.node) if block.kind == "pre" else None
    if language:
        flags.append(f"language:{language}")
    return tuple(flags)
