"""HTML text -> a light tree of our own: no limit on depth, no recursion, positions of nodes as CSS paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from sys import intern

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

_CDATA = "<![CDATA["
_NOTHING: Mapping[str, str] = {}
_HEAD = frozenset({"title", "meta", "link", "style", "script", "base", "basefont", "bgsound", "noscript", "template"})
_SINGLE = frozenset({"html", "body", "head"})
_FED = 1 << 16
_LONG = 10_000
_PATH_STEPS = 64
"""A path names so many of the innermost ancestors at most, or a page nested 100,000 deep would take quadratic space."""


class Node:
    """An element of the page."""

    __slots__ = ("attrs", "children", "nth", "parent", "tag")

    def __init__(self, tag: str, attrs: Mapping[str, str], parent: Node | None, nth: int) -> None:
        self.tag = tag
        """Lower case, without a namespace prefix."""
        self.attrs = attrs
        self.parent = parent
        self.nth = nth
        """Position among the siblings of its tag, from 1."""
        self.children: list[Node | str] = []

    def ancestors(self) -> Iterator[Node]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def descendants(self) -> Iterator[Node]:
        """In document order, without the node itself."""
        stack = self.children[::-1]
        while stack:
            node = stack.pop()
            if not isinstance(node, str):
                yield node
                stack += node.children[::-1]

    def css_path(self) -> str:
        """`html > body > div:nth-of-type(2) > p:nth-of-type(1)`."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None and len(steps) < _PATH_STEPS:
            tag = node.tag
            steps.append(tag if tag in _SINGLE else f"{tag}:nth-of-type({node.nth})")
            if tag == "tr" and node.parent.tag == "table":
                # Browsers put rows that stand in no section into one.
                steps.append("tbody:nth-of-type(1)")
            node = node.parent
        return " > ".join(reversed(steps))

    def text(self) -> str:
        """The text below, white space collapsed; of a long one some `_LONG` characters."""
        pieces: list[str] = []
        length = 0
        stack: list[Node | str] = [self]
        while stack and length < _LONG:
            item = stack.pop()
            if isinstance(item, str):
                pieces.append(item[:_LONG])
                length += len(item)
            else:
                stack.extend(reversed(item.children))
        return " ".join("".join(pieces).split())


class _Builder:
    """lxml's parser target: it keeps no tree of its own, so none of its depth limits apply."""

    def __init__(self) -> None:
        self.root = Node("#document", {}, None, 1)
        self._node = self.root
        self._open: list[tuple[Node, dict[str, int]]] = []
        """What the current node stands in, each with how many children of a tag it has so far."""
        self._counts: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._body: tuple[Node, dict[str, int]] | None = None
        """Made for what stands in the head and is not of it."""

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        name = self._names.get(tag)
        if name is None:
            name = self._names[tag] = intern(str(tag).rpartition("}")[2].rpartition(":")[2].lower())
        self._open.append((self._node, self._counts))
        if self._node.tag == "head" and name not in _HEAD:
            self._node, self._counts = self._body_of(self._node)
        elif name == "body" and self._body is not None:
            self._node, self._counts = self._body
            return
        parent, counts = self._node, self._counts
        nth = counts[name] = counts.get(name, 0) + 1
        node = Node(name, dict(attrs) if attrs else _NOTHING, parent, nth)
        parent.children.append(node)
        self._node, self._counts = node, {}

    def _body_of(self, head: Node) -> tuple[Node, dict[str, int]]:
        """libxml2 leaves tags that it doesn't know, HTML5's sections among them, in a head that was not closed."""
        if self._body is None:
            html = head.parent or self.root
            body = Node("body", _NOTHING, html, 1)
            html.children.append(body)
            self._body = (body, {})
        return self._body

    def end(self, _tag: str) -> None:
        if self._open:
            self._node, self._counts = self._open.pop()

    def data(self, text: str) -> None:
        if self._node.tag == "head" and text.strip():
            self._body_of(self._node)[0].children.append(text)
        else:
            self._node.children.append(text)

    def comment(self, _text: str) -> None:
        """Comments are no text."""

    def pi(self, _target: str, _data: str | None = None) -> None:
        """Neither are processing instructions."""

    def close(self) -> Node:
        return self.root


def release(root: Node) -> None:
    """Let go of the page: nodes know their parents, so that without this they wait for the cycle collector."""
    stack: list[Node | str] = [root]
    while stack:
        node = stack.pop()
        if not isinstance(node, str) and node.children:
            stack += node.children
            node.children.clear()


def _without_cdata(text: str) -> str:
    """What stands in CDATA sections as ordinary text; one that isn't closed stays as it is."""
    pieces: list[str] = []
    end = 0
    while (start := text.find(_CDATA, end)) >= 0 and (close := text.find("]]>", start)) >= 0:
        pieces += [text[end:start], escape(text[start + len(_CDATA) : close])]
        end = close + 3
    return "".join([*pieces, text[end:]])


def tree(text: str, *, xhtml: bool) -> Node:
    """The page under a `#document` node."""
    clean = text.replace("\0", "")
    if xhtml:
        clean = _without_cdata(clean)
    builder = _Builder()
    if not clean.strip():
        return builder.root
    parser = etree.HTMLParser(target=builder, encoding="utf-8", huge_tree=True)
    for start in range(0, len(clean), _FED):
        parser.feed(clean[start : start + _FED].encode("utf-8", "replace"))
    try:
        parser.close()
    except etree.XMLSyntaxError:
        # "no element found": what was read so far is in the builder all the same.
        return builder.root
    return builder.root
