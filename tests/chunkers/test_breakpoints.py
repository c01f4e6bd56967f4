"""Rules of breakpoints on distances whose cuts can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkers import chunker
from chunkers._breakpoints import RULES, cuts

STEADY = np.array([0.3, 0.31, 0.29, 0.3, 0.32, 0.9, 0.3, 0.31, 0.28, 0.3, 0.31, 0.3])
RISING = np.concatenate([np.linspace(0.1, 0.3, 30), np.linspace(0.6, 0.8, 30)])
"""A calm half and a restless one; in each one place stands out."""
RISING[[12, 45]] += 0.25


@pytest.mark.parametrize("method", RULES)
def test_the_one_place_that_stands_out_is_cut(method: str) -> None:
    found = cuts(STEADY, method, 95.0 if method in ("percentile", "gradient") else None)
    assert found == ([5] if method == "gradient" else [6]), "a slope is steepest before its peak"


def test_a_band_follows_the_text_where_one_threshold_does_not() -> None:
    """Above the mean by a spread of all stand only the high half's; the band sees both steps and both places."""
    assert {13, 46} <= set(cuts(RISING, "bollinger", 2.0))
    assert 13 not in cuts(RISING, "standard_deviation", 1.0)


@given(st.lists(st.floats(0, 2), max_size=40), st.sampled_from(sorted(RULES)))
def test_cuts_lie_between_units(distances: list[float], method: str) -> None:
    found = cuts(np.array(distances), method, None)
    assert found == sorted(set(found))
    assert all(0 < place <= len(distances) for place in found)
    assert not cuts(np.full(9, 0.5), method, None)


@pytest.mark.parametrize("method", RULES)
def test_a_larger_amount_cuts_no_more(method: str) -> None:
    low, high = (50.0, 95.0) if method in ("percentile", "gradient") else (0.5, 2.5)
    assert len(cuts(RISING, method, high)) <= len(cuts(RISING, method, low))
    assert chunker.build({"kind": "semantic", "method": method, "amount": high})
