"""`quarry search --expand` and `quarry show` of a parent, as scripts read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.place import Place

if TYPE_CHECKING:
    from tests.cli.conftest import Run

NOTES = "# Locks\n\n" + "\n\n".join(
    f"Lock {name} lifts boats. It was built of {name} stone. Its keeper is at home."
    for name in ("grey", "red", "white")
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Place:
    found = Place(tmp_path_factory.mktemp("expand"), model)
    found.write("locks.md", NOTES)
    found.ingest(settings=("chunker.kind=hierarchical", "chunker.size=20", "chunker.parent_size=25"))
    return found


def test_a_hit_tells_what_matched_and_what_stands_around(quarry: Run, place: Place) -> None:
    query = ("search", "built of red stone", "--store", place.store, "--mode", "text", "-k", "1")
    done = quarry(*query, "--expand", "neighbours", "--expand-tokens", "200", "--json")
    assert done.returncode == 0, done.stderr
    hit = json.loads(done.stdout)
    assert hit["start"] <= hit["matched"]["start"] < hit["matched"]["end"] <= hit["end"]
    wider = hit["expanded"]
    assert sorted(wider) == ["chunks", "end", "pages", "regions", "start", "text"]
    assert hit["text"] in wider["text"]
    assert wider["chunks"][1] == hit["id"]
    assert len(wider["text"]) == wider["end"] - wider["start"]

    shown = quarry(*query, "--expand", "next,previous")
    assert "Lock grey lifts" in shown.stdout
    assert f"parent {hit['id']}" in shown.stdout

    parent = json.loads(quarry("show", hit["id"][:10], "--store", place.store, "--json").stdout)
    assert (parent["id"], parent["text"]) == (hit["id"], hit["text"])
    assert [parent["previous"], parent["id"], parent["next"]] == wider["chunks"]
    unit = quarry("show", hit["matched"]["id"], "--store", place.store)
    assert f"parent_id    {hit['id']}" in unit.stdout
    assert "--- before" in unit.stdout


def test_an_unknown_kind_is_wrong_usage(quarry: Run, place: Place) -> None:
    done = quarry("search", "locks", "--store", place.store, "--expand", "chapters")
    assert done.returncode == 2
    assert "there are: neighbours, next, parent, previous, section, table" in done.stderr
