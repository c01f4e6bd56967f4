"""The PDF parser on pages made for the purpose: structure, boxes, and the laws of a document."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pymupdf
import pytest

from parsers.pdf import Pdf
from quarry.errors import EncryptedError, RefusedError
from quarry.types import Document, ElementType, Origin, Outcome

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "corpus"
LOREM = "The river carries sand from the hills and leaves it where the water slows before the sea."


def parse(data: bytes, **settings: object) -> Document:
    origin = Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", sha256(data).hexdigest())
    return Pdf(**settings).parse(data, origin)  # type: ignore[arg-type]  # each test gives fields of Pdf


def made(draw: Callable[[pymupdf.Document], None], **save: object) -> bytes:
    with pymupdf.open() as document:
        draw(document)
        return bytes(document.tobytes(**save))


def body(document: Document) -> list[tuple[str, str]]:
    return [(e.type.value, e.span.of(document.text)) for e in document.elements if e.in_body]


def check_laws(document: Document) -> None:
    """What every parsed document promises."""
    end, ids = 0, {element.id for element in document.elements}
    for element in document.elements:
        assert end <= element.span.start < element.span.end <= len(document.text)
        assert not document.text[end : element.span.start].strip()
        assert element.parent is None or element.parent in ids
        end = element.span.end
    flags = [element.in_body for element in document.elements]
    assert flags == sorted(flags, reverse=True), "what is no body stands at the end"
    layout = document.layout
    for word in range(len(layout)):
        text = document.text[layout.starts[word] : layout.ends[word]]
        assert text
        assert not text[0].isspace()
        box = layout.box(word)
        assert box.x0 < box.x1
        assert box.y0 < box.y1
    assert list(layout.starts) == sorted(layout.starts)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.pdf")), ids=lambda file: file.name)
def test_laws_on_the_examples(file: Path) -> None:
    document = parse(file.read_bytes())
    check_laws(document)
    assert document == parse(file.read_bytes())


def titles(name: str) -> list[tuple[int | None, str]]:
    document = parse((EXAMPLES / name).read_bytes())
    found = [e for e in document.elements if e.type is ElementType.TITLE]
    return [(e.level, " ".join(e.span.of(document.text).split())) for e in found]


def test_headings_from_bookmarks_have_their_levels() -> None:
    found = titles("manual.pdf")
    assert (1, "1 Safety") in found
    assert (2, "1.1 Intended use") in found
    assert (4, "2.2.1.1 Single phase") in found


def test_headings_without_bookmarks() -> None:
    found = [text for _, text in titles("contract.pdf")]
    assert [text for text in found if text.startswith("Article")][8] == "Article 9 Termination"
    assert sum(text.startswith("Article") for text in found) == 15
    assert "Bread for the staff" in [text for _, text in titles("handbook.pdf")]


def test_running_heads_and_page_numbers_are_furniture() -> None:
    document = parse((EXAMPLES / "annual_report.pdf").read_bytes())
    furniture = [e for e in document.elements if e.type in (ElementType.HEADER, ElementType.FOOTER)]
    assert sum(e.type is ElementType.FOOTER for e in furniture) == 10
    assert all("Page 3 of 10" not in text for _, text in body(document))
    assert document.title == "Halden Ferry Lines: Annual Report 2024"


def test_two_columns_are_read_one_after_the_other() -> None:
    text = parse((EXAMPLES / "paper.pdf").read_bytes()).text
    places = [
        text.index(part) for part in ("tide gauges are rarely older", "Harrow Mere is a closed lagoon", "Age model")
    ]
    assert places == sorted(places)


def test_ruled_tables_have_cells_and_rows() -> None:
    document = parse((EXAMPLES / "annual_report.pdf").read_bytes())
    tables = [e for e in document.elements if e.type is ElementType.TABLE]
    income = next(e for e in tables if "Operating profit" in e.span.of(document.text))
    assert income.table is not None
    assert [cell.text for cell in income.table.rows[0]] == ["Item", "2024", "2023"]
    assert [cell.text for cell in income.table.rows[6]] == ["Operating profit", "62.4", "58.9"]
    assert income.table.row_spans[6].of(document.text) == "Operating profit\t62.4\t58.9"
    assert income.page == 5
    assert parse((EXAMPLES / "annual_report.pdf").read_bytes(), mode="fast").text == document.text


def test_code_keeps_its_lines() -> None:
    document = parse((EXAMPLES / "manual.pdf").read_bytes())
    code = [e.span.of(document.text) for e in document.elements if e.type is ElementType.CODE_SNIPPET]
    assert any("[pressure]\ntarget = 4.2\nhysteresis = 0.3" in text for text in code)


def test_hyphens_at_line_ends_are_joined() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        for number, line in enumerate(
            ("The marsh keeps an exam-", "ple of each storm that came in", "the long-", "term record.")
        ):
            page.insert_text((72, 100 + 14 * number), line, fontsize=11)
        page.insert_text((72, 300), "A long-term view.", fontsize=11)

    text = parse(made(draw)).text
    assert "example of each storm" in text
    assert "the long-term record" in text


def test_paragraphs_go_on_over_pages() -> None:
    """A sentence that no stop ends goes on with the small letter at the top of the next page."""

    def draw(document: pymupdf.Document) -> None:
        for lines in ([LOREM[:80]] * 6 + ["and so the"], ["river goes on to the sea.", *[LOREM[:80]] * 6]):
            page = document.new_page()
            for number, line in enumerate(lines):
                page.insert_text((72, 200 + 14 * number), line, fontsize=11)

    document = parse(made(draw))
    joined = next(e for e in document.elements if "and so the river goes on" in e.span.of(document.text))
    assert document.layout.page_numbers(joined.span) == (1, 2)
    assert [region.page for region in joined.regions] == [1, 2]


def test_encrypted_damaged_blank_and_scanned() -> None:
    def page(document: pymupdf.Document) -> None:
        document.new_page().insert_text((72, 100), "Nobody reads this without the word.")

    locked = made(page, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="word")
    with pytest.raises(EncryptedError, match="password"):
        parse(locked)
    assert "without the word" in parse(locked, passwords=("no", "word")).text
    for broken in (b"%PDF-1.7 nothing", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>"):
        with pytest.raises(RefusedError, match="damaged"):
            parse(broken)
    blank = parse(made(lambda document: document.new_page() and None))
    assert (blank.outcome, blank.reason) == (Outcome.EMPTY, "blank")
    scanned = parse((EXAMPLES / "scanned_letter.pdf").read_bytes())
    assert (scanned.outcome, scanned.reason) == (Outcome.EMPTY, "scanned: pages 1")


def test_hidden_text_is_flagged_and_no_body() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((72, 100), "Everybody sees this line of text.")
        page.insert_text((72, 140), "White on white for machines.", color=(1, 1, 1))
        page.insert_text((72, 180), "Invisible by its render mode.", render_mode=3)

    document = parse(made(draw))
    hidden = {e.span.of(document.text): e.flags for e in document.elements if e.hidden}
    assert hidden == {
        "White on white for machines.": ("hidden", "hidden:white"),
        "Invisible by its render mode.": ("hidden", "hidden:invisible"),
    }
    ((_, seen),) = body(document)
    assert seen == "Everybody sees this line of text."


def test_boxes_on_a_turned_page_hold_their_text() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((72, 100), "Read me sideways, please, all of me.", fontsize=14)
        page.set_rotation(90)

    data = made(draw)
    document = parse(data)
    assert document.text == "Read me sideways, please, all of me."
    with pymupdf.open(stream=data, filetype="pdf") as opened:
        page = opened[0]
        (region,) = document.layout.regions(document.elements[0].span)
        words = list(page.get_text("words"))
        shown = [pymupdf.Rect(word[:4]) * page.rotation_matrix for word in words]
        assert all(pymupdf.Rect(region.bbox).contains(rect.tl + (rect.br - rect.tl) * 0.5) for rect in shown)


def test_pages_of_megabytes_that_show_nothing_are_no_blank_pages() -> None:
    with pymupdf.open() as document:
        document.new_page().insert_text((72, 100), "A page that can be read.")
        document.update_stream(_contents(document, document.new_page()), b" " * 11_000_000)
        data = document.tobytes(deflate=True)
        document.delete_page(0)
        alone = document.tobytes(deflate=True)
    found = parse(data)
    assert (found.outcome, "can be read" in found.text) == (Outcome.PARTIAL, True)
    assert "pages 2" in (found.reason or "")
    with pytest.raises(RefusedError, match="show nothing"):
        parse(alone)


def _contents(document: pymupdf.Document, page: pymupdf.Page) -> int:
    """A content stream for a page that has none."""
    number = int(document.get_new_xref())
    document.update_object(number, "<<>>")
    document.update_stream(number, b" ")
    page.set_contents(number)
    return number


def test_more_pages_than_are_allowed_are_refused() -> None:
    with pymupdf.open() as document:
        for _ in range(3):
            document.new_page().insert_text((72, 100), "A page.")
        data = document.tobytes()
    with pytest.raises(RefusedError, match="3 pages, parsers"):
        parse(data, max_pages=2)
    assert parse(data, max_pages=3).pages == 3
