"""What the names that authors give to parts of a page (class, id, role) say about the part."""

from __future__ import annotations

import re
from functools import lru_cache

from parsers._html_tree import Node

_UNLIKELY = re.compile(
    r"-ad-|ad-break|agegate|ai2html|banner|breadcrumb|combx|comment|community|cookie|cover-wrap|disqus|extra|footer"
    r"|gdpr|header|legends|menu|newsletter|pager|pagination|popup|related|remark|replies|rss|shoutbox|sidebar"
    r"|skyscraper|social|sponsor|subscri|supplemental|taboola|outbrain|toolbar|trending|yom-remote",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"and|article|body|column|content|main|mathjax|shadow", re.IGNORECASE)
_POSITIVE = re.compile(r"article|blog|body|content|entry|hentry|main|page|pagination|post|story|text", re.IGNORECASE)
_NEGATIVE = re.compile(
    r"-ad-|banner|combx|comment|com-|contact|footer|gdpr|hidden|(?:^| )hid(?:$| )|masthead|media|meta|outbrain|promo"
    r"|related|scroll|share|shoutbox|sidebar|skyscraper|shopping|sponsor|tags|widget",
    re.IGNORECASE,
)
_SHARE = re.compile(r"(?:\b|_)(?:share|sharedaddy)(?:\b|_)", re.IGNORECASE)
_ROLES = frozenset({"menu", "menubar", "complementary", "navigation", "alert", "alertdialog", "dialog"})
_WEIGHT = 25
_NAMES = 4096
"""Pages repeat few names many times, and pages of one site the same ones."""


def is_unlikely(node: Node) -> bool:
    """True for what is named like page furniture and not at the same time like content."""
    attrs = node.attrs
    return ("class" in attrs or "id" in attrs) and _is_unlikely(names(node))


def names(node: Node) -> str:
    """Class and id in one."""
    attrs = node.attrs
    return f"{attrs.get('class', '')} {attrs.get('id', '')}"


@lru_cache(maxsize=_NAMES)
def _is_unlikely(found: str) -> bool:
    return _UNLIKELY.search(found) is not None and _MAYBE.search(found) is None


def has_unlikely_role(node: Node) -> bool:
    return node.attrs.get("role", "") in _ROLES


def is_share(node: Node) -> bool:
    """True for buttons that pass the page on."""
    attrs = node.attrs
    return ("class" in attrs or "id" in attrs) and _SHARE.search(names(node)) is not None


def weight(node: Node) -> int:
    """-50 to 50: class and id each count 25 for or against."""
    attrs = node.attrs
    return sum(_weight(attrs[name]) for name in ("class", "id") if attrs.get(name))


@lru_cache(maxsize=_NAMES)
def _weight(name: str) -> int:
    against = _WEIGHT if _NEGATIVE.search(name) else 0
    return (_WEIGHT if _POSITIVE.search(name) else 0) - against
