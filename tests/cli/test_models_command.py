"""`quarry models`: a list without torch, and a check that says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from quarry.cli.main import run as run_command

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
        (["check", "bge-m4", "minilm"], "did you mean 'bge-m3'"),
        (["check", "bge-reranker-bas"], "did you mean 'bge-reranker-base'"),
        (["check", "bge-reranker-base"], "run `hf download BAAI/bge-reranker-base`"),
        (["chek"], "did you mean `quarry models check`?"),
        (["chek", "minilm"], "did you mean `quarry models check minilm`?"),
        (["minilm"], "did you mean `quarry models check minilm`?"),
    ],
)
def test_mistakes_are_one_line(quarry: Run, arguments: list[str], said: str) -> None:
    done = quarry("models", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_several_at_once(quarry: Run, model: Path, cross: Path) -> None:
    """One that is missing ends only its own check; an encoder and a reranker are told apart by their files."""
    done = quarry("models", "check", "bge-m3", model, cross, model, "--no-speed", "--json")
    missing, encoder, reranker = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 2
    assert "hf download BAAI/bge-m3" in missing["problem"]
    assert missing["problem"] in done.stderr
    assert (missing["passed"], missing["checks"]) == (False, [])
    assert (encoder["kind"], encoder["passed"], encoder["problem"], len(encoder["checks"])) == (
        "encoders",
        True,
        None,
        7,
    )
    assert (reranker["kind"], reranker["passed"], len(reranker["checks"])) == ("rerankers", True, 4)
    done = quarry("models", "check", model, cross, "--no-speed")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "model"
    assert done.stdout.count("ok ") == 11


@pytest.mark.parametrize(("width", "shown", "spared"), [(80, "pooling", "size"), (120, "size", "model")])
def test_no_name_is_cut_off_on_a_terminal(
    width: int, shown: str, spared: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("COLUMNS", str(width)), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(name, value)
    assert run_command(["models"]) == 0
    caught = capsys.readouterr()
    assert "gte-reranker-modernbert-base" in caught.out
    assert "\u2026" not in caught.out
    head = caught.out.splitlines()[1]
    assert shown in head
    assert spared not in head
    assert spared in caught.err.splitlines()[-1]


def test_a_pipe_gets_every_column(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert run_command(["models"]) == 0
    caught = capsys.readouterr()
    assert "Alibaba-NLP/gte-reranker-modernbert-base" in caught.out
    assert "\u2026" not in caught.out
    assert caught.err.count("\n") == 1
