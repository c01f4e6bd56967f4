"""`verify --deep` reads back what stands in the boxes of elements and chunks; `parse --format html` shows them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from parsers._pdf_proof import Probe, misplaced, pictures, stands_in
from parsers.pdf import Pdf
from pipeline.deep import verify_sources
from quarry.layout import BBox, Region
from quarry.types import Document, Origin
from stores.lance import Store
from stores.rows import ChunkRow
from tests.pipeline.drill import run
from tests.pipeline.place import Place

CORPUS = Path(__file__).parent.parent.parent / "examples" / "corpus"


def parsed(name: str) -> tuple[bytes, Document]:
    data = (CORPUS / name).read_bytes()
    return data, Pdf().parse(data, Origin("ab" * 16, "u", "s", name, "0" * 64))


@pytest.mark.parametrize("name", ["contract.pdf", "annual_report.pdf", "paper.pdf", "manual.pdf"])
def test_every_element_stands_in_its_boxes_and_in_no_others(name: str) -> None:
    data, document = parsed(name)
    elements = [element for element in document.elements if element.regions and not element.hidden]
    probes = [Probe(e.id, e.span.of(document.text), e.regions) for e in elements]
    assert misplaced(data, (), probes) == ()
    long = [probe for probe in probes if len(probe.text) > 100]
    others = [Probe(a.name, a.text, b.regions) for a, b in zip(long, [*long[1:], long[0]], strict=True)]
    assert len(misplaced(data, (), others)) >= 0.9 * len(others) > 0


def test_letters_in_another_order_are_the_same_text() -> None:
    assert stands_in("The lamp is red.\nThe port is green.", "The port is green. The lamp is red.")
    assert stands_in("1 Safety 2", "1 Safety . . . . . . . . . . . . . . . . 2")
    assert not stands_in("a whole sentence about ships", "another one of windmills")
    assert not stands_in("short", "short " + "and a page of other words " * 20)


def test_pictures_are_png_of_the_displayed_page() -> None:
    found = pictures((CORPUS / "contract.pdf").read_bytes(), (), dpi=40, pages=1)
    assert [(picture.page, picture.png[:4]) for picture in found] == [(1, b"\x89PNG")]
    assert found[0].width < found[0].height


def test_moved_boxes_are_found(place: Place) -> None:
    (place.docs / "contract.pdf").write_bytes((CORPUS / "contract.pdf").read_bytes())
    place.ingest()
    collection = place.collection
    assert verify_sources(place.effective(), collection) == []
    live = collection.live()
    assert live is not None
    rows = list(collection.all_chunks(live))
    with collection.lock(wait_s=1):
        collection.replace_chunks(live, [rows[0].chunk.document_id], [shifted(row) for row in rows])
    found = verify_sources(place.effective(), Store.open(str(place.store)).collection("default"))
    assert {finding.law for finding in found} == {"boxes"}
    assert any("other text in the boxes" in finding.what for finding in found)


def shifted(row: ChunkRow) -> ChunkRow:
    boxes = tuple(Region(r.page, BBox(r.bbox.x0, 0, r.bbox.x1, 20)) for r in row.chunk.regions)
    return replace(row, chunk=replace(row.chunk, regions=boxes))


def test_the_page_view_has_a_box_for_each_element_on_a_page() -> None:
    done = run("parse", CORPUS / "contract.pdf", "--format", "html")
    _, document = parsed("contract.pdf")
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert out.count('<div class="page"') == document.pages
    assert len(re.findall(r'<div class="box', out)) == sum(len(element.regions) for element in document.elements)
    assert 'data-type="Title"' in out
    assert "Termination" in out
