"""HTML: structure, places, encodings, limits, and the laws of Document on random pages."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers._media import parse
from parsers.html import Html
from quarry.types import Document, Element, ElementType, Origin, Outcome

ORIGIN = Origin(id="d", uri="file:///a.html", source="s", path="a.html", sha256="ab")
LONG = "This paragraph has words enough to be taken for narrative."


def page(body: str | bytes, *, parser: Html | None = None) -> Document:
    """The parsed page, checked against the laws that every document keeps."""
    data = body if isinstance(body, bytes) else body.encode()
    document = (parser or Html()).parse(data, ORIGIN)
    check(document)
    return document


def check(document: Document) -> None:
    end, in_body = 0, True
    headings: dict[str, Element] = {}
    for element in document.elements:
        assert end <= element.span.start < element.span.end <= len(document.text)
        assert not document.text[end : element.span.start].strip()
        assert in_body or not element.in_body
        assert element.parent is None or element.parent in headings
        for link in element.links:
            assert element.span.start <= link.span.start < link.span.end <= element.span.end
        for row in element.table.rows if element.table else ():
            assert all(cell.span is None or cell.span.of(document.text) == cell.text for cell in row)
        if element.type is ElementType.TITLE:
            headings[element.id] = element
        end, in_body = element.span.end, element.in_body
    assert not document.text[end:].strip()


def texts(document: Document, kind: ElementType | None = None) -> list[str]:
    return [e.span.of(document.text) for e in document.elements if kind in (None, e.type)]


def body_texts(document: Document) -> list[str]:
    return [e.span.of(document.text) for e in document.elements if e.in_body]


def test_types_levels_and_parents() -> None:
    found = page(f"<h1>Top</h1><p>{LONG}</p><h2>Sub</h2><blockquote>{LONG}</blockquote><address>1 Road</address>")
    kinds = [element.type for element in found.elements]
    assert kinds == [
        ElementType.TITLE,
        ElementType.NARRATIVE_TEXT,
        ElementType.TITLE,
        ElementType.NARRATIVE_TEXT,
        ElementType.ADDRESS,
    ]
    top, _, sub, quote, _ = found.elements
    assert (top.level, sub.level, sub.parent, quote.parent) == (1, 2, top.id, sub.id)
    assert found.title == "Top"


def test_white_space_and_line_breaks() -> None:
    found = page("<p> one\n <b>two</b>\tthree<br> four <br><br>five</p>six<div>seven</div>")
    assert texts(found) == ["one two three\nfour", "five", "six", "seven"]
    assert found.text == "one two three\nfour\n\nfive\n\nsix\n\nseven"


def test_nested_lists() -> None:
    found = page("<ul><li>a<ol><li>b<li><p>c</p></ol><li>d</ul><dl><dt>term<dd>meaning</dl>")
    items = [e for e in found.elements if e.type is ElementType.LIST_ITEM]
    assert [(e.span.of(found.text), e.level, e.flags) for e in items] == [
        ("a", 1, ()),
        ("b", 2, ("ordered",)),
        ("c", 2, ("ordered",)),
        ("d", 1, ()),
    ]


def test_table_with_spans() -> None:
    found = page(
        "<table><caption>Cap</caption><thead><tr><th colspan=2>A<th>B</thead>"
        "<tr><td rowspan=2>1<td>2<br>x<td>&lt;3</tr><tr><td>4<td><a href=/u>5</a></table>"
    )
    caption, element = found.elements
    assert (caption.type, element.type) == (ElementType.FIGURE_CAPTION, ElementType.TABLE)
    assert element.span.of(found.text) == "A\tB\n1\t2 x\t<3\n4\t5"
    table = element.table
    assert table is not None
    places = [[(c.text, c.row, c.col, c.rowspan, c.colspan, c.header) for c in row] for row in table.rows]
    assert places == [
        [("A", 0, 0, 1, 2, True), ("B", 0, 2, 1, 1, True)],
        [("1", 1, 0, 2, 1, False), ("2 x", 1, 1, 1, 1, False), ("<3", 1, 2, 1, 1, False)],
        [("4", 2, 1, 1, 1, False), ("5", 2, 2, 1, 1, False)],
    ]
    assert [span.of(found.text) for span in table.row_spans] == ["A\tB", "1\t2 x\t<3", "4\t5"]
    assert "<td>&lt;3</td>" in table.html
    assert [(link.span.of(found.text), link.url) for link in element.links] == [("5", "/u")]


def test_spans_are_clamped() -> None:
    found = page("<table>" + "<tr><td rowspan=65535 colspan=99999999>a<td>b</tr>" * 200 + "</table>")
    table = found.elements[0].table
    assert table is not None
    assert table.rows[0][0].colspan == 1000
    assert table.rows[0][0].rowspan == 200


def test_layout_tables_are_read_as_blocks() -> None:
    found = page(f"<table><tr><td><h2>Head</h2><p>{LONG}</p></td><td>side</td></tr></table>")
    assert texts(found) == ["Head", LONG, "side"]


def test_code_keeps_lines_and_language() -> None:
    found = page("<pre class='language-py'><code>\ndef f():\n    <b>return</b> 1\n</code></pre>")
    (code,) = found.elements
    assert (code.type, code.flags) == (ElementType.CODE_SNIPPET, ("language:py",))
    assert code.span.of(found.text) == "def f():\n    return 1"


def test_links_paths_and_anchors() -> None:
    found = page(
        "<base href='https://x.org/a/'><div id=s><p>see <a href='b?c=1'>the <i>page</i></a>.</p><p>q</p></div>"
    )
    first, second = found.elements
    assert [(link.span.of(found.text), link.url) for link in first.links] == [("the page", "https://x.org/a/b?c=1")]
    assert second.css_path == "html > body > div:nth-of-type(1) > p:nth-of-type(2)"
    assert (first.anchor, second.anchor) == ("s", "s")


def test_paths_know_of_the_section_that_browsers_put_rows_in() -> None:
    (cell,) = page("<table><tr><td><p>only</p></td></tr></table>").elements
    assert cell.css_path is not None
    assert "table:nth-of-type(1) > tbody:nth-of-type(1) > tr:nth-of-type(1)" in cell.css_path


def test_figures() -> None:
    found = page("<figure><img src=x alt='A red cat'><figcaption>Fig. 1</figcaption></figure>")
    assert [(e.type, e.span.of(found.text)) for e in found.elements] == [
        (ElementType.FIGURE_CAPTION, "Fig. 1"),
        (ElementType.IMAGE, "A red cat"),
    ]
    assert found.elements[1].flags == ("hidden", "hidden:alt")


def test_furniture_goes_to_the_end() -> None:
    found = page(
        f"<header>Site</header><nav>Menu</nav><div class='cookie-banner'>We use cookies</div><main><header>In text"
        f"</header><p>{LONG}</p><aside>Note</aside></main><footer>Imprint</footer>"
    )
    assert body_texts(found) == ["In text", LONG, "Note"]
    assert texts(found)[3:] == ["Site", "Menu", "We use cookies", "Imprint"]


def test_rules_are_loosened_where_nothing_would_be_left() -> None:
    found = page(f"<div class=sidebar><p>{LONG}</p></div>")
    assert body_texts(found) == [LONG]
    assert found.warnings == ("furniture: rules loosened to tags",)


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("style='color:red; display: none'", "display"),
        ("style='visibility:hidden'", "visibility"),
        ("hidden", "attribute"),
        ("aria-hidden=true", "aria"),
    ],
)
def test_hidden_text(attribute: str, reason: str) -> None:
    found = page(f"<body {attribute}><p>vis<span {attribute}>secret <b>x</b></span>ible</p><div {attribute}>more</div>")
    assert body_texts(found) == ["visible"]
    hidden = [e for e in found.elements if e.hidden]
    assert [e.span.of(found.text) for e in hidden] == ["secret x", "more"]
    assert all(e.flags == ("hidden", f"hidden:{reason}") for e in hidden)


def test_hidden_text_in_tables() -> None:
    found = page("<table><tr><td>a<span hidden>no</span><td>b<tr><td>c<td>d</table>")
    assert body_texts(found) == ["a\tb\nc\td"]
    assert texts(found)[1:] == ["no"]


def test_meta() -> None:
    found = page(
        "<html lang=pt_BR><head><title>T</title><meta property=og:title content='Real &amp; title'><meta name=author "
        "content=Ana><meta property='article:published_time' content='2020-05-04T10:00:00Z'></head><body>x"
    )
    assert (found.title, found.author, found.created) == ("Real & title", "Ana", "2020-05-04T10:00:00+00:00")
    assert found.language == "pt-BR"


RUSSIAN = "Привет, мир. Это довольно длинный русский текст, по которому узнают кодировку страницы."


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (f"<html><body><p>{RUSSIAN}</p></body></html>".encode("cp1251"), RUSSIAN),
        (f"<html><body><p>{RUSSIAN}</p></body></html>".encode("utf-16-le"), RUSSIAN),
        (f"<html><body><p>{RUSSIAN}</p></body></html>".encode("utf-16"), RUSSIAN),
        ("<meta charset=iso-8859-2><p>Zażółć gęślą</p>".encode("iso-8859-2"), "Zażółć gęślą"),
        ("<meta charset=iso-2022-jp><p>日本語</p>".encode("iso-2022-jp"), "日本語"),
        ("<meta charset=shift_jis><p>日本語</p>".encode(), "日本語"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><html><p>caf\xe9</p></html>', "café"),
    ],
)
def test_encodings(data: bytes, expected: str) -> None:
    assert page(data).text == expected


def test_cdata_in_xhtml() -> None:
    found = page("<html xmlns='http://www.w3.org/1999/xhtml'><body><p><![CDATA[a < b & c]]></p></body></html>")
    assert (found.text, found.media_type) == ("a < b & c", "application/xhtml+xml")


@pytest.mark.parametrize(
    "body", ["", " \n", "<!-- x -->", "<html><head><title>t</title></head></html>", "<p>&nbsp;</p>"]
)
def test_blank(body: str) -> None:
    found = page(body)
    assert (found.outcome, found.reason, found.text) == (Outcome.EMPTY, "blank", "")


def test_all_hidden_is_empty() -> None:
    found = page("<div hidden>x</div>")
    assert (found.outcome, found.reason, found.text) == (Outcome.EMPTY, "blank: all its text is hidden", "x")


def test_depth_costs_nothing() -> None:
    depth = 5_000
    found = page("".join(f"<div><p>para {i}</p>" for i in range(depth)))
    assert texts(found) == [f"para {i}" for i in range(depth)]
    assert page("<b>" * depth + "deep").text == "deep"
    assert len(page("<ul><li>x" * depth).elements) == depth
    assert len(page("<table><tr><td>x" * 1000).elements) == 1000


def test_one_huge_text_node() -> None:
    found = page("<p>" + "word " * 2_400_000 + "end</p>")
    assert len(found.text) == 12_000_003
    assert found.outcome is Outcome.OK


def test_a_cut_is_reported() -> None:
    found = page("<p>a</p><p>b</p><p>c</p>", parser=Html(max_blocks=2))
    assert (found.outcome, found.text) == (Outcome.PARTIAL, "a\n\nb")
    assert found.reason == "limit: parsers.html.max_blocks allows 2"


def test_media_type_decides_without_a_name() -> None:
    nameless = Origin(id="d", uri="x", source="-", path="notes.md", sha256="ab")
    assert parse(b"# A *b*", nameless, settings={}, media="text/html").text == "# A *b*"
    assert parse(b"<p>a", nameless, settings={}, media="text/plain").text == "<p>a"
    assert parse(b"# A", nameless, settings={}, media="text/markdown").elements[0].level == 1


WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufeff\u2028\u2029"), min_size=1
).map(lambda text: " ".join(text.split()))
VISIBLE = ["p", "div", "h2", "li", "ul", "blockquote", "section", "td", "tr", "table", "b", "em", "pre", "dd", "figure"]
PAGES = st.recursive(
    WORDS.map(lambda text: f"<p>{escape(text)}</p>"),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", st.sampled_from(VISIBLE), st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS.filter(bool), max_size=4), PAGES)
def test_no_visible_paragraph_is_lost(paragraphs: list[str], around: str) -> None:
    found = page(f"{around}{''.join(f'<p>{escape(text)}</p>' for text in paragraphs)}")
    body = [text.split() for text in body_texts(found)]
    for text in paragraphs:
        assert any(" ".join(text.split()) in " ".join(words) for words in body)


BROKEN = ["</p>", "</table>", "</", "<", "x", "<br>", "<a href=", "&amp", "<![CDATA[", "]]>", "\0", "<!--", "hidden "]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*BROKEN, *(f"<{tag}>" for tag in VISIBLE)])))
def test_broken_markup_keeps_the_laws(parts: list[str]) -> None:
    page("".join(parts))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_keep_the_laws(data: bytes) -> None:
    page(data)
