"""Real text cut as chunks are: token counts log-normal, mean 200, sigma 0.6, from 16 to 512 with special tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from math import log
from pathlib import Path

import numpy as np

from encoders.tokens import Tokens

MEAN, SIGMA, LEAST, MOST = 200.0, 0.6, 16, 512
SPECIAL = 2


def chunk_texts(data: Path, tokens: Tokens, count: int) -> list[str]:
    """One after another through the files, from the start again where they end."""
    drawn = np.random.default_rng(0).lognormal(log(MEAN) - SIGMA * SIGMA / 2, SIGMA, count)
    lengths = np.clip(drawn.round().astype(int), LEAST, MOST) - SPECIAL
    located = [(text, tokens.offsets(text)) for text in _texts(data)]
    turns = cycle(located)
    text, offsets = next(turns)
    found: list[str] = []
    place = 0
    for length in map(int, lengths):
        while place + length > len(offsets):
            (text, offsets), place = next(turns), 0
        found.append(_cut(text, offsets[place : place + length], tokens))
        place += length
    return found


def _cut(text: str, offsets: Sequence[tuple[int, int]], tokens: Tokens) -> str:
    """These tokens' text; a word that is cut may fall into more pieces, then it ends earlier."""
    end = len(offsets)
    while tokens.count(text[offsets[0][0] : offsets[end - 1][1]]) > len(offsets):
        end -= 1
    return text[offsets[0][0] : offsets[end - 1][1]]


def long_text(data: Path, tokens: Tokens, count: int) -> str:
    """The first so many tokens of the files, repeated where they are shorter."""
    parts: list[str] = []
    left = count
    for text in cycle(_texts(data)):
        offsets = tokens.offsets(text)
        if left <= len(offsets):
            return "\n".join([*parts, text[: offsets[left - 1][1]]])
        parts.append(text)
        left -= len(offsets)
    raise AssertionError  # a cycle doesn't end


def _texts(data: Path) -> list[str]:
    """Of every text file that is long enough."""
    files = sorted(file for file in data.rglob("*") if file.suffix in (".md", ".txt"))
    found = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    long = [text for text in found if len(text) > 10 * MOST]
    if not long:
        raise SystemExit(f"no .md or .txt file of {10 * MOST} characters below {data}")
    return long
