"""The section `search` of the settings says once what `quarry search` does; its options come first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from quarry.cli.main import run as run_command
from tests.pipeline.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

QUERY = "lighthouse of salt"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Place:
    found = Place(tmp_path_factory.mktemp("search"), model)
    for name in ("north", "south"):
        remarks = "\n\n".join(f"Remark {n} on the {name} lighthouse and its salt." for n in range(6))
        found.write(f"{name}.md", f"# The {name}\n\n{remarks}\n")
    found.ingest(settings=("chunker.kind=recursive", "chunker.size=16"))
    return found


@pytest.fixture
def hits(place: Place, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    def search(*arguments: str) -> list[dict[str, Any]]:
        assert run_command(["search", QUERY, "--store", str(place.store), "--json", *arguments]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return search


@pytest.fixture
def own(tmp_path: Path, cross: Path) -> str:
    """Settings that say something of all there is."""
    file = tmp_path / "quarry.yaml"
    said = {"k": 4, "mode": "text", "group_by": "document", "expand": ["neighbours"], "expand_tokens": 60}
    file.write_text(json.dumps({"search": {**said, "rerank": str(cross), "rerank_pool": 3}}))
    return str(file)


def test_they_are_what_the_options_would_be(hits: Callable[..., list[dict[str, Any]]], own: str, cross: Path) -> None:
    options = ("-k", "4", "--mode", "text", "--group-by", "document", "--expand", "neighbours", "--expand-tokens", "60")
    reranked = ("--rerank", str(cross), "--rerank-pool", "3")
    found = hits("--config", own)
    assert found == hits(*options, *reranked)
    assert len(found) == 2
    assert all("expanded" in hit for hit in found)
    assert [hit["score"] for hit in found] != [hit["score"] for hit in hits(*options)]


def test_options_come_first(hits: Callable[..., list[dict[str, Any]]], own: str) -> None:
    assert len(hits("--config", own, "--group-by", "none", "-k", "3")) == 3
    assert not any("expanded" in hit for hit in hits("--config", own, "--expand", "none"))
    off = ("--rerank", "none", "--expand", "none", "--group-by", "none")
    assert hits("--config", own, *off) == hits("--mode", "text", "-k", "4")
    narrow, wide = (hits("--config", own, "--expand-tokens", tokens)[0]["expanded"] for tokens in ("20", "200"))
    assert len(narrow["chunks"]) < len(wide["chunks"])


def test_an_unknown_kind_in_a_file_is_one_line(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.yaml").write_text("search: {expand: [chapters]}\n")
    assert run_command(["search", QUERY, "--store", str(place.store), "--config", str(tmp_path / "wrong.yaml")]) == 2
    said = capsys.readouterr().err
    assert "no 'chapters' in what a hit can be widened by" in said
    assert said.count("\n") == 1


def test_the_settings_show_them(own: str, cross: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["config", "--config", own, "--json"]) == 0
    shown = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (shown["search.rerank"]["value"], shown["search.rerank"]["origin"]) == (str(cross), own)
    assert shown["search.expand"]["value"] == ["neighbours"]
    assert shown["search.rerank_pool"]["origin"] == own
