"""Freed memory goes back when long work has grown the process, and not at every step."""

from __future__ import annotations

import subprocess
import sys

import pytest

from quarry import memory

CODE = """
import ctypes, psutil
from quarry.memory import Tidy
tidy = Tidy()
tidy.step()
held = [ctypes.create_string_buffer(b"x" * 64000, 64001) for _ in range({megabytes} * 1000**2 // 64000)]
kept = held[::50]  # what stays tears the heap
del held
before = psutil.Process().memory_info().rss
tidy.step()
print(before - psutil.Process().memory_info().rss, len(kept))
"""


def given_back(*, megabytes: int) -> int:
    """Bytes, in a process of its own: elsewhere the heap may have room for all of it."""
    code = CODE.format(megabytes=megabytes)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


@pytest.mark.skipif(memory._libc() is None, reason="another C library: nothing is done there")
def test_a_torn_heap_is_given_back_once_it_has_grown() -> None:
    assert given_back(megabytes=160) > 100e6
    assert given_back(megabytes=40) < 10e6
