"""Laws on random pages: every visible word is in exactly one element, whatever is taken for clutter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.html import Html
from quarry.types import Document, Origin

ORIGIN = Origin(id="d", uri="file:///a.html", source="s", path="a.html", sha256="ab")
WORD = re.compile(r"w\d+z")
BOXES = [
    "div",
    "section",
    "article",
    "main",
    "aside",
    "nav",
    "header",
    "footer",
    "form",
    "figure",
    "blockquote",
    "center",
    "dialog",
    "svg",
    "object",
    "video",
]
FLOW = [
    "p",
    "h1",
    "h2",
    "h3",
    "figcaption",
    "address",
    "pre",
    "summary",
    "details",
    "legend",
    "fieldset",
    "button",
    "select",
    "option",
]
LISTS = ["ul", "ol", "li", "dl", "dt", "dd", "menu"]
TABLES = ["table", "thead", "tbody", "tr", "td", "th", "caption"]
INLINE = ["a", "b", "i", "span", "code", "sub", "label", "q", "font", "mark", "time", "u", "noscript", "ins"]
NAMES = ["", "content", "sidebar", "share", "comment-list", "article-body", "menu", "promo", "breadcrumb", "related"]
STYLES = ["", "display:none", "color:red", "font-size:0", "visibility: hidden", "left:-9999px"]
Tree = tuple[str, str, str, list["Tree | str"]]

PROSE = (
    "The keeper of the mill said, in a letter to the town, that the wheel had stopped, that the grain, though dry, "
    "would not last, and that, before the frost, someone had to clear the race. "
)


def trees() -> st.SearchStrategy[Tree | str]:
    tags = st.sampled_from([*BOXES, *FLOW, *LISTS, *TABLES, *INLINE])
    leaf = st.sampled_from(["word", "word ", " word", "br", "prose"])
    return st.recursive(
        leaf,
        lambda inner: st.tuples(tags, st.sampled_from(NAMES), st.sampled_from(STYLES), st.lists(inner, max_size=5)),
        max_leaves=40,
    )


def written(tree: Tree | str, numbers: Iterator[int]) -> str:
    """Each leaf is a word of its own, alone or in a paragraph's worth of prose."""
    if isinstance(tree, str):
        if tree == "br":
            return "<br>"
        prose = PROSE * 3 if tree == "prose" else ""
        return tree.replace("prose", "word").replace("word", f"{prose}w{next(numbers)}z")
    tag, name, style, children = tree
    attributes = f' class="{name}"' * bool(name) + f' style="{style}"' * bool(style) + ' href="/x"' * (tag == "a")
    return f"<{tag}{attributes}>{''.join(written(child, numbers) for child in children)}</{tag}>"


def page(source: str, parser: Html) -> Document:
    document = parser.parse(source.encode(), ORIGIN)
    end, in_body = 0, True
    for element in document.elements:
        assert end <= element.span.start < element.span.end <= len(document.text)
        assert not document.text[end : element.span.start].strip()
        assert in_body or not element.in_body
        end, in_body = element.span.end, element.in_body
        for row in element.table.rows if element.table else ():
            assert all(cell.span is None or cell.span.of(document.text) == cell.text for cell in row)
        assert all(element.span.start <= k.span.start < k.span.end <= element.span.end for k in element.links)
    return document


def words(document: Document) -> Counter[str]:
    return Counter(word for e in document.elements for word in WORD.findall(e.span.of(document.text)))


@pytest.mark.parametrize("parser", [Html(), Html(mode="all"), Html(alt_text=True, max_blocks=100_000)], ids=str)
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees(), max_size=6))
def test_every_visible_word_is_in_one_element(parser: Html, parts: list[Tree | str]) -> None:
    numbers = count()
    source = "".join(written(part, numbers) for part in parts)
    wanted = Counter(WORD.findall(source))
    assert words(page(f"<html><body>{source}</body></html>", parser)) == wanted


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees(), max_size=4), st.lists(trees(), max_size=4))
def test_nothing_is_lost_around_an_article(before: list[Tree | str], after: list[Tree | str]) -> None:
    numbers = count()
    head, tail = ("".join(written(part, numbers) for part in parts) for parts in (before, after))
    source = f"{head}<article>{f'<p>{PROSE}</p>' * 6}</article>{tail}"
    document = page(source, Html())
    assert words(document) == Counter(WORD.findall(source))
    body = " ".join(e.span.of(document.text) for e in document.elements if e.in_body)
    assert body.count("The keeper of the mill") >= 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees(), max_size=5))
def test_the_same_bytes_give_the_same_document(parts: list[Tree | str]) -> None:
    numbers = count()
    source = "".join(written(part, numbers) for part in parts)
    assert page(source, Html()) == page(source, Html())


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees(), max_size=5))
def test_with_all_kept_the_words_keep_their_order(parts: list[Tree | str]) -> None:
    numbers = count()
    source = "".join(written(part, numbers) for part in parts if not isinstance(part, tuple) or part[0] not in TABLES)
    if any(f"<{tag}" in source for tag in TABLES):
        return
    document = page(source, Html(mode="all"))
    body = [w for e in document.elements if e.in_body for w in WORD.findall(e.span.of(document.text))]
    assert body == sorted(body, key=lambda word: int(word[1:-1]))
