"""The encoder beside sentence-transformers and the machine's own limit: speed, memory, long texts; one table, one run.

CPU seconds on one thread count, so a busy machine matters little; only the share of all cores needs a quiet one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks._encoder_parts import PAGE_TOKENS
from benchmarks._rows import Row, table_of
from benchmarks._runs import python
from encoders._calibration import cores
from encoders._window_cost import OVERLAP, best_window, cost
from encoders.profiles import profile, resolve

SPEED_BARS = {16: 2.4, 128: 1.7, 10_000: 1.25}
"""By chunks in a call: sentence-transformers' CPU over ours."""
MEMORY_BAR = 1.1
"""Peak memory of many over that of few."""


def part(name: str, *, threads: int | None = 1, **asked: Any) -> dict[str, Any]:
    """One measurement in its own process; without `threads` the encoder splits the cores itself."""
    environment = {"OMP_NUM_THREADS": str(threads or ""), "TOKENIZERS_PARALLELISM": "false"}
    given = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items()}
    return python("-m", "benchmarks._encoder_parts", name, json.dumps(given), **environment).records[-1]


def speed(options: argparse.Namespace) -> Iterator[Row]:
    for per_call, bar in SPEED_BARS.items():
        many = per_call > 1000
        count = min(per_call, options.many) if many else per_call
        found = part(
            "calls", data=options.data, per_call=count, calls=1 if many else 128 // per_call, rounds=1 if many else 5
        )
        yield Row(f"{count} chunks a call", "sentence-transformers' CPU / ours", found["ratio"], bar=bar)
        yield Row(f"{count} chunks a call", "cosine, the least", found["cosine"], bar=0.99999)


def limit(options: argparse.Namespace) -> Iterator[Row]:
    for count, bar in ((1, 0.75), (cores(), 0.65)):
        alone = count == 1
        chunks, rounds = (64, 20) if alone else (256 * count, 5)
        found = part(
            "limit", threads=1 if alone else None, data=options.data, chunks=chunks, count=count, rounds=rounds
        )
        name = "one thread, CPU" if alone else f"{count} cores, wall"
        yield Row(name, "share of the matrix products alone", found["share"], bar=bar)
        yield Row(name, "GFLOP/s of those", found["gflops"])
        yield Row(name, "share of them in the model's order, run in turn", found["beside"])
        yield Row(name, "tokens/s", found["tokens_per_s"])


def memory(options: argparse.Namespace) -> Iterator[Row]:
    few, many = (part("peak", data=options.data, chunks=count)["peak"] for count in (512, 4096))
    yield Row("memory", "4,096 chunks / 512 chunks", many / few, bar=MEMORY_BAR, at_most=True)
    yield Row("memory", "4,096 chunks, MB", many)
    short, long = (part("late_peak", data=options.data, pages=pages)["peak"] for pages in (20, options.pages))
    yield Row("memory", f"late, {options.pages} pages / 20 pages", long / short, bar=MEMORY_BAR, at_most=True)
    yield Row("memory", f"late, {options.pages} pages of {PAGE_TOKENS} tokens, MB", long)


def long(options: argparse.Namespace) -> Iterator[Row]:
    found = part("one_pass", tokens=8192, layers=options.layers)
    name = f"ModernBERT shape, {options.layers} layers"
    yield Row(name, "8,192 tokens: transformers' CPU / ours", found["ratio"], bar=1.8)
    yield Row(name, "largest difference", found["difference"], bar=1e-5, at_most=True)
    found = part("late", data=options.data, tokens=16384, layers=options.layers, rounds=2)
    yield Row(name, "late 2048/256 / plain, CPU", found["ratio"], bar=1.5, at_most=True)


def windows(_options: argparse.Namespace) -> Iterator[Row]:
    """What the cost formula says for models of known shapes."""
    from transformers import ModernBertConfig, NomicBertConfig

    minilm = json.loads((resolve(profile("minilm")) / "config.json").read_text())
    modern: Any = ModernBertConfig()
    nomic: Any = NomicBertConfig()
    shapes = {
        "MiniLM": (minilm, 254),
        "ModernBERT-base": (modern.to_dict(), 8190),
        "nomic-embed": (nomic.to_dict(), 8190),
    }
    for name, (config, most) in shapes.items():
        overlap = min(OVERLAP, most // 2)
        best = best_window(config, overlap=overlap, limit=most)
        relative = cost(config).per_token(best, overlap=overlap) / cost(config).per_token(200)
        yield Row("windows", f"{name}: of least cost at overlap {overlap}", best)
        yield Row("windows", f"{name}: operations there / chunks of 200", relative)


SETS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    made.__name__: made for made in (speed, limit, memory, long, windows)
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="folder with .md or .txt files of real text")
    options.add_argument("--only", nargs="*", choices=SETS, default=list(SETS))
    options.add_argument("--many", type=int, default=10_000, help="chunks of the largest call")
    options.add_argument("--pages", type=int, default=1000, help="pages of the long document")
    options.add_argument("--layers", type=int, default=22, help="of the random ModernBERT")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    rows = []
    for row in (row for name in chosen.only for row in SETS[name](chosen)):
        print(f"{row.set}: {row.measure}: {row.ours:.5g}", file=sys.stderr, flush=True)
        rows.append(row)
    Console(width=140).print(table_of(rows))
    if chosen.json:
        lines = ({"set": row.set, "measure": row.measure, "ours": row.ours, "bar": row.bar} for row in rows)
        chosen.json.write_text("".join(json.dumps({**line}) + "\n" for line in lines))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
