"""The neural network: token ids in, token states out, without padding where the architecture allows it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from encoders._weights import cache_dir

os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_dir().parent / "inductor"))  # not in the temporary folder

import torch
from transformers import AttentionInterface, AutoModel
from transformers.utils import logging as transformers_logging

from encoders._folder import Dense, ModelFolder
from quarry.errors import ModelError

PACKED = ("bert", "modernbert")
"""Model types whose packed states are tested equal to padded ones; their positions may restart inside a row."""
ATTENTION = "quarry_packed"
Ids = Sequence[int]
_rows = threading.local()
"""Lengths of the sequences in the row that this thread is running, as (length, how many) runs."""


def packed_attention(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """One SDPA call for each run of equally long sequences: no padding, no mask but that of a local layer.

    Shapes `(1, heads, tokens, head dim)`; the result is `(1, tokens, heads, head dim)`.
    """
    out, start = torch.empty_like(query), 0
    for length, count in _rows.runs:
        end = start + length * count
        q, k, v = (_sequences(part[0, :, start:end], count, length) for part in (query, key, value))
        band = _band(length, sliding_window, device=query.device)
        states = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=band, scale=scaling)
        out[0, :, start:end] = states.transpose(0, 1).flatten(1, 2)
        start = end
    return out.transpose(1, 2).contiguous(), None


def _sequences(part: torch.Tensor, count: int, length: int) -> torch.Tensor:
    """`(heads, count * length, head dim)` -> `(count, heads, length, head dim)`."""
    return part.reshape(part.shape[0], count, length, part.shape[-1]).transpose(0, 1)


def _band(length: int, window: int | None, *, device: torch.device) -> torch.Tensor | None:
    if window is None or length <= window:
        return None
    place = torch.arange(length, device=device)
    return (place[:, None] - place[None, :]).abs() < window


AttentionInterface.register(ATTENTION, packed_attention)


class Network:
    """A loaded model. Runs in any thread; float32."""

    def __init__(self, folder: ModelFolder) -> None:
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
        self.packed = str(folder.config.get("model_type")) in PACKED
        self.padding = 0
        """Padding tokens that were run so far."""
        attention = ATTENTION if self.packed else "sdpa"
        try:
            self._model = AutoModel.from_pretrained(
                folder.network,
                dtype=torch.float32,
                attn_implementation=attention,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
            ).eval()
        except (OSError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{folder.network}: transformers can't load this model: {reason}") from error
        if folder.layers:
            _keep_layers(self._model, folder.layers, of=int(self._model.config.get_text_config().num_hidden_layers))
        self._pad = int(folder.config.get("pad_token_id") or 0)
        self._dense = [_linear(dense) for dense in folder.dense]

    def states(self, batch: Sequence[Ids]) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
        """`(tokens, hidden)` float32 of each sequence, in the order given."""
        order = sorted(range(len(batch)), key=lambda index: len(batch[index]))
        sequences = [batch[index] for index in order]
        with torch.inference_mode():
            found = self._packed_states(sequences) if self.packed else self._padded_states(sequences)
        result: list[Any] = [None] * len(batch)
        for index, states in zip(order, found, strict=True):
            result[index] = states
        return result

    def project(self, vectors: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The Dense modules after the pooling, if the model has any."""
        if not self._dense:
            return vectors
        with torch.inference_mode():
            out = torch.from_numpy(vectors)
            for layer in self._dense:
                out = layer(out)
        result: np.ndarray[Any, np.dtype[np.float32]] = out.numpy()
        return result

    def _packed_states(self, sequences: Sequence[Ids]) -> Iterator[Any]:
        lengths = [len(ids) for ids in sequences]
        row = torch.tensor([[token for ids in sequences for token in ids]])
        positions = torch.cat([torch.arange(length) for length in lengths])[None]
        _rows.runs = [(length, lengths.count(length)) for length in dict.fromkeys(lengths)]
        states = self._model(input_ids=row, position_ids=positions).last_hidden_state[0].numpy()
        return iter(np.split(states, np.cumsum(lengths)[:-1]))

    def _padded_states(self, sequences: Sequence[Ids]) -> Iterator[Any]:
        width = max(len(ids) for ids in sequences)
        ids = torch.tensor([[*ids, *[self._pad] * (width - len(ids))] for ids in sequences])
        mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids in sequences])
        self.padding += sum(width - len(ids) for ids in sequences)
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
        return (states[index, : len(ids)] for index, ids in enumerate(sequences))


def _keep_layers(model: torch.nn.Module, kept: int, *, of: int) -> None:
    """The first `kept` of the stack; what follows it (a last norm) stays."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == of:
            model.set_submodule(name, module[:kept])
            return
    raise ModelError(f"{type(model).__name__} has no stack of {of} layers that could be reduced; leave `layers` out")


def _linear(dense: Dense) -> torch.nn.Sequential:
    from safetensors.torch import load_file

    layer = torch.nn.Linear(dense.in_features, dense.out_features, bias=dense.bias)
    weights = {name.removeprefix("linear."): value.float() for name, value in load_file(dense.weights).items()}
    layer.load_state_dict(weights)
    activation: torch.nn.Module = getattr(torch.nn, dense.activation)()
    return torch.nn.Sequential(layer, activation).eval()
