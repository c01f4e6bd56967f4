"""Where each token of a text stands, in flat arrays: 8 bytes a token, a tuple of two numbers takes over 100."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import overload


@dataclass(frozen=True, slots=True)
class Offsets(Sequence[tuple[int, int]]):
    """`(start, end)` code points of each token, read like a list of pairs."""

    starts: array[int]
    ends: array[int]

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Offsets:
        if isinstance(pairs, Offsets):
            return pairs
        flat = array("i", chain.from_iterable(pairs))
        return cls(flat[::2], flat[1::2])

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.starts, self.ends, strict=True)

    @overload
    def __getitem__(self, place: int) -> tuple[int, int]: ...

    @overload
    def __getitem__(self, place: slice) -> Offsets: ...

    def __getitem__(self, place: int | slice) -> tuple[int, int] | Offsets:
        if isinstance(place, slice):
            return Offsets(self.starts[place], self.ends[place])
        return self.starts[place], self.ends[place]


def rising(places: array[int]) -> array[int]:
    """A normalizer that puts combining marks in order may make places run back; bisection needs them rising."""
    listed = places.tolist()
    return places if sorted(listed) == listed else array(places.typecode, accumulate(listed, max))
