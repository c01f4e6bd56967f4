"""Tables in PDFs: cells against the truth of the ICDAR 2013 competition and CPU time, by mode, beside PyMuPDF's
find_tables (by lines; with its models) and pymupdf4llm. Each reader runs in a process of its own: pymupdf4llm loads the
models on import.

    python -m benchmarks._parsing_tables --icdar DIR --jose DIR
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from lxml import etree, html  # type: ignore[import-untyped]  # ships no types
from rich.console import Console
from rich.table import Table as Shown

from benchmarks._rows import Row
from parsers.pdf import Pdf
from quarry.types import Document, Origin

POOLED_BAR, DOCUMENT_BAR, LAYOUT_CPU_BAR, FAST_CPU_BAR, SHARE_BAR = 0.93, 0.75, 1.05, 3.0, 0.10
ALONE = "pymupdf4llm, 1 core"
Cell = tuple[int, int, int, int, str]
"""First row, last row, first column, last column, text."""


class Read(NamedTuple):
    """What one reader made of one file."""

    tables: list[list[Cell]]
    seconds: float
    """CPU time of the process."""
    pages: int
    model_pages: int


# ---------------------------------------------------------------- readers
def by_mode(mode: str) -> Callable[[Path], tuple[list[list[Cell]], int, int]]:
    def read(file: Path) -> tuple[list[list[Cell]], int, int]:
        data = file.read_bytes()
        origin = Origin("0" * 32, file.as_uri(), "bench", file.name, sha256(data).hexdigest())
        document = Pdf(mode=mode).parse(data, origin)  # type: ignore[arg-type]  # a mode's name
        return cells_of(document), document.pages, len(document.model_pages)

    return read


def cells_of(document: Document) -> list[list[Cell]]:
    tables = [element.table for element in document.elements if element.table is not None]
    return [
        [(c.row, c.row + c.rowspan - 1, c.col, c.col + c.colspan - 1, c.text) for row in table.rows for c in row]
        for table in tables
    ]


def grid_cells(grid: Iterable[Sequence[str | None]]) -> list[Cell]:
    return [(r, r, c, c, text or "") for r, row in enumerate(grid) for c, text in enumerate(row)]


def by_find_tables(file: Path) -> tuple[list[list[Cell]], int, int]:
    import pymupdf

    with pymupdf.open(file) as opened:
        found = [table for page in opened for table in page.find_tables(use_layout=False).tables]
        return [grid_cells(table.extract()) for table in found], opened.page_count, 0


def by_union(file: Path) -> tuple[list[list[Cell]], int, int]:
    """find_tables with the models: its best setting."""
    import pymupdf
    import pymupdf.layout

    with pymupdf.open(file) as opened:
        found = [table for page in opened for table in page.find_tables(union=True, refine=True).tables]
        return [html_cells(table.to_html()) for table in found], opened.page_count, opened.page_count


def html_cells(source: str) -> list[Cell]:
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    for row, line in enumerate(html.fromstring(source).iter("tr")):
        col = 0
        for cell in line.iter("td", "th"):
            while (row, col) in taken:
                col += 1
            high, wide = int(cell.get("rowspan") or 1), int(cell.get("colspan") or 1)
            taken |= {(row + r, col + c) for r in range(high) for c in range(wide)}
            cells.append((row, row + high - 1, col, col + wide - 1, cell.text_content()))
    return cells


def by_pymupdf4llm_alone(file: Path) -> tuple[list[list[Cell]], int, int]:
    """Held to one core, so that its models have one thread as ours do."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return by_pymupdf4llm(file)


def by_pymupdf4llm(file: Path) -> tuple[list[list[Cell]], int, int]:
    from pymupdf4llm.helpers import document_layout  # type: ignore[import-untyped]  # ships no types

    pages = document_layout.parse_document(str(file), use_ocr=False).pages
    boxes = [box for page in pages for box in page.boxes if box.table]
    return [grid_cells(box.table.get("extract") or []) for box in boxes], len(pages), len(pages)


def by_blocks(file: Path) -> tuple[list[list[Cell]], int, int]:
    import pymupdf

    with pymupdf.open(file) as opened:
        for page in opened:
            page.get_text("blocks")
        return [], opened.page_count, 0


