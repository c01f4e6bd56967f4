"""Web pages: main content, structure, speed and memory, beside trafilatura and readability-lxml in the same run."""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import trafilatura
from readability import Document as Readability  # type: ignore[import-untyped]  # ships no types

from benchmarks._page_scores import (
    Hits,
    Part,
    harmonic,
    heading_hits,
    kind_hits,
    parts_of_html,
    parts_of_markdown,
    table_hits,
    text_hits,
)
from benchmarks._rows import Row
from parsers.html import Html
from quarry.types import Document, Element, ElementType, Origin

_KINDS = {
    ElementType.TITLE: "heading",
    ElementType.LIST_ITEM: "list",
    ElementType.TABLE: "table",
    ElementType.CODE_SNIPPET: "code",
}
_ROUNDS = 3
_MEGABYTE = 1 << 20
LINE_MEGABYTES = 100


class Page(NamedTuple):
    """A page with what of it is main content."""

    name: str
    source: str
    truth: list[Part]


# ---------------------------------------------------------------- who reads
def quarry(source: str, parser: Html | None = None) -> list[Part]:
    document = document_of(source.encode("utf-8", "replace"), parser)
    return [_part(element, document) for element in document.elements if element.in_body]


def document_of(data: bytes, parser: Html | None = None) -> Document:
    origin = Origin(
        id="0" * 32, uri="file:///page.html", source="bench", path="page.html", sha256=sha256(data).hexdigest()
    )
    return (parser or Html()).parse(data, origin)


def _part(element: Element, document: Document) -> Part:
    cells: tuple[tuple[int, int, int, int, str], ...] = ()
    if element.table is not None:
        cells = tuple(
            (cell.row, cell.row + cell.rowspan - 1, cell.col, cell.col + cell.colspan - 1, cell.text)
            for row in element.table.rows
            for cell in row
        )
    return Part(_KINDS.get(element.type, "text"), element.span.of(document.text), element.level, cells)


def with_trafilatura(source: str) -> list[Part]:
    return parts_of_html(
        trafilatura.extract(
            source, include_comments=False, include_tables=True, include_links=True, output_format="html"
        )
        or ""
    )


def with_readability(source: str) -> list[Part]:
    return parts_of_html(Readability(source).summary())


READERS: dict[str, Callable[[str], list[Part]]] = {
    "quarry": quarry,
    "trafilatura": with_trafilatura,
    "readability-lxml": with_readability,
}


# ---------------------------------------------------------------- sets
def articles(folder: Path) -> Iterator[Page]:
    """Article extraction benchmark: gzipped pages, the bodies of articles in one JSON file."""
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    for name in sorted(truth):
        with gzip.open(folder / "html" / f"{name}.html.gz", "rt", encoding="utf-8", errors="replace") as file:
            yield Page(name, file.read(), [Part("text", truth[name]["articleBody"])])


def readability_pages(folder: Path) -> Iterator[Page]:
    """One folder a page, with what should be left of it."""
    for path in sorted(folder.glob("*/source.html")):
        expected = path.with_name("expected.html").read_text(encoding="utf-8")
        yield Page(path.parent.name, path.read_text(encoding="utf-8", errors="replace"), parts_of_html(expected))


