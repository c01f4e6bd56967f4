"""PDFium as an engine of its own, as the fallback for pages without text, and as a second opinion."""

from __future__ import annotations

import re
from pathlib import Path

import pymupdf
import pytest

from parsers._pdf_lines import Page
from parsers._pdf_page import Reader
from parsers._pdf_second import seconded
from parsers._pdfium import PdfiumDocument
from parsers.pdf import Pdf
from quarry.errors import EncryptedError, RefusedError
from quarry.types import Document, ElementType, Origin, Outcome

CORPUS = Path(__file__).parent.parent.parent / "examples" / "corpus"


def read(data: bytes, engine: str) -> Document:
    return Pdf(engine=engine).parse(data, Origin("ab" * 16, "u", "s", "x.pdf", "0" * 64))  # type: ignore[arg-type]


def letters(text: str) -> str:
    return re.sub(r"[\s\-‐·.…]", "", text)


@pytest.mark.parametrize("name", ["contract.pdf", "handbook.pdf", "annual_report.pdf", "paper.pdf"])
def test_both_engines_read_the_same(name: str) -> None:
    data = (CORPUS / name).read_bytes()
    first, second = read(data, "mupdf"), read(data, "pdfium")
    assert second.parser.partition(" ")[2].startswith("pypdfium2/")
    assert (second.pages, second.title, second.outcome) == (first.pages, first.title, Outcome.OK)
    mine, theirs = letters(first.text), letters(second.text)
    assert abs(len(mine) - len(theirs)) < 0.02 * len(mine)
    titles = [
        [" ".join(e.span.of(d.text).split()) for e in d.elements if e.type is ElementType.TITLE]
        for d in (first, second)
    ]
    assert len(set(titles[0]) & set(titles[1])) >= 0.8 * len(titles[0])
    assert all(element.regions for element in second.elements)
    assert len(second.layout) > 0.95 * len(first.layout)


@pytest.mark.parametrize(("rotation", "direction"), [(0, 0), (0, 90), (90, 0), (180, 0), (270, 0), (0, 270), (90, 270)])
def test_turned_pages_read_alike(rotation: int, direction: int) -> None:
    with pymupdf.open() as made:
        page = made.new_page(width=400, height=600)
        page.insert_text((200, 300), "Hello upward world", rotate=direction)
        page.set_rotation(rotation)
        data = made.tobytes()
    with pymupdf.open(stream=data) as opened:
        first = Reader(pymupdf, opened).read(opened[0])
    with PdfiumDocument(data) as again:
        second = again.read(1)
    assert (second.turn, round(second.width), second.lines[0].text) == (
        first.turn,
        round(first.width),
        "Hello upward world",
    )
    assert second.lines[0].x0 == pytest.approx(first.lines[0].x0, abs=2)
    assert second.lines[0].y0 == pytest.approx(first.lines[0].y0, abs=4)


def pages_of(data: bytes) -> list[Page]:
    with pymupdf.open(stream=data) as opened:
        reader = Reader(pymupdf, opened)
        return [reader.read(page) for page in opened]


def test_pages_without_text_are_read_by_the_other_engine() -> None:
    data = (CORPUS / "contract.pdf").read_bytes()
    pages = pages_of(data)
    lost = [pages[0]._replace(lines=()), *pages[1:]]
    again, told = seconded(lost, data, (), compare=False)
    assert "Brightwater" in " ".join(line.text for line in again[0].lines)
    assert again[1:] == pages[1:]
    assert told == ["pages 1: MuPDF finds no text, they were read by PDFium"]


def test_pages_that_differ_by_half_are_named() -> None:
    data = (CORPUS / "contract.pdf").read_bytes()
    pages = pages_of(data)
    assert seconded(pages, data, (), compare=True) == (pages, [])
    short = [pages[0]._replace(lines=pages[0].lines[:4]), *pages[1:]]
    _, told = seconded(short, data, (), compare=True)
    assert len(told) == 1
    assert re.match(r"page 1: MuPDF reads \d+ letters, PDFium \d+; look whether text is missing", told[0])
    assert seconded(short, data, (), compare=False)[1] == []


def test_scans_stay_scans() -> None:
    document = read((CORPUS / "scanned_letter.pdf").read_bytes(), "pdfium")
    assert (document.outcome, document.reason) == (Outcome.EMPTY, "scanned: pages 1")


def test_what_cannot_be_opened_says_why() -> None:
    with pytest.raises(RefusedError, match="damaged"):
        read(b"%PDF-1.7\nnothing else", "pdfium")
    with pymupdf.open() as made:
        made.new_page().insert_text((72, 72), "Nobody reads this.")
        data = made.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret")
    with pytest.raises(EncryptedError, match="needs a password"):
        read(data, "pdfium")
    assert (
        "Nobody" in Pdf(engine="pdfium", passwords=("secret",)).parse(data, Origin("a", "u", "s", "x", "0" * 64)).text
    )
