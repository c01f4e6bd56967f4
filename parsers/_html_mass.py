"""How much text, links, paragraphs and pictures stand below each node of a page: what main content is told by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from parsers._html_tree import Node

FEW_LINKS = 0.25
"""A stretch of text with a smaller share of it in links is text."""
_COMMAS = re.compile("[,\u060c\u3001\ufe10\ufe11\ufe50\uff0c]")
_HASH_LINK = 0.3
"""Links to a place on the same page are part of its text more often than not."""
_BOXES = frozenset({"blockquote", "dl", "div", "img", "ol", "p", "pre", "table", "ul"})
"""A div with one of these below it is a box; one without is a paragraph."""
_TEXTISH = _BOXES | {"span", "li", "td"}
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_INLINE = frozenset(
    {"a", "abbr", "audio", "b", "bdi", "bdo", "big", "br", "button", "cite", "code", "data", "datalist", "del", "dfn"}
    | {"em", "embed", "font", "i", "img", "input", "ins", "kbd", "label", "mark", "math", "meter", "object", "output"}
    | {"progress", "q", "ruby", "s", "samp", "select", "small", "span", "strike", "strong", "sub", "sup", "textarea"}
    | {"time", "tt", "u", "var", "wbr"}
)
_TRANSPARENT = frozenset({"a", "del", "ins"})
"""Inline only as long as what they hold is."""
_DEEP = 400
"""Each cut and each score walks up from its node, so a page that is nothing but depth would take quadratic time."""
_HUGE = 100_000
"""Characters of one text from which on its white space counts: taking it apart would take 10 times its size."""
_SKIPPED = frozenset(
    {"script", "style", "template", "title", "head", "meta", "link", "noscript", "metadata", "desc", "annotation"}
)


class Mass:
    """A node with sums over what is shown below it, itself included; `cut` takes a part out of all of them."""

    __slots__ = (
        *("node", "tag", "parent", "children", "text", "links", "commas", "headings", "textish", "paragraphs"),
        *("images", "items", "inputs", "embeds", "listed", "runs", "phrasing", "boxed", "alias", "paragraph"),
        *("score", "gone"),
    )

    def __init__(self, node: Node, parent: Mass | None) -> None:
        self.node = node
        self.tag = node.tag
        self.parent = parent
        self.children: list[Mass] = []
        self.text = 0
        """Characters, white space collapsed; so are `links`, `headings` and `listed` (those in lists)."""
        self.links = 0.0
        self.headings = self.listed = self.commas = 0
        self.textish = 0
        """Nodes with text, of the tags that usually hold text."""
        self.paragraphs = self.images = self.items = self.inputs = self.embeds = 0
        self.runs: list[tuple[int, int]] = []
        """(characters, commas) of each stretch of inline text between the block children."""
        self.phrasing = False
        """Inline all through."""
        self.boxed = False
        """Some box stands below."""
        self.alias = False
        """A box around one paragraph and nothing else: that paragraph is scored in its place."""
        self.paragraph = False
        """A paragraph by its tag, or a box of nothing but inline text."""
        self.score: float | None = None
        self.gone: str | None = None
        """Why it is no main content."""

    @property
    def link_density(self) -> float:
        return self.links / self.text if self.text else 0.0

    @property
    def is_page(self) -> bool:
        """True for the page as a whole."""
        return self.tag in ("body", "html", "#document")

    def up(self) -> Iterator[Mass]:
        found = self.parent
        while found is not None:
            yield found
            found = found.parent

    def below(self) -> Iterator[Mass]:
        """What is not cut, in document order, itself first. What is cut on the way is not gone into."""
        stack = [self]
        while stack:
            mass = stack.pop()
            if mass.gone is None:
                yield mass
            if mass.gone is None:
                # Asked again: who reads may cut what was yielded.
                stack.extend(reversed(mass.children))

    def cut(self, reason: str) -> None:
        """Take it out of the sums of all that it stands in."""
        self.gone = reason
        for mass in self.up():
            mass.text -= self.text
            mass.links -= self.links
            mass.commas -= self.commas
            mass.headings -= self.headings
            mass.textish -= self.textish
            mass.paragraphs -= self.paragraphs
            mass.images -= self.images
            mass.items -= self.items
            mass.inputs -= self.inputs
            mass.embeds -= self.embeds
            mass.listed -= self.listed


def release(top: Mass) -> None:
    """Break the ring of parents and children, so that nothing waits for the cycle collector."""
    stack = [top]
    while stack:
        mass = stack.pop()
        stack += mass.children
        mass.children.clear()


def weigh(root: Node, *, hidden: Callable[[Node], bool], most: int) -> Mass | None:
    """The sums for all that is shown below `root`; None for a page of more than `most` nodes, or as deep as `_DEEP`."""
    top = Mass(root, None)
    order: list[Mass] = []
    level = [top]
    for _ in range(_DEEP):
        below: list[Mass] = []
        for mass in level:
            mass.children = [
                Mass(child, mass)
                for child in mass.node.children
                if not isinstance(child, str) and child.tag not in _SKIPPED and not hidden(child)
            ]
            below += mass.children
        order += level
        level = below
        if not level or len(order) + len(level) > most:
            break
    if level:
        return None
    for mass in reversed(order):
        _sum(mass)
    return top


def _sum(mass: Mass) -> None:
    """Own text and what the children hold, and the stretches of inline text between block children."""
    parts = iter(mass.children)
    following = next(parts, None)
    length = commas = breaks = 0
    inline = True
    for child in mass.node.children:
        if isinstance(child, str):
            if child.isspace() and len(child) < _HUGE:
                continue
            own = len(" ".join(child.split())) if len(child) < _HUGE else len(child)
            if own:
                found = len(_COMMAS.findall(child))
                mass.text += own
                mass.commas += found
                length, commas, breaks = length + own, commas + found, 0
        elif following is not None and following.node is child:
            part, following = following, next(parts, None)
            _add(mass, part)
            breaks = breaks + 1 if part.tag == "br" else 0
            if part.phrasing and breaks < 2:
                length, commas = length + part.text, commas + part.commas
                continue
            inline = inline and part.phrasing
            if length:
                mass.runs.append((length, commas))
            length = commas = 0
    if length:
        mass.runs.append((length, commas))
    mass.phrasing = mass.tag in _INLINE and (inline or mass.tag not in _TRANSPARENT)
    _count(mass, inline=inline)


def _add(mass: Mass, part: Mass) -> None:
    mass.text += part.text
    mass.links += part.links
    mass.commas += part.commas
    mass.headings += part.headings
    mass.textish += part.textish
    mass.paragraphs += part.paragraphs
    mass.images += part.images
    mass.items += part.items
    mass.inputs += part.inputs
    mass.embeds += part.embeds
    mass.listed += part.listed
    mass.boxed = mass.boxed or part.boxed or part.tag in _BOXES


def _count(mass: Mass, *, inline: bool) -> None:
    """What the node itself adds to the sums."""
    tag = mass.tag
    if tag == "a":
        href = mass.node.attrs.get("href", "")
        mass.links = mass.text * (_HASH_LINK if href.startswith("#") else 1.0) if href else mass.links
    elif tag == "p":
        mass.paragraph = True
        mass.paragraphs += max(1, len(mass.runs))
    elif tag == "div":
        _count_box(mass, inline=inline)
    elif tag in _HEADINGS:
        mass.headings = mass.text
    elif tag in ("ul", "ol"):
        mass.listed = mass.text
    elif tag == "img":
        mass.images += 1
    elif tag == "li":
        mass.items += 1
    elif tag == "input":
        mass.inputs += 1
    elif tag in ("object", "embed", "iframe"):
        mass.embeds += 1
    if tag in _TEXTISH and mass.text:
        mass.textish += 1


def _count_box(mass: Mass, *, inline: bool) -> None:
    """A div of nothing but inline text is a paragraph; loose text in another div makes paragraphs in it."""
    few_links = mass.link_density < FEW_LINKS
    if inline and mass.text:
        mass.paragraph = few_links
        mass.paragraphs += len(mass.runs)
    elif not mass.boxed:
        mass.paragraph = bool(mass.text)
        mass.paragraphs += 1
    else:
        mass.paragraphs += len(mass.runs)
        mass.alias = few_links and not mass.runs and [child.tag for child in mass.children] == ["p"]
