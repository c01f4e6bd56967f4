"""Cross-encoders: scores equal those of sentence-transformers, in any company; nothing is cut."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder

from encoders.profiles import profiles
from encoders.reranker import Reranker, _windows
from quarry.errors import ConfigError, EncodeError, ModelError
from search.rerank import Rerank, reranked
from tests.encoders.conftest import write_tokenizer

QUERY = "where do lighthouses stand?"
PASSAGES = [
    "",
    "one",
    "Lighthouses stand on rocks. " * 5,
    "\u6d77\u306f\u5e83\u3044 [SEP] [PAD]",
    "salt " * 60,
    "one two",
]
KINDS = ["bert", "modernbert-cls", "modernbert-mean", "xlm-roberta", "two-outputs"]


@pytest.fixture(scope="session")
def rerankers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny random cross-encoders with MiniLM's tokenizer."""
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        ModernBertConfig,
        ModernBertForSequenceClassification,
        XLMRobertaConfig,
        XLMRobertaForSequenceClassification,
    )

    torch.manual_seed(11)
    size: dict[str, Any] = {"vocab_size": 30522, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
    size |= {"intermediate_size": 48, "num_labels": 1, "initializer_range": 0.2}
    local: dict[str, Any] = {"local_attention": 16, "global_attn_every_n_layers": 3, "pad_token_id": 0}
    models: dict[str, Any] = {
        "bert": BertForSequenceClassification(BertConfig(max_position_embeddings=160, **size)),
        "two-outputs": BertForSequenceClassification(BertConfig(**{**size, "num_labels": 2})),
        "xlm-roberta": XLMRobertaForSequenceClassification(
            XLMRobertaConfig(max_position_embeddings=162, pad_token_id=1, type_vocab_size=1, **size)
        ),
    }
    for pooling in ("cls", "mean"):
        config = ModernBertConfig(max_position_embeddings=256, classifier_pooling=pooling, **local, **size)
        models[f"modernbert-{pooling}"] = ModernBertForSequenceClassification(config)
    folders: dict[str, Path] = {}
    for name, model in models.items():
        folders[name] = tmp_path_factory.mktemp("rerankers") / name
        model.save_pretrained(folders[name], safe_serialization=True)
        inputs = ["input_ids", "attention_mask", *(["token_type_ids"] if model.config.model_type == "bert" else [])]
        write_tokenizer(folders[name], model_input_names=inputs)
    return folders


@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_sentence_transformers(rerankers: dict[str, Path], kind: str) -> None:
    reranker = Reranker.load(str(rerankers[kind]))
    reference = CrossEncoder(str(rerankers[kind]), device="cpu", local_files_only=True)
    passages = [text.replace("[SEP] [PAD]", "") for text in PASSAGES]  # there they are control tokens
    logits = reference.predict([(QUERY, text) for text in passages], activation_fn=torch.nn.Identity())
    expected = logits[:, 1] - logits[:, 0] if kind == "two-outputs" else logits
    found = reranker.scores(QUERY, passages)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_company_changes_no_score(rerankers: dict[str, Path], kind: str) -> None:
    reranker = Reranker.load(str(rerankers[kind]))
    together = reranker.scores(QUERY, PASSAGES * 9)
    alone = np.concatenate([reranker.scores(QUERY, [text]) for text in PASSAGES])
    np.testing.assert_allclose(together.reshape(9, -1), np.tile(alone, (9, 1)), atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_a_long_passage_has_the_score_of_its_best_window(rerankers: dict[str, Path], kind: str) -> None:
    reranker = Reranker.load(str(rerankers[kind]))
    words = [f"word{number}" for number in range(400)]
    ids = reranker._tokens.ids([" ".join(words)])[0]
    (asked,) = reranker._tokens.ids([QUERY])
    room = reranker.max_tokens - reranker._template.size - len(asked)
    assert len(ids) > 3 * room
    windows = list(_windows(ids, room))
    assert sorted({token for window in windows for token in window}) == sorted(set(ids))
    assert {len(window) for window in windows} == {room}
    pairs = [reranker._template.pair(asked, window) for window in windows]
    assert {len(pair.ids) for pair in pairs} == {reranker.max_tokens}
    best = max(float(reranker._network.logits([pair])[0]) for pair in pairs)
    np.testing.assert_allclose(reranker.scores(QUERY, [" ".join(words)]), [best], atol=1e-5)


def test_a_long_query_is_refused(rerankers: dict[str, Path]) -> None:
    with pytest.raises(EncodeError, match="ask in fewer words"):
        Reranker.load(str(rerankers["bert"])).scores("word " * 100, ["a"])


def test_no_passage_no_score(rerankers: dict[str, Path]) -> None:
    assert Reranker.load(str(rerankers["bert"])).scores(QUERY, []).shape == (0,)


def test_an_embedding_model_is_no_reranker(folders: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match="is no cross-encoder"):
        Reranker.load(str(folders["bert"])).scores(QUERY, ["a"])


def test_three_classes_are_no_score(rerankers: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(rerankers["bert"], tmp_path / "three")
    config = json.loads((tmp_path / "three" / "config.json").read_text())
    labels = {"id2label": {str(n): str(n) for n in range(3)}, "label2id": {str(n): n for n in range(3)}}
    (tmp_path / "three" / "config.json").write_text(json.dumps({**config, **labels}))
    with pytest.raises(ModelError):
        Reranker.load(str(tmp_path / "three")).scores(QUERY, ["a"])


def test_profiles() -> None:
    known = profiles(kind="rerankers")
    assert all(found.licence and found.context for found in known.values())
    with pytest.raises(ModelError, match=r"hf download BAAI/bge-reranker-v2-m3"):
        Reranker.load("bge-reranker-v2-m3")
    with pytest.raises(ConfigError, match="did you mean 'bge-reranker-base'"):
        Reranker.load("bge-reranker-bas")


def test_a_profile_takes_no_setting_of_encoders(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("folder: here\npooling: mean\n")
    with pytest.raises(ConfigError, match="no 'pooling'"):
        Reranker.load(str(file))


class _Lengths:
    """Longer is better."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, query: str, passages: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
        self.read.extend(passages)
        return np.asarray([len(text) for text in passages], dtype=np.float32)


def test_equal_texts_are_read_once_and_the_pool_is_a_bound() -> None:
    from types import SimpleNamespace

    texts = ["a", "bbb", "a", "cc", "dddd", "eeeee"]
    rows: Any = {
        str(n): SimpleNamespace(chunk=SimpleNamespace(embedded_text=text)) for n, text in enumerate(texts) if n != 4
    }
    model = _Lengths()
    order, scores = reranked("q", [str(n) for n in range(6)], rows, by=Rerank(model, 3), k=2)
    assert (order, model.read) == (["1", "3", "0", "2"], ["a", "bbb", "cc"])
    assert scores == {"0": 1.0, "1": 3.0, "2": 1.0, "3": 2.0}
    order, _ = reranked("q", [str(n) for n in range(6)], rows, by=Rerank(model, 1), k=4)
    assert order == ["5", "1", "3", "0", "2"]
    assert reranked("q", [], rows, by=Rerank(model), k=4) == ([], {})
