"""Layers of settings: later ones win, origins are kept, unknown names are errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from quarry.errors import ConfigError
from quarry.settings import load


def test_layers_in_order(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("ingest: {workers: 2, batch_rows: 100}\nstore: from-file\n")
    environ = {"QUARRY_INGEST__WORKERS": "3", "QUARRY_STORE": "from-environment"}
    found = load(
        str(file), assignments=["ingest.workers=1"], options={"store": "given", "collection": None}, environ=environ
    )
    settings = found.settings
    assert (settings.ingest.workers, settings.ingest.batch_rows, settings.store) == (1, 100, "given")
    assert found.origins["ingest.workers"] == "--set ingest.workers=1"
    assert found.origins["ingest.batch_rows"] == str(file)
    assert found.origins["store"] == "--store"
    assert found.origins["collection"].endswith("defaults.yaml")


def test_another_kind_drops_the_settings_of_the_former() -> None:
    found = load(assignments=["chunker.size=3", "chunker.kind=sliding_window", "chunker.size=4"], environ={})
    assert found.settings.chunker == {"kind": "sliding_window", "size": 4}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("ingest.wokers=2", "did you mean 'ingest.workers'"),
        ("ingests.workers=2", "did you mean 'ingest'"),
        ("ingest.workers=many", "ingest.workers: .*'many'.*--set"),
        ("ingest=3", "group of settings"),
        ("collection=a/b", "collection"),
        ("novalue", "section.key=value"),
        ("store=[", "no YAML value"),
    ],
)
def test_wrong_settings_are_one_line(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(assignments=[assignment], environ={})
    assert "\n" not in str(caught.value)


def test_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'store'"):
        load(environ={"QUARRY_STOR": "x"})


def test_variables_that_are_no_settings_are_let_through() -> None:
    load(environ={"QUARRY_ENCODER_WORKERS": "2", "QUARRY_ENCODER_DEVICES": "cpu,cpu"})


@pytest.mark.parametrize(("content", "message"), [("a: [", "is no YAML"), ("- 1", "must hold settings by name")])
def test_wrong_file(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=message):
        load(str(file), environ={})
    with pytest.raises(ConfigError, match="can't read"):
        load(str(tmp_path / "none.yaml"), environ={})


def test_a_named_strategy_takes_the_settings_that_are_set_beside_it() -> None:
    own = ["chunker.size=24", "chunker.overlap=8"]
    effective = load(assignments=own, options={"chunker.kind": "sliding_window"}, environ={})
    assert effective.settings.chunker == {"kind": "sliding_window", "size": 24, "overlap": 8}


@pytest.mark.parametrize(
    ("given", "expected"),
    [("none", ()), ("null", ()), ("[]", ()), ("next", ("next",)), ("'next, table'", ("next", "table"))],
)
def test_what_widens_hits_is_a_list_or_a_text_with_commas(given: str, expected: tuple[str, ...]) -> None:
    assert load(assignments=[f"search.expand={given}"], environ={}).settings.search.expand == expected


def test_none_switches_off_what_a_file_sets(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("search: {rerank: bge-reranker-base, rerank_pool: 20, group_by: document, expand: [next]}\n")
    search = load(str(file), environ={}).settings.search
    assert (search.rerank, search.rerank_pool, search.group_by) == ("bge-reranker-base", 20, "document")
    options = {f"search.{name}": "none" for name in ("rerank", "group_by", "expand")}
    for none in (
        load(str(file), options=options, environ={}),
        load(str(file), environ={"QUARRY_SEARCH__RERANK": "none"}),
    ):
        assert none.settings.search.rerank is None
        assert none.settings.search.rerank_pool == 20
    assert (search.expand, load(str(file), options=options, environ={}).settings.search.expand) == (("next",), ())


@pytest.mark.parametrize(
    "wrong", ["rerank_pool=0", "rerank_pool=1001", "expand_tokens=0", "group_by=page", "rerank=[a]"]
)
def test_wrong_search_settings(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"search.{wrong.partition('=')[0]}: .*--set"):
        load(assignments=[f"search.{wrong}"], environ={})
