"""Parts of a page that are more than running text: links, labels, formulas, hidden text, replacements, numbers."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pymupdf
import pytest

from parsers._pdf_actual import RawWord, replaced
from parsers._pdf_formulas import is_formula
from parsers._pdf_numbers import depths_of, goes_on, number_of
from parsers.pdf import Pdf
from quarry.types import Document, ElementType, Origin

LINE = "The river carries sand from the hills and leaves it where the water slows"


def parse(draw: Callable[[pymupdf.Document], None]) -> Document:
    with pymupdf.open() as document:
        draw(document)
        data = bytes(document.tobytes())
    return Pdf().parse(data, Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", sha256(data).hexdigest()))


def paragraphs(page: pymupdf.Page, *, top: float = 120, lines: int = 8, serial: int = 0) -> None:
    for number in range(lines):
        page.insert_text((72, top + 14 * number), f"{LINE} {serial} {number}", fontsize=11)


def test_links_have_spans() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((72, 100), "See the tide tables for the whole year.", fontsize=11)
        (box,) = page.search_for("tide tables")
        page.insert_link({"kind": pymupdf.LINK_URI, "from": box, "uri": "https://tides.example/"})

    document = parse(draw)
    ((link,),) = [element.links for element in document.elements]
    assert (link.span.of(document.text), link.url) == ("tide tables", "https://tides.example/")


def test_page_labels() -> None:
    def draw(document: pymupdf.Document) -> None:
        for number in range(4):
            document.new_page().insert_text((72, 100), f"Page of number {number}.")
        document.set_page_labels(
            [{"startpage": 0, "style": "r", "firstpagenum": 3}, {"startpage": 2, "prefix": "A-", "style": "D"}]
        )

    assert parse(draw).page_labels == ("iii", "iv", "A-1", "A-2")
    assert parse(lambda document: document.new_page().insert_text((72, 100), "A page.") and None).page_labels == ()


def test_text_without_size_is_hidden_and_text_outside_the_page_left_out() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((72, 100), "Everybody sees this line of text.")
        page.insert_text((72, 1200), "Nobody sees what is below the sheet.")
        page.insert_text((72, 200), "Too small for any eye.", fontsize=0.5)

    document = parse(draw)
    assert "Nobody" not in document.text
    hidden = {e.span.of(document.text): e.flags for e in document.elements if e.hidden}
    assert hidden == {
        "Too small for any eye.": ("hidden", "hidden:tiny"),
    }


def test_running_heads_whose_text_changes() -> None:
    names = ["Tides", "Sand banks", "Winter storms", "Harbour walls", "Ferries"]

    def draw(document: pymupdf.Document) -> None:
        for number, name in enumerate(names):
            page = document.new_page()
            page.insert_text((72, 40), name, fontsize=10)
            paragraphs(page, serial=number)

    document = parse(draw)
    heads = [e.span.of(document.text) for e in document.elements if e.type is ElementType.HEADER]
    assert heads == names


def test_bookmarks_of_equal_words_are_told_apart_by_their_place() -> None:
    """A line in bold says the same as a heading further down: the bookmark points at the latter."""

    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((72, 100), "Tides", fontsize=11)
        paragraphs(page)
        page.insert_text((72, 400), "Tides", fontsize=11)
        paragraphs(page, top=430, serial=1)
        document.set_toc([[1, "Tides", 1, {"kind": pymupdf.LINK_GOTO, "to": pymupdf.Point(72, 388)}]])

    document = parse(draw)
    (title,) = [e for e in document.elements if e.type is ElementType.TITLE]
    assert title.regions[0].bbox.y0 > 300


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("E = m c 2 (3)", True),
        ("f ( x ) = sin ( x ) + λ ∑ a i", True),
        ("Set x = 3 before the pump is started again.", False),
        ("See https://example.org/?a=1 for b = 2", False),
        ("Name = Value", False),
    ],
)
def test_formulas(text: str, *, formula: bool) -> None:
    assert is_formula(text) is formula


def test_section_numbers() -> None:
    assert number_of("2.1.4 Results") == ("2", "1", "4")
    assert number_of("Appendix B: Tables") == ("B",)
    assert number_of("IV. Results") == ("IV",)
    assert number_of("A river") == ()
    assert depths_of(["1 Sand", "2 Tide", "2.1 Ebb", "48 hours of rain", "J. Smith"]) == [1, 1, 2, 0, 0]
    assert goes_on("2 Method", "2.1 Data")
    assert goes_on("2.1 Data", "2.2 Models")
    assert not goes_on("2.1 Data", "3.5 Models")


def words(*texts: str) -> list[RawWord]:
    return [(float(n), 0.0, n + 1.0, 1.0, text, 0, 0, n) for n, text in enumerate(texts)]


def test_replacement_texts_come_to_their_glyphs() -> None:
    glyphs = words("InForM", "\u2060201\u20604,", "of", "x1", "end")
    assert [word[4] for word in replaced(glyphs, "INFORM 2014, of\nfirst end")] == [
        "INFORM",
        "2014,",
        "of",
        "first",
        "end",
    ]
    assert replaced(words("same", "words"), "same words") == words("same", "words")
