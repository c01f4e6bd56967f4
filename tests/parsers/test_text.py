"""Plain text and Markdown keep every code point; elements lie over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.markdown import Markdown
from parsers.text import Text
from quarry.types import Document, ElementType, Origin, Outcome

ORIGIN = Origin(id="d", uri="u", source="s", path="a", sha256="ab")
PARTS = [
    "# head\n",
    "para ",
    "\n",
    "\n\n",
    "\r\n",
    "- item\n",
    "  1. two\n",
    "| a | b |\n|---|---|\n| c | d |\n",
    "```py\n",
]
PARTS += [
    "> quote\n",
    "[a](http://x)",
    "<div>",
    "---\n",
    "\t",
    "é😀한",
    "\u2028",
    "*b*",
    "`c`",
    "[r]: /u\n",
    "===\n",
    "\x0c",
]
SOURCES = (
    st.lists(st.sampled_from(PARTS) | st.text(max_size=5))
    .map("".join)
    .map(lambda text: text.replace("\0", "").lstrip("\ufeff"))
)


def parsed(text: str, parser: Text | Markdown) -> Document:
    document = parser.parse(text.encode("utf-8", "replace"), ORIGIN)
    end = 0
    for element in document.elements:
        assert end <= element.span.start < element.span.end <= len(document.text)
        assert element.span.of(document.text).strip()
        for link in element.links:
            assert element.span.start <= link.span.start <= link.span.end <= element.span.end
        end = element.span.end
    return document


def listed(document: Document) -> list[tuple[ElementType, str, int | None]]:
    return [(e.type, e.span.of(document.text), e.level) for e in document.elements]


@given(SOURCES)
def test_plain_text_is_kept_whole(text: str) -> None:
    document = parsed(text, Text())
    assert document.text == text
    covered = "".join(e.span.of(text) for e in document.elements)
    assert "".join(covered.split()) == "".join(text.split())


@given(SOURCES)
def test_markdown_is_kept_whole(text: str) -> None:
    assert parsed(text, Markdown()).text == text


def test_paragraphs_and_lists_of_plain_text() -> None:
    document = parsed("First line\nsecond line\r\n\r\n \n- one\n- two\n\nlast", Text())
    assert listed(document) == [
        (ElementType.NARRATIVE_TEXT, "First line\nsecond line", None),
        (ElementType.LIST_ITEM, "- one", 1),
        (ElementType.LIST_ITEM, "- two", 1),
        (ElementType.NARRATIVE_TEXT, "last", None),
    ]


def test_markdown_blocks() -> None:
    document = parsed(
        "---\ntitle: T\nauthor: Ana\n---\n# A [b](/u)\n\ntext\n\n- x\n  - y\n\n```py\ncode()\n```\n", Markdown()
    )
    assert (document.title, document.author) == ("T", "Ana")
    heading, text, *items, code = document.elements
    assert (heading.type, heading.level, text.parent) == (ElementType.TITLE, 1, heading.id)
    assert [(link.span.of(document.text), link.url) for link in heading.links] == [("[b](/u)", "/u")]
    assert [(item.type, item.level) for item in items] == [(ElementType.LIST_ITEM, 1), (ElementType.LIST_ITEM, 2)]
    assert (code.type, code.flags) == (ElementType.CODE_SNIPPET, ("language:py",))


def test_markdown_table() -> None:
    document = parsed("| a | b |\n|---|---|\n| c | d |\n", Markdown())
    (element,) = document.elements
    assert element.table is not None
    cells = [[cell.text for cell in row] for row in element.table.rows]
    assert (element.type, cells) == (ElementType.TABLE, [["a", "b"], ["c", "d"]])


@pytest.mark.parametrize("parser", [Text(), Markdown()])
def test_blank_is_empty(parser: Text | Markdown) -> None:
    document = parsed(" \n\t\n", parser)
    assert (document.outcome, document.reason, document.elements) == (Outcome.EMPTY, "blank", ())


@pytest.mark.parametrize("text", ["> " * 3000 + "deep", "- " * 2000 + "deep", "[" * 20000, "*a" * 20000])
def test_markdown_nesting_costs_no_frames(text: str) -> None:
    assert parsed(text, Markdown()).text == text
