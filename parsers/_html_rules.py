"""Which parts of a page are furniture or hidden, and how tags break text into blocks."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

from parsers._html_main import Main
from parsers._html_tree import Node
from quarry.types import ElementType

HEADINGS = {f"h{level}": level for level in range(1, 7)}
LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
BLOCKS = frozenset(
    {"html", "body", "main", "article", "section", "header", "footer", "nav", "aside", "div", "p", "blockquote", "pre"}
    | {"ul", "ol", "menu", "dir", "dl", "li", "dt", "dd", "figure", "figcaption", "caption", "address", "hr", "form"}
    | {"fieldset", "legend", "details", "summary", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "center"}
    | {"hgroup", "search", "dialog", "option", "optgroup", "select", "textarea", "video", "audio", "iframe", "object"}
    | {"xmp", "listing", "plaintext", "frameset", "noframes", "svg", *HEADINGS}
)
CODE = frozenset({"pre", "xmp", "listing", "plaintext"})
UNSEEN = frozenset(
    {"script", "style", "template", "title", "head", "metadata", "desc", "annotation", "annotation-xml", "datalist"}
)
"""Never displayed as text; of the head, title and meta are read elsewhere."""

_CONTENT = frozenset({"main", "article", "section"})
_TAGS = {
    "nav": ElementType.HEADER,
    "header": ElementType.HEADER,
    "footer": ElementType.FOOTER,
    "aside": ElementType.FOOTER,
}
_ROLES = {
    "navigation": ElementType.HEADER,
    "banner": ElementType.HEADER,
    "search": ElementType.HEADER,
    "contentinfo": ElementType.FOOTER,
    "complementary": ElementType.FOOTER,
    "dialog": ElementType.FOOTER,
    "alertdialog": ElementType.FOOTER,
}
_ANYWHERE = frozenset({"navigation", "search", "dialog", "alertdialog"})
_CONTROLS = frozenset({"button", "select", "textarea"})
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:(?P<head>breadcrumbs?|navbar|nav-?menu|skip-?link)"
    r"|cookies?(?:[_-]?(?:banner|bar|consent|notice|popup))?|consent|gdpr"
    r"|(?:social-?)?shar(?:e|ing)(?:[_-]?(?:buttons?|bar|links?|tools?))?|social(?:[_-]?(?:links?|media|bar))?"
    r"|related(?:[_-]?(?:posts?|articles?|links?|content|stories))?|sidebar|newsletter|advert(?:isement)?s?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"(?:^|;)\s*(?:(?P<display>display\s*:\s*none\b)|(?P<visibility>visibility\s*:\s*(?:hidden|collapse)\b)"
    r"|(?P<size>font-size\s*:\s*0(?:\.0*)?(?:[a-z%]+)?\s*(?=;|!|$))|(?P<opacity>opacity\s*:\s*0(?:\.0*)?\s*(?=;|!|$))"
    r"|(?P<position>(?:left|top|right|text-indent|margin-left)\s*:\s*-\d{4,}))",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+?)\s*(?:!|;|$)", re.IGNORECASE)
_LONGEST_STYLE = 2_000
"""Longer ones are no style that hides text, and would take the patterns below quadratic time."""
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+?)\s*(?:!|;|$)", re.IGNORECASE)
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source|highlight|brush:?)[-\s]([\w+#.-]+)")


class Strictness(IntEnum):
    """How much is taken for furniture: less where a page would have no body otherwise."""

    NOTHING = 0
    TAGS = 1
    NAMES = 2


class Place(NamedTuple):
    """Where a block goes: the body, the furniture, or what is hidden."""

    furniture: ElementType | None = None
    hidden: str | None = None
    clutter: str | None = None
    """Why it is no main content."""
    content: bool = False
    """Below main, article or section: header, footer and aside belong to the text there."""

    @property
    def in_body(self) -> bool:
        return self.furniture is None and self.hidden is None and self.clutter is None


def place_of(node: Node, outer: Place, *, strictness: Strictness, heading: bool, main: Main | None = None) -> Place:
    """The place of what stands in `node`, given that of its parent."""
    was_furniture, was_hidden, was_clutter, was_content = outer
    hidden = was_hidden or hidden_by(node)
    furniture = was_furniture or _furniture(node, outer, strictness=strictness, heading=heading)
    content = was_content or node.tag in _CONTENT or node.attrs.get("role", "") in ("main", "article")
    clutter = was_clutter if main is None else _clutter(node, outer, main)
    place = Place(furniture, hidden, clutter, content)
    return outer if place == outer else place


def _clutter(node: Node, outer: Place, main: Main) -> str | None:
    if outer.clutter == "outside":
        return None if id(node) in main.kept else "outside"
    return outer.clutter or main.cut.get(id(node))


def hidden_by(node: Node) -> str | None:
    attrs = node.attrs
    if not attrs:
        return "noscript" if node.tag == "noscript" else None
    if node.tag == "noscript":
        return "noscript"
    if node.tag in ("html", "body"):
        return None
    if "hidden" in attrs and attrs["hidden"].lower() != "until-found":
        return "attribute"
    if "aria-hidden" in attrs and attrs["aria-hidden"].lower() == "true":
        return "aria"
    return _hidden_by_style(attrs["style"]) if "style" in attrs else None


def _hidden_by_style(style: str) -> str | None:
    if len(style) > _LONGEST_STYLE:
        return None
    found = _STYLE.search(style)
    if found is not None:
        return found.lastgroup
    colour, ground = _COLOUR.search(style), _GROUND.search(style)
    same = colour is not None and ground is not None and colour.group(1).lower() == ground.group(1).lower()
    return "colour" if same else None


def _furniture(node: Node, outer: Place, *, strictness: Strictness, heading: bool) -> ElementType | None:
    if strictness is Strictness.NOTHING or heading or node.tag in ("html", "body", "main", "article"):
        return None
    role = node.attrs.get("role", "").lower()
    if node.tag in _CONTROLS:
        return ElementType.FOOTER
    if node.tag in _TAGS and (node.tag == "nav" or not outer.content):
        return _TAGS[node.tag]
    if role in _ROLES and (role in _ANYWHERE or not outer.content):
        return _ROLES[role]
    if strictness is Strictness.NAMES and node.tag in BLOCKS:
        found = _NAMES.search(f"{node.attrs.get('id', '')} {node.attrs.get('class', '')}")
        if found:
            return ElementType.HEADER if found.group("head") else ElementType.FOOTER
    return None


def heading_level(node: Node) -> int | None:
    """1-6, from the tag or from `role=heading`."""
    if node.tag in HEADINGS:
        return HEADINGS[node.tag]
    if node.attrs.get("role", "").lower() != "heading":
        return None
    level = node.attrs.get("aria-level", "2").strip()
    return min(6, max(1, int(level))) if level.isdecimal() and level.isascii() else 2


def code_language(node: Node) -> str | None:
    """From the classes of the block, the first `code` in it, or the box around it."""
    inner = next((child for child in node.children if isinstance(child, Node) and child.tag == "code"), None)
    for found in (node, inner, node.parent, node.parent.parent if node.parent else None):
        if found is None or (found is not inner and found is not node and found.tag not in ("div", "figure")):
            continue
        match = _LANGUAGE.search(found.attrs.get("class", ""))
        name = found.attrs.get("data-lang") or found.attrs.get("data-language") or (match.group(1) if match else "")
        if name.strip():
            return name.strip().lower()
    return None
