"""Which architectures may run packed, and how positions are counted in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Architecture:
    """What packing has to know of a model type."""

    after_padding: bool = False
    """Positions begin at the padding index + 1; else at 0."""
    causal: bool = False
    """A token sees none after it (where the configuration doesn't say otherwise)."""


PLAIN = Architecture()
AFTER_PADDING = Architecture(after_padding=True)
CAUSAL = Architecture(causal=True)
PACKED: Mapping[str, Architecture] = {
    "bert": PLAIN,
    "camembert": AFTER_PADDING,
    "distilbert": PLAIN,
    "electra": PLAIN,
    "embedding_gemma2_text": PLAIN,
    "eurobert": PLAIN,
    "gemma3_text": CAUSAL,
    "gte": PLAIN,
    "jina_embeddings_v3": PLAIN,
    "llama": CAUSAL,
    "mistral": CAUSAL,
    "modernbert": PLAIN,
    "nomic_bert": PLAIN,
    "qwen2": CAUSAL,
    "qwen3": CAUSAL,
    "roberta": AFTER_PADDING,
    "ultrabert": PLAIN,
    "xlm-roberta": AFTER_PADDING,
}
"""By model type: those whose packed states are tested equal to transformers' own. The others run padded: MPNet and
T5 add a bias by distance that spans the row, DeBERTa has an attention of its own."""


def first_position(config: Mapping[str, Any]) -> int | None:
    """Of each sequence in a row; None where the architecture can't be packed."""
    known = PACKED.get(str(config.get("model_type")))
    if known is None:
        return None
    return int(config.get("pad_token_id") or 0) + 1 if known.after_padding else 0


def rotary_limit(config: Mapping[str, Any]) -> int | None:
    """Longest sequence whose rotary frequencies don't depend on its length; None where they never do.

    With `dynamic` and `longrope` scaling transformers takes them from the longest sequence of the call.
    """
    groups = [config.get("rope_parameters"), config.get("rope_scaling")]
    nested = [inner for group in groups if isinstance(group, Mapping) for inner in (group, *group.values())]
    kinds = [str(group.get("rope_type") or group.get("type")) for group in nested if isinstance(group, Mapping)]
    if not any("dynamic" in kind or kind == "longrope" for kind in kinds):
        return None
    declared = [g.get("original_max_position_embeddings") for g in nested if isinstance(g, Mapping)]
    limits = [int(limit) for limit in (*declared, config.get("max_position_embeddings")) if limit]
    return min(limits, default=0)
