"""Our chunking strategies and those of others on one corpus: one table, the same encoder, retrievers and questions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks._splitters import PEERS
from evaluation.evaluate import Asked, Evaluation, Row, evaluate, question_records, records
from evaluation.plot import svg
from evaluation.questions import questions_file
from evaluation.rankings import retriever
from evaluation.strategies import Strategy, built_in, strategy
from evaluation.tables import differences_table, scores_table
from quarry.cli.options import json_line
from quarry.settings import load

WIDTH = 240
AS_LARGE = 1.5
"""A peer is held against ours in every metric where its chunks are at most so many times as large."""
SIZED = ("recall", "precision", "iou", "precision_omega")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="folder with corpora/ and questions_df.csv")
    options.add_argument("--encoder", default="minilm")
    options.add_argument("--cache", type=Path, required=True, help="keeps parses and vectors")
    options.add_argument("--strategy", action="append", default=[], help="one more of ours: NAME:key=value,...")
    options.add_argument("--retriever", action="append", default=[], help="default: dense and hybrid")
    options.add_argument("--only", nargs="*", help="names of strategies and peers to run")
    options.add_argument("--json", type=Path)
    options.add_argument("--svg", type=Path)
    chosen = options.parse_args()
    effective = load(options={"encoder.profile": chosen.encoder})
    default = str(effective.settings.chunker["kind"])
    ours = [*built_in(), *map(strategy, chosen.strategy)]
    peers = [made for peer in PEERS if (made := peer.strategy())]
    missing = [peer.name for peer in PEERS if peer.strategy() is None]
    wanted = [found for found in (*ours, *peers) if not chosen.only or found.name in chosen.only]
    asked = Asked(
        chosen.data / "corpora",
        questions_file(chosen.data),
        tuple(wanted),
        (chosen.encoder,),
        tuple(map(retriever, chosen.retriever or ("dense", "hybrid"))),
    )
    chosen.cache.mkdir(parents=True, exist_ok=True)
    found = evaluate(effective, asked, cache=chosen.cache, told=lambda step: print(step, file=sys.stderr, flush=True))
    console = Console(width=WIDTH)
    show(console, found, ours, default=default)
    for name in missing:
        console.print(f"not installed, so not in the table: {name}")
    if chosen.json:
        lines = [*records(found, pairs=True), *question_records(found)]
        chosen.json.write_text("".join(map(json_line, lines)))
    if chosen.svg:
        chosen.svg.write_text(svg(found))
    return 0


def show(console: Console, found: Evaluation, ours: list[Strategy], *, default: str) -> None:
    """The table, what each peer is to our best row of its retriever, and the costs."""
    for group in (*list(found.groups)[1:], "all"):
        console.print(scores_table(found, group=group, marked=default))
    console.print("* the default")
    mine = {chosen.name for chosen in ours}
    for how in dict.fromkeys(row.retriever for row in found.rows):
        rows = [row for row in found.rows if row.retriever == how]
        best = max((row for row in rows if row.strategy in mine), key=lambda row: found.mean(row, found.main_metric))
        peers = [row for row in rows if row.strategy not in mine]
        if peers:
            console.print(differences_table(found, best, peers))
            console.print(f"{how}: {best.strategy} {verdicts(found, best, peers)}")
    for name, reason in found.failed.items():
        console.print(f"{name} failed: {reason}")
    for row in dict.fromkeys((row.strategy, row.cut, row.cost) for row in found.rows):
        name, cut, cost = row
        said = f"{cost.tokens:,} tokens encoded, {cost.bytes / 1e6:.1f} MB" if cost else "cost unknown"
        console.print(f"{name}: {said}" + (f", {cut} chunks longer than the encoder reads" if cut else ""))


def verdicts(found: Evaluation, best: Row, peers: list[Row]) -> str:
    """Ours against every peer in recall@4000c, and in the metrics that depend on size against those not much larger."""
    counts = {"wins": 0, "ties": 0, "losses": 0}
    lost: list[str] = []
    for peer in peers:
        near = peer.mean_characters <= AS_LARGE * best.mean_characters
        for metric in (found.main_metric, *(SIZED if near else ())):
            apart = found.compare(best, peer, metric)
            counts["ties" if apart.tie else "wins" if apart.mean > 0 else "losses"] += 1
            if not apart.tie and apart.mean < 0:
                lost.append(f"{metric} to {peer.strategy}")
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{said}{': ' if lost else ''}{', '.join(lost)}"


if __name__ == "__main__":
    sys.exit(main())
