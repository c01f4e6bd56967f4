"""`quarry eval`: tables, records, plots and advice on a small corpus; a line or two for every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from quarry.cli.main import run as run_command
from tests.pipeline.drill import cut_model

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(cut_model(tmp_path_factory.mktemp("eval-model") / "model"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three notes and a question on each."""
    place = tmp_path_factory.mktemp("eval")
    (place / "corpora").mkdir()
    lines = []
    for name in ("otters", "kilns", "comets"):
        body = "\n\n".join(f"Remark {n} on {name}, which many have seen." for n in range(12))
        text = f"# All about {name}\n\n{body}\n\nThe oldest {name} are found in the north.\n"
        (place / "corpora" / f"{name}.md").write_text(text)
        gold = {"content": f"The oldest {name} are found in the north."}
        lines.append({"question": f"Where are the oldest {name}?", "document": f"{name}.md", "references": [gold]})
    (place / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return place


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("eval-cache")


def records(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


TWO = ("--strategy", "recursive:size=30", "--strategy", "sliding_window:size=30,overlap=10")


def test_records_and_files(
    folder: Path, model: str, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / name) for name in ("plot.svg", "all.json", "all.jsonl", "plot.png")]
    outs = [part for file in files for part in ("--out", file)]
    place = ("--encoder", model, "--cache", str(cache))
    assert run_command(["eval", str(folder), *TWO, *place, *outs, "--json", "--against", "recursive:size=30"]) == 0
    found = records(capsys.readouterr().out)
    assert [line["record"] for line in found] == ["run", *["row"] * 4, *["difference"] * 3]
    assert all(line["second"]["strategy"] == "recursive:size=30" for line in found if line["record"] == "difference")
    rows = [line for line in found if line["record"] == "row"]
    assert {row["retriever"] for row in rows} == {"dense", "hybrid"}
    assert all(0 <= row["scores"]["all"]["recall@4000c"] <= 1 for row in rows)
    whole = json.loads(Path(files[1]).read_text())
    assert whole == records(Path(files[2]).read_text())
    assert sum(line["record"] == "question" for line in whole) == 4 * 3
    assert Path(files[3]).read_bytes().startswith(b"\x89PNG")
    drawn = ET.parse(files[0]).getroot()
    assert len(list(drawn.iter(f"{SVG}polyline"))) == 4


def test_table(
    folder: Path, model: str, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code = run_command(["eval", str(folder), *TWO, "--encoder", model, "--cache", str(cache), "--by-document"])
    out = capsys.readouterr().out
    assert code == 0
    assert "all: 3 questions, k = 5" in out
    assert "otters.md: 1 questions" in out
    assert "95 % interval" in out


def test_advice(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", str(folder), "--encoder", model, "--advise", "--json"]) == 0
    found = records(capsys.readouterr().out)
    assert {"metadata_aware", "recursive", "semantic", "late"} <= {line["strategy"] for line in found}
    assert [line["take"] for line in found].count(True) == 1
    means = [line["mean"] for line in found]
    assert means == sorted(means, reverse=True)
    taken = next(line for line in found if line["take"])
    assert taken["best"] or taken["to_best"]["tie"]
    assert all(line["tokens"]["vectors"] > 0 and line["bytes"] > 0 for line in found)


def test_advice_in_words(folder: Path, model: str, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", str(folder), *TWO, "--encoder", model, "--cache", str(cache), "--advise"]) == 0
    assert "take '" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--strategy", "recursiv"), "did you mean 'recursive'"),
        (("--strategy", "recursive:length=3"), "length"),
        (("--strategy", "recursive:size"), "NAME:key=value"),
        (("--retriever", "sparse"), "sparse"),
        (("--against", "late"), "none of the strategies"),
        (("--out", "plot.gif"), "the ending must be"),
        (("--spans", "x"), "NAME=FILE"),
        (("--spans", "x=nowhere.jsonl"), "can't read"),
        (("--encoder", "minillm"), "minilm"),
    ],
)
def test_mistakes(folder: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", str(folder), *arguments]) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert not caught.out
    assert len(caught.err.strip().splitlines()) <= 2


def test_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", str(tmp_path)]) == 2
    assert "no folder corpora or corpus" in capsys.readouterr().err
