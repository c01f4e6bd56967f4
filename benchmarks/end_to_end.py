"""A whole ingest against encoding its chunks alone, and against the script that a person would write without Quarry.

`python -m benchmarks.end_to_end --data DIR`: DIR holds the sets `jose`, `icdar2013-eu`, `readability`,
`article-extraction` and `nist-800-63-3`, or is a folder of documents. CPU seconds of processes and their children; from
each the CPU of the same process over a few tiny documents of each kind is taken off: imports, the model's loading, the
start of all workers. Sides take turns in every round; the figures are medians. Models: MiniLM at our own chunk size,
and its first layer alone with chunks of 64 tokens, where what is not encoding shows. Both sides are given the same
chunk size.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pymupdf
from rich.console import Console
from rich.table import Table

from benchmarks._rows import Row, table_of
from benchmarks._runs import python, quarry
from encoders.profiles import profile, resolve
from pipeline.views import live_of
from stores.lance import Store

SIDES = ("quarry", "alone", "script", "script by document")
BARS = {"whole": {"alone": 1.10, "script": 0.80}, "cut": {"script": 1.15}}
"""Most that a token may cost in ours, as a share of what it costs there."""


def gather(data: Path, folder: Path) -> Path:
    """The documents of the sets, each under a name of its own; the Markdown pages of one set as one long document."""
    folder.mkdir()
    for name in ("jose", "icdar2013-eu"):
        for file in sorted((data / name).glob("*.pdf")):
            shutil.copy(file, folder / f"{name}-{file.name}")
    for file in sorted((data / "readability").glob("*/source.html")):
        shutil.copy(file, folder / f"readability-{file.parent.name}.html")
    for file in sorted((data / "article-extraction" / "html").glob("*.html.gz")):
        (folder / f"news-{file.name[:12]}.html").write_bytes(gzip.decompress(file.read_bytes()))
    pages = [file.read_text(encoding="utf-8") for file in sorted((data / "nist-800-63-3").rglob("*.md"))]
    if pages:
        (folder / "nist.md").write_text("\n\n".join(pages), encoding="utf-8")
    if not any(folder.iterdir()):
        folder.rmdir()
        return data
    return folder


def smallest(folder: Path, number: int) -> None:
    """Leaves so many documents, the smallest."""
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: path.stat().st_size)
    for path in files[number:]:
        path.unlink()


def tiny(folder: Path, *, copies: int = 8) -> Path:
    """So many documents of each kind, a few sentences in each: enough for every worker to start and to load its
    parsers, with what they load only for a page that has text to weigh."""
    folder.mkdir()
    for number in range(copies):
        sentence = f"The harbour master writes down tide {number}."
        with pymupdf.open() as document:
            document.new_page().insert_text((72, 100), sentence, fontsize=11)
            document.save(str(folder / f"{number}.pdf"))
        paragraph = " ".join([sentence] * 8)
        (folder / f"{number}.html").write_text(f"<html><body><h1>Tides</h1><p>{paragraph}</p></body></html>")
        (folder / f"{number}.md").write_text(f"# Tides\n\n{sentence} Twice.\n")
    return folder


def one_layer(folder: Path) -> Path:
    """MiniLM cut down to its first layer: the same files and code, a sixth of the work."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(resolve(profile("minilm")), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if ".layer." not in name or ".layer.0." in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@dataclass(frozen=True, slots=True)
class Spent:
    """By one side in one round."""

    cpu: float
    """Seconds, start-up taken off."""
    start_up: float
    tokens: int
    """That went through the network, special tokens included."""
    chunks: int

    @property
    def each(self) -> float:
        """CPU microseconds a token."""
        return 1e6 * self.cpu / max(1, self.tokens)


