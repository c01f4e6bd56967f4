"""Text in, provenance out: is what stands inside a chunk's boxes in the source file the chunk's text?

Each chunk's boxes are read back with PyMuPDF and, independently, with pypdfium2, and compared without white space,
hyphens and Unicode compatibility forms. The boxes' area is compared with the union of the lines of glyphs in them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymupdf
import pypdfium2
from rich.console import Console
from rich.table import Table

from chunkers import chunker
from encoders import load_encoder
from parsers.pdf import Pdf
from quarry.errors import DocumentError
from quarry.layout import BBox, Layout, Region
from quarry.types import Chunk, Document, Origin

CORPUS = Path(__file__).parent.parent / "examples" / "corpus"
MUPDF_BAR, PDFIUM_BAR, AREA_BAR = 0.99, 0.97, 1.3
_IGNORED = re.compile(r"[\s\u00ad\u2010\-\u200b-\u200f\u2060\ufeff\ufffe\x02]+")


@dataclass(slots=True)
class Score:
    chunks: int = 0
    mupdf: int = 0
    pdfium: int = 0
    boxes: float = 0.0
    lines: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def area(self) -> float:
        return self.boxes / self.lines if self.lines else 1.0


def bare(text: str) -> str:
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text))


def same(found: str, chunk: Chunk) -> bool:
    """The letters of both, in any order of lines: table cells and columns may be read in another order."""
    wanted, read = bare(chunk.text), bare(found)
    return wanted == read or sorted(wanted) == sorted(read)


def by_mupdf(document: Any, regions: Sequence[Region]) -> str:
    """Words whose middle is in the box."""
    parts: list[str] = []
    for page, box in regions:
        words = document[page - 1].get_text("words", flags=pymupdf.TEXTFLAGS_WORDS & ~pymupdf.TEXT_PRESERVE_IMAGES)
        parts += [word[4] for word in words if inside((word[0] + word[2]) / 2, (word[1] + word[3]) / 2, box)]
    return " ".join(parts)


def by_pdfium(document: Any, regions: Sequence[Region]) -> str:
    """Characters whose middle is in the box; pdfium's origin is at the bottom."""
    parts: list[str] = []
    for page, box in regions:
        opened = document[page - 1]
        text, height = opened.get_textpage(), opened.get_height()
        for index in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(index, loose=True)
            if inside((left + right) / 2, height - (bottom + top) / 2, box):
                # The text as a whole leaves characters out; their places can only be asked for one by one.
                parts.append(chr(pypdfium2.raw.FPDFText_GetUnicode(text.raw, index)))
    return "".join(parts)


def inside(x: float, y: float, box: BBox) -> bool:
    return box.x0 - 0.5 <= x <= box.x1 + 0.5 and box.y0 <= y <= box.y1


def line_area(layout: Layout, chunk: Chunk) -> float:
    """Area of the lines of words that the chunk covers."""
    lines: dict[tuple[int, int], BBox] = {}
    for word in layout.words(chunk.span):
        key = layout.pages[word], layout.lines[word]
        lines[key] = lines[key].union(layout.box(word)) if key in lines else layout.box(word)
    return sum(box.area for box in lines.values())


def pieces(document: Document, kind: str) -> Iterable[Chunk]:
    """The chunks of a strategy; for `elements` each element as if it were one."""
    if kind != "elements":
        encoder = load_encoder("minilm")
        return chunker.build({"kind": kind}).chunk(document, tokens=encoder.tokens, embedder=encoder)
    return [
        Chunk(e.id, "", "", e.span, e.span.of(document.text), "", 0, kind, regions=document.layout.regions(e.span))
        for e in document.elements
        if not e.hidden
    ]


def measure(file: Path, kind: str, mode: str) -> Score:
    data = file.read_bytes()
    origin = Origin("0" * 32, file.resolve().as_uri(), "corpus", file.name, sha256(data).hexdigest())
    document, score = Pdf(mode=mode).parse(data, origin), Score()  # type: ignore[arg-type]  # the parser checks it
    made = pieces(document, kind)
    with pymupdf.open(file) as first:
        second = pypdfium2.PdfDocument(file)
        for chunk in made:
            score.chunks += 1
            ours, theirs = same(by_mupdf(first, chunk.regions), chunk), same(by_pdfium(second, chunk.regions), chunk)
            score.mupdf += ours
            score.pdfium += theirs
            score.boxes += sum(region.bbox.area for region in chunk.regions)
            score.lines += line_area(document.layout, chunk)
            if not (ours and theirs):
                score.wrong.append(f"{file.name}: {' '.join(chunk.text.split())[:80]}")
        second.close()
    return score


def measured(corpus: Path, kind: str, mode: str) -> Iterator[tuple[str, Score]]:
    for file in sorted(corpus.rglob("*.pdf")):
        try:
            score = measure(file, kind, mode)
        except DocumentError:
            continue
        if score.chunks:
            yield file.name, score


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, default=CORPUS)
    options.add_argument("--chunker", default="metadata_aware", help="a strategy, or `elements` for each element")
    options.add_argument("--mode", default="auto", help="of the PDF parser")
    options.add_argument("--wrong", action="store_true", help="print the chunks that differ")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    table, total = Table("document", "chunks", "PyMuPDF", "pypdfium2", "box area"), Score()
    for name, score in measured(chosen.corpus, chosen.chunker, chosen.mode):
        table.add_row(name, *row(score))
        for part in ("chunks", "mupdf", "pdfium", "boxes", "lines", "wrong"):
            setattr(total, part, getattr(total, part) + getattr(score, part))
    table.add_row("all", *row(total))
    Console().print(table)
    for line in total.wrong if chosen.wrong else ():
        print(" ", line)
    result = {"mupdf": total.mupdf / total.chunks, "pdfium": total.pdfium / total.chunks, "area": total.area}
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2))
    good = result["mupdf"] >= MUPDF_BAR and result["pdfium"] >= PDFIUM_BAR and result["area"] <= AREA_BAR
    return 0 if good else 1


def row(score: Score) -> tuple[str, str, str, str]:
    shares = (f"{count / score.chunks:.1%}" for count in (score.mupdf, score.pdfium))
    return str(score.chunks), *shares, f"{score.area:.2f}"  # type: ignore[return-value]  # four strings


if __name__ == "__main__":
    sys.exit(main())