READERS: dict[str, Callable[[Path], tuple[list[list[Cell]], int, int]]] = {
    "fast": by_mode("fast"),
    "auto": by_mode("auto"),
    "layout": by_mode("layout"),
    "find_tables": by_find_tables,
    "union": by_union,
    "pymupdf4llm": by_pymupdf4llm,
    "pymupdf4llm, 1 core": by_pymupdf4llm_alone,
    "blocks": by_blocks,
}


def worker(name: str, files: Sequence[Path]) -> Iterator[Read]:
    """After one file that is not timed: it loads modules and models."""
    READERS[name](files[0])
    for file in files:
        seconds, result = float("inf"), None
        for _ in range(3 if name in ("fast", "blocks", "auto") else 1):
            start = time.process_time()
            result = READERS[name](file)
            seconds = min(seconds, time.process_time() - start)
        assert result is not None
        tables, pages, model_pages = result
        yield Read(tables, seconds, pages, model_pages)


def readings(name: str, files: Sequence[Path]) -> list[Read]:
    """Of a fresh process."""
    command = [sys.executable, "-m", "benchmarks._parsing_tables", "--worker", name, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    records = json.loads(done.stdout.splitlines()[-1])
    return [Read([[_cell(c) for c in t] for t in r[0]], r[1], r[2], r[3]) for r in records]


def _cell(values: Sequence[Any]) -> Cell:
    return int(values[0]), int(values[1]), int(values[2]), int(values[3]), str(values[4])


# ---------------------------------------------------------------- truth and score
def truth_of(file: Path) -> list[list[Cell]]:
    """The tables of a `-str.xml`; regions of a table on later pages are shifted by their increments."""
    tables = []
    for table in etree.parse(str(file), etree.XMLParser(recover=True)).iter("table"):
        cells: list[Cell] = []
        for region in table.iter("region"):
            down, across = (int(region.get(f"{side}-increment") or 0) for side in ("row", "col"))
            for cell in region.iter("cell"):
                row, col = int(cell.get("start-row")), int(cell.get("start-col"))
                end_row, end_col = int(cell.get("end-row") or row), int(cell.get("end-col") or col)
                place = (row + down, end_row + down, col + across, end_col + across)
                cells.append((*place, cell.findtext("content") or ""))
        tables.append(cells)
    return tables


def relations(cells: Sequence[Cell]) -> Counter[tuple[str, str, str]]:
    """Pairs of cells with text that are next to each other, empty ones passed over (Göbel et al. 2012, §3.2)."""
    keys = [_key(cell[4]) for cell in cells]
    at = {
        (row, col): number
        for number, (top, foot, left, right, _) in enumerate(cells)
        if keys[number]
        for row in range(top, foot + 1)
        for col in range(left, right + 1)
    }
    rows = max((row for row, _ in at), default=-1) + 1
    cols = max((col for _, col in at), default=-1) + 1
    pairs: set[tuple[int, int, str]] = set()
    for number, (top, foot, left, right, _) in enumerate(cells):
        if not keys[number]:
            continue
        for row in range(top, foot + 1):
            after = next((at[row, col] for col in range(right + 1, cols) if (row, col) in at), None)
            pairs |= {(number, after, "across")} if after is not None else set()
        for col in range(left, right + 1):
            below = next((at[row, col] for row in range(foot + 1, rows) if (row, col) in at), None)
            pairs |= {(number, below, "down")} if below is not None else set()
    return Counter((keys[one], keys[other], way) for one, other, way in pairs)


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in folded if character.isalnum())


class Score(NamedTuple):
    """Relations found and right, in the truth, found."""

    right: int
    truth: int
    found: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.truth if self.truth else 0.0


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def score(truth: Iterable[Sequence[Cell]], found: Iterable[Sequence[Cell]]) -> Score:
    wanted = sum((relations(cells) for cells in truth), Counter[tuple[str, str, str]]())
    made = sum((relations(cells) for cells in found), Counter[tuple[str, str, str]]())
    return Score((wanted & made).total(), wanted.total(), made.total())


def per_document(scores: Sequence[Score]) -> float:
    """F1 of the mean precision and the mean recall, as the competition has it."""
    return f1(fmean(s.precision for s in scores), fmean(s.recall for s in scores))


def pooled(scores: Sequence[Score]) -> float:
    whole = Score(*(sum(part) for part in zip(*scores, strict=True)))
    return f1(whole.precision, whole.recall)


