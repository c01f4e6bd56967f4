"""`make corpus`: writes examples/corpus from examples/corpus_src. All documents are of our own invention."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pymupdf
import typst

SOURCES = Path(__file__).parent / "corpus_src"
CORPUS = Path(__file__).parent / "corpus"
TAGGED = ("tagged_policy",)
"""The others are written without tags, as most PDFs in the world are."""
STAMP = 1_735_689_600
"""Creation time in all files, so that the same sources give the same bytes."""


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.typ")):
        _typeset(source, target / f"{source.stem}.pdf")
    _handbook(SOURCES / "handbook.html", target / "handbook.pdf")
    _scan(target / "letter.pdf", target / "scanned_letter.pdf")
    for source in sorted(SOURCES.glob("web_*.html")):
        shutil.copyfile(source, target / source.name.removeprefix("web_"))
    shutil.copyfile(SOURCES / "release_notes.md", target / "release_notes.md")
    return 0


def _typeset(source: Path, target: Path) -> None:
    target.write_bytes(typst.compile(source, format="pdf", timestamp=STAMP, ignore_system_fonts=True))
    if source.stem not in TAGGED:
        _without_tags(target)


def _without_tags(file: Path) -> None:
    with pymupdf.open(file) as document:
        catalog = document.pdf_catalog()
        for key in ("StructTreeRoot", "MarkInfo"):
            document.xref_set_key(catalog, key, "null")
        data = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    file.write_bytes(data)


def _handbook(source: Path, target: Path) -> None:
    """Another producer: MuPDF's HTML layout, no bookmarks, headings by their look alone."""
    story = pymupdf.Story(html=source.read_text(encoding="utf-8"))
    box = pymupdf.paper_rect("a4")
    writer = pymupdf.DocumentWriter(str(target))
    more = True
    while more:
        device = writer.begin_page(box)
        more, _ = story.place(pymupdf.Rect(64, 64, box.x1 - 64, box.y1 - 64))
        story.draw(device)
        writer.end_page()
    writer.close()


def _scan(typeset: Path, target: Path) -> None:
    """A page as a scanner gives it: a slightly turned grey picture, no text."""
    with pymupdf.open(typeset) as document:
        matrix = pymupdf.Matrix(1.6, 1.6) * pymupdf.Matrix(0.7)
        pixels = document[0].get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY, alpha=False)
    noise = random.Random(7)
    samples = bytearray(pixels.samples)
    for _ in range(len(samples) // 200):
        samples[noise.randrange(len(samples))] = noise.randrange(120, 255)
    picture = pymupdf.Pixmap(pymupdf.csGRAY, pixels.width, pixels.height, bytes(samples), False)
    with pymupdf.open() as scanned:
        page = scanned.new_page()
        page.insert_image(page.rect, stream=picture.tobytes("jpeg", jpg_quality=60))
        target.write_bytes(scanned.tobytes(garbage=3, deflate=True, no_new_id=True))
    typeset.unlink()


if __name__ == "__main__":
    sys.exit(main())
