"""The benchmark of hostile documents says what is wrong, and only that."""

from __future__ import annotations

import pytest

from benchmarks.hostile import Entry


@pytest.mark.parametrize(
    ("manifest", "outcome", "text", "wrong"),
    [
        (["ok"], "ok", "", ""),
        (["ok"], "refused", "", "ended refused, allowed are ok"),
        ({"allow": ["ok", "failed"], "contains": ["end"]}, "ok", "the end", ""),
        ({"allow": ["ok", "failed"], "contains": ["end"]}, "ok", "the beg", "ok, but its text lacks 'end'"),
        ({"allow": ["ok", "failed"], "contains": ["end"]}, "failed", "", ""),
        ({"allow": ["ok"], "absent": ["secret"]}, "ok", "a secret", "its text has 'secret'"),
        (["ok"], "nothing", "", "ended nothing, allowed are ok"),
    ],
)
def test_entries(manifest: object, outcome: str, text: str, wrong: str) -> None:
    assert Entry.of(manifest).wrong(outcome, text) == wrong