@dataclass(slots=True)
class Case:
    """One model with one chunk size."""

    name: str
    model: Path
    size: int
    work: Path
    threads: int
    sides: Sequence[str]
    rounds: dict[str, list[Spent]] = field(default_factory=lambda: defaultdict(list))
    report: dict[str, Any] = field(default_factory=dict)

    def measure(self, docs: Path, small: Path, *, rounds: int) -> None:
        for _ in range(rounds):
            for side in self.sides:
                nothing = self._run(side, small)
                cost = self._run(side, docs)
                off = Spent(cost.cpu - nothing.cpu, nothing.cpu, cost.tokens, cost.chunks)
                self.rounds[side].append(off)

    def _run(self, side: str, docs: Path) -> Spent:
        if side == "quarry":
            return self._quarry(docs)
        if side == "alone":
            texts = self.work / f"{docs.name}.json"
            found = self._python("benchmarks._alone", texts, self.model)
        else:
            table = Path(tempfile.mkdtemp(dir=self.work))
            call = "document" if side == "script by document" else "whole"
            found = self._python("benchmarks._floor", docs, table, self.model, str(self.size), call)
            shutil.rmtree(table)
        return Spent(found["cpu"], 0.0, found["tokens"], found["chunks"])

    def _quarry(self, docs: Path) -> Spent:
        store = Path(tempfile.mkdtemp(dir=self.work)) / "store"
        settings = ("parsers.pdf.mode=fast", "chunker.kind=metadata_aware", f"chunker.size={self.size}")
        flags = [flag for setting in settings for flag in ("--set", setting)]
        cost = quarry(
            "ingest", f"docs={docs}", "--store", store, "--encoder", self.model, "--json", *flags, **self._environment
        )
        self.report = cost.report
        (self.work / f"{docs.name}.json").write_text(json.dumps(_texts(store)), encoding="utf-8")
        shutil.rmtree(store.parent)
        return Spent(cost.cpu, 0.0, cost.report["tokens"]["encoded"], cost.report["work"]["encoded"])

    def _python(self, module: str, *arguments: str | Path) -> dict[str, Any]:
        return python("-m", module, *arguments, **self._environment).report

    @property
    def _environment(self) -> dict[str, str]:
        return {"OMP_NUM_THREADS": str(self.threads), "HF_HUB_OFFLINE": "1"}

    def each(self, side: str) -> float:
        return median(spent.each for spent in self.rounds[side])

    def rows(self) -> Iterator[Row]:
        for side in self.sides[1:]:
            ratios = [a.each / b.each for a, b in zip(self.rounds["quarry"], self.rounds[side], strict=True)]
            bar = BARS[self.name].get(side)
            yield Row(self.name, f"CPU a token against {side}", median(ratios), bar=bar, at_most=True)


def _texts(store: Path) -> list[str]:
    """What was encoded, each text once."""
    collection = Store.open(str(store)).collection("default")
    rows = collection.all_chunks(live_of(collection))
    return list(dict.fromkeys(row.chunk.embedded_text for row in rows))


def show(cases: list[Case], documents: int, console: Console) -> None:
    console.print(f"{documents} documents, start-up aside; medians of {len(cases[0].rounds['quarry'])} rounds")
    table = Table("case", "side", "CPU s", "start-up", "chunks", "tokens", "us a token")
    for case in cases:
        for side, spent in case.rounds.items():
            cpu, start = median(one.cpu for one in spent), median(one.start_up for one in spent)
            numbers = (f"{cpu:.1f}", f"{start:.1f}", str(spent[0].chunks), str(spent[0].tokens))
            table.add_row(f"{case.name}, {case.size} tokens", side, *numbers, f"{case.each(side):.1f}")
    console.print(table)
    console.print(table_of([row for case in cases for row in case.rows()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the sets, or with documents")
    parser.add_argument("--case", choices=tuple(BARS), action="append", help="one of them; both without it")
    parser.add_argument("--size", type=int, default=120, help="tokens of a chunk with the whole model")
    parser.add_argument("--side", choices=SIDES[1:], action="append", help="of those beside ours; all without it")
    parser.add_argument("--documents", type=int, help="so many, the smallest; all without it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of torch, on all sides")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as name:
        work = Path(name)
        docs, small = gather(arguments.data, work / "docs"), tiny(work / "tiny")
        if arguments.documents and docs != arguments.data:
            smallest(docs, arguments.documents)
        documents = sum(1 for path in docs.iterdir() if path.is_file())
        models = {"whole": resolve(profile("minilm")), "cut": one_layer(work / "model")}
        sizes = {"whole": arguments.size, "cut": 64}
        sides = (SIDES[0], *(arguments.side or SIDES[1:]))
        cases = [
            Case(kind, models[kind], sizes[kind], work, arguments.threads, sides) for kind in arguments.case or BARS
        ]
        for case in cases:
            case.measure(docs, small, rounds=arguments.rounds)
    show(cases, documents, Console(width=140))
    if arguments.out:
        told = [{"case": c.name, "size": c.size, "report": c.report, "rounds": _plain(c)} for c in cases]
        arguments.out.write_text(json.dumps({"documents": documents, "cases": told}, indent=1))


def _plain(case: Case) -> dict[str, list[dict[str, Any]]]:
    return {side: [asdict(one) for one in spent] for side, spent in case.rounds.items()}


if __name__ == "__main__":
    main()
