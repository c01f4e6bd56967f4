"""What `quarry models` says of a model is so: of its files, of its speed and of itself."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders import encoder_of
from encoders._flops import flops_per_token, layer_matrices, machine_flops
from encoders._folder import ModelFolder, read_folder
from encoders.catalogue import card, cards
from encoders.profiles import Profile, profile, profiles, resolve
from encoders.selftest import checks, sample, speed
from tests.encoders.conftest import write_tokenizer
from tests.encoders.embedding_server import DIM, answer, entries, serving


def folder_of(chosen: Profile) -> ModelFolder:
    return read_folder(resolve(chosen), chosen)


def test_every_profile_has_a_card() -> None:
    found = {item.name: item for item in cards()}
    assert set(found) == {*profiles(), *profiles(kind="rerankers")}
    minilm = found["minilm"]
    assert (minilm.present, minilm.late, minilm.context, minilm.dim) == (True, True, 256, 384)
    assert minilm.bytes is not None
    assert minilm.bytes > 80e6
    for item in found.values():
        assert item.licence
        assert item.context
        assert item.present or (item.problem or "").startswith(f"model {item.name!r}")
        assert item.late or item.late_reason
        assert item.dim or item.kind == "rerankers"


def test_late_fits_where_means_were_trained(folders: dict[str, Path]) -> None:
    chosen = Profile("x", "folder", str(folders["bert"]))
    assert card(chosen).late
    assert card(replace(chosen, pooling="cls")).late_reason == "cls-pooled: only that was trained"
    assert card(replace(chosen, pooling="cls", late=True)).late
    assert not card(replace(chosen, late=False)).late
    assert not card(replace(chosen, place="hub", model="no/where")).late
    served = replace(chosen, backend={"kind": "http", "url": "http://h/v1", "model": "m"}, dim=8, context=50)
    assert (card(served).present, card(served).place, card(served).model) == (True, "http", "m")
    assert "no token states" in (card(served).late_reason or "")
    assert not card(replace(served, backend={"kind": "http", "url": "h"})).present
    broken = card(replace(chosen, query=replace(chosen, layers=99)))
    assert (broken.found, broken.present) == (True, False)
    assert "takes 99 layers" in (broken.problem or "")


def test_operations_of_a_token() -> None:
    folder = folder_of(profile("minilm"))
    assert flops_per_token(folder, [1]) == pytest.approx(21.2e6, rel=0.01)
    assert flops_per_token(folder, [200]) - flops_per_token(folder, [100]) == pytest.approx(9.2e3 * 100, rel=0.01)
    assert flops_per_token(folder, [100, 200]) == pytest.approx(21.2e6 + 9.2e3 * 50000 / 300, rel=0.01)
    half = folder_of(replace(profile("minilm"), layers=3))
    assert flops_per_token(half, [128]) == pytest.approx(flops_per_token(folder, [128]) / 2)


def test_operations_of_local_layers(folders: dict[str, Path]) -> None:
    """Three layers of 32 x 32 with a gated MLP of 48; the first sees all, the others 16 tokens."""
    folder = folder_of(Profile("x", "folder", str(folders["modernbert"])))
    weights = 3 * (4 * 32 * 32 + 3 * 32 * 48)
    assert sum(rows * columns for rows, columns in layer_matrices(folder)) == weights
    assert flops_per_token(folder, [100]) == 2 * weights + 4 * 32 * (100 + 16 + 16)


def test_the_machine_is_measured() -> None:
    assert 1e8 < machine_flops([(64, 64), (128, 64)]) < 1e13


@pytest.mark.parametrize("kind", ["bert", "modernbert", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken", "max", "weightedmean", "mean_sqrt_len_tokens"])
def test_good_models_pass(folders: dict[str, Path], kind: str, pooling: Any) -> None:
    chosen = Profile(
        "x", "folder", str(folders[kind]), pooling=pooling, document_prompt="passage: ", query_prompt="q: "
    )
    found = list(checks(chosen))
    assert len(found) == 7
    assert all(check.passed for check in found), found


def test_texts_have_the_lengths_of_chunks(folders: dict[str, Path]) -> None:
    encoder = encoder_of(Profile("x", "folder", str(folders["modernbert"])))
    texts = sample(encoder, 200)
    lengths = np.array([encoder.tokens.count(text) for text in texts])
    assert texts == sample(encoder, 200)
    assert 170 < lengths.mean() < 230
    assert lengths.max() <= encoder.tokens.limit
    small = encoder_of(Profile("x", "folder", str(folders["modernbert"]), context=20))
    assert max(small.tokens.count(text) for text in sample(small, 50)) <= 18


def test_speed(folders: dict[str, Path]) -> None:
    found = speed(Profile("x", "folder", str(folders["bert"])))
    assert found.tokens > 5000
    assert found.percent is not None
    assert 0 < found.percent < 200


def test_a_server_that_answers_by_company_fails() -> None:
    with serving() as server:
        backend = {"kind": "http", "url": server.url, "model": "m"}
        chosen = replace(profile("minilm"), backend=backend, dim=DIM, context=64, late=None)
        found = list(checks(chosen))
        assert [check.passed for check in found] == [True] * 5
        assert speed(chosen).percent is None

        def shifted(body: dict[str, Any]) -> Any:
            first = float(len(body["input"]))
            return answer([{**entry, "embedding": [first, *entry["embedding"][1:]]} for entry in entries(body)])

        server.rule = shifted
        assert [check.passed for check in checks(chosen)] == [True, False, False, True, True]


def test_a_model_without_weights_is_broken(folders: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(folders["bert"], tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    found = card(Profile("x", "folder", str(tmp_path / "m")))
    assert (found.found, found.present) == (True, False)
    assert "has no model.safetensors" in (found.problem or "")
    assert json.loads((tmp_path / "m" / "config.json").read_text())["model_type"] == "bert"


def test_other_names_of_sizes(tmp_path: Path) -> None:
    """DistilBERT says dim, n_layers and n_heads."""
    from transformers import DistilBertConfig, DistilBertModel

    size: dict[str, Any] = {"vocab_size": 30522, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}
    DistilBertModel(DistilBertConfig(max_position_embeddings=160, **size)).save_pretrained(tmp_path)
    write_tokenizer(tmp_path, model_input_names=["input_ids", "attention_mask"])
    chosen = Profile("x", "folder", str(tmp_path), layers=1)
    assert flops_per_token(folder_of(chosen), [100]) == 2 * (4 * 32 * 32 + 2 * 32 * 48) + 4 * 32 * 100
    assert all(check.passed for check in checks(chosen))
