"""What the default strategy promises about headings, tables, captions, lists and small sections."""

from __future__ import annotations

from typing import Any

from chunkers import chunker, top_sections
from quarry.types import Chunk, Document, ElementType
from tests.laws.chunker_documents import Build, Characters

TITLE, TEXT, ITEM = ElementType.TITLE, ElementType.NARRATIVE_TEXT, ElementType.LIST_ITEM
SENTENCES = "The gate was shut at noon. It held for two days. Then the river fell. No one was hurt."


def chunked(document: Document, *, size: int = 60, limit: int = 1000, **settings: Any) -> list[Chunk]:
    built = chunker.build({"kind": "metadata_aware", "size": size, **settings})
    return list(built.chunk(document, tokens=Characters(limit=limit)))


def manual() -> Build:
    build = Build()
    build.add(TITLE, "Manual", level=1)
    build.add(TITLE, "Gates", level=2)
    build.add(TEXT, SENTENCES)
    return build


def test_context_is_title_and_headings_in_one_line() -> None:
    chunks = chunked(manual().document(title="Handbook"), size=120)
    assert chunks[0].text.startswith("Manual\n\nGates\n\nThe gate")
    assert chunks[0].context == "Handbook\n"
    assert chunks[-1].context == "Handbook > Manual > Gates\n"
    assert [span.start for span in chunks[-1].context_spans] == [0, 8]
    assert chunks[-1].heading_path == ("Manual", "Gates")


def test_a_title_that_is_the_first_heading_is_read_once() -> None:
    chunks = chunked(manual().document(title="Manual"), size=90)
    assert chunks[0].context == ""
    assert chunks[-1].context == "Manual > Gates\n"


def test_outer_headings_go_first_where_there_is_no_room() -> None:
    chunks = chunked(manual().document(title="A title of many words"), size=48)
    assert chunks[-1].context == "Manual > Gates\n"
    assert chunked(manual().document(), size=30)[-1].context == "Gates\n"
    assert chunked(manual().document(), size=15)[-1].context == ""


def test_context_can_be_switched_off() -> None:
    assert {chunk.context for chunk in chunked(manual().document(title="Handbook"), context=False)} == {""}


def test_cuts_fall_between_sentences() -> None:
    for chunk in chunked(manual().document(), size=80, context=False):
        assert chunk.text.endswith(".")


def test_a_heading_is_never_alone_at_the_end_of_a_chunk() -> None:
    build = manual()
    for number in range(4):
        build.add(TITLE, f"Step {number}", level=3)
        build.add(TEXT, "Turn the wheel until it stops moving.")
    for size in range(64, 160, 7):
        for chunk in chunked(build.document(), size=size):
            last = next(element for element in build.elements if element.id == chunk.elements[-1])
            assert last.type is not TITLE, (size, chunk.text)


def test_small_sections_join_under_one_heading_but_not_across_a_higher_one() -> None:
    build = Build()
    for part in ("One", "Two"):
        build.add(TITLE, part, level=1)
        for name in ("a", "b"):
            build.add(TITLE, f"{part} {name}", level=2)
            build.add(TEXT, "A short line.")
    texts = [chunk.text for chunk in chunked(build.document(), size=400, merge_below=100)]
    assert [text.split()[0] for text in texts] == ["One", "Two"]
    assert all("a\n" in text and "b\n" in text for text in texts)


def test_a_table_that_fits_is_whole_with_its_caption() -> None:
    build = manual()
    build.add(ElementType.FIGURE_CAPTION, "Table 1. Costs")
    build.table([["what", "cost"], ["steel", "12"], ["wood", "3"]])
    [chunk] = [chunk for chunk in chunked(build.document(), size=70) if "steel" in chunk.text]
    assert chunk.text == "Table 1. Costs\n\nwhat\tcost\nsteel\t12\nwood\t3"


def test_a_long_table_is_cut_at_rows_and_its_header_read_again() -> None:
    build = manual()
    build.add(ElementType.FIGURE_CAPTION, "Table 1. Costs")
    build.table([["what", "cost"], *([f"item {number}", str(number)] for number in range(20))])
    document = build.document()
    header = build.elements[-1].table
    assert header is not None
    first, *others = [chunk for chunk in chunked(document, size=80) if "item" in chunk.text]
    assert first.text.startswith("Table 1. Costs\n\nwhat\tcost\nitem 0")
    assert len(others) >= 3
    for chunk in others:
        assert chunk.context.endswith("what cost\n")
        assert chunk.context_spans[-1] == header.row_spans[0]
        assert chunk.text.startswith("item")
        assert chunk.text.rpartition("\t")[2].isdigit()


def test_a_lead_in_stays_with_its_items() -> None:
    build = Build()
    build.add(TEXT, "The gate was shut at noon and it held on.")
    build.add(TEXT, "You need:")
    build.add(ITEM, "a wrench")
    build.add(ITEM, "a lamp")
    texts = [chunk.text for chunk in chunked(build.document(), size=48)]
    assert texts == ["The gate was shut at noon and it held on.", "You need:\n\na wrench\n\na lamp"]


