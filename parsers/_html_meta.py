"""What a page says of itself: title, author, date, language, base URL."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from parsers._html_tree import Node

_TITLES = ("og:title", "twitter:title", "citation_title", "dc.title")
_AUTHORS = ("author", "article:author", "citation_author", "dc.creator", "parsely-author")
_DATES = ("article:published_time", "citation_publication_date", "datepublished", "date", "dc.date", "parsely-pub-date")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*\Z")


class Meta(NamedTuple):
    title: str | None = None
    author: str | None = None
    created: str | None = None
    """ISO 8601."""
    language: str | None = None
    """BCP 47."""
    base: str = ""


def meta_of(root: Node) -> Meta:
    """og:title before `<title>`; dates that are no ISO 8601 are left out rather than guessed."""
    named: dict[str, str] = {}
    page_title = language = ""
    base = ""
    for node in root.descendants():
        attrs = node.attrs
        if node.tag == "meta":
            key = attrs.get("property") or attrs.get("name") or attrs.get("itemprop") or attrs.get("http-equiv") or ""
            named.setdefault(key.strip().lower(), " ".join(attrs.get("content", "").split()))
        elif node.tag == "html":
            language = language or attrs.get("lang") or attrs.get("xml:lang") or ""
        elif node.tag == "title" and not page_title and node.parent is not None and node.parent.tag != "svg":
            page_title = node.text()
        elif node.tag == "base" and not base:
            base = attrs.get("href", "").strip()
    return Meta(
        title=_first(named, _TITLES) or page_title or None,
        author=_author(_first(named, _AUTHORS)),
        created=_date(_first(named, _DATES)),
        language=_language(language or named.get("content-language", "") or named.get("og:locale", "")),
        base=base if "://" in base else "",
    )


def _first(named: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((named[key] for key in keys if named.get(key)), "")


def _author(text: str) -> str | None:
    """A name; profiles given as URLs are none."""
    return text if text and "://" not in text else None


def _date(text: str) -> str | None:
    slashed = _SLASHED.match(text)
    plain = "-".join(part.zfill(2) for part in slashed.groups()) if slashed else text
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return plain if len(plain) <= len("2001-01-01") else found.isoformat()


def _language(text: str) -> str | None:
    name = text.strip()
    return name.replace("_", "-") if _LANGUAGE.match(name) else None
