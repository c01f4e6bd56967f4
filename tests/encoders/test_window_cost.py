"""Windows at the least cost: the formula against a search, and the figures of known architectures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from encoders._window_cost import OVERLAP, best_window, cost
from encoders.transformer import Transformer

MINILM: Mapping[str, Any] = {
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
}
MODERN: Mapping[str, Any] = {
    "model_type": "modernbert",
    "hidden_size": 768,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "intermediate_size": 1152,
    "local_attention": 128,
    "layer_types": ["full_attention" if n % 3 == 0 else "sliding_attention" for n in range(22)],
}
QWEN: Mapping[str, Any] = {
    "model_type": "qwen3",
    "hidden_size": 1024,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 3072,
}


def test_operations_of_known_models() -> None:
    assert cost(MINILM).dense / 1e6 == pytest.approx(21.2, abs=0.1)
    assert cost(MINILM).per_key == 4 * 384 * 6
    assert cost(MODERN).dense / 1e6 == pytest.approx(226.1, abs=0.1)
    assert cost(MODERN).per_key == 4 * 768 * 8
    assert cost(QWEN).dense / 1e6 == pytest.approx(880.8, abs=0.1)


@pytest.mark.parametrize("config", [MINILM, MODERN, QWEN], ids=["minilm", "modernbert", "qwen3"])
@pytest.mark.parametrize("overlap", [64, 256, 1024])
def test_no_other_window_is_cheaper(config: Mapping[str, Any], overlap: int) -> None:
    best = best_window(config, overlap=overlap, limit=10**6)
    found = cost(config)
    least = found.per_token(best, overlap=overlap)
    assert all(found.per_token(w, overlap=overlap) >= least * (1 - 1e-6) for w in range(overlap + 1, 4 * best, 7))


def test_windows_keep_to_the_model_s_length() -> None:
    assert best_window(MODERN, overlap=256, limit=8190) == 1812
    assert best_window(MODERN, overlap=256, limit=510) == 510
    assert best_window(MODERN, overlap=0, limit=510) == 510
    assert best_window({"hidden_size": 64}, overlap=64, limit=510) == 510


def test_a_model_without_a_profile_reads_by_the_formula(folders: dict[str, Any]) -> None:
    encoder = Transformer.load(str(folders["modernbert"]))
    assert (encoder._window, encoder._overlap) == (510, 255)
    assert encoder._overlap <= OVERLAP
