"""What a strategy costs: CPU of cutting documents and encoding the chunks, over that of encoding its chunks once."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks._rows import Row, table_of
from encoders.transformer import Transformer
from evaluation.strategies import strategy
from parsers import parser
from pipeline.embedding import prepare
from pipeline.recipe import Recipe
from quarry.encoding import Prepared
from quarry.types import Chunk, Document, Origin

RULES, SEMANTIC, LATE = 1.03, 1.3, 1.5
"""Bars: strategies that encode nothing to cut, `semantic` with its sentences' vectors, `late` with one window alone."""
STRATEGIES: tuple[tuple[str, float | None], ...] = (
    ("metadata_aware", RULES),
    ("recursive", RULES),
    ("sliding_window", RULES),
    ("semantic", SEMANTIC),
    ("semantic:plain=1,sentences=0,heading=0", None),
    ("late:sentences=0,heading=0", LATE),
    ("late", None),
    ("late:plain=1,sentences=0,heading=0", None),
    ("late:boundaries.kind=semantic", None),
    ("late:plain=1,windows=[126,254]", None),
)


@dataclass(frozen=True)
class Shared(Recipe):
    """A recipe with an encoder that all share."""

    own_encoder: Transformer

    @cached_property
    def encoder(self) -> Transformer:
        return self.own_encoder


def documents(folder: Path, *, characters: int) -> list[Document]:
    """The text files of a folder, each cut after so many characters at the end of a line."""
    found = []
    for file in sorted(folder.glob("*.md")):
        text = file.read_text(encoding="utf-8")
        data = text[: text.rfind("\n", 0, characters) + 1 if len(text) > characters else len(text)].encode()
        origin = Origin(file.stem, file.name, "corpus", file.name, sha256(data).hexdigest())
        found.append(parser.build({"kind": "text"}).parse(data, origin=origin))
    return found


def chunked(recipe: Recipe, document: Document) -> list[Chunk]:
    return list(recipe.chunker.chunk(document, tokens=recipe.tokens, embedder=recipe.encoder))


def whole(recipe: Shared, given: Sequence[Document]) -> float:
    """CPU seconds of cutting and encoding, from nothing."""
    recipe.encoder.forget()
    began = time.process_time()
    prepared = [prepare(recipe, document, chunked(recipe, document)) for document in given]
    run(recipe.encoder, Prepared.joined(prepared))
    return time.process_time() - began


def once(recipe: Shared, chunks: Sequence[Sequence[Chunk]]) -> float:
    """CPU seconds of encoding chunks that are there, each by its own text."""
    recipe.encoder.forget()
    began = time.process_time()
    run(recipe.encoder, Prepared.joined([recipe.encoder.prepare(own) for own in chunks]))
    return time.process_time() - began


def run(encoder: Transformer, prepared: Prepared) -> None:
    for _ in encoder.vectors(prepared, range(len(prepared.jobs))):
        continue


def measure(encoder: str, given: Sequence[Document], names: Sequence[str], *, rounds: int) -> dict[str, dict[str, Any]]:
    """By strategy. The two sides of a ratio are taken in turns, so that what else the machine does falls on both."""
    shared = Transformer.load(encoder)
    found: dict[str, dict[str, Any]] = {}
    recipes = {name: Shared({}, strategy(name).settings, {}, shared) for name in names}
    chunks = {name: [chunked(recipe, document) for document in given] for name, recipe in recipes.items()}
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, recipe in recipes.items():
            plain = once(recipe, chunks[name])
            ratios[name].append(whole(recipe, given) / plain)
    for name in names:
        found[name] = {"ratio": median(ratios[name]), "ratios": ratios[name], "chunks": sum(map(len, chunks[name]))}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", type=Path, help="folder with .md files")
    options.add_argument("--encoder", default="minilm")
    options.add_argument("--strategy", action="append", default=[], help="in place of the usual ones")
    options.add_argument("--characters", type=int, default=60_000, help="most of each file (60000)")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    one_thread()
    bars = dict.fromkeys(chosen.strategy) or dict(STRATEGIES)
    given = documents(chosen.corpus, characters=chosen.characters)
    found = measure(chosen.encoder, given, list(bars), rounds=chosen.rounds)
    rows = [Row("CPU", name, found[name]["ratio"], bar=bar, at_most=True) for name, bar in bars.items()]
    Console(width=120).print(table_of(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
