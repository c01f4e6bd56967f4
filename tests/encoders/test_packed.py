"""Packed rows give what transformers gives for each text alone, whatever else is in the row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel

from encoders import load_encoder
from encoders._architectures import PACKED, first_position, rotary_limit
from encoders._attention import Row, by_length_kernel, by_runs, window_size
from encoders._bands import local_attention
from encoders._device import setups
from encoders._folder import MODES, read_folder
from encoders._network import Network, _on_device, _on_host
from encoders._pooling import Cut
from encoders._segments import pooled
from encoders.profiles import profile
from quarry.errors import EncodeError
from tests.encoders import afresh

KINDS = [
    *(kind for kind in sorted(PACKED) if kind != "xlm-roberta"),
    "xlm-roberta",
    "gemma3-bidirectional",
    "nomic-dynamic",
    "mpnet",
]
CLOSE = 1e-5
"""Law 2: the same vectors in float32, whatever shared the batch."""


def network(folder: Path) -> Network:
    return Network(read_folder(folder, profile(str(folder))), setups()[0])


def sequences(lengths: tuple[int, ...]) -> list[list[int]]:
    random = Random(5)
    return [[random.randrange(1000, 30000) for _ in range(length)] for length in lengths]


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


def alone(folder: Path, batch: list[list[int]]) -> Iterator[np.ndarray[Any, Any]]:
    """By transformers' own attention; in a fresh model each where it keeps what earlier texts set."""
    model = None
    for ids in batch:
        if model is None or folder.name == "nomic-dynamic":
            model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        with torch.inference_mode():
            yield model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()


def test_states_equal_transformers_own(folder: Path) -> None:
    batch = sequences((1, 2, 7, 7, 7, 8, 9, 30, 64, 65, 90, 129, 31, 130, 9))
    found = network(folder)
    assert found.packed == (folder.name != "mpnet")
    for mine, expected in zip(found.states(batch), alone(folder, batch), strict=True):
        np.testing.assert_allclose(mine, expected, atol=CLOSE)


def test_a_vector_depends_on_nothing_else_in_the_batch(folder: Path) -> None:
    encoder = load_encoder(str(folder))
    texts = [("Salt marshes keep a record of storms. " * n)[: 9 * n + 3] for n in (1, 2, 3, 5, 8, 8, 9, 13, 15)]
    together = afresh.embed(encoder, texts)
    np.testing.assert_allclose(afresh.embed(encoder, texts[::-1])[::-1], together, atol=CLOSE)
    np.testing.assert_allclose(afresh.embed(encoder, texts[4:6]), together[4:6], atol=CLOSE)
    np.testing.assert_allclose(afresh.embed(encoder, texts[-1:]), together[-1:], atol=CLOSE)


def test_minilm_is_independent_of_its_company_too() -> None:
    encoder = load_encoder("minilm")
    texts = ["tide " * n for n in (1, 3, 100, 100, 101, 200, 240)]
    alone = np.concatenate([afresh.embed(encoder, [text]) for text in texts])
    np.testing.assert_allclose(afresh.embed(encoder, texts), alone, atol=CLOSE)


def test_causal_is_as_declared(folder: Path) -> None:
    """A later token changes an earlier state, or doesn't."""
    config = read_folder(folder, profile(str(folder))).config
    declared = PACKED.get(config["model_type"])
    (ids,) = sequences((12,))
    first, other = network(folder).states([ids, [*ids[:-1], 77]])
    causal = np.array_equal(first[:-1], other[:-1])
    assert causal == bool(declared and declared.causal and not config.get("use_bidirectional_attention"))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("window", [2, 65, 100])
def test_bands_equal_a_full_mask(window: int, causal: bool) -> None:
    torch.manual_seed(3)
    for length in (3, 10, 64, 65, 129, 130, 300, 513):
        q, k, v = (torch.randn(2, 3, length, 16) for _ in range(3))
        distance = torch.arange(length)[:, None] - torch.arange(length)
        seen = (distance.abs() < window) & (distance >= 0 if causal else torch.tensor(True))
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        found = local_attention(q, k, v, window=window, causal=causal, scale=None)
        torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_rows_are_cut_where_the_kernel_is_told() -> None:
    row = Row.of([3, 3, 5], torch.device("cpu"))
    assert (row.runs, row.bounds.tolist(), row.longest) == (((3, 2), (5, 1)), [0, 3, 6, 11], 5)
    assert row.bounds.dtype == torch.int32
    assert window_size(None, causal=False) == (-1, -1)
    assert window_size(None, causal=True) == (-1, 0)
    assert window_size(65, causal=False) == (64, 64)
    assert window_size(65, causal=True) == (64, 0)


