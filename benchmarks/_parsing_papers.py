"""Papers of a journal against the publisher's XML: Quarry, PyMuPDF's blocks, pymupdf4llm, unstructured's fast mode."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pymupdf

from benchmarks._paper_scores import Part, Truth, scored, total, truth_of
from benchmarks._rows import Row
from parsers.pdf import Pdf
from quarry.types import ElementType, Origin

BARS = {"text": 0.985, "whole": 0.95, "contiguous": 0.99, "heading F1": 0.98, "heading level": 0.98}
STRIPPED = {"heading F1": 0.92, "heading level": 0.97}


class Paper(NamedTuple):
    pdf: Path
    truth: Truth


def papers(folder: Path) -> list[Paper]:
    """PDFs with a JATS file of the same name."""
    found = ((file.with_suffix(".pdf"), truth_of(file)) for file in sorted(folder.glob("*.jats")))
    return [Paper(pdf, truth) for pdf, truth in found if truth is not None and pdf.exists()]


def quarry(data: bytes) -> list[Part]:
    document = Pdf(mode="fast").parse(data, Origin("0" * 32, "", "", "paper.pdf", sha256(data).hexdigest()))
    return [
        Part(
            "heading" if element.type is ElementType.TITLE else "text" if element.in_body else "edge",
            element.span.of(document.text),
            element.level,
        )
        for element in document.elements
    ]


def blocks(data: bytes) -> list[Part]:
    with pymupdf.open(stream=data, filetype="pdf") as opened:
        found = [block for page in opened for block in page.get_text("blocks", sort=True)]
    return [Part("text", block[4]) for block in found if block[6] == 0]


def llm(data: bytes) -> list[Part]:
    """pymupdf4llm with its layout model."""
    import pymupdf.layout
    import pymupdf4llm.helpers.document_layout as layout  # type: ignore[import-untyped]  # no types are published

    pymupdf.layout.activate()
    with contextlib.redirect_stdout(io.StringIO()), pymupdf.open(stream=data, filetype="pdf") as opened:
        document = layout.parse_document(opened, use_ocr=False)
    made: list[Part] = []
    for box in (box for page in document.pages for box in page.boxes):
        kind = {"section-header": "heading", "title": "heading", "page-header": "edge", "page-footer": "edge"}
        lines = box.textlines or []
        text = layout.list_item_to_text(lines, 1) if box.boxclass == "list-item" else layout.text_to_text(lines)
        made.append(Part(kind.get(box.boxclass, "text"), text if lines else "", box.header_level or None))
    return made


def without_outline(data: bytes) -> bytes:
    with pymupdf.open(stream=data, filetype="pdf") as opened:
        opened.set_toc([])
        return bytes(opened.tobytes())


READERS: dict[str, Callable[[bytes], list[Part]]] = {"quarry": quarry, "PyMuPDF blocks": blocks, "pymupdf4llm": llm}


def _measured(name: str, folder: Path, outline: bool) -> dict[str, float]:  # called by a pool
    found, seconds, pages = [], 0.0, 0
    for paper in papers(folder):
        data = paper.pdf.read_bytes()
        data = data if outline else without_outline(data)
        began = time.process_time()
        parts = READERS[name](data)
        seconds += time.process_time() - began
        with pymupdf.open(stream=data, filetype="pdf") as opened:
            pages += opened.page_count
        found.append(scored(paper.truth, parts))
    return {**total(found), "cpu": seconds / max(1, pages)}


def rows(folder: Path) -> Iterator[Row]:
    """Each reader in a fresh process: the models of one must not be active in another."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        plain = {name: pool.apply(_measured, (name, folder, True)) for name in READERS}
        stripped = {name: pool.apply(_measured, (name, folder, False)) for name in ("quarry", "pymupdf4llm")}
    yield from _table("jose", plain, BARS)
    yield from _table("jose, no bookmarks", stripped, STRIPPED)
    ratio = {name: own["cpu"] / plain["PyMuPDF blocks"]["cpu"] for name, own in plain.items()}
    yield Row("jose", "CPU of `fast` over blocks", ratio.pop("quarry"), ratio, 3.0, at_most=True)


def _table(name: str, found: dict[str, dict[str, float]], bars: dict[str, float]) -> Iterator[Row]:
    for measure, bar in bars.items():
        peers = {reader: own[measure] for reader, own in found.items() if reader != "quarry"}
        yield Row(name, measure, found["quarry"][measure], peers, bar)
