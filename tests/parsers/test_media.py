"""Media types by content, and the text that bytes mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import parser
from parsers._encoding import decode
from parsers._media import BINARY, EMPTY, HTML, MARKDOWN, PDF, PLAIN, XHTML, extensions, kind_of, media_type, parse
from quarry.errors import DocumentError, RefusedError
from quarry.types import Origin

XML = b'<?xml version="1.0"?>'


def origin(path: str) -> Origin:
    return Origin(id="d", uri=path, source="s", path=path, sha256="ab")


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "a.html", EMPTY),
        (b"%PDF-1.7\n1 0 obj", "a.html", PDF),
        (b"junk\n%PDF-1.4\n1 0 obj\n%%EOF", "a.txt", PDF),
        (b"A text that speaks of %PDF-1.4 alone", "a.txt", PLAIN),
        (b"<!DOCTYPE html><p>x", "a.pdf", HTML),
        (b"<!-- c --><html>", "noname", HTML),
        (b"plain words", "a.html", HTML),
        (b"plain words", "noname", PLAIN),
        (b"# <b>Head</b>", "A.MD", MARKDOWN),
        (b"<p>shown as text</p>", "a.txt", PLAIN),
        (XML + b'<html xmlns="http://www.w3.org/1999/xhtml">', "a", XHTML),
        (XML + b"<feed/>", "a.html", "application/xml"),
        (b"Subject: x\r\nMIME-Version: 1.0\r\n\r\n<html>", "a.html", "message/rfc822"),
        ("<html>Привет</html>".encode("utf-16"), "a", HTML),
        ("<html>Привет</html>".encode("utf-16-be"), "a", HTML),
        ("Только русский текст".encode("utf-16-le"), "a", PLAIN),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a.html", "image/png"),
        (bytes(range(1, 32)) * 20, "a.txt", BINARY),
    ],
)
def test_content_decides(data: bytes, name: str, expected: str) -> None:
    assert media_type(data, name=name) == expected


def test_every_parser_is_found_by_its_media_types() -> None:
    for kind in parser.names():
        assert {kind_of(media) for media in parser.strategy(kind).media_types} == {kind}
    assert {".pdf", ".html", ".htm", ".xhtml", ".txt", ".md", ".markdown"} <= extensions()


def test_what_no_parser_takes_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"type: no parser takes image/png"):
        parse(b"\x89PNG\r\n\x1a\n" + bytes(64), origin("a.html"), settings={})
    with pytest.raises(RefusedError, match=r"damaged: the file has no bytes"):
        parse(b"", origin("a.pdf"), settings={})
    assert parse(b"", origin("a.html"), settings={}).reason == "blank"


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.md", "a.html", "a"]))
def test_any_bytes_are_a_document_or_a_document_error(data: bytes, name: str) -> None:
    try:
        found = parse(data, origin(name), settings={})
    except DocumentError:
        return
    assert all(element.span.of(found.text).strip() for element in found.elements)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")))
def test_utf8_is_kept_to_the_last_code_point(text: str) -> None:
    for bom in (b"", b"\xef\xbb\xbf"):
        assert decode(bom + text.encode()).text == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_byte_order_marks(encoding: str) -> None:
    assert decode("ä € 😀 한".encode(encoding), declared="latin-1").text == "ä € 😀 한"


def test_labels_mean_what_browsers_take_them_for() -> None:
    assert decode(b"\x93quoted\x94", declared="iso-8859-1").text == "“quoted”"
    assert decode("日本語".encode("cp932"), declared="Shift_JIS").text == "日本語"
    assert decode("日本語".encode(), declared="iso-2022-jp").text == "日本語"
    assert decode(b"+AOk-", declared="utf-7").text == "+AOk-"
    assert decode("é".encode(), declared="no-such-label").text == "é"


def test_damage_is_counted() -> None:
    text, encoding, warning = decode("ein längerer Text mit Umlauten: äöü".encode() + b"\xff", declared="utf-8")
    assert (text[-1], encoding) == ("\ufffd", "utf-8")
    assert warning == "encoding: 1 bytes are no utf-8, shown as U+FFFD"
