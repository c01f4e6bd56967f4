"""Attention inside a sliding window, block by block: exact, at a cost that grows with the length and not its square."""

from __future__ import annotations

from functools import lru_cache

import torch

SMALLEST_BLOCK = 64
"""Queries of one block: less makes more calls than it saves keys."""


def local_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, window: int, causal: bool, scale: float | None
) -> torch.Tensor:
    """Each token attends to those less than `window` away, and where `causal` to none after it.

    Shapes `(sequences, heads, length, head dim)`, without padding. A block of queries is multiplied with its own keys
    and the window beside it; the keys are views, so memory holds one block's scores.
    """
    length, reach = query.shape[2], window - 1
    block = max(SMALLEST_BLOCK, reach)
    if length <= block + reach:
        mask = _mask(length, length, 0, window, causal, query.device, query.dtype)
        return _attend(query, key, value, mask=mask, scale=scale)
    parts = []
    for start in range(0, length, block):
        end = min(start + block, length)
        first, last = max(0, start - reach), min(length, end if causal else end + reach)
        mask = _mask(end - start, last - first, start - first, window, causal, query.device, query.dtype)
        near = slice(first, last)
        parts.append(_attend(query[:, :, start:end], key[:, :, near], value[:, :, near], mask=mask, scale=scale))
    return torch.cat(parts, dim=2)


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, mask: torch.Tensor, scale: float | None
) -> torch.Tensor:
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)


@lru_cache(maxsize=64)
def _mask(
    queries: int, keys: int, ahead: int, window: int, causal: bool, device: torch.device, dtype: torch.dtype
) -> torch.Tensor:
    """What is added to the scores: 0 inside the window, minus infinity outside; query 0 stands at key `ahead`.

    Inner blocks share one, so a document needs a handful of them however long it is.
    """
    distance = torch.arange(queries, device=device)[:, None] + ahead - torch.arange(keys, device=device)[None, :]
    seen = (distance >= 0) & (distance < window) if causal else distance.abs() < window
    return torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(~seen, float("-inf"))
