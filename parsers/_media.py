"""What a file is, by its bytes: the name only tells kinds of text apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import filetype

from parsers import Parser, parser
from quarry.errors import RefusedError
from quarry.fingerprint import digest, settings_of
from quarry.types import Document, Origin

EMPTY = "application/x-empty"
BINARY = "application/octet-stream"
PDF = "application/pdf"
HTML = "text/html"
XHTML = "application/xhtml+xml"
PLAIN = "text/plain"
MARKDOWN = "text/markdown"

_SNIFFED = 4096
_PDF_HEADER = re.compile(rb"%PDF-\d")
_PDF_BODY = re.compile(rb"\d+\s+\d+\s+obj\b|startxref|%%EOF")
_XML = re.compile(r"\s*(?:<\?xml\b|<!DOCTYPE\s+(?!html))", re.IGNORECASE)
_XHTML = re.compile(r"<html\b[^>]*\bxmlns\s*=\s*[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|link|base|script|style|div|p|h[1-6]|table|ul|ol"
    r"|article|section|main|header|nav|span|a|b|br|font|center|form|img|iframe|pre|blockquote)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_LATER = re.compile(r"<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_MAIL = re.compile(r"(?:[\w-]+:[^\n]*\r?\n)*?MIME-Version:", re.IGNORECASE)
_BY_NAME = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".txt": PLAIN,
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".rst": "text/x-rst",
    ".org": "text/org",
}
_OOXML = "application/vnd.openxmlformats-officedocument"
_PACKAGES = {
    ".docx": f"{_OOXML}.wordprocessingml.document",
    ".pptx": f"{_OOXML}.presentationml.presentation",
    ".xlsx": f"{_OOXML}.spreadsheetml.sheet",
    ".epub": "application/epub+zip",
    ".odt": "application/vnd.oasis.opendocument.text",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_OFFICE = "application/x-encrypted-office"
_WEB_NAMES = (".html", ".htm", ".xhtml")


def media_type(data: bytes, *, name: str) -> str:
    """`data` may be the file's beginning alone, 8 KB or more of it. A name only decides what kind of text it is."""
    if not data:
        return EMPTY
    if _is_pdf(data):
        return PDF
    if data.startswith(_OLE) and name.lower().endswith(tuple(_PACKAGES)):
        return ENCRYPTED_OFFICE
    known = filetype.guess(data[:8192])
    if known is not None:
        package = next((media for end, media in _PACKAGES.items() if name.lower().endswith(end)), None)
        return package if package and known.mime == "application/zip" else str(known.mime)
    text = _as_text(data[:_SNIFFED])
    return BINARY if text is None else _kind_of_text(text, name=name.lower())


def _is_pdf(data: bytes) -> bool:
    """Readers accept junk before the header; a text that only speaks of PDF has no objects behind it."""
    header = _PDF_HEADER.search(data[:8192])
    if header is None:
        return False
    at_start = not data[: header.start()].lstrip(b"\xef\xbb\xbf\0\t\n\f\r ")
    return at_start or _PDF_BODY.search(data, header.end()) is not None


def _as_text(head: bytes) -> str | None:
    """The beginning as text good enough to look for tags in; None for binary."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return head.decode("utf-32", "replace")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    wide = utf16_without_bom(head)
    if wide:
        return head.decode(wide, "replace")
    controls = len(head) - len(head.translate(None, bytes(range(9)) + bytes(range(14, 27)) + b"\x1c\x1d\x1e\x1f\x7f"))
    nuls = head.count(0)
    markup = b"<html" in head.lower() or b"<!doctype" in head.lower()
    if (nuls > len(head) // 50 or controls > len(head) // 20) and not (markup and nuls < len(head)):
        return None
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def utf16_without_bom(data: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` where NULs stand on one side of the pairs alone: those of ASCII, if only of spaces."""
    head = data[: _SNIFFED - _SNIFFED % 2]
    half = len(head) // 2
    if half < 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    wide, most, least = ("utf-16-le", odd, even) if odd > even else ("utf-16-be", even, odd)
    if most > half * 0.4 and least < half * 0.05:
        return wide
    return wide if most > half * 0.05 and not least and _is_clean(head[: 2 * half], wide) else None


def _is_clean(head: bytes, encoding: str) -> bool:
    """No control characters and, but for a pair cut at the end, nothing invalid."""
    text = head.decode(encoding, "replace").removesuffix("\ufffd")
    return all(char >= " " or char in "\t\n\f\r" for char in text) and "\ufffd" not in text


def _kind_of_text(text: str, *, name: str) -> str:
    for extension, kind in _BY_NAME.items():
        if name.endswith(extension):
            return kind
    if _XHTML.search(text):
        return XHTML
    if _HTML.match(text):
        return HTML
    if _MAIL.match(text):
        return "message/rfc822"
    if _XML.match(text):
        return HTML if _HTML_LATER.search(text) else "application/xml"
    return HTML if name.endswith(_WEB_NAMES) or _HTML_LATER.search(text) else PLAIN


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    return {media: kind for kind in parser.names() for media in parser.strategy(kind).media_types}


def kind_of(media: str) -> str | None:
    """The parser that takes a media type, by its kind; None where none does."""
    return _kinds().get(media)


def extensions() -> frozenset[str]:
    """Lower case, with dot: what a source lists by default."""
    return frozenset(item for kind in parser.names() for item in parser.strategy(kind).extensions)


def build(kind: str, settings: Mapping[str, Mapping[str, Any]]) -> Parser:
    """The parser with its own section of `settings`."""
    return parser.build({"kind": kind, **settings.get(kind, {})})


def parse_fingerprint(kind: str, settings: Mapping[str, Mapping[str, Any]]) -> str:
    """Hash of what a document depends on besides its bytes: kind, revision and settings of the parser."""
    built = build(kind, settings)
    return digest("parse", kind, built.revision, settings_of(built))


def parse(
    data: bytes, origin: Origin, *, settings: Mapping[str, Mapping[str, Any]], media: str | None = None
) -> Document:
    """`media` is what was decided already, from content too. RefusedError where no parser takes it."""
    found = media or media_type(data, name=origin.path)
    if found == EMPTY:
        if origin.path.lower().endswith(".pdf"):
            raise RefusedError("damaged: the file has no bytes")
        found = _kind_of_text("", name=origin.path.lower())
    kind = kind_of(found)
    if kind is None:
        raise RefusedError(f"type: no parser takes {found}", media_type=found)
    return build(kind, settings).parse(data, origin)