def test_a_list_that_fits_is_whole() -> None:
    build = Build()
    build.add(TEXT, "The gate was shut at noon.")
    build.add(TEXT, "It held for two days.")
    for name in ("a wrench of steel", "a lamp with oil", "a rope of hemp"):
        build.add(ITEM, name)
    build.add(TEXT, "Then the river fell again.")
    for size in (58, 66, 74):
        texts = [chunk.text for chunk in chunked(build.document(), size=size)]
        assert any(text.startswith("a wrench") and text.endswith("hemp") for text in texts), (size, texts)


def test_a_long_list_is_cut_between_items_and_before_one_of_the_upper_level() -> None:
    build = Build()
    for name in ("gates", "lamps", "ropes", "boats"):
        build.add(ITEM, f"check all {name}", level=1)
        build.add(ITEM, f"those {name} that are old", level=2)
        build.add(ITEM, f"those {name} that are new", level=2)
    for size in (70, 80, 145, 150):
        for chunk in chunked(build.document(), size=size):
            assert chunk.text.startswith("check all"), (size, chunk.text)


def test_a_footnote_stays_with_its_paragraph() -> None:
    build = Build()
    build.add(TEXT, "The river rose by two metres.")
    build.add(ElementType.FOOTNOTE, "1 At the mill.")
    build.add(TEXT, "The gate was shut at noon.")
    texts = [chunk.text for chunk in chunked(build.document(), size=50)]
    assert texts == ["The river rose by two metres.\n\n1 At the mill.", "The gate was shut at noon."]


def test_a_term_stays_with_what_explains_it() -> None:
    build = Build()
    build.add(TEXT, "Some words are explained.")
    for term in ("Lock", "Weir"):
        build.add(ElementType.UNCATEGORIZED_TEXT, term, css_path="html > body > dl > dt:nth-of-type(1)")
        build.add(TEXT, f"What the {term.lower()} is for and how it is built.", css_path="html > body > dl > dd")
    texts = [chunk.text for chunk in chunked(build.document(), size=56)]
    assert [text.split()[0] for text in texts] == ["Some", "Lock", "Weir"]


def test_a_code_block_is_cut_between_lines() -> None:
    build = Build()
    build.add(ElementType.CODE_SNIPPET, "\n".join(f"line_{number} = open(path)" for number in range(9)))
    assert all(chunk.text.startswith("line_") for chunk in chunked(build.document()))


def test_the_encoders_limit_counts_as_well() -> None:
    assert max(chunk.tokens for chunk in chunked(manual().document(), size=200, limit=40)) <= 40


def test_top_sections_tile_the_body_at_the_highest_level_that_repeats() -> None:
    build = Build()
    build.add(TITLE, "Paper", level=1)
    build.add(TEXT, "Abstract.")
    for name in ("Methods", "Results"):
        build.add(TITLE, name, level=2)
        build.add(TITLE, "Part", level=3)
    build.add(ElementType.FOOTER, "page 1")
    document = build.document()
    assert [span.of(document.text).split()[0] for span in top_sections(document)] == ["Paper", "Methods", "Results"]
    assert top_sections(document)[-1].of(document.text).endswith("Part")
    assert top_sections(Build().document()) == ()


def report() -> Build:
    build = Build()
    build.add(TITLE, "Form 10-K", level=1)
    build.add(TEXT, "Tarn Works, Inc.")
    build.add(TEXT, "For the fiscal year ended December 31, 2021")
    build.add(TITLE, "Results of the year", level=1)
    build.add(TITLE, "Sales", level=2)
    build.add(TEXT, f"{SENTENCES} {SENTENCES}", page=2)
    return build


def test_what_the_document_is_opens_the_context() -> None:
    chunks = chunked(report().document(title="Form 10-K"), size=210)
    assert chunks[-1].context == "Tarn Works, Inc. 10-K 2021 > Results of the year > Sales\n"
    document = report().document()
    places = [span.of(document.text) for span in chunks[-1].context_spans]
    assert places == [
        "Form 10-K",
        "Tarn Works, Inc.",
        "For the fiscal year ended December 31, 2021",
        "Results of the year",
        "Sales",
    ]
    plain = chunked(report().document(title="Form 10-K"), size=210, identity=False)
    assert plain[-1].context == "Form 10-K > Results of the year > Sales\n"


def test_what_the_document_is_stays_where_headings_go() -> None:
    document = report().document(title="Form 10-K")
    assert chunked(document, size=120)[-1].context == "Tarn Works, Inc. 10-K 2021 > Sales\n"
    assert chunked(document, size=84)[-1].context == "Tarn Works, Inc. 10-K 2021\n"
    assert chunked(document, size=60)[-1].context == "Sales\n"


def test_a_chunk_that_says_what_the_document_is_has_it_once() -> None:
    first = chunked(report().document(), size=400)[0]
    assert "Tarn Works" in first.text
    assert "Tarn Works" not in first.context
