"""Plain vectors: equal to the reference, independent of their company, never cut."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from encoders import load_encoder
from encoders._pooling import pool
from encoders.profiles import profile, resolve
from encoders.transformer import Transformer
from quarry.errors import ConfigError, EncodeError, ModelError
from quarry.span import Span
from quarry.types import Chunk

TEXTS = ["", "one", "The quick brown fox.", "Lighthouses stand on rocks. " * 12, "\u6d77\u306f\u5e83\u3044", "a" * 300]


def test_equal_to_sentence_transformers(minilm: Transformer) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(resolve(profile("minilm"))), device="cpu")
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    cosine = (minilm.embed(TEXTS) * expected).sum(axis=1)
    assert cosine.min() >= 0.99999


def test_context_is_read_before_the_text(minilm: Transformer) -> None:
    made = Chunk("c", "d", "u", Span(0, 3), "oil", "Engines\n", 3, "x")
    (found,) = minilm.encode([made])
    np.testing.assert_allclose(found.vector, minilm.embed(["Engines\noil"])[0], atol=1e-6)
    assert found.vector.shape == (384,)


def test_nothing_is_ever_cut(minilm: Transformer) -> None:
    with pytest.raises(EncodeError, match="takes 256; nothing is cut"):
        minilm.embed(["word " * 300])


def test_dimension_is_cut_before_normalising(minilm: Transformer) -> None:
    small = load_encoder("minilm", dim=64)
    whole = minilm.embed(["a text"])[0][:64]
    np.testing.assert_allclose(small.embed(["a text"])[0], whole / np.linalg.norm(whole), atol=1e-6)
    assert small.identity.fingerprint != minilm.identity.fingerprint
    with pytest.raises(ConfigError, match="has 384 dimensions"):
        load_encoder("minilm", dim=500)


@pytest.mark.parametrize("mode", ["mean", "cls", "lasttoken", "max", "weightedmean", "mean_sqrt_len_tokens"])
def test_poolings_against_a_slow_reference(mode: str) -> None:
    states = np.random.default_rng(3).normal(size=(7, 5)).astype(np.float32)
    weights = np.arange(1, 8)[:, None]
    expected = {
        "mean": states.mean(0),
        "cls": states[0],
        "lasttoken": states[6],
        "max": states.max(0),
        "weightedmean": (states * weights).sum(0) / weights.sum(),
        "mean_sqrt_len_tokens": states.sum(0) / np.sqrt(7),
    }[mode]
    np.testing.assert_allclose(pool(states, (mode,)), expected, atol=1e-6)


def test_a_missing_model_is_one_line() -> None:
    with pytest.raises(ModelError, match=r"bge-m3.*hf download") as caught:
        load_encoder("bge-m3")
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match="did you mean 'minilm'"):
        load_encoder("minilmm")


def test_pickled_weights_are_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((folders["bert"] / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="pickle"):
        load_encoder(str(tmp_path))


def test_identity_needs_no_torch() -> None:
    code = "import sys; from encoders import load_encoder; print(load_encoder('minilm').identity.fingerprint); "
    code += "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == load_encoder("minilm").identity.fingerprint
