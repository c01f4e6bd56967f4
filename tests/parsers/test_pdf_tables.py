"""Tables in PDFs made for the purpose: cells, spans, boxes, and what must not become a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

import pymupdf
import pytest

from parsers.pdf import Pdf
from quarry.records import document_from, document_record
from quarry.types import Document, Element, ElementType, Origin

Draw = Callable[[pymupdf.Document], None]
LOREM = "The river carries sand from the hills and leaves it where the water slows before the sea, year by year."


def parse(draw: Draw, mode: str = "fast") -> Document:
    with pymupdf.open() as document:
        draw(document)
        data = document.tobytes()
    origin = Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", sha256(data).hexdigest())
    return Pdf(mode=mode).parse(data, origin)  # type: ignore[arg-type]  # a mode's name


def tables(document: Document) -> list[Element]:
    return [element for element in document.elements if element.type is ElementType.TABLE]


def texts(element: Element) -> list[list[str]]:
    assert element.table is not None
    return [[cell.text for cell in row] for row in element.table.rows]


def lines(page: pymupdf.Page, texts: Sequence[str], *, x: float = 72, y: float = 100, step: float = 14) -> None:
    for number, text in enumerate(texts):
        page.insert_text((x, y + step * number), text, fontsize=10)


def grid(
    page: pymupdf.Page,
    rows: Sequence[Sequence[str]],
    *,
    y: float = 100,
    widths: Sequence[float] = (),
    ruled: bool = False,
) -> float:
    """Rows of cells from the left margin, 16 points each; returns where they end."""
    wide = list(widths) or [110.0] * len(rows[0])
    lefts = [72 + sum(wide[:col]) for col in range(len(wide) + 1)]
    for number, row in enumerate(rows):
        top = y + 16 * number
        for col, text in enumerate(row):
            page.insert_text((lefts[col] + 4, top + 11), text, fontsize=10)
            if ruled:
                page.draw_rect((lefts[col], top, lefts[col + 1], top + 16), width=0.5)
    return y + 16 * len(rows)


CATCH = (
    ("Harbour", "Boats", "Landings"),
    ("North Quay", "12", "1,204"),
    ("Mole End", "7", "388"),
    ("Saltmarsh", "21", "2,010"),
    ("Old Pier", "3", "96"),
)


@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "borderless"])
def test_a_table_has_its_cells_rows_and_header(ruled: bool) -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        lines(page, [LOREM[:80], LOREM[:76]], y=60)
        end = grid(page, CATCH, ruled=ruled)
        lines(page, [LOREM[:80], LOREM[:70]], y=end + 40)

    document = parse(draw)
    (table,) = tables(document)
    assert texts(table) == [list(row) for row in CATCH]
    assert table.table is not None
    assert [cell.header for row in table.table.rows for cell in row] == [True] * 3 + [False] * 12
    assert table.span.of(document.text).splitlines()[1] == "North Quay\t12\t1,204"
    assert table.table.html.startswith("<table><tr><th>Harbour</th><th>Boats</th>")
    assert [span.of(document.text) for span in table.table.row_spans] == ["\t".join(row) for row in CATCH]
    assert [e.type.value for e in document.elements] == ["NarrativeText", "Table", "NarrativeText"]


def test_boxes_of_cells_hold_their_words_on_a_turned_page_too() -> None:
    for rotation in (0, 90, 270):

        def draw(document: pymupdf.Document, rotation: int = rotation) -> None:
            page = document.new_page()
            grid(page, CATCH, ruled=True)
            page.set_rotation(rotation)

        with pymupdf.open() as opened:
            draw(opened)
            shown = {
                word[4]: pymupdf.Rect(word[:4]) * opened[0].rotation_matrix for word in opened[0].get_text("words")
            }
        (table,) = tables(parse(draw))
        assert table.table is not None
        for cell in (cell for row in table.table.rows for cell in row):
            assert cell.bbox is not None
            for word in cell.text.split():
                assert pymupdf.Rect(cell.bbox).contains(shown[word].tl + (shown[word].br - shown[word].tl) * 0.5)
        assert pymupdf.Rect(table.regions[0].bbox).contains(pymupdf.Rect(table.table.rows[2][1].bbox))


def test_cells_that_span_rows_and_columns() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        for box, text in (
            ((72, 100, 172, 132), "Country"),
            ((172, 100, 332, 116), "2024"),
            ((172, 116, 252, 132), "Cases"),
            ((252, 116, 332, 132), "Share"),
            ((72, 132, 172, 148), "Norway"),
            ((172, 132, 252, 148), "12"),
            ((252, 132, 332, 148), "4.1"),
        ):
            page.draw_rect(box, width=0.5)
            page.insert_text((box[0] + 4, box[1] + 11), text, fontsize=10)

    (table,) = tables(parse(draw))
    assert table.table is not None
    cells = {c.text: (c.row, c.col, c.rowspan, c.colspan, c.header) for row in table.table.rows for c in row}
    assert cells["Country"] == (0, 0, 2, 1, True)
    assert cells["2024"] == (0, 1, 1, 2, True)
    assert cells["Share"] == (1, 2, 1, 1, True)
    assert cells["4.1"] == (2, 2, 1, 1, False)
    assert '<th rowspan="2">Country</th><th colspan="2">2024</th>' in table.table.html


def test_a_name_over_two_columns_without_lines() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        page.insert_text((225, 95), "2023", fontsize=10)
        page.insert_text((385, 95), "2024", fontsize=10)
        grid(
            page,
            [
                ("Harbour", "Boats", "Tons", "Boats", "Tons"),
                ("North", "12", "80", "14", "91"),
                ("South", "7", "31", "9", "40"),
                ("West", "2", "11", "3", "12"),
            ],
            widths=(120, 80, 80, 80, 80),
        )

    (table,) = tables(parse(draw))
    assert table.table is not None
    first = table.table.rows[0]
    assert [(c.text, c.col, c.colspan, c.header) for c in first] == [("2023", 1, 2, True), ("2024", 3, 2, True)]
    assert [c.text for c in table.table.rows[2]] == ["North", "12", "80", "14", "91"]


def test_lines_of_one_cell_stay_together() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        for y, row in (
            (100, ("Item", "Weight", "Price")),
            (118, ("Rope of tarred", "12", "40")),
            (130, ("hemp", "", "")),
            (148, ("Anchor", "90", "310")),
            (166, ("Lamp with a", "3", "25")),
            (178, ("spare wick", "", "")),
        ):
            for x, text in zip((72, 220, 320), row, strict=True):
                page.insert_text((x, y), text, fontsize=10)

    (table,) = tables(parse(draw))
    assert texts(table)[1:] == [
        ["Rope of tarred hemp", "12", "40"],
        ["Anchor", "90", "310"],
        ["Lamp with a spare wick", "3", "25"],
    ]


def test_two_tables_on_a_page_are_two() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        end = grid(page, CATCH)
        lines(page, [LOREM[:80], LOREM[:70]], y=end + 40)
        grid(page, [row[:2] for row in CATCH], y=end + 90, ruled=True)

    first, second = tables(parse(draw))
    assert texts(first) == [list(row) for row in CATCH]
    assert texts(second) == [list(row[:2]) for row in CATCH]


def test_tables_side_by_side_are_both_kept() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        for left in (72, 320):
            for number, row in enumerate(CATCH):
                for col, text in enumerate(row):
                    box = (left + 75 * col, 100 + 16 * number, left + 75 * (col + 1), 116 + 16 * number)
                    page.draw_rect(box, width=0.5)
                    page.insert_text((box[0] + 3, box[1] + 11), text, fontsize=9)

    assert [texts(table) for table in tables(parse(draw))] == [[list(row) for row in CATCH]] * 2


def rows_of(first: int, last: int) -> list[tuple[str, str, str]]:
    return [(f"Station {number}", str(number * 3), f"{number}.5") for number in range(first, last)]


@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "borderless"])
def test_a_table_over_pages_is_one_with_its_header_once(ruled: bool) -> None:
    header = ("Station", "Depth", "Speed")

    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        lines(page, [LOREM[:80], LOREM[:76]], y=60)
        grid(page, [header, *rows_of(1, 41)], ruled=ruled)
        page = document.new_page()
        end = grid(page, [header, *rows_of(41, 60)], y=60, ruled=ruled)
        lines(page, [LOREM[:80], LOREM[:76]], y=end + 60)

    document = parse(draw)
    (table,) = tables(document)
    assert texts(table) == [list(header), *map(list, rows_of(1, 60))]
    assert [region.page for region in table.regions] == [1, 2]
    assert document.layout.page_numbers(table.span) == (1, 2)
    repeated = [e for e in document.elements if e.type is ElementType.HEADER]
    assert [e.span.of(document.text) for e in repeated] == ["Station Depth Speed"]


def test_records_keep_tables_and_what_is_tied_to_them() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        end = grid(page, CATCH, ruled=True)
        lines(page, ["Source: Harbour Office."], y=end + 18)

    document = parse(draw)
    assert tables(document)[0].captions
    assert document_from(document_record(document)) == document


def boxes_and_arrows(document: pymupdf.Document) -> None:
    """A drawing of boxes that touch."""
    page = document.new_page()
    for x, y, text in ((72, 100, "State"), (172, 140, "Office"), (272, 180, "Board"), (372, 220, "School")):
        page.draw_rect((x, y, x + 100, y + 40), width=1)
        page.insert_text((x + 10, y + 20), text, fontsize=10)


def test_a_new_table_on_the_next_page_is_no_continuation() -> None:
    def draw(document: pymupdf.Document) -> None:
        grid(document.new_page(), [("Station", "Depth", "Speed"), *rows_of(1, 41)], ruled=True)
        grid(document.new_page(), [("Buoy", "Charge", "Light"), *rows_of(1, 9)], y=60, ruled=True)

    assert len(tables(parse(draw))) == 2


def test_caption_units_and_note_are_tied_to_the_table() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        lines(page, [LOREM[:80], LOREM[:80], LOREM[:60]], y=20, step=12)
        lines(page, ["Table 1: Landings by harbour"], y=76)
        lines(page, ["(in thousands of tonnes)"], y=95)
        end = grid(page, CATCH, y=104, ruled=True)
        lines(page, ["Source: Harbour Office."], y=end + 18)

    document = parse(draw)
    (table,) = tables(document)
    named = {element.id: element.span.of(document.text) for element in document.elements}
    assert [named[i] for i in table.captions] == [
        "Table 1: Landings by harbour",
        "(in thousands of tonnes)",
        "Source: Harbour Office.",
    ]


def contents(document: pymupdf.Document) -> None:
    page = document.new_page()
    for number, title in enumerate(("Introduction", "Tides and currents", "Sand", "Method", "Results", "Index")):
        page.insert_text((72, 100 + 16 * number), f"{number + 1}  {title}", fontsize=10)
        page.insert_text((500, 100 + 16 * number), str(3 + 7 * number), fontsize=10)


def dotted(document: pymupdf.Document) -> None:
    page = document.new_page()
    for number, title in enumerate(("Introduction", "Tides and currents", "Sand", "Method", "Results", "Index")):
        page.insert_text((72, 100 + 16 * number), f"{title} {'.' * 60} {3 + 7 * number}", fontsize=10)


def two_columns(document: pymupdf.Document) -> None:
    page = document.new_page()
    for x in (60, 320):
        lines(page, [LOREM[k : k + 46] for k in range(0, 44, 2)], x=x)


def bullets(document: pymupdf.Document) -> None:
    page = document.new_page()
    for number in range(8):
        page.insert_text((72, 100 + 16 * number), "•" if number % 2 else f"{number}.", fontsize=10)
        page.insert_text((96, 100 + 16 * number), LOREM[number : number + 60], fontsize=10)


def references(document: pymupdf.Document) -> None:
    page = document.new_page()
    for number in range(8):
        page.insert_text((72, 100 + 28 * number), f"[{number + 1}]", fontsize=10)
        page.insert_text((100, 100 + 28 * number), f"A. Author, B. Writer. {LOREM[:50]}", fontsize=10)
        page.insert_text((100, 113 + 28 * number), f"Journal of Sand {number + 3}, 20{10 + number}.", fontsize=10)


@pytest.mark.parametrize(
    "draw", [contents, dotted, two_columns, bullets, references, boxes_and_arrows], ids=lambda draw: draw.__name__
)
def test_what_only_looks_like_a_table_is_none(draw: Draw) -> None:
    assert tables(parse(draw)) == []


def test_dots_that_lead_to_the_numbers_of_a_table_are_no_text() -> None:
    def draw(document: pymupdf.Document) -> None:
        page = document.new_page()
        for number, row in enumerate(CATCH[1:]):
            page.insert_text((72, 100 + 16 * number), row[0] + " " + "." * (50 - len(row[0])), fontsize=10)
            page.insert_text((300, 100 + 16 * number), row[1], fontsize=10)
            page.insert_text((380, 100 + 16 * number), row[2], fontsize=10)

    (table,) = tables(parse(draw))
    assert [[cell.rstrip(" .") for cell in row] for row in texts(table)] == [list(row) for row in CATCH[1:]]
