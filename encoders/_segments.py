"""Pooling on a GPU: in float32, by segments of a row, so that only vectors are copied back."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def pooled(states: torch.Tensor, cuts: Sequence[tuple[int, int]], mode: str) -> torch.Tensor:
    """`(tokens, hidden)` of any number type -> `(len(cuts), hidden)` float32; cuts are not empty and may overlap."""
    if mode in ("cls", "lasttoken"):
        ends = [first if mode == "cls" else last - 1 for first, last in cuts]
        return states[torch.tensor(ends, device=states.device)].float()
    lengths = torch.tensor([last - first for first, last in cuts])
    starts = torch.tensor([first for first, _ in cuts])
    within = torch.arange(int(lengths.sum())) - (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    places = (within + starts.repeat_interleave(lengths)).to(states.device)
    rows, sizes = states[places].float(), lengths.to(states.device)
    if mode == "max":
        return torch.segment_reduce(rows, "max", lengths=sizes)
    if mode == "weightedmean":
        rows = rows * (within + 1).to(rows)[:, None]
    total = torch.segment_reduce(rows, "sum", lengths=sizes)
    return total / _divisor(lengths.to(total), mode)[:, None]


def _divisor(lengths: torch.Tensor, mode: str) -> torch.Tensor:
    if mode == "sum":
        return torch.ones_like(lengths)
    if mode == "weightedmean":
        return lengths * (lengths + 1) / 2
    return lengths.sqrt() if mode == "mean_sqrt_len_tokens" else lengths
