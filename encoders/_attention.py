"""Attention over packed rows: many sequences stand in one row, each sees itself alone, and nothing is padded."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import torch
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface

from encoders._bands import local_attention

ATTENTION = "quarry_packed"
"""Name in transformers' registry. It builds no mask for a name that it has no mask function for."""
_HALVES = (torch.bfloat16, torch.float16)
_running = threading.local()


@dataclass(frozen=True, slots=True)
class Row:
    """How the row that a thread is running is cut into sequences."""

    runs: tuple[tuple[int, int], ...]
    """(length, how many) of neighbours of one length."""
    bounds: torch.Tensor
    """`(sequences + 1,)` int32 on the row's device: where each begins and where the last ends."""
    longest: int

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device) -> Row:
        runs = tuple((length, len(list(same))) for length, same in groupby(lengths))
        starts = torch.zeros(len(lengths) + 1, dtype=torch.int32)
        starts[1:] = torch.tensor(lengths, dtype=torch.int32).cumsum(0)
        return cls(runs, starts.to(device, non_blocking=True), max(lengths))


@contextmanager
def running(row: Row) -> Iterator[None]:
    """The models that this thread calls meanwhile attend by `row`."""
    _running.row = row
    try:
        yield
    finally:
        del _running.row


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Shapes `(1, heads, tokens, head dim)`; the result is `(1, tokens, heads, head dim)`.

    On a GPU in half precision one call of the variable-length kernel; else one call for each run of one length.
    """
    row: Row = _running.row
    causal = bool(getattr(module, "is_causal", False))
    by_kernel = query.is_cuda and query.dtype in _HALVES
    attend = by_length_kernel if by_kernel else by_runs
    return attend(row, query[0], key[0], value[0], scale=scaling, window=sliding_window, causal=causal)[None], None


def by_runs(
    row: Row,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    scale: float | None,
    window: int | None,
    causal: bool,
) -> torch.Tensor:
    """`(heads, tokens, head dim)` each -> `(tokens, heads, head dim)`; `window` as in `local_attention`."""
    heads, tokens, dim = query.shape
    out = query.new_empty(tokens, heads, dim)
    start = 0
    for length, count in row.runs:
        end = start + length * count
        q, k, v = (_sequences(part[:, start:end], count, heads) for part in (query, key, value))
        if window is not None and length > window:
            states = local_attention(q, k, v, window=window, causal=causal, scale=scale)
        else:
            states = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale)
        out[start:end].view(count, length, heads, dim).copy_(states.transpose(1, 2))
        start = end
    return out


def _sequences(part: torch.Tensor, count: int, heads: int) -> torch.Tensor:
    """`(own heads, count * length, dim)` -> `(count, heads, length, dim)`; shared key heads are repeated, as views."""
    own, tokens, dim = part.shape
    apart = part.reshape(own, count, tokens // count, dim).transpose(0, 1)
    if own == heads:
        return apart
    return apart[:, :, None].expand(-1, -1, heads // own, -1, -1).flatten(1, 2)


def by_length_kernel(
    row: Row,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    scale: float | None,
    window: int | None,
    causal: bool,
) -> torch.Tensor:
    """The same through `torch.nn.attention.varlen`: one call for the whole row, without a mask."""
    q, k, v = (part.transpose(0, 1) for part in (query, key, value))
    result = varlen_attn(
        q,
        k,
        v,
        row.bounds,
        row.bounds,
        row.longest,
        row.longest,
        scale=scale,
        window_size=window_size(window, causal=causal),
        enable_gqa=query.shape[0] != key.shape[0],
        num_splits=splits(),
    )
    assert isinstance(result, torch.Tensor)  # a pair only where more is asked for
    return result


def window_size(window: int | None, *, causal: bool) -> tuple[int, int]:
    """Keys that the kernel shows left and right of a query; -1 is all of them."""
    reach = -1 if window is None else window - 1
    return reach, 0 if causal else reach


@cache
def splits() -> int | None:
    """Keys in one piece: the same bits whatever else is in the row. AMD's kernel takes no such word."""
    return None if torch.version.hip else 1


AttentionInterface.register(ATTENTION, packed_attention)
