"""`quarry search --rerank`: a cross-encoder orders what was found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from encoders.reranker import Reranker

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_order_and_scores_are_the_rerankers(quarry: Run, store: Path, cross: Path) -> None:
    query = "what keeps its tusks?"
    done = quarry("search", query, "--store", store, "--rerank", cross, "--json")
    assert done.returncode == 0, done.stderr
    hits = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(hits) > 2
    expected = Reranker.load(str(cross)).scores(query, [hit["context"] + hit["text"] for hit in hits])
    assert [hit["score"] for hit in hits] == pytest.approx(expected.tolist(), abs=1e-4)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    plain = quarry("search", query, "--store", store, "--json", "-k", "1").stdout
    one = quarry("search", query, "--store", store, "--rerank", cross, "--rerank-pool", "1", "-k", "1", "--json").stdout
    assert json.loads(one)["id"] == json.loads(plain)["id"]


def test_a_missing_reranker_is_one_line(quarry: Run, store: Path) -> None:
    done = quarry("search", "tusks", "--store", store, "--rerank", "bge-reranker-base")
    assert done.returncode == 2
    assert "hf download BAAI/bge-reranker-base" in done.stderr
    assert done.stderr.count("\n") == 1
    done = quarry("search", "tusks", "--store", store, "--rerank", "nothing")
    assert done.returncode == 2
    assert "there are: bge-reranker-base" in done.stderr
