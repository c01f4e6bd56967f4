"""Offsets read like the list of pairs that they stand for."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from quarry.offsets import Offsets, rising

PAIRS = st.lists(st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)), max_size=30)


@given(PAIRS)
def test_they_read_like_a_list(pairs: list[tuple[int, int]]) -> None:
    offsets = Offsets.of(pairs)
    assert Offsets.of(offsets) is offsets
    assert (len(offsets), list(offsets)) == (len(pairs), pairs)
    assert [offsets[place] for place in range(len(pairs))] == pairs
    assert list(offsets[1:-1]) == pairs[1:-1]


@given(st.lists(st.integers(0, 100), max_size=30))
def test_places_that_run_back_are_held(places: list[int]) -> None:
    held = rising(array("i", places)).tolist()
    assert held == [max(places[: number + 1]) for number in range(len(places))]
