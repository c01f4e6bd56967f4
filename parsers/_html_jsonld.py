"""schema.org statements in JSON-LD scripts: what kind of page it is, its title, author and date."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_LONGEST = 500_000
"""Characters of one script that are read."""
_MOST = 5_000
"""Values that are looked at."""
_PAGES = ("webpage", "book", "recipe", "product", "creativework", "faqpage", "howto", "videoobject", "report")


class Statement(NamedTuple):
    title: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None
    article: bool = False


def statement_of(scripts: Iterable[str]) -> Statement:
    """The first article, else the first page or work; broken JSON says nothing."""
    other: Statement | None = None
    for script in scripts:
        for item in _items(script):
            kinds = [kind.lower() for kind in _texts(item.get("@type"))]
            if any(kind.endswith(("article", "posting")) for kind in kinds):
                return _statement(item, article=True)
            if other is None and any(kind in _PAGES for kind in kinds):
                other = _statement(item, article=False)
    return other or Statement()


def _items(script: str) -> Iterator[dict[str, Any]]:
    """Every object on the top, in a list there, in `@graph` or as `mainEntity`."""
    try:
        stack = [json.loads(_bare(script), strict=False)] if len(script) <= _LONGEST else []
    except (ValueError, RecursionError):
        return
    seen = 0
    while stack and seen < _MOST:
        seen += 1
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            yield value
            stack.extend(value[key] for key in ("@graph", "mainEntity") if key in value)


def _bare(script: str) -> str:
    """Without the wrappers that hide it from old browsers."""
    text = script.strip().removesuffix(";")
    for opening, closing in (
        ("<!--", "-->"),
        ("//<![CDATA[", "//]]>"),
        ("/*<![CDATA[*/", "/*]]>*/"),
        ("<![CDATA[", "]]>"),
    ):
        if text.startswith(opening):
            text = text[len(opening) :].strip().removesuffix(closing)
    return text


def _statement(item: dict[str, Any], *, article: bool) -> Statement:
    return Statement(
        title=_first(item.get("headline")) or _first(item.get("name")),
        author=_names(item.get("author")) or _names(item.get("creator")),
        published=_first(item.get("datePublished")) or _first(item.get("dateCreated")),
        url=_first(item.get("url")) or _first(item.get("mainEntityOfPage"), "@id"),
        article=article,
    )


def _texts(value: object, key: str = "name") -> list[str]:
    """The text of a value, of each in a list, or of an object's `key`."""
    found = []
    for item in value if isinstance(value, list) else [value]:
        text = item.get(key) if isinstance(item, dict) else item
        if isinstance(text, str) and text.strip():
            found.append(" ".join(text.split()))
    return found


def _first(value: object, key: str = "name") -> str | None:
    return next(iter(_texts(value, key)), None)


def _names(value: object) -> str | None:
    """People and organisations by name; addresses of profiles are none."""
    return ", ".join(dict.fromkeys(name for name in _texts(value) if "://" not in name)) or None
