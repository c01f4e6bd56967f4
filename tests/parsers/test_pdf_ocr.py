"""Scanned pages are read by OCR where the data of the language is installed; else they are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest

from parsers._pdf_ocr import ocr_of
from parsers.pdf import Pdf
from quarry.types import Document, Origin, Outcome

ROOT = Path(__file__).parent.parent.parent
SCAN = ROOT / "examples" / "corpus" / "scanned_letter.pdf"
DATA = Path(sys.prefix) / "share" / "tessdata"


def read(data: bytes, ocr: str = "eng") -> Document:
    return Pdf(ocr=ocr).parse(data, Origin("ab" * 16, "u", "s", "x.pdf", "0" * 64))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (DATA / "eng.traineddata").is_file()
    monkeypatch.setenv("TESSDATA_PREFIX", str(DATA))


@pytest.mark.usefixtures("installed")
def test_a_scanned_letter_is_read() -> None:
    document = read(SCAN.read_bytes())
    assert (document.outcome, document.pages) == (Outcome.OK, 1)
    assert "the winter berths will be dealt out on the twelfth of November" in document.text
    assert all("ocr" in element.flags and element.regions for element in document.elements)
    assert document.layout.page_numbers(document.elements[0].span) == (1,)


@pytest.mark.usefixtures("installed")
def test_only_pages_without_text_are_read_so() -> None:
    with pymupdf.open(SCAN) as scan, pymupdf.open() as made:
        made.new_page().insert_text((72, 72), "This page has text of its own.")
        made.insert_pdf(scan)
        document = read(made.tobytes())
    flags = {element.page: "ocr" in element.flags for element in document.elements}
    assert flags == {1: False, 2: True}


def test_without_the_language_the_pages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert ocr_of("xyz") is None
    document = read(SCAN.read_bytes(), ocr="xyz")
    assert (document.outcome, document.reason) == (Outcome.EMPTY, "scanned: pages 1")


@pytest.mark.usefixtures("installed")
def test_it_can_be_turned_off() -> None:
    assert read(SCAN.read_bytes(), ocr="").outcome is Outcome.EMPTY


def test_a_running_limit_is_put_off() -> None:
    """In a process of its own: the test run has a timer too."""
    code = (
        "import signal; from quarry.deadline import put_off; put_off(5); "
        "print(signal.getitimer(signal.ITIMER_REAL)[0]); signal.setitimer(signal.ITIMER_REAL, 30); put_off(5); "
        "print(signal.getitimer(signal.ITIMER_REAL)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    none, more = map(float, done.stdout.split())
    assert none == 0
    assert 33 < more <= 35
