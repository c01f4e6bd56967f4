"""`quarry models`: a list without torch, and a check that says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parent.parent.parent


def test_the_list(quarry: Run) -> None:
    done = quarry("models", "--json")
    assert done.returncode == 0
    found = {record["name"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert found["minilm"]["present"]
    assert found["minilm"]["late"]
    assert found["bge-m3"]["late_reason"] == "cls-pooled: only that was trained"
    assert found["bge-reranker-base"]["kind"] == "rerankers"
    done = quarry("models")
    assert "minilm" in done.stdout
    assert done.stderr.count("\n") == 1


def test_the_list_needs_no_torch() -> None:
    code = (
        "import sys; from quarry.cli.main import run; run(['models', '--json'])\n"
        "assert not {'torch', 'transformers', 'lancedb', 'prefect'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)


def test_check(quarry: Run, model: Path) -> None:
    done = quarry("models", "check", model, "--json")
    (record,) = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, record["passed"]) == (0, True)
    assert len(record["checks"]) == 7
    assert 0 < record["speed"]["percent"] < 200
    done = quarry("models", "check", model)
    assert done.stdout.count("ok ") == 7
    assert "GFLOP/s of matrix products" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "check takes the NAME"),
        (["check", "bge-m3"], "run `hf download BAAI/bge-m3`"),
        (["check", "minilmm"], "did you mean 'minilm'"),
        (["chek"], "'check'"),
    ],
)
def test_mistakes_are_one_line(quarry: Run, arguments: list[str], said: str) -> None:
    done = quarry("models", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
