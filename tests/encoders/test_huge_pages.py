"""torch asks the kernel for huge pages under its large blocks, unless the user said otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import encoders.transformer
import torch
held = torch.ones(2**23)
flags = [line.split()[1:] for line in open("/proc/self/smaps") if line.startswith("VmFlags")]
print(sum("hg" in own for own in flags))
"""
"""Prints how many mappings are advised to take huge pages."""
KERNEL = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def advised(**environment: str) -> int:
    env = {name: value for name, value in os.environ.items() if name != "THP_MEM_ALLOC_ENABLE"} | environment
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env)
    return int(done.stdout)


@pytest.mark.skipif(not KERNEL.exists(), reason="a kernel without huge pages")
def test_large_blocks_are_advised_unless_told_not_to() -> None:
    assert advised() > 0
    assert advised(THP_MEM_ALLOC_ENABLE="0") == 0
