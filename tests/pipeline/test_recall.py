"""Recall counts places that are taken by hits that score as well, so that equal texts do no harm."""

from __future__ import annotations

import pytest

from pipeline.recall import share_found
from stores.rows import Scored


def hits(*scores: float, names: str) -> list[Scored]:
    return [Scored(name, score) for name, score in zip(names, scores, strict=True)]


@pytest.mark.parametrize(
    ("found", "share"),
    [
        (hits(0.9, 0.5, names="ab"), 1.0),
        (hits(0.9, 0.5, names="az"), 1.0),
        (hits(0.9, 0.4, names="az"), 0.5),
        (hits(0.5, 0.5, names="yz"), 1.0),
        (hits(0.4, 0.3, names="yz"), 0.0),
        ([], 0.0),
    ],
)
def test_a_tie_is_as_good(found: list[Scored], share: float) -> None:
    assert share_found(hits(0.9, 0.5, names="ab"), found) == share


def test_nothing_to_find_is_found() -> None:
    assert share_found([], []) == 1.0
