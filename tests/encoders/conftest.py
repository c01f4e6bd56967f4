"""MiniLM, and tiny random models of other kinds that are saved as their folders look on a hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from encoders.profiles import profile, resolve
from encoders.transformer import Transformer

SIZE: Mapping[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "pad_token_id": 0,
}
LOCAL: Mapping[str, Any] = {"local_attention": 16, "global_attn_every_n_layers": 3}
ABSOLUTE: Mapping[str, Any] = {"max_position_embeddings": 162, "pad_token_id": 1}
GROUPED: Mapping[str, Any] = {"num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 1024}
WINDOWED: Mapping[str, Any] = {"sliding_window": 8, "layer_types": ["sliding_attention"] * 2 + ["full_attention"]}
SHAPES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "bert": ("Bert", {"max_position_embeddings": 160}),
    "camembert": ("Camembert", ABSOLUTE),
    "distilbert": ("DistilBert", {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48}),
    "electra": ("Electra", {"embedding_size": 32}),
    "embedding_gemma2_text": ("EmbeddingGemma2Text", {**GROUPED, **WINDOWED}),
    "eurobert": ("EuroBert", {"num_key_value_heads": 2}),
    "gemma3_text": ("Gemma3Text", {**GROUPED, **WINDOWED}),
    "gemma3-bidirectional": ("Gemma3Text", {**GROUPED, **WINDOWED, "use_bidirectional_attention": True}),
    "gte": ("Gte", {"max_position_embeddings": 1024}),
    "jina_embeddings_v3": ("JinaEmbeddingsV3", {"max_position_embeddings": 1024}),
    "llama": ("Llama", {"num_key_value_heads": 2}),
    "mistral": ("Mistral", {"num_key_value_heads": 2, "sliding_window": 8}),
    "modernbert": ("ModernBert", {"max_position_embeddings": 512, **LOCAL}),
    "mpnet": ("MPNet", ABSOLUTE),
    "nomic_bert": ("NomicBert", {"max_position_embeddings": 512}),
    "nomic-dynamic": (
        "NomicBert",
        {
            "max_position_embeddings": 64,
            "rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1000.0},
        },
    ),
    "qwen2": ("Qwen2", {"num_key_value_heads": 2}),
    "qwen3": ("Qwen3", GROUPED),
    "roberta": ("Roberta", ABSOLUTE),
    "ultrabert": ("Ultrabert", {**GROUPED, **WINDOWED}),
    "xlm-roberta": ("XLMRoberta", ABSOLUTE),
}
"""By name of the test model: the class in transformers and what of its configuration is its own."""


class Folders(dict[str, Path]):
    """Model folders by name, each made when it is first asked for."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, name: str) -> Path:
        self[name] = _saved(name, self._place / name)
        return self[name]


@pytest.fixture(scope="session")
def minilm() -> Transformer:
    return Transformer.load("minilm")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """One-folder models with random weights and MiniLM's tokenizer."""
    return Folders(tmp_path_factory.mktemp("models"))


def _saved(name: str, folder: Path) -> Path:
    import torch
    import transformers

    kind, own = SHAPES[name]
    torch.manual_seed(7)
    config = getattr(transformers, f"{kind}Config")(**{**SIZE, **own})
    getattr(transformers, f"{kind}Model")(config).save_pretrained(folder, safe_serialization=True)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, **more: Any) -> None:
    """MiniLM's, whatever the model."""
    source = resolve(profile("minilm"))
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    config = {"model_max_length": 512, "tokenizer_class": "PreTrainedTokenizerFast", **names, **more}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
