"""Late chunking's windows by their cost: what a model's configuration says about the work for a token.

A window of W tokens costs (D + a W) a token: D for the matrix products and local layers, a for each key of the global
layers. Windows that share O tokens are read again by W / (W - O). The least of (D + a W) W / (W - O) is where its
derivative is zero: W = O + sqrt(O^2 + O D / a). It is flat there; a wider window costs more and sees more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any

OVERLAP = 256
"""Tokens that windows share where nothing else is said: a chunk up to so long lies whole in some window."""
GATED = frozenset(
    {
        "embedding_gemma2_text",
        "eurobert",
        "gemma3_text",
        "gte",
        "llama",
        "mistral",
        "modernbert",
        "nomic_bert",
        "qwen2",
        "qwen3",
        "ultrabert",
    }
)
"""Model types with three matrices in the feed-forward part; the others have two."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Floating point operations of one token."""

    dense: int
    """Whatever the length: matrix products, and attention in local layers."""
    per_key: int
    """For each token of the window, in the global layers."""

    def per_token(self, window: int, *, overlap: int = 0) -> float:
        """Of a long document, read in such windows."""
        return (self.dense + self.per_key * window) * window / (window - overlap)


def cost(config: Mapping[str, Any]) -> Cost:
    """Of a model, from its config.json; KeyError where a size is missing."""
    text: Mapping[str, Any] = config.get("text_config") or config
    layers = _first(text, "num_hidden_layers", "n_layers")
    hidden, inner = _first(text, "hidden_size", "dim"), _first(text, "intermediate_size", "hidden_dim")
    heads = _first(text, "num_attention_heads", "n_heads")
    states = heads * int(text.get("head_dim") or hidden // heads)
    shared = states * int(text.get("num_key_value_heads") or heads) // heads
    matrices = 3 if text.get("model_type") in GATED else 2
    products = 2 * hidden * (2 * states + 2 * shared + matrices * inner)
    local = local_layers(text)
    keys = local * _reach(text)
    return Cost(layers * products + 4 * states * keys, 4 * states * max(1, layers - local))


def local_layers(config: Mapping[str, Any]) -> int:
    """Layers whose tokens see a window only."""
    return sum(kind == "sliding_attention" for kind in config.get("layer_types") or ())


def best_window(config: Mapping[str, Any], *, overlap: int, limit: int) -> int:
    """Tokens of a window at the least cost; never more than `limit`, always more than `overlap`.

    `limit` where nothing is shared (then the shortest would be the cheapest), and where the configuration names its
    sizes in words that are not known here.
    """
    if not overlap:
        return limit
    try:
        found = cost(config)
    except KeyError:
        return limit
    best = overlap + isqrt(overlap * overlap + overlap * found.dense // found.per_key)
    return max(min(best, limit), overlap + 1)


def _reach(config: Mapping[str, Any]) -> int:
    """Keys that a token of a local layer sees."""
    return 2 * int(config.get("sliding_window") or int(config.get("local_attention") or 0) // 2) + 1


def _first(config: Mapping[str, Any], *names: str) -> int:
    return int(next((config[name] for name in names if config.get(name)), None) or config[names[0]])