def webmainbench(folder: Path) -> Iterator[Page]:
    """JSON lines: the page, and its main content as Markdown."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            yield Page(record["url"], record["html"], parts_of_markdown(record["groundtruth_content"]))


# ---------------------------------------------------------------- measures
def main_content_rows(pages: Sequence[Page], name: str, *, bar: float) -> list[Row]:
    """F1 of the mean precision and the mean recall over pages, of word 4-grams."""
    scores = {}
    for reader, read in READERS.items():
        hits = [text_hits(page.truth, read(page.source)) for page in pages]
        scores[reader] = harmonic(fmean(hit.precision for hit in hits), fmean(hit.recall for hit in hits))
    return [_row(name, "text F1", scores, bar=bar)]


def structure_rows(pages: Sequence[Page], name: str, *, bar: float) -> list[Row]:
    """Headings, list items, tables and code: F1 over all pages together. A kind that no page has is left out."""
    measures: dict[str, Callable[[Sequence[Part], Sequence[Part]], Hits]] = {
        "heading": heading_hits,
        "list": lambda truth, found: kind_hits("list", truth, found),
        "table": table_hits,
        "code": lambda truth, found: kind_hits("code", truth, found),
    }
    found = {reader: [read(page.source) for page in pages] for reader, read in READERS.items()}
    rows = []
    for kind, measure in measures.items():
        totals = {
            reader: sum((measure(page.truth, part) for page, part in zip(pages, parts, strict=True)), Hits())
            for reader, parts in found.items()
        }
        if totals["quarry"].wanted:
            scores = {reader: total.f1 for reader, total in totals.items()}
            rows.append(_row(name, f"{kind} F1 ({totals['quarry'].wanted})", scores, bar=bar))
    return rows


def speed_rows(pages: Sequence[Page], name: str, *, bar: float = 1.5) -> list[Row]:
    """CPU of the whole parse over that of `trafilatura.extract`, the best of three rounds in one process."""
    sources = [page.source.encode("utf-8", "replace") for page in pages]
    ours, theirs = _cpu(document_of, sources), _cpu(trafilatura.extract, sources)
    milliseconds = {"quarry": 1000 * ours / len(pages), "trafilatura": 1000 * theirs / len(pages)}
    ratio = Row(name, "CPU / trafilatura", ours / theirs, bar=bar, at_most=True)
    return [_row(name, "CPU ms a page", milliseconds), ratio]


def memory_rows() -> list[Row]:
    """A page of one line of 100 MB, parsed in a process of its own: `ok` counts as 1."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.html"
        line = b"word " * (LINE_MEGABYTES * 1_000_000 // 5)
        path.write_bytes(b"<html><body><p>" + line + b"</p><p>The last words.</p></body></html>")
        command = [sys.executable, "-m", "benchmarks._parsing_html", str(path)]
        made = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    complete = made["outcome"] in ("ok", "partial") and (made["outcome"] == "partial" or made["end"])
    return [
        Row("100 MB line", "ok, or partial by a limit", float(complete), bar=1.0),
        Row("100 MB line", "peak MB", made["peak_mb"], bar=1000.0, at_most=True),
    ]


def _row(name: str, measure: str, scores: dict[str, float], *, bar: float | None = None) -> Row:
    peers = {reader: score for reader, score in scores.items() if reader != "quarry"}
    return Row(name, measure, scores["quarry"], peers, bar)


def _cpu(read: Callable[[bytes], object], sources: Sequence[bytes]) -> float:
    read(sources[0])
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for source in sources:
            read(source)
        rounds.append(time.process_time() - began)
    return min(rounds)


def halves(pages: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """Odd-numbered pages by sorted name, on which rules are made, and even-numbered ones, on which they are tried."""
    return list(pages[::2]), list(pages[1::2])


def rows(data: Path) -> list[Row]:
    """All of it, for the sets that are there below `data`."""
    found: list[Row] = []
    aeb = list(articles(data / "article-extraction")) if (data / "article-extraction").is_dir() else []
    kept = list(readability_pages(data / "readability"))
    bench = list(webmainbench(data / "webmainbench"))
    for name, pages, bar in (
        ("article-extraction", aeb, 0.965),
        ("readability", kept, 0.97),
        ("webmainbench", bench, 0.97),
    ):
        if pages:
            found += main_content_rows(pages, name, bar=bar)
            found += structure_rows(pages, name, bar=0.92) if name != "article-extraction" else []
            found += speed_rows(pages, name)
    return [*found, *memory_rows()]


def _peak(path: Path) -> None:
    document = document_of(path.read_bytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEGABYTE
    end = "The last words." in document.text[-2000:]
    sys.stdout.write(json.dumps({"outcome": document.outcome.value, "end": end, "peak_mb": peak}))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if target.is_file():
        _peak(target)
    else:
        for row in rows(target):
            peers = "  ".join(f"{name} {score:.3f}" for name, score in row.peers.items())
            bar = "" if row.bar is None else f"bar {row.bar:g} {'passed' if row.passed else 'MISSED'}"
            sys.stdout.write(f"{row.set:20} {row.measure:28} {row.ours:8.3f}  {peers:48} {bar}\n")
