"""All bars of parsing in one table, beside the peers, measured in one run.

`python -m benchmarks.parsing --data DIR`: DIR holds the sets `jose`, `nist-800-63-3`, `icdar2013-eu`,
`article-extraction`, `readability` and `webmainbench`; what is missing is left out. `--only PART` runs the parts whose
names hold it: papers, rendered, tables, tables-speed, pages, boxes, workers, memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Literal

import psutil
import pymupdf
from rich.console import Console

from benchmarks import _parsing_html, _parsing_papers, _parsing_tables, provenance, rendered
from benchmarks._rows import Row, table_of
from pipeline.workers import Limits, ParseJob, ParseResult, ParserPool
from quarry.types import Origin

Mode = Literal["fast", "auto", "layout"]
WORKERS = 4
PAGES = 10_000


def papers(data: Path) -> Iterator[Row]:
    yield from _parsing_papers.rows(data / "jose")


def from_templates(data: Path) -> Iterator[Row]:
    """The worst template decides: each is named in the measure's row."""
    found = list(rendered.results(data / "nist-800-63-3", only="", mode="auto"))
    for measure in ("heading F1", "level", "order", "page"):
        worst, rates = min(((template, made.rates) for template, made in found), key=lambda item: item[1][measure])
        yield Row("rendered NIST", f"{measure}, worst template: {worst.name}", rates[measure], bar=rendered.BAR)
    columns = [made.rates["order"] for template, made in found if template.columns > 1]
    yield Row("rendered NIST", "order, several columns", min(columns), bar=rendered.ORDER_BAR_COLUMNS)


def tables(data: Path) -> Iterator[Row]:
    yield from _parsing_tables.tables(data / "icdar2013-eu")


def tables_speed(data: Path) -> Iterator[Row]:
    yield from _parsing_tables.speed(data / "jose")


def pages(data: Path) -> Iterator[Row]:
    yield from _parsing_html.rows(data)


def boxes(data: Path) -> Iterator[Row]:
    """Elements of the examples and of the papers, read back from their boxes."""
    for name, corpus in (("examples", provenance.CORPUS), ("jose", data / "jose")):
        total = provenance.Score()
        for _, score in provenance.measured(corpus, "elements", "auto"):
            for part in ("chunks", "mupdf", "pdfium", "boxes", "lines"):
                setattr(total, part, getattr(total, part) + getattr(score, part))
        yield Row(name, "text in the boxes, PyMuPDF", total.mupdf / total.chunks, bar=0.995)
        yield Row(name, "text in the boxes, pypdfium2", total.pdfium / total.chunks, bar=0.97)
        yield Row(name, "area of boxes over lines", total.area, bar=1.3, at_most=True)


def workers(data: Path) -> Iterator[Row]:
    """The papers a few times over, by one process and by four: CPU for CPU and page for page."""
    files = sorted((data / "jose").glob("*.pdf")) * 4
    (one, cpu_one), (four, cpu_four) = (_pooled(files, count) for count in (1, WORKERS))
    yield Row("jose x 4", f"{WORKERS} workers: speed against one", one / four, bar=3.2)
    yield Row("jose x 4", f"{WORKERS} workers: CPU against one", cpu_four / cpu_one, bar=1.15, at_most=True)
    yield Row("jose x 4", "cores that were free (load)", max(0.0, WORKERS - os.getloadavg()[0]))


def _pooled(files: list[Path], count: int) -> tuple[float, float]:
    """Seconds and CPU seconds, the start of the processes aside."""
    with ParserPool(workers=count, limits=Limits(timeout_s=600), settings={"pdf": {"mode": "fast"}}) as pool:
        for answer in [_submitted(pool, file) for file in files[: 4 * count]]:
            answer.result()
        began, before = time.perf_counter(), _cpu()
        for answer in [_submitted(pool, file) for file in files]:
            answer.result()
        return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    """Seconds of all processes that this one started and that are alive."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))


def _submitted(pool: ParserPool, file: Path) -> Future[ParseResult]:
    return pool.submit(ParseJob(Origin("0" * 32, file.as_uri(), "s", file.name, ""), "application/pdf", path=file))


def memory(_data: Path) -> Iterator[Row]:
    """A long document in a worker process at default settings: its peak, the pickled answer included."""
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        file = Path(folder) / "long.pdf"
        _long(file)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            outcome, peak = pool.submit(_peak, str(file)).result()
    yield Row(f"{PAGES:,} pages", f"`auto`, {outcome}: worker peak, GB", peak, bar=1.0, at_most=True)


def _long(file: Path) -> None:
    with pymupdf.open() as made:
        for number in range(PAGES):
            page = made.new_page()
            lines = [f"Line {n} of page {number} tells of the tide and of {n * number % 97} ships." for n in range(40)]
            page.insert_text((60, 60), lines, fontsize=10)
        made.save(file)


def _peak(file: str) -> tuple[str, float]:
    """Of the parser process, which sends the document back as a run's does."""
    with ParserPool(workers=1, limits=Limits(timeout_s=3600), settings={}) as pool:
        document = _submitted(pool, Path(file)).result().document
    return document.outcome.value, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "papers": papers,
    "rendered": from_templates,
    "tables": tables,
    "tables-speed": tables_speed,
    "pages": pages,
    "boxes": boxes,
    "workers": workers,
    "memory": memory,
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--only", default="", help="part of the parts' names")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    console, rows = Console(width=160), list[Row]()
    for name, part in PARTS.items():
        if chosen.only in name:
            rows += part(chosen.data)
    console.print(table_of(rows))
    if chosen.json:
        chosen.json.write_text(
            json.dumps([[r.set, r.measure, r.ours, r.peers, r.bar, r.passed] for r in rows], indent=1)
        )
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
