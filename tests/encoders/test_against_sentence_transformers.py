"""Vectors equal those of sentence-transformers, whatever a model's folder asks for: cosine >= 0.99999."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

from encoders import encoder_of, load_encoder
from encoders.profiles import Profile
from quarry.errors import ConfigError, ModelError

TEXTS = ["", "one", "The quick brown fox.", "Lighthouses stand on rocks. " * 9, "\u6d77\u306f\u5e83\u3044", "a" * 90]
ARCHITECTURES = ["bert", "modernbert", "xlm-roberta"]
MODES = ["mean", "cls", "lasttoken", "max", "weightedmean", "mean_sqrt_len_tokens"]
Array = np.ndarray[Any, Any]


def built(folder: Path, pooling: str | Sequence[str] = "mean", *, include_prompt: bool = True) -> list[torch.nn.Module]:
    network = Transformer(str(folder))
    hidden = network.get_embedding_dimension()
    return [network, Pooling(hidden, pooling_mode=pooling, include_prompt=include_prompt)]


def saved(modules: list[torch.nn.Module], folder: Path, **config: Any) -> SentenceTransformer:
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    if config:
        file = folder / "config_sentence_transformers.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **config}))
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def close(found: Array, expected: Array) -> None:
    unit = expected / np.linalg.norm(expected, axis=-1, keepdims=True)
    assert found.shape == expected.shape
    assert (found * unit).sum(axis=-1).min() >= 0.99999


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_poolings(folders: dict[str, Path], architecture: str, mode: str, tmp_path: Path) -> None:
    reference = saved(built(folders[architecture], mode), tmp_path)
    encoder = load_encoder(str(tmp_path))
    assert encoder.identity.pooling == mode
    close(encoder.embed(TEXTS), reference.encode(TEXTS))


def test_several_poolings_are_concatenated(folders: dict[str, Path], tmp_path: Path) -> None:
    reference = saved(built(folders["bert"], ("mean", "cls", "max")), tmp_path)
    encoder = load_encoder(str(tmp_path))
    assert encoder.identity.dim == 96
    close(encoder.embed(TEXTS), reference.encode(TEXTS))


def test_the_old_names_of_poolings(folders: dict[str, Path], tmp_path: Path) -> None:
    saved(built(folders["bert"], "mean"), tmp_path)
    old = {"word_embedding_dimension": 32, "pooling_mode_max_tokens": True, "pooling_mode_cls_token": True}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({**old, "pooling_mode_mean_tokens": False}))
    reference = SentenceTransformer(str(tmp_path), device="cpu")
    close(load_encoder(str(tmp_path)).embed(TEXTS), reference.encode(TEXTS))


@pytest.mark.parametrize("activation", [torch.nn.Tanh, torch.nn.Identity, torch.nn.ReLU, torch.nn.GELU, torch.nn.SiLU])
def test_dense_modules(folders: dict[str, Path], activation: type[torch.nn.Module], tmp_path: Path) -> None:
    torch.manual_seed(3)
    dense = [Dense(32, 48, activation_function=activation()), Dense(48, 24, bias=False)]
    reference = saved([*built(folders["modernbert"]), *dense, Normalize()], tmp_path)
    encoder = load_encoder(str(tmp_path))
    assert encoder.identity.dim == 24
    close(encoder.embed(TEXTS), reference.encode(TEXTS))


@pytest.mark.parametrize("normalize", [[], [Normalize()]])
def test_matryoshka_is_cut_before_normalising(folders: dict[str, Path], normalize: list[Any], tmp_path: Path) -> None:
    reference = saved([*built(folders["bert"]), *normalize], tmp_path, truncate_dim=8)
    expected = reference.encode(TEXTS)
    assert expected.shape == (len(TEXTS), 8)
    close(load_encoder(str(tmp_path)).embed(TEXTS), expected)
    close(load_encoder(str(tmp_path), dim=8).embed(TEXTS), expected)


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("mode", ["mean", "cls", "max"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_prompts(folders: dict[str, Path], architecture: str, mode: str, include: bool, tmp_path: Path) -> None:
    prompts = {"query": "search query: ", "document": "passage: "}
    reference = saved(built(folders[architecture], mode, include_prompt=include), tmp_path, prompts=prompts)
    encoder = load_encoder(str(tmp_path))
    close(encoder.embed(TEXTS[1:]), reference.encode_document(TEXTS[1:]))
    for text in TEXTS[1:]:
        close(encoder.encode_query(text), reference.encode_query(text))


def test_a_pooling_without_prompts_pools_all_where_there_is_no_prompt(folders: dict[str, Path], tmp_path: Path) -> None:
    reference = saved(built(folders["bert"], "cls", include_prompt=False), tmp_path)
    close(load_encoder(str(tmp_path)).embed(TEXTS), reference.encode(TEXTS))


def test_the_default_prompt(folders: dict[str, Path], tmp_path: Path) -> None:
    config = {"prompts": {"all": "text: "}, "default_prompt_name": "all"}
    reference = saved(built(folders["bert"]), tmp_path, **config)
    close(load_encoder(str(tmp_path)).embed(TEXTS), reference.encode(TEXTS))


def test_an_instruction(folders: dict[str, Path], tmp_path: Path) -> None:
    reference = saved(built(folders["modernbert"], "lasttoken"), tmp_path / "model")
    file = tmp_path / "mine.yaml"
    file.write_text('folder: model\ntask: find the page\nprompts: {query: "Instruct: {task}\\nQuery:"}\n')
    encoder = load_encoder(str(file))
    close(encoder.encode_query("oil"), reference.encode_query("oil", prompt="Instruct: find the page\nQuery:"))
    close(encoder.embed(["oil"]), reference.encode_document(["oil"]))
    file.write_text('folder: model\nprompts: {query: "Instruct: {task}\\nQuery:"}\n')
    with pytest.raises(ConfigError, match=r"task is what stands for \{task\}"):
        load_encoder(str(file))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_reduced_layers(folders: dict[str, Path], architecture: str, layers: int, tmp_path: Path) -> None:
    reference = saved(built(folders[architecture]), tmp_path)
    network: Any = reference[0].auto_model
    stack = network.layers if architecture == "modernbert" else network.encoder.layer
    del stack[layers:]
    whole, reduced = Profile("x", "folder", str(tmp_path)), Profile("x", "folder", str(tmp_path), layers=layers)
    encoder = encoder_of(reduced)
    close(encoder.embed(TEXTS), reference.encode(TEXTS))
    assert encoder.fingerprint != encoder_of(whole).fingerprint == encoder_of(replace(whole, layers=3)).fingerprint
    with pytest.raises(ModelError, match="takes 9 layers, the model has 3"):
        encoder_of(replace(whole, layers=9))


def test_queries_by_another_model(folders: dict[str, Path], tmp_path: Path) -> None:
    documents = saved(built(folders["modernbert"]), tmp_path / "large")
    queries = saved(built(folders["bert"], "cls"), tmp_path / "small")
    file = tmp_path / "pair.yaml"
    file.write_text('folder: large\nquery: {folder: small, prompts: {query: "q: "}}\n')
    encoder = load_encoder(str(file))
    close(encoder.embed(TEXTS), documents.encode(TEXTS))
    close(encoder.encode_query("oil"), queries.encode("oil", prompt="q: "))
    alone = load_encoder(str(tmp_path / "large"))
    assert encoder.fingerprint != alone.fingerprint
    assert encoder.identity.query_prompt == "q: "
    assert load_encoder(str(file), dim=8).encode_query("oil").shape == (8,)


@pytest.mark.parametrize("similarity", ["dot", "euclidean", "manhattan"])
def test_other_similarities_only_of_unit_vectors(folders: dict[str, Path], similarity: str, tmp_path: Path) -> None:
    reference = saved([*built(folders["bert"]), Normalize()], tmp_path / "unit", similarity_fn_name=similarity)
    close(load_encoder(str(tmp_path / "unit")).embed(TEXTS), reference.encode(TEXTS))
    saved(built(folders["bert"]), tmp_path / "raw", similarity_fn_name=similarity)
    with pytest.raises(ModelError, match=f"trained for {similarity} similarity of vectors whose length counts"):
        load_encoder(str(tmp_path / "raw"))


def test_a_profile_may_not_contradict_the_files(folders: dict[str, Path], tmp_path: Path) -> None:
    saved(built(folders["bert"], "cls"), tmp_path)
    with pytest.raises(ModelError, match="profile says pooling mean, its files say cls"):
        encoder_of(Profile("x", "folder", str(tmp_path), pooling="mean"))
    with pytest.raises(ModelError, match="profile says 64 dimensions, its files 32"):
        encoder_of(Profile("x", "folder", str(tmp_path), dim=64))
