"""Freed memory goes back when long work has grown the process, and not at every step."""

from __future__ import annotations

import ctypes

import psutil
import pytest

from quarry import memory

MIB = 2**20


@pytest.fixture(autouse=True)
def glibc() -> None:
    if memory._libc() is None:
        pytest.skip("another C library: nothing is done there")


def blocks(size: int) -> list[ctypes.Array[ctypes.c_char]]:
    """Bytes on the heap in pieces too small for a mapping of their own, every page touched."""
    return [ctypes.create_string_buffer(b"x" * 64000, 64001) for _ in range(size // 64000)]


def test_a_torn_heap_is_given_back_once_it_has_grown() -> None:
    tidy = memory.Tidy()
    tidy.step()
    held = blocks(160 * MIB)
    kept = held[::50]  # what stays tears the heap
    del held
    before = psutil.Process().memory_info().rss
    tidy.step()
    assert psutil.Process().memory_info().rss < before - 100 * MIB
    assert len(kept) > 50


def test_what_grows_little_is_left_alone() -> None:
    tidy = memory.Tidy()
    tidy.step()
    held = blocks(40 * MIB)
    kept = held[::50]
    del held
    before = psutil.Process().memory_info().rss
    tidy.step()
    assert psutil.Process().memory_info().rss > before - 10 * MIB
    assert kept
