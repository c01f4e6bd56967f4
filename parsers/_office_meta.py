"""Title, author, date and language of packed office documents and of mails."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from io import BytesIO
from typing import Any, NamedTuple

from lxml import etree  # type: ignore[import-untyped]  # no stubs are published

_DC = "{http://purl.org/dc/elements/1.1/}"
_PLACES = ("docProps/core.xml", "meta.xml")
_DATES = ("{http://purl.org/dc/terms/}created", "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}creation-date")
MOST = 1_000_000
"""Bytes of a properties file that is read."""


class Meta(NamedTuple):
    """As declared; None where nothing is."""

    title: str | None = None
    author: str | None = None
    created: str | None = None
    language: str | None = None


def package_meta(data: bytes) -> Meta:
    """From the properties of an Office Open XML, OpenDocument or EPUB package."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        names = [info.filename for info in package.infolist() if info.file_size <= MOST]
        place = next((name for name in names if name in _PLACES or name.endswith(".opf")), None)
        if place is None:
            return Meta()
        try:
            root = etree.fromstring(package.read(place), _parser())
        except (etree.XMLSyntaxError, zipfile.BadZipFile, ValueError):
            return Meta()
    title, author, language = (_first(root, _DC + name) for name in ("title", "creator", "language"))
    return Meta(title, author, _first(root, *_DATES, _DC + "date"), language)


def mail_meta(found: Iterable[Any]) -> Meta:
    """From the head of a mail, which each of its elements carries."""
    about = next((element.metadata for element in found), None)
    if about is None:
        return Meta()
    senders = ", ".join(about.sent_from or ()) or None
    return Meta(about.subject or None, senders, about.last_modified or None)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def _first(root: etree._Element, *tags: str) -> str | None:
    texts = (" ".join((node.text or "").split()) for tag in tags for node in root.iter(tag))
    return next((text for text in texts if text), None)
