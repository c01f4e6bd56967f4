"""What the names that authors give to parts of a page (class, id, role) say about the part."""

from __future__ import annotations

import re

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


def names(node: Node) -> str:
    attrs = node.attrs
    return f"{attrs.get('class', '')} {attrs.get('id', '')}"


def is_unlikely(node: Node) -> bool:
    """True for what is named like page furniture and not at the same time like content."""
    found = names(node)
    return len(found) > 1 and _UNLIKELY.search(found) is not None and _MAYBE.search(found) is None


def has_unlikely_role(node: Node) -> bool:
    return node.attrs.get("role", "") in _ROLES


def is_share(node: Node) -> bool:
    return _SHARE.search(names(node)) is not None


def weight(node: Node) -> int:
    """-50 to 50: class and id each count 25 for or against."""
    total = 0
    for name in (node.attrs.get("class"), node.attrs.get("id")):
        if name:
            total -= _WEIGHT if _NEGATIVE.search(name) else 0
            total += _WEIGHT if _POSITIVE.search(name) else 0
    return total
