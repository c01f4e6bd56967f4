"""The modes of the PDF parser: when the models are asked, what they add, and what happens without them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pymupdf
import pytest

from parsers.pdf import Pdf
from quarry.errors import ModelError
from quarry.records import document_from, document_record
from quarry.types import Document, ElementType, Origin

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "corpus"
LOREM = "The river carries sand from the hills and leaves it where the water slows before the sea, year by year."
CREW = (
    ("Name", "Office", "Harbour"),
    ("Ada Mole", "Pilot", "North Quay"),
    ("Ben Tarr", "Cook", "Mole End"),
    ("Cleo Marsh", "Mate", "Saltmarsh"),
    ("Dot Ferry", "2nd mate", "Old Pier"),
    ("Eve Roper", "Boy", "Sluice"),
)


def parse(data: bytes, mode: str) -> Document:
    origin = Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", sha256(data).hexdigest())
    return Pdf(mode=mode).parse(data, origin)  # type: ignore[arg-type]  # a mode's name


def made(draw: Callable[[pymupdf.Document], None]) -> bytes:
    with pymupdf.open() as document:
        draw(document)
        return bytes(document.tobytes())


def prose(document: pymupdf.Document) -> None:
    page = document.new_page()
    for number in range(30):
        page.insert_text((72, 100 + 14 * number), LOREM[:90], fontsize=10)


def crew(document: pymupdf.Document) -> None:
    """Words in columns, without lines and numbers: a table that the rules alone don't dare to take."""
    page = document.new_page()
    for number in range(6):
        page.insert_text((72, 80 + 14 * number), LOREM[:90], fontsize=10)
    for number, row in enumerate(CREW):
        for col, text in enumerate(row):
            page.insert_text((72 + 150 * col, 200 + 16 * number), text, fontsize=10)
    for number in range(6):
        page.insert_text((72, 330 + 14 * number), LOREM[:90], fontsize=10)


def cells(document: Document) -> list[list[list[str]]]:
    tables = [element.table for element in document.elements if element.table is not None]
    return [[[cell.text for cell in row] for row in table.rows] for table in tables]


def test_auto_asks_the_models_for_the_page_in_doubt_alone(capfd: pytest.CaptureFixture[str]) -> None:
    def draw(document: pymupdf.Document) -> None:
        prose(document)
        crew(document)

    document = parse(made(draw), "auto")
    assert document.model_pages == (2,)
    assert cells(document) == [[list(row) for row in CREW]]
    assert document_from(document_record(document)).model_pages == (2,)
    assert capfd.readouterr().out == ""


def test_layout_asks_for_every_page_with_text_and_fast_for_none() -> None:
    def draw(document: pymupdf.Document) -> None:
        prose(document)
        document.new_page()
        crew(document)

    data = made(draw)
    assert parse(data, "layout").model_pages == (1, 3)
    assert parse(data, "fast").model_pages == ()
    assert "".join(parse(data, "fast").text.split()) == "".join(parse(data, "layout").text.split())


@pytest.mark.parametrize("name", ["annual_report.pdf", "paper.pdf"])
def test_models_keep_the_text_and_the_headings(name: str) -> None:
    data = (EXAMPLES / name).read_bytes()
    fast, layout = parse(data, "fast"), parse(data, "layout")
    assert sorted("".join(fast.text.split())) == sorted("".join(layout.text.split()))
    titles = [[(e.level, e.span.of(d.text)) for e in d.elements if e.type is ElementType.TITLE] for d in (fast, layout)]
    assert titles[0] == titles[1]


def test_a_turned_page_is_put_upright_for_the_models() -> None:
    def draw(document: pymupdf.Document) -> None:
        crew(document)
        document[0].set_rotation(270)

    document = parse(made(draw), "layout")
    assert cells(document) == [[list(row) for row in CREW]]
    (table,) = (element for element in document.elements if element.table is not None)
    (region,) = table.regions
    words = document.layout.regions(table.span)
    assert all(pymupdf.Rect(region.bbox).contains(pymupdf.Rect(word.bbox)) for word in words)


def test_without_models_layout_says_what_to_install_and_auto_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    data = made(crew)
    with pytest.raises(ModelError, match="pip install"):
        parse(data, "layout")
    document = parse(data, "auto")
    assert document.model_pages == ()
    assert "1 page was read without" in document.warnings[0]


def test_reading_by_rules_loads_no_model() -> None:
    code = (
        "import sys, pathlib\n"
        "from parsers.pdf import Pdf\n"
        "from quarry.types import Origin\n"
        "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "Pdf(mode='fast').parse(data, Origin('0' * 32, 'file:///x.pdf', 's', 'x.pdf', '0' * 64))\n"
        "assert 'pymupdf.layout' not in sys.modules\n"
    )
    file = EXAMPLES / "paper.pdf"
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
