"""The measurements of `benchmarks.encoder`, each in a process of its own: prints one JSON line."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from benchmarks._length_mix import chunk_texts, long_text
from benchmarks._peer import Peer
from encoders._calibration import cores
from encoders._window_cost import cost
from encoders.profiles import Profile, profile, resolve
from encoders.tokens import Tokens
from encoders.transformer import BATCH_TOKENS, Transformer
from quarry.span import Span
from quarry.types import Chunk

LONGEST = 512
"""Tokens of MiniLM's table of positions: both sides are given texts up to so long."""
GEMM_TOKENS = 1024
GEMM_S = 0.7
"""Each shape is tried for so long; the best counts."""
PAGE_TOKENS = 500


def encoder() -> Transformer:
    return Transformer(replace(profile("minilm"), context=LONGEST))


def texts(data: Path, count: int) -> list[str]:
    return chunk_texts(data, Tokens.from_folder(resolve(profile("minilm")), max_tokens=LONGEST), count)


def cpu_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds and what came of them."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def calls(data: Path, *, per_call: int, calls: int, rounds: int) -> dict[str, float]:
    """CPU of sentence-transformers at its defaults over ours, and the least cosine; rounds take turns."""
    import torch

    torch.set_num_threads(1)
    own = encoder()
    every = texts(data, per_call * calls)
    groups = [every[n : n + per_call] for n in range(0, len(every), per_call)]

    def ours(group: Sequence[str]) -> Any:
        own.forget()
        return own.embed(group)

    ratios = []
    with Peer(resolve(profile("minilm")), length=LONGEST) as peer:
        peer.encode([every[:8]])
        ours(every[:8])
        for _ in range(rounds):
            slow, expected = peer.encode(groups)
            fast, found = cpu_of(lambda: list(map(ours, groups)))
            ratios.append(slow / fast)
    cosine = min(float((a * b).sum(axis=1).min()) for a, b in zip(found, expected, strict=True))
    return {"ratio": statistics.median(ratios), "cosine": cosine}


def limit(data: Path, *, chunks: int, count: int, rounds: int) -> dict[str, float]:
    """Share of what the matrix products at the model's shapes reach alone, on `count` threads: CPU on one, wall on
    several. Of their best call, and of a second of them in the model's order, run in turn.
    """
    own = encoder()
    given = texts(data, chunks)
    own.embed(texts(data, 100 * cores() if count > 1 else 8))  # the split of the cores is found on the way
    best = max(gemm_flops(384, 1536, threads=count) for _ in range(2))
    lengths = [len(ids) + 2 for ids in own.tokens.ids(given)]
    of = cost(json.loads((resolve(profile("minilm")) / "config.json").read_text()))
    work = sum(n * (of.dense + of.per_key * n) for n in lengths)
    clock = time.perf_counter if count > 1 else time.process_time
    spent, ratios = [], []
    for _ in range(rounds):
        own.forget()
        began = clock()
        own.embed(given)
        spent.append(clock() - began)
        ratios.append(work / spent[-1] / products_flops(384, 1536, threads=count))
    after = gemm_flops(384, 1536, threads=count)
    return {
        "share": work / min(spent) / max(best, after),
        "beside": statistics.median(ratios),
        "gflops": max(best, after) / 1e9,
        "tokens_per_s": sum(lengths) / min(spent),
    }


def gemm_flops(hidden: int, inner: int, *, threads: int) -> float:
    """Of `linear` at the four shapes of a layer, weighted by their work."""
    import torch

    torch.set_num_threads(threads)
    clock = time.perf_counter if threads > 1 else time.process_time
    total = spent = 0.0
    for rows, columns in ((3 * hidden, hidden), (hidden, hidden), (inner, hidden), (hidden, inner)):
        x, w, b = torch.randn(GEMM_TOKENS, columns), torch.randn(rows, columns), torch.randn(rows)
        best, end = float("inf"), clock() + GEMM_S
        while clock() < end:
            began = clock()
            torch.nn.functional.linear(x, w, b)
            best = min(best, clock() - began)
        total += 2.0 * GEMM_TOKENS * rows * columns
        spent += best
    return total / spent


def products_flops(hidden: int, inner: int, *, threads: int, layers: int = 6) -> float:
    """Of a model's products in their order, each with its own weights, over a second: what is left of the best call's
    speed where weights come from further than the nearest cache, and on average.
    """
    import torch

    torch.set_num_threads(threads)
    clock = time.perf_counter if threads > 1 else time.process_time
    x, wide = torch.randn(BATCH_TOKENS, hidden), torch.randn(BATCH_TOKENS, inner)
    shapes = [(hidden, hidden)] * 4 + [(inner, hidden), (hidden, inner)]
    weights = [(torch.randn(rows, columns), torch.randn(rows)) for _ in range(layers) for rows, columns in shapes]
    passes, began = 0, clock()
    while clock() < began + 1.0:
        for weight, bias in weights:
            torch.nn.functional.linear(x if weight.shape[1] == hidden else wide, weight, bias)
        passes += 1
    return passes * sum(2.0 * BATCH_TOKENS * weight.numel() for weight, _ in weights) / (clock() - began)


