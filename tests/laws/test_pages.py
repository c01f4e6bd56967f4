"""A chunk a page: no chunk holds text of two pages, and a page that fits is whole."""

from __future__ import annotations

from array import array
from itertools import groupby
from typing import Any

from hypothesis import given

from chunkers import chunker
from quarry.layout import Layout
from quarry.types import Chunk, Document, ElementType
from tests.laws.chunker_documents import Build, Characters, documents, laid_out
from tests.laws.test_chunkers import COUNTERS, ON_MANY, tiny

TEXT = ElementType.NARRATIVE_TEXT
LONG = " ".join(f"word{number}" for number in range(70))


def chunked(document: Document, **settings: Any) -> list[Chunk]:
    built = chunker.build({"kind": "page", **settings})
    return list(built.chunk(document, tokens=Characters(limit=1000)))


@ON_MANY
@given(document=documents())
def test_no_chunk_holds_text_of_two_pages(document: Document) -> None:
    for tokens in COUNTERS:
        for chunk in tiny("page").chunk(document, tokens=tokens):
            assert len(chunk.pages) <= 1


@ON_MANY
@given(document=documents())
def test_a_page_that_fits_is_one_chunk(document: Document) -> None:
    chunks = chunked(document, context=False)
    for _, same in groupby(chunks, key=lambda chunk: chunk.pages):
        assert len(list(same)) == 1 or not document.layout


def test_a_paragraph_over_a_page_break_is_cut_where_the_page_ends() -> None:
    build = Build()
    build.add(TEXT, LONG)
    first, second = chunked(build.document(layout=laid_out(build.text)), context=False)
    assert (first.pages, second.pages) == ((1,), (2,))
    assert first.text.endswith("word49")
    assert second.text.startswith("word50")
    assert {region.page for region in first.regions} == {1}


def test_a_word_that_is_broken_over_two_pages_stays_with_the_first() -> None:
    build = Build()
    build.add(TEXT, "The gatekeeper sleeps")
    places = [(0, 3, 1), (4, 8, 1), (8, 14, 2), (15, 21, 2)]
    layout = Layout(
        starts=array("i", (start for start, _, _ in places)),
        ends=array("i", (end for _, end, _ in places)),
        pages=array("i", (page for _, _, page in places)),
        lines=array("i", range(4)),
        boxes=array("f", [value for number in range(4) for value in (10, 10 * number, 50, 10 * number + 9)]),
    )
    assert [chunk.text for chunk in chunked(build.document(layout=layout))] == ["The gatekeeper", "sleeps"]


def test_a_page_over_the_size_is_cut_between_sentences_into_like_parts() -> None:
    build = Build()
    build.add(TEXT, "The gate was shut at noon today. " * 12, page=1)
    chunks = chunked(build.document(), size=150, context=False)
    assert len(chunks) == 3
    assert all(chunk.text.endswith(".") for chunk in chunks)
    assert max(len(chunk.text) for chunk in chunks) - min(len(chunk.text) for chunk in chunks) <= 33


def test_without_pages_a_chunk_is_a_section() -> None:
    build = Build()
    for name in ("Gates", "Rivers"):
        build.add(ElementType.TITLE, name, level=1, page=None, regions=())
        build.add(TEXT, f"All there is to say on {name}. " * 4, page=None, regions=())
    texts = [chunk.text for chunk in chunked(build.document(), size=150)]
    assert [text.split()[0] for text in texts] == ["Gates", "Rivers"]


def test_headings_of_the_page_before_are_context() -> None:
    build = Build()
    build.add(ElementType.TITLE, "Gates", level=1, page=1)
    build.add(TEXT, "On the first page.", page=1)
    build.add(TEXT, "On the second page.", page=2)
    chunks = chunked(build.document(title="Manual"))
    assert [chunk.context for chunk in chunks] == ["Manual\n", "Manual > Gates\n"]


def test_an_empty_document_has_no_page() -> None:
    assert chunked(Build().document()) == []
