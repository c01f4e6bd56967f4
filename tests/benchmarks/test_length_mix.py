"""The texts of the encoder's benchmark have the lengths that it says, and are slices of the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks._length_mix import chunk_texts, long_text
from encoders.profiles import profile, resolve
from encoders.tokens import Tokens

TOKENS = Tokens.from_folder(resolve(profile("minilm")), max_tokens=512)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for number in range(2):
        lines = (f"In year {n} of book {number} the boats came home late. " for n in range(900))
        (tmp_path / f"book{number}.md").write_text("".join(lines))
    (tmp_path / "short.txt").write_text("too short")
    return tmp_path


def test_lengths_are_log_normal_between_bounds(data: Path) -> None:
    found = chunk_texts(data, TOKENS, 400)
    lengths = np.array([TOKENS.count(text) + 2 for text in found])
    assert 14 <= lengths.min() < lengths.max() <= 512
    assert 185 <= lengths.mean() <= 215
    assert chunk_texts(data, TOKENS, 400) == found
    assert all(any(text in file.read_text() for file in data.glob("*.md")) for text in found[:20])


def test_a_long_text_has_so_many_tokens(data: Path) -> None:
    assert TOKENS.count(long_text(data, TOKENS, 30_000)) == pytest.approx(30_000, abs=5)


def test_a_folder_without_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no \.md or \.txt file"):
        chunk_texts(tmp_path, TOKENS, 1)
