"""What runs together: neighbours of a queue, by their tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(
    items: Iterable[T], *, length: Callable[[T], int], budget: int, most: int | None = None
) -> Iterator[list[T]]:
    """Up to `budget` tokens and `most` items, at least one item."""
    batch: list[T] = []
    total = 0
    for item in items:
        tokens = length(item)
        if batch and (len(batch) == most or total + tokens > budget):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += tokens
    if batch:
        yield batch
