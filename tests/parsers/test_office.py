"""Office formats through unstructured: structure, tables, pages, metadata; and what is said where it can't."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO

import pytest
from docx import Document as WordDocument
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from parsers import _media as media
from quarry.errors import EncryptedError, RefusedError
from quarry.types import Document, ElementType, Origin, Outcome


def parsed(data: bytes, name: str) -> Document:
    origin = Origin("ab" * 16, f"file:///{name}", "s", name, sha256(data).hexdigest())
    return media.parse(data, origin, settings={})


def texts(document: Document, kind: ElementType) -> list[str]:
    return [element.span.of(document.text) for element in document.elements if element.type is kind]


def saved(save: Callable[[BytesIO], object]) -> bytes:
    target = BytesIO()
    save(target)
    return target.getvalue()


def word() -> bytes:
    made = WordDocument()
    made.core_properties.title, made.core_properties.author = "Harbour rules", "Ada Berg"
    made.add_heading("Rules of the harbour", 1)
    made.add_paragraph("Every ship that enters the harbour signals with two lights before the pier.")
    made.add_heading("Night", 2)
    made.add_paragraph("First item", style="List Bullet")
    made.add_paragraph("Second item", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for row, values in enumerate((("Berth", "Depth"), ("North", "7 m"))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    made.sections[0].footer.paragraphs[0].text = "Harbour office, page foot"
    return saved(made.save)


def laws(document: Document) -> None:
    """Elements stand in order, inside the text, with nothing but white space between them."""
    place = 0
    for element in document.elements:
        assert element.span.start >= place
        assert not document.text[place : element.span.start].strip()
        assert element.span.of(document.text).strip()
        place = element.span.end
        for cell in (cell for row in (element.table.rows if element.table else ()) for cell in row if cell.span):
            assert cell.span is not None
            assert cell.span.of(document.text) == cell.text
    assert not document.text[place:].strip()


def test_word() -> None:
    document = parsed(word(), "rules.docx")
    laws(document)
    assert (document.outcome, document.title, document.author) == (Outcome.OK, "Harbour rules", "Ada Berg")
    titles = {element.span.of(document.text): element for element in document.elements if element.level}
    assert (titles["Rules of the harbour"].level, titles["Night"].level) == (1, 2)
    assert titles["Night"].parent == titles["Rules of the harbour"].id
    assert texts(document, ElementType.LIST_ITEM) == ["First item", "Second item"]
    (table,) = [element.table for element in document.elements if element.table]
    assert [[cell.text for cell in row] for row in table.rows] == [["Berth", "Depth"], ["North", "7 m"]]
    assert texts(document, ElementType.FOOTER) == ["Harbour office, page foot"]
    assert document.elements[-1].type is ElementType.FOOTER


def test_slides_are_pages() -> None:
    made = Presentation()
    for number in (1, 2):
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = f"The lighthouse of slide {number} is white and has a red lamp."
    box = made.slides[1].shapes.add_table(1, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
    box.cell(0, 0).text, box.cell(0, 1).text = "Lamp", "red"
    document = parsed(saved(made.save), "talk.pptx")
    laws(document)
    assert document.pages == 2
    assert {element.page for element in document.elements if "Slide 2" in element.span.of(document.text)} == {2}
    assert [element.table.rows[0][1].text for element in document.elements if element.table] == ["red"]


def test_sheets() -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (("Port", "Ships"), ("Lindholm", 12), ("Vik", 7)):
        sheet.append(row)
    document = parsed(saved(made.save), "ports.xlsx")
    laws(document)
    (table,) = [element.table for element in document.elements if element.table]
    assert [cell.text for cell in table.rows[1]] == ["Lindholm", "12"]


@pytest.mark.parametrize(("name", "gap"), [("ports.csv", ","), ("ports.tsv", "\t")])
def test_separated_values(name: str, gap: str) -> None:
    rows = [("Port", "Ships"), ("Lindholm", "12"), ("Vik", "7")]
    document = parsed("\n".join(gap.join(row) for row in rows).encode(), name)
    laws(document)
    (table,) = [element.table for element in document.elements if element.table]
    assert [tuple(cell.text for cell in row) for row in table.rows] == rows


def test_mail() -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "The lamp is broken", "keeper@example.org", "office@example.org"
    mail["Date"] = "Mon, 02 Feb 2026 10:00:00 +0000"
    mail.set_content("The lamp of the north pier has been dark since yesterday evening.\n\nPlease send a new one.\n")
    document = parsed(mail.as_bytes(), "lamp.eml")
    laws(document)
    assert document.title == "The lamp is broken"
    assert "keeper@example.org" in (document.author or "")
    assert "dark since yesterday" in document.text


@pytest.mark.parametrize("name", ["rules.docx", "talk.pptx", "ports.xlsx"])
def test_damaged_packages_are_refused(name: str) -> None:
    data = word()
    with pytest.raises(RefusedError, match="damaged"):
        parsed(data[: len(data) // 2], name)


def test_a_package_without_its_parts_is_refused() -> None:
    def save(target: BytesIO) -> None:
        with zipfile.ZipFile(target, "w") as package:
            package.writestr("nothing.txt", "no document")

    with pytest.raises(RefusedError, match="damaged"):
        parsed(saved(save), "rules.docx")


def test_encrypted_office_files_say_so() -> None:
    with pytest.raises(EncryptedError, match="needs a password"):
        parsed(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "secret.docx")


def test_what_needs_pandoc_names_the_extra() -> None:
    """The extra is no part of what the tests install."""
    if find_spec("pypandoc") is not None:
        pytest.skip("pypandoc is installed")
    with pytest.raises(RefusedError, match=r"nothing is installed that reads \.rst .*quarry-rag\[pandoc\]"):
        parsed(b"Title\n=====\n\nText.\n", "notes.rst")
