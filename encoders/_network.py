"""The neural network: token ids in, token states or pooled vectors out, without padding where that is possible."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any

import numpy as np
import torch
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from encoders._architectures import first_position, rotary_limit
from encoders._attention import ATTENTION, Row, running
from encoders._device import Setup
from encoders._folder import ModelFolder
from encoders._int8 import to_int8
from encoders._parcels import Ids
from encoders._pooling import Cut, pool
from encoders._segments import pooled
from quarry.errors import EncodeError, ModelError

Array = np.ndarray[Any, np.dtype[np.float32]]


class Network:
    """A loaded model. Runs in any thread."""

    def __init__(self, folder: ModelFolder, setup: Setup) -> None:
        self.setup = setup
        self.padding = 0
        """Padding tokens that were run so far."""
        self._first = first_position(folder.config)
        self._rotary_limit = rotary_limit(folder.config)
        self._rotary = threading.Lock()
        self._counting = threading.Lock()
        self._model = _load(folder, attention=None if self._first is None else ATTENTION, dtype=self.setup.dtype)
        self._model.to(self.setup.device)
        if folder.layers:
            _keep_layers(self._model, folder.layers, of=int(self._model.config.get_text_config().num_hidden_layers))
        if self.setup.int8:
            to_int8(self._model)
        self._pad = int(folder.config.get("pad_token_id") or 0)

    @property
    def packed(self) -> bool:
        return self._first is not None

    def states(self, batch: Sequence[Ids]) -> list[Array]:
        """`(tokens, hidden)` float32 of each sequence, in the order given."""
        result: list[Any] = [None] * len(batch)
        with torch.inference_mode():
            for indexes, lengths, states in self._passes(batch):
                parts = np.split(states.float().cpu().numpy(), list(accumulate(lengths))[:-1])
                for index, part in zip(indexes, parts, strict=True):
                    result[index] = part
        return result

    def pooled(self, batch: Sequence[Ids], cuts: Sequence[Sequence[Cut]]) -> list[list[Array]]:
        """`(hidden * modes,)` float32 of each cut of each sequence; EncodeError for a cut without a state."""
        if any(cut.first >= cut.last for own in cuts for cut in own):
            raise EncodeError("nothing to pool: the text has no token")
        result: list[list[Any]] = [[None] * len(own) for own in cuts]
        with torch.inference_mode():
            for indexes, lengths, states in self._passes(batch):
                starts = list(accumulate(lengths, initial=0))
                own = [cuts[index] for index in indexes]
                made = _on_device(states, starts, own) if self.setup.on_gpu else _on_host(states, starts, own)
                for index, vectors in zip(indexes, made, strict=True):
                    result[index] = vectors
        return result

    def _passes(self, batch: Sequence[Ids]) -> Iterator[tuple[list[int], list[int], torch.Tensor]]:
        """Indexes, lengths and states `(all their tokens, hidden)` on the device, of what runs together."""
        order = sorted(range(len(batch)), key=lambda index: len(batch[index]))
        for indexes in self._together(order, [len(ids) for ids in batch]):
            sequences = [batch[index] for index in indexes]
            lengths = [len(ids) for ids in sequences]
            if self._rotary_limit is None:
                yield indexes, lengths, self._run(sequences, lengths)
                continue
            with self._rotary:  # its frequencies are state of the module
                _forget_lengths(self._model)
                states = self._run(sequences, lengths)
            yield indexes, lengths, states

    def _together(self, order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
        """All in one, but where the rotary frequencies depend on the length: then the long ones by length."""
        limit = self._rotary_limit
        if limit is None:
            return [list(order)] if order else []
        return [list(same) for _, same in groupby(order, key=lambda index: max(lengths[index], limit))]

    def _run(self, sequences: Sequence[Ids], lengths: Sequence[int]) -> torch.Tensor:
        return self._run_packed(sequences, lengths) if self.packed else self._run_padded(sequences, lengths)

    def _run_packed(self, sequences: Sequence[Ids], lengths: Sequence[int]) -> torch.Tensor:
        row = self._sent(np.concatenate([np.asarray(ids, dtype=np.int64) for ids in sequences])[None])
        first = self._first or 0
        places = self._sent(np.concatenate([np.arange(first, first + length) for length in lengths])[None])
        with running(Row.of(lengths, self.setup.device)):
            states: torch.Tensor = self._model(input_ids=row, position_ids=places).last_hidden_state[0]
        return states

    def _run_padded(self, sequences: Sequence[Ids], lengths: Sequence[int]) -> torch.Tensor:
        ids = np.full((len(sequences), max(lengths)), self._pad, dtype=np.int64)
        mask = np.arange(max(lengths))[None, :] < np.asarray(lengths)[:, None]
        ids[mask] = np.concatenate([np.asarray(own, dtype=np.int64) for own in sequences])
        with self._counting:
            self.padding += int(mask.size - mask.sum())
        seen = self._sent(mask)
        states: torch.Tensor = self._model(input_ids=self._sent(ids), attention_mask=seen.long()).last_hidden_state
        return states[seen]

    def _sent(self, values: np.ndarray[Any, Any]) -> torch.Tensor:
        made = torch.from_numpy(values)
        return made.pin_memory().to(self.setup.device, non_blocking=True) if self.setup.on_gpu else made


def _load(folder: ModelFolder, *, attention: str | None, dtype: torch.dtype) -> Any:
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
    try:
        model = AutoModel.from_pretrained(
            folder.network,
            dtype=dtype,
            attn_implementation=attention,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        ).eval()
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{folder.network}: transformers can't load this model: {reason}") from error
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # its output is not ours
    model.config.use_cache = False  # decoders would keep the keys of every row
    return model


def _on_host(states: torch.Tensor, starts: Sequence[int], cuts: Sequence[Sequence[Cut]]) -> list[list[Array]]:
    rows: Array = states.float().numpy()
    return [
        [_reduced(rows[start + cut.first : start + cut.last], cut.modes) for cut in own]
        for start, own in zip(starts, cuts, strict=False)
    ]


def _reduced(states: Array, modes: Sequence[str]) -> Array:
    return pool(states, modes) if modes else np.asarray(states.sum(axis=0, dtype=np.float32))


def _on_device(states: torch.Tensor, starts: Sequence[int], cuts: Sequence[Sequence[Cut]]) -> list[list[Array]]:
    """One pass over the states and one copy back for each way of pooling."""
    result: list[list[Any]] = [[None] * len(own) for own in cuts]
    wanted: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, own in enumerate(cuts):
        for place, cut in enumerate(own):
            wanted[cut.modes].append((number, place))
    for modes, found in wanted.items():
        spans = [(starts[n] + cuts[n][place].first, starts[n] + cuts[n][place].last) for n, place in found]
        made = torch.cat([pooled(states, spans, mode) for mode in modes or ("sum",)], dim=1).cpu().numpy()
        for (number, place), vector in zip(found, made, strict=True):
            result[number][place] = vector
    return result


def _forget_lengths(model: torch.nn.Module) -> None:
    """Rotary frequencies as they are in a fresh model: transformers keeps those of the longest sequence so far."""
    for module in model.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if name.endswith("original_inv_freq"):
                kind = name.removesuffix("original_inv_freq")
                setattr(module, f"{kind}inv_freq", buffer.clone())
                setattr(module, f"{kind}max_seq_len_cached", module.original_max_seq_len)


def _keep_layers(model: torch.nn.Module, kept: int, *, of: int) -> None:
    """The first `kept` of the stack; what follows it (a last norm) stays."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == of:
            model.set_submodule(name, module[:kept])
            return
    raise ModelError(f"{type(model).__name__} has no stack of {of} layers that could be reduced; leave `layers` out")
