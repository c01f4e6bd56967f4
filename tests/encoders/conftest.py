"""MiniLM, and tiny random models of other kinds that are saved as their folders look on a hub."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from encoders.profiles import profile, resolve
from encoders.transformer import Transformer


@pytest.fixture(scope="session")
def minilm() -> Transformer:
    return Transformer.load("minilm")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By model type: a one-folder model with random weights and MiniLM's tokenizer."""
    import torch
    from transformers import BertConfig, BertModel, ModernBertConfig, ModernBertModel, XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(7)
    size: dict[str, Any] = {"vocab_size": 30522, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
    size["intermediate_size"] = 48
    local: dict[str, Any] = {"local_attention": 16, "global_attn_every_n_layers": 3, "pad_token_id": 0}
    bert = BertModel(BertConfig(max_position_embeddings=160, **size))
    modern = ModernBertModel(ModernBertConfig(max_position_embeddings=512, **local, **size))
    roberta = XLMRobertaModel(XLMRobertaConfig(max_position_embeddings=162, pad_token_id=1, **size))
    made: dict[str, Path] = {}
    for name, model in {"bert": bert, "modernbert": modern, "xlm-roberta": roberta}.items():
        made[name] = tmp_path_factory.mktemp("models") / name
        model.save_pretrained(made[name], safe_serialization=True)
        write_tokenizer(made[name])
    return made


def write_tokenizer(folder: Path, **more: Any) -> None:
    """MiniLM's, whatever the model."""
    source = resolve(profile("minilm"))
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    config = {"model_max_length": 512, "tokenizer_class": "PreTrainedTokenizerFast", **names, **more}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