@pytest.mark.parametrize(("window", "causal"), [(None, False), (None, True), (9, False), (9, True)])
def test_runs_equal_the_kernel_s_definition(window: int | None, causal: bool) -> None:
    """By what `window_size` tells the kernel: keys so far left and right of a query, inside its sequence."""
    torch.manual_seed(4)
    lengths = [4, 4, 40]
    row = Row.of(lengths, torch.device("cpu"))
    q, k, v = torch.randn(4, 48, 8), torch.randn(2, 48, 8), torch.randn(2, 48, 8)
    left, right = window_size(window, causal=causal)
    place = torch.arange(48)
    sequence = torch.bucketize(place, row.bounds[1:], right=True)
    behind = place[:, None] - place
    seen = sequence[:, None] == sequence
    seen &= (behind <= left) if left >= 0 else True
    seen &= (-behind <= right) if right >= 0 else True
    keys, values = (part.repeat_interleave(2, dim=0) for part in (k, v))
    expected = torch.nn.functional.scaled_dot_product_attention(q, keys, values, attn_mask=seen)
    found = by_runs(row, q, k, v, scale=None, window=window, causal=causal)
    torch.testing.assert_close(found, expected.transpose(0, 1), atol=2e-6, rtol=0)


@pytest.mark.parametrize(("window", "causal"), [(None, False), (9, True)])
def test_the_kernel_is_called_as_torch_declares_it(window: int | None, causal: bool) -> None:
    """Shapes alone, on torch's device without data: the kernel itself needs a GPU."""
    meta = torch.device("meta")
    q, k = (torch.empty(heads, 48, 8, dtype=torch.bfloat16, device=meta) for heads in (4, 2))
    found = by_length_kernel(Row.of([4, 4, 40], meta), q, k, k, scale=0.5, window=window, causal=causal)
    assert (found.shape, found.dtype) == ((48, 4, 8), torch.bfloat16)


@pytest.mark.parametrize("name", ["bert", "modernbert", "gemma3_text", "nomic_bert"])
def test_bfloat16_gives_nearly_the_same_in_float32(folders: dict[str, Path], name: str) -> None:
    batch = sequences((5, 30, 30, 90))
    half = Network(read_folder(folders[name], profile(str(folders[name]))), setups("bfloat16")[0])
    assert "bfloat16" in half.setup.name
    for mine, expected in zip(half.states(batch), network(folders[name]).states(batch), strict=True):
        assert mine.dtype == np.float32
        cosine = (mine * expected).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(expected, axis=1)
        assert cosine.min() > 0.99


@pytest.mark.parametrize("mode", [*MODES, "sum"])
def test_segments_equal_pooling_on_the_host(mode: str) -> None:
    torch.manual_seed(5)
    states = torch.randn(30, 6)
    modes = () if mode == "sum" else (mode, "mean")
    cuts = [[Cut(0, 10, modes), Cut(3, 7, modes), Cut(9, 10, modes)], [], [Cut(0, 20, modes)]]
    there, here = _on_device(states, [0, 10, 10], cuts), _on_host(states, [0, 10, 10], cuts)
    for device, host in zip(there, here, strict=True):
        for vector, expected in zip(device, host, strict=True):
            np.testing.assert_allclose(vector, expected, atol=1e-6)
    assert pooled(states.bfloat16(), [(0, 3)], mode).dtype == torch.float32


def test_a_cut_without_a_state_is_an_error(folders: dict[str, Path]) -> None:
    with pytest.raises(EncodeError, match="no token"):
        network(folders["bert"]).pooled([[101, 102]], [[Cut(1, 1)]])


def test_long_texts_under_dynamic_rotary_scaling_run_by_length(folders: dict[str, Path]) -> None:
    found = network(folders["nomic-dynamic"])
    batch = sequences((10, 200, 64, 90))
    before = found.states(batch)
    found.states(sequences((400,)))
    for mine, expected in zip(found.states(batch), before, strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_architectures_that_are_not_known_run_padded() -> None:
    assert first_position({"model_type": "mpnet", "pad_token_id": 1}) is None
    assert first_position({"model_type": "xlm-roberta", "pad_token_id": 1}) == 2
    assert first_position({"model_type": "bert", "pad_token_id": 0}) == 0
    assert rotary_limit({"model_type": "bert"}) is None
    assert rotary_limit({"rope_scaling": {"type": "dynamic"}, "max_position_embeddings": 2048}) == 2048
