"""How many operations a token takes, from a model's files, and how many this machine does: the measure of speed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from encoders._folder import ModelFolder, size_of, text_config

ROWS = 1024
"""Tokens of the measured matrix products: where CPUs reach their best at the shapes of encoders."""
MEASURED_S = 1.0
_LAYER = re.compile(r"\.(\d+)\.")


def flops_per_token(folder: ModelFolder, lengths: Sequence[int]) -> float:
    """Mean over texts of these lengths: 2 for each weight of the layers' matrices, and for attention in each layer
    4 x width x the tokens that are looked at (query times key, and scores times values).

    MiniLM: 21.2e6 + 9.2e3 x length. Embedding look-ups, norms and what runs once a text are left out.
    """
    weights = sum(rows * columns for rows, columns in layer_matrices(folder))
    width = _attention_width(text_config(folder.config))
    seen = sum(length * min(length, window) for window in _windows(folder) for length in lengths)
    return 2 * weights + 4 * width * seen / sum(lengths)


def layer_matrices(folder: ModelFolder) -> list[tuple[int, int]]:
    """Shapes of the matrices of the layers that are run, from the headers of the weight files."""
    limit = folder.layers or size_of(folder.config, "layers")
    found = []
    for file in folder.weights:
        for name, shape in _shapes(file):
            layer = _LAYER.search(name)
            if layer and int(layer[1]) < limit and len(shape) == 2:
                found.append((shape[0], shape[1]))
    return found


def machine_flops(shapes: Sequence[tuple[int, int]]) -> float:
    """float32 operations per CPU second of `torch.nn.functional.linear` at these shapes, threads as torch has them."""
    import torch

    torch.manual_seed(1)
    pairs = [(torch.randn(ROWS, columns), torch.randn(rows, columns)) for rows, columns in dict.fromkeys(shapes)]
    once = sum(2 * ROWS * rows * columns for rows, columns in dict.fromkeys(shapes))
    done, began = 0, 0.0
    with torch.inference_mode():
        for attempt in range(10_000):
            if attempt == 1:  # the first one warms up
                began = time.process_time()
            for values, weights in pairs:
                torch.nn.functional.linear(values, weights)
            done += attempt > 0
            if attempt > 1 and time.process_time() - began > MEASURED_S:
                break
    return once * done / (time.process_time() - began)


def _shapes(file: Path) -> Iterator[tuple[str, list[int]]]:
    """A safetensors file starts with the length of its header, 8 bytes little-endian, and the header in JSON."""
    with file.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    for name, entry in header.items():
        if name != "__metadata__":
            yield name, entry["shape"]


def _attention_width(config: Mapping[str, Any]) -> int:
    heads = size_of(config, "heads")
    return heads * int(config.get("head_dim") or size_of(config, "hidden") // heads)


def _windows(folder: ModelFolder) -> list[float]:
    """Tokens that a token of each layer looks at; infinite where it sees all."""
    config = text_config(folder.config)
    layers = folder.layers or size_of(config, "layers")
    local = float(config.get("local_attention") or config.get("sliding_window") or "inf")
    kinds = config.get("layer_types")
    every = config.get("global_attn_every_n_layers")
    if kinds:
        return [local if "sliding" in kind else float("inf") for kind in kinds[:layers]]
    if every:
        return [float("inf") if layer % every == 0 else local for layer in range(layers)]
    return [float("inf")] * layers
