"""Bytes -> text without mojibake: byte order mark, UTF-8, what the file declares, then a guess that is reported."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from charset_normalizer import from_bytes

from parsers._media import utf16_without_bom

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_AS_BROWSERS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
"""Labels mean their Windows supersets on the web (WHATWG Encoding Standard, section 4.2)."""
_FORBIDDEN = ("utf-7", "utf-16", "utf-32", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined")
_TAGS = re.compile(rb"<(?:script|style)\b[^<>]*>[^<]*|<[^<>]*>", re.IGNORECASE)
"""No part of it can run past the next `<`, so that text full of them takes no quadratic time."""
_GUESS_BYTES = 200_000


class Decoded(NamedTuple):
    text: str
    encoding: str
    warning: str | None = None


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """Every code point but a leading byte order mark is kept; bytes that mean nothing become U+FFFD, with a warning."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _replacing(data[len(bom) :], name)
    wide = utf16_without_bom(data)
    if wide:
        return _replacing(data, wide)
    label = _codec(declared)
    if label and label.startswith(("iso2022", "hz")) and data.isascii():
        return _replacing(data, label)
    text = _strict(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    text = _strict(data, label) if label and label != "utf-8" else None
    if label and text is not None:
        return Decoded(text, label)
    return _guess(data, label)


def _guess(data: bytes, label: str | None) -> Decoded:
    """A few bad bytes in UTF-8, or in what was declared, are damage; many mean another encoding."""
    for name in ("utf-8", label):
        if name:
            text = data.decode(name, "replace")
            good = sum(1 for char in text if char > "\x7f" and char != "\ufffd")
            if text.count("\ufffd") <= max(3, good // 10) and (good or name == label):
                return _replacing(data, name)
    bare = b" ".join(_TAGS.sub(b" ", data[:_GUESS_BYTES]).split())
    best = from_bytes(bare or data[:_GUESS_BYTES]).best()
    guessed = _strict(data, best.encoding) if best else None
    if best is None or guessed is None:
        return Decoded(
            data.decode("cp1252", "replace"), "cp1252", "encoding: neither declared nor recognised, read as cp1252"
        )
    return Decoded(guessed, best.encoding, f"encoding: not declared, read as {best.encoding}")


def _replacing(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    strict = _strict(data, encoding)
    bad = 0 if strict is not None else text.count("\ufffd")
    return Decoded(text, encoding, f"encoding: {bad} bytes are no {encoding}, shown as U+FFFD" if bad else None)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _codec(label: str | None) -> str | None:
    """Python's name for a declared label; None for an unknown one and for those that the web forbids."""
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip()).name
    except (LookupError, ValueError):
        return None
    if name.startswith(_FORBIDDEN):
        return None
    text_encoding = getattr(codecs.lookup(name), "_is_text_encoding", True)
    return _AS_BROWSERS.get(name, name) if text_encoding else None
