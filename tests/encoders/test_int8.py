"""Linear layers in bytes: near float32, each token by its own range, a part of the fingerprint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from encoders import _int8, encoder_of, load_encoder
from encoders._device import setups
from encoders._folder import read_folder
from encoders._int8 import BLOCK, Int8Linear, to_int8
from encoders._network import Network
from encoders.profiles import Profile, profile
from encoders.transformer import Transformer
from quarry.encoding import Encoder
from quarry.errors import ConfigError
from tests.encoders import afresh

FLOOR = 0.985
"""Least cosine with MiniLM's float32 vectors; measured 0.996 on prose."""
TEXTS = (
    "The keeper lit the lamp at dusk and wrote the hour into the book.",
    "Revenue rose by 12.5 % to 3,410 million euros; costs fell.",
    "gradient descent",
    "It was agreed that the bridge be closed to carts over two tonnes until the survey was done. " * 6,
    "Überall standen Fässer; 港口 was full of ships, and nobody counted them.",
)


@pytest.fixture(autouse=True)
def able() -> None:
    try:
        to_int8(torch.nn.Module())
    except ConfigError as error:  # by the same test that users meet
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def small() -> Encoder:
    return load_encoder("minilm", precision="int8")


def test_a_layer_is_near_float32_and_bounded_by_its_steps() -> None:
    torch.manual_seed(3)
    linear, rows = torch.nn.Linear(96, 40), torch.randn(2 * BLOCK + 5, 96)
    rows[7] *= 100
    rows[8] = 0
    with torch.inference_mode():
        made, wanted = Int8Linear(linear)(rows), linear(rows)
    weight, sizes = linear.weight.detach(), rows.abs()
    half, own = weight.abs().amax(dim=1) / 254, sizes.amax(dim=1, keepdim=True) / 254
    bound = own @ weight.abs().sum(dim=1)[None] + sizes.sum(dim=1, keepdim=True) * half + 96 * own * half
    assert bool(((made - wanted).abs() <= bound + 1e-4).all())
    assert torch.equal(made[8], linear.bias.detach())


def test_a_layer_without_bias_and_rows_in_more_dimensions() -> None:
    torch.manual_seed(4)
    linear, rows = torch.nn.Linear(32, 16, bias=False), torch.randn(2, 3, 32)
    with torch.inference_mode():
        made = Int8Linear(linear)(rows)
        assert made.shape == (2, 3, 16)
        assert torch.equal(made[1], Int8Linear(linear)(rows[1]))
        torch.testing.assert_close(made, linear(rows), atol=0.05, rtol=0)


def test_minilm_is_near_its_float32_vectors(minilm: Transformer, small: Encoder) -> None:
    near = (minilm.embed(TEXTS) * small.embed(TEXTS)).sum(axis=1)
    assert FLOOR <= near.min() <= near.max() < 0.9999999
    assert float(minilm.encode_query(TEXTS[0]) @ small.encode_query(TEXTS[0])) < 0.9999999


@pytest.mark.parametrize("name", ["bert", "distilbert", "modernbert", "nomic_bert", "qwen3", "mpnet"])
def test_a_vector_is_the_same_in_any_batch(name: str, folders: dict[str, Path]) -> None:
    """Law 2, to the bit or nearly: a range that tokens share would miss it by a hundredth."""
    random = Random(5)
    network = Network(read_folder(folders[name], profile(str(folders[name]))), setups("int8")[0])
    batch = [[random.randrange(1000, 30000) for _ in range(length)] for length in (3, 40, 17, 40, 120, 1)]
    together = network.states(batch)
    for ids, states in zip(batch, together, strict=True):
        np.testing.assert_allclose(network.states([ids])[0], states, atol=1e-5)
    for first, again in zip(together, network.states(batch), strict=True):
        assert np.array_equal(first, again)


def test_minilm_is_the_same_in_any_batch_and_model(small: Encoder) -> None:
    together = afresh.embed(small, TEXTS)
    other = load_encoder("minilm", precision="int8")
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(afresh.embed(other, [text])[0], vector, atol=1e-5)


def test_it_is_part_of_the_fingerprint_and_of_the_setup(minilm: Transformer, small: Encoder) -> None:
    assert small.fingerprint != minilm.fingerprint
    assert load_encoder("minilm", precision="bfloat16").fingerprint == minilm.fingerprint
    assert " int8 " in small.setup
    assert "cpu" in small.setup


def test_another_program_is_not_told_what_to_compute_in() -> None:
    served = Profile("served", place="folder", model="x", backend={"kind": "http", "url": "http://localhost:1/v1"})
    with pytest.raises(ConfigError, match=r"'served': its backend 'http' .* set encoder.precision=auto"):
        encoder_of(served, precision="int8")


def test_a_processor_whose_sums_overflow_is_refused() -> None:
    """As one without VNNI or AMX: 16 bits hold no two products of a large byte."""
    tried = subprocess.run(
        [sys.executable, "-c", "import torch; from encoders._int8 import to_int8; to_int8(torch.nn.Module())"],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"},
        cwd=Path(_int8.__file__).parents[1],
        capture_output=True,
        text=True,
    )
    said = "this processor has no exact product of bytes (VNNI or AMX); set encoder.precision=float32"
    assert f"ConfigError: {said}" in tried.stderr
