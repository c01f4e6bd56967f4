"""What a page says of itself: title, author, date, language, canonical and base URL, and whether it is an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urljoin

from parsers._html_jsonld import Statement, statement_of
from parsers._html_tree import Node

_TITLES = (
    "citation_title",
    "dc.title",
    "dcterms.title",
    "og:title",
    "twitter:title",
    "parsely-title",
    "weibo:article:title",
)
_AUTHORS = (
    "citation_author",
    "dc.creator",
    "dcterms.creator",
    "author",
    "article:author",
    "parsely-author",
    "byl",
    "sailthru.author",
)
_DATES = (
    *("article:published_time", "citation_publication_date", "datepublished", "date", "dc.date", "dcterms.date"),
    *(
        "dc.date.issued",
        "dcterms.issued",
        "dcterms.created",
        "parsely-pub-date",
        "sailthru.date",
        "pubdate",
        "og:published_time",
    ),
)
_LANGUAGES = ("content-language", "og:locale", "dc.language", "language")
_URLS = ("og:url", "twitter:url")
_SLASHED = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})\Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*\Z")
_SITE = re.compile(r"\s+[|\-–—\\/>»·]\s+")
_ARTICLE = re.compile(r"schema\.org/(?:[A-Z]\w*)?(?:Article|Posting)\b")
_SHORTEST_TITLE = 3
"""Words that must be left of `<title>` when the site's name is taken off."""
_BYLINE = re.compile(r"byline|author|dateline|writtenby|p-author", re.IGNORECASE)
_LONGEST_BYLINE = 100
_DASHES = " \t|,:;\u2013\u2014\u00b7\u2022-"
_DIGITS = re.compile(r"\d{2}")
_SHOWN = frozenset({"html", "title", "base", "link", "h1", "time"})


class Meta(NamedTuple):
    title: str | None = None
    author: str | None = None
    created: str | None = None
    """ISO 8601."""
    language: str | None = None
    """BCP 47."""
    base: str = ""
    """What relative links are resolved against; empty: they stay as they are written."""
    canonical: str | None = None
    article: bool = False
    """A piece of news or a post: its title is not one of its headings."""


class _Head(NamedTuple):
    """What the markup says, before it is weighed."""

    named: dict[str, str]
    title: str
    language: str
    base: str
    canonical: str
    statement: Statement
    typed: bool
    """Microdata call it an article."""
    heading: str
    """The first h1."""
    byline: str
    time: str


def meta_of(root: Node) -> Meta:
    """JSON-LD first, then meta tags, then what the page shows; what is no date is left out rather than guessed."""
    head = _read(root)
    named, said = head.named, head.statement
    canonical = _absolute(head.canonical) or _absolute(_first(named, _URLS)) or _absolute(said.url or "")
    return Meta(
        title=_first(named, ("og:title", *_TITLES)) or said.title or _plain_title(head.title, head.heading) or None,
        author=said.author or _author(_first(named, _AUTHORS)) or _author(head.byline),
        created=_date(said.published or "") or _date(_first(named, _DATES)) or _date(head.time),
        language=_language(head.language or _first(named, _LANGUAGES)),
        base=_base(head.base, canonical),
        canonical=canonical or None,
        article=said.article or head.typed or named.get("og:type", "").lower() == "article",
    )


def _read(root: Node) -> _Head:
    named: dict[str, str] = {}
    once = dict.fromkeys(("title", "language", "base", "canonical", "heading", "byline", "time"), "")
    scripts: list[str] = []
    typed = False
    for node in root.descendants():
        attrs = node.attrs
        if node.tag == "meta":
            for key in _keys(attrs):
                named.setdefault(key, " ".join(attrs.get("content", "").split()))
        elif node.tag == "script":
            if attrs.get("type", "").strip().lower() == "application/ld+json":
                scripts.append("".join(child for child in node.children if isinstance(child, str)))
        else:
            if "itemtype" in attrs:
                typed = typed or _ARTICLE.search(attrs["itemtype"][:_LONGEST_BYLINE]) is not None
            if node.tag in _SHOWN:
                for key, text in _shown(node):
                    once[key] = once[key] or text
    said = statement_of(scripts)
    if not said.author and not _author(_first(named, _AUTHORS)):
        once["byline"] = _byline(root)
    return _Head(named=named, statement=said, typed=typed, **once)


def _keys(attrs: Mapping[str, str]) -> Iterator[str]:
    for name in ("property", "name", "itemprop", "http-equiv"):
        for key in attrs.get(name, "").lower().split():
            yield key.replace(":", ".") if key.startswith(("dc:", "dcterms:", "dcterm:")) else key


def _shown(node: Node) -> Iterator[tuple[str, str]]:
    """What a node other than meta says of the page, as (field of `_Head`, text)."""
    attrs, tag = node.attrs, node.tag
    if tag == "html":
        yield "language", attrs.get("lang") or attrs.get("xml:lang") or ""
    elif tag == "title" and node.parent is not None and node.parent.tag != "svg":
        yield "title", node.text()
    elif tag == "base":
        yield "base", attrs.get("href", "").strip()
    elif tag == "link" and "canonical" in attrs.get("rel", "").lower().split():
        yield "canonical", attrs.get("href", "").strip()
    elif tag == "h1":
        yield "heading", node.text()
    elif tag == "time" and ("pubdate" in attrs or "datepublished" in attrs.get("itemprop", "").lower()):
        yield "time", attrs.get("datetime", "")


def _byline(root: Node) -> str:
    """Who the page shows as its author: what is marked as such, else the first part named so that has no date."""
    named = ""
    for node in root.descendants():
        attrs = node.attrs
        if not attrs:
            continue
        marked = attrs.get("rel") == "author" or "author" in attrs.get("itemprop", "").split()
        if marked or (not named and _BYLINE.search(f"{attrs.get('class', '')} {attrs.get('id', '')}")):
            text = node.text().strip(_DASHES)
            if 0 < len(text) < _LONGEST_BYLINE and not _DIGITS.search(text):
                if marked:
                    return text
                named = text
    return named


def _plain_title(title: str, heading: str) -> str:
    """`<title>` without the name of the site, where a heading says what is left, or enough words are left."""
    if heading and len(heading) >= 10 and heading in title:
        return heading
    parts = _SITE.split(title)
    if len(parts) > 1:
        first = title[: title.rindex(parts[-1])].rstrip(" |-–—\\/>»·")
        return first if len(first.split()) > _SHORTEST_TITLE else title
    return title


def _first(named: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((named[key] for key in keys if named.get(key)), "")


def _author(text: str) -> str | None:
    """A name; profiles given as addresses are none."""
    return text if text and "://" not in text else None


def _date(text: str) -> str | None:
    slashed = _SLASHED.match(text)
    plain = "-".join(part.zfill(2) for part in slashed.groups()) if slashed else text.strip()
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return _mail_date(plain)
    return plain if len(plain) <= len("2001-01-01") else found.isoformat()


def _mail_date(text: str) -> str | None:
    """As in e-mail headers: `Mon, 05 Oct 2015 10:00:00 GMT`."""
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, OverflowError):
        return None


def _language(text: str) -> str | None:
    name = text.strip()
    return name.replace("_", "-") if _LANGUAGE.match(name) else None


def _absolute(url: str) -> str:
    return url if url.startswith(("http://", "https://")) else ""


def _base(base: str, canonical: str) -> str:
    """`<base>`, itself resolved against the page's own address where it gives one."""
    if not base or "://" in base or not canonical:
        return base if "://" in base else ""
    try:
        return urljoin(canonical, base)
    except ValueError:
        return ""