def peak(data: Path, *, chunks: int) -> dict[str, float]:
    """Resident megabytes at most while so many chunks are encoded; start-up and loading aside."""
    given = texts(data, chunks)
    own = encoder()
    own.embed(given[:32])
    own.forget()
    return {"peak": peak_mb(lambda: own.embed(given))}


def late_peak(data: Path, *, pages: int) -> dict[str, float]:
    """The same, of late chunking one document, by a model of two layers that reads windows of 2,048 tokens."""
    with tempfile.TemporaryDirectory() as folder:
        own = modernbert(Path(folder) / "model", layers=2)
    text = long_text(data, own.tokens, pages * PAGE_TOKENS)
    chunks = chunks_of(text, own.tokens)
    own.encode(chunks[:32])
    return {"peak": peak_mb(lambda: own.encode_late(text, chunks, sections=[Span(0, len(text))]))}


def late(data: Path, *, tokens: int, layers: int, rounds: int) -> dict[str, float]:
    """CPU of late chunking by windows of 2048 with 256 shared, over that of plain chunks of the same text."""
    with tempfile.TemporaryDirectory() as folder:
        own = modernbert(Path(folder) / "model", layers=layers)
    text = long_text(data, own.tokens, tokens)
    chunks = chunks_of(text, own.tokens)
    whole = [Span(0, len(text))]
    ratios = [
        cpu_of(lambda: own.encode_late(text, chunks, sections=whole))[0] / cpu_of(lambda: own.encode(chunks))[0]
        for _ in range(rounds)
    ]
    return {"ratio": statistics.median(ratios), "chunks": len(chunks)}


def one_pass(*, tokens: int, layers: int) -> dict[str, float]:
    """CPU of transformers' own attention over ours, for one text of so many tokens, and the largest difference."""
    import torch
    from transformers import ModernBertConfig, ModernBertModel

    from encoders._attention import ATTENTION, Row, running

    torch.manual_seed(0)
    torch.set_num_threads(1)
    model: Any = ModernBertModel(ModernBertConfig(num_hidden_layers=layers))
    model.eval()
    ids, places = torch.randint(1000, 50000, (1, tokens)), torch.arange(tokens)[None]
    spent, states = {}, {}
    for attention in ("sdpa", ATTENTION):
        model.set_attn_implementation(attention)
        with torch.inference_mode(), running(Row.of([tokens], torch.device("cpu"))):
            began = time.process_time()
            states[attention] = model(input_ids=ids, position_ids=places).last_hidden_state
            spent[attention] = time.process_time() - began
    difference = float((states["sdpa"] - states[ATTENTION]).abs().max())
    return {"ratio": spent["sdpa"] / spent[ATTENTION], "difference": difference, "seconds": spent[ATTENTION]}


def modernbert(folder: Path, *, layers: int) -> Transformer:
    """Of ModernBERT-base's shape, with random weights and MiniLM's tokenizer, loaded."""
    import torch
    from transformers import ModernBertConfig, ModernBertModel

    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = ModernBertConfig(num_hidden_layers=layers, vocab_size=30522, pad_token_id=0)
    ModernBertModel(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((resolve(profile("minilm")) / "tokenizer.json").read_bytes())
    made = Transformer(Profile("random", "folder", str(folder), context=8192, late_window=2048, late_overlap=256))
    assert made.identity
    made.embed(["warm"])
    return made


def chunks_of(text: str, tokens: Tokens, *, size: int = 200) -> list[Chunk]:
    """Chunks of so many tokens, without overlap."""
    offsets = tokens.offsets(text)
    starts = [*(offsets[n][0] for n in range(0, len(offsets), size)), len(text)]
    spans = [Span(start, end) for start, end in pairwise(starts)]
    return [Chunk(str(span.start), "d", "u", span, span.of(text), "", size, "late") for span in spans]


def peak_mb(work: Callable[[], Any]) -> float:
    """Resident megabytes at most meanwhile, looked at every few milliseconds."""
    process, done = psutil.Process(), threading.Event()
    seen = [process.memory_info().rss]

    def watch() -> None:
        while not done.wait(0.005):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return max(seen) / 2**20


PARTS: Mapping[str, Callable[..., dict[str, float]]] = {
    made.__name__: made for made in (calls, limit, peak, late_peak, late, one_pass)
}


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    asked = json.loads(sys.argv[2])
    if "data" in asked:
        asked["data"] = Path(asked["data"])
    print(json.dumps(PARTS[sys.argv[1]](**asked)))