def corpus(folder: Path) -> list[tuple[Path, Path]]:
    """(truth, PDF); `eu-009a` and `eu-009b` are two tables' truths of one file."""
    pairs = []
    for truth in sorted(folder.rglob("*-str.xml")):
        pdf = truth.with_name(truth.name.replace("-str.xml", ".pdf"))
        pairs.append((truth, pdf if pdf.exists() else pdf.with_name(pdf.name.replace("b.pdf", "a.pdf"))))
    return pairs


# ---------------------------------------------------------------- the report
def tables(icdar: Path) -> Iterator[Row]:
    """Cell F1 of each mode and of the peers; CPU of `layout` against pymupdf4llm on the same pages."""
    pairs = corpus(icdar)
    files = [pdf for _, pdf in pairs]
    read = {name: readings(name, files) for name in READERS if name not in ("blocks", ALONE)}
    scores = {
        name: [score(truth_of(truth), made.tables) for (truth, _), made in zip(pairs, found, strict=True)]
        for name, found in read.items()
    }
    peers = ("find_tables", "union", "pymupdf4llm")
    for mode in ("fast", "auto", "layout"):
        for measure, of, bar in (
            ("per document", per_document, DOCUMENT_BAR if mode == "fast" else None),
            ("pooled", pooled, POOLED_BAR if mode == "layout" else None),
        ):
            yield Row(
                "icdar2013", f"{mode}: cell F1 {measure}", of(scores[mode]), {p: of(scores[p]) for p in peers}, bar
            )
    yield _share("icdar2013", read["auto"], None)
    yield _against("icdar2013", read["layout"], read["pymupdf4llm"], readings(ALONE, files))


def speed(jose: Path) -> Iterator[Row]:
    """CPU of each mode on journal papers."""
    files = sorted(jose.glob("*.pdf"))
    read = {name: readings(name, files) for name in READERS if name not in ("find_tables", "union")}
    blocks = sum(made.seconds for made in read["blocks"])
    fast = sum(made.seconds for made in read["fast"]) / blocks
    yield Row("jose", "fast: CPU / get_text(blocks)", fast, bar=FAST_CPU_BAR, at_most=True)
    free = [n for n, made in enumerate(read["auto"]) if not made.model_pages]
    ratio = sum(read["auto"][n].seconds for n in free) / sum(read["blocks"][n].seconds for n in free)
    yield Row("jose", "auto, files without model pages: same", ratio, bar=FAST_CPU_BAR, at_most=True)
    yield _share("jose", read["auto"], SHARE_BAR)
    yield _against("jose", read["layout"], read["pymupdf4llm"], read[ALONE])


def _share(name: str, read: Sequence[Read], bar: float | None) -> Row:
    share = sum(made.model_pages for made in read) / sum(made.pages for made in read)
    return Row(name, "auto: share of pages for the models", share, bar=bar, at_most=True)


def _against(name: str, ours: Sequence[Read], theirs: Sequence[Read], alone: Sequence[Read]) -> Row:
    """The bar is against the peer as it comes, which gives its models a thread for each core."""
    seconds, other, single = (sum(made.seconds for made in read) for read in (ours, theirs, alone))
    peers = {"pymupdf4llm": 1.0, ALONE: single / other}
    return Row(name, "layout: CPU / pymupdf4llm", seconds / other, peers, LAYOUT_CPU_BAR, at_most=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--icdar", type=Path, help="folder of icdar2013 PDFs with -str.xml")
    options.add_argument("--jose", type=Path, help="folder of journal papers as PDF")
    options.add_argument("--json", type=Path)
    options.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.worker:
        print(json.dumps(list(worker(chosen.worker[0], [Path(file) for file in chosen.worker[1:]]))))
        return 0
    rows = [*(tables(chosen.icdar) if chosen.icdar else ()), *(speed(chosen.jose) if chosen.jose else ())]
    shown = Shown("set", "measure", "ours", "peers", "bar", "")
    for row in rows:
        peers = ", ".join(f"{name} {value:.3f}" for name, value in row.peers.items())
        bar = "" if row.bar is None else f"{'<=' if row.at_most else '>='} {row.bar}"
        shown.add_row(row.set, row.measure, f"{row.ours:.3f}", peers, bar, "" if row.passed else "short")
    Console(width=130).print(shown)
    if chosen.json:
        chosen.json.write_text(
            json.dumps([[r.set, r.measure, r.ours, r.peers, r.bar, r.passed] for r in rows], indent=2)
        )
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
