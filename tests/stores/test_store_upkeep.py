"""What keeps a store small, forgetful and current: compaction, purge, format versions."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest

from pipeline.purge import Purged, purge
from quarry.cli.main import run
from quarry.errors import StoreError
from stores import _schema
from stores._tables import select
from stores.digests import COLUMN, check_of
from stores.lance import Store
from tests.pipeline.place import Place

NOTHING = {"parsed": 0, "encoded": 0, "commits": {}}
SECRET = "Xanthipp"
"""A stem, so that it is the same word in a full-text index."""


def traces(place: Place, *words: str) -> set[str]:
    """Those of the words, in any letters, that stand in some file of the store."""
    files = [path.read_bytes().lower() for path in place.store.rglob("*") if path.is_file()]
    return {word for word in words if any(word.lower().encode() in content for content in files)}


def with_secret(place: Place) -> tuple[str, str, str]:
    """A store that has a secret document; its path, id and element key."""
    place.notes(8)
    place.write(f"{SECRET}.md", f"# {SECRET} head\n\nThe secret of {SECRET} is {SECRET}.\n")
    place.ingest()
    row = place.documents()[f"{SECRET}.md"]
    assert row.element_key is not None
    names = (SECRET, row.doc_id, row.element_key)
    assert traces(place, *names) == set(names)
    return names


def purged(place: Place, *settings: str, now: bool = False) -> Purged:
    return purge(place.effective(*settings).settings, now=now)


def assert_whole(place: Place) -> None:
    """The other documents are there, found, and need nothing."""
    place.assert_clean()
    assert place.found("number3") == ["note3.md"]
    assert place.ingest()["work"] == NOTHING


def test_purge_leaves_no_trace_of_a_deleted_document(place: Place) -> None:
    names = with_secret(place)
    (place.docs / f"{SECRET}.md").unlink()
    place.ingest()
    assert place.found(SECRET) == []
    assert traces(place, *names)  # in old versions and deleted rows
    done = purged(place, now=True)
    assert traces(place, *names) == set()
    assert done.bytes_after < done.bytes_before
    assert done.gone_at <= datetime.now(UTC)
    assert_whole(place)
    assert purged(place, now=True).rewritten == ()


def test_purge_leaves_no_trace_where_tables_were_compacted_already(place: Place) -> None:
    names = with_secret(place)
    (place.docs / f"{SECRET}.md").unlink()
    place.ingest(settings=["upkeep.fragments=2"])
    for number in range(3):
        place.write(f"run{number}.md", f"The windmill of run{number}.")
        place.ingest(settings=["upkeep.fragments=2"])
    purged(place, now=True)
    assert traces(place, *names) == set()
    assert_whole(place)


def test_purge_leaves_no_trace_of_an_older_text(place: Place) -> None:
    with_secret(place)
    (place.docs / f"{SECRET}.md").rename(place.docs / "plain.md")
    place.ingest()
    place.write("plain.md", "# Plain\n\nNothing is left of it.\n")
    place.ingest()
    purged(place, now=True)
    assert traces(place, SECRET) == set()
    assert_whole(place)


def test_purge_tells_from_when_on_the_last_trace_is_gone(place: Place) -> None:
    with_secret(place)
    (place.docs / f"{SECRET}.md").unlink()
    place.ingest()
    done = purged(place, "upkeep.keep_hours=24")
    assert timedelta(hours=23) < done.gone_at - datetime.now(UTC) <= timedelta(hours=24)
    assert traces(place, SECRET) == {SECRET}
    assert_whole(place)
    purged(place, "upkeep.keep_hours=0")  # as if the time had come
    assert traces(place, SECRET) == set()
    assert_whole(place)


def test_purge_keeps_what_another_collection_needs(place: Place) -> None:
    with_secret(place)
    place.ingest(settings=["collection=other"])
    (place.docs / f"{SECRET}.md").unlink()
    place.ingest()
    assert purged(place, now=True).elements == 0
    assert_whole(place)
    other = Store.open(str(place.store)).collection("other")
    assert f"{SECRET}.md" in {row.path for row in other.documents()}


def fragments(place: Place) -> dict[str, int]:
    store = Store.open(str(place.store))
    return {name: store.table(name).stats()["fragment_stats"]["num_fragments"] for name in store.table_names()}


def test_many_small_runs_do_not_wear_the_tables(place: Place) -> None:
    worn = ["upkeep.fragments=3", "upkeep.versions=2", "upkeep.keep_hours=0"]
    for number in range(8):
        place.write(f"run{number}.md", f"The lighthouse of run{number}.")
        place.ingest(settings=worn)
        place.assert_clean()
    place.notes(4)  # the words that are looked for below
    place.ingest(settings=worn)
    counts = fragments(place)
    assert all(count <= 3 for count in counts.values()), counts
    for name in counts:
        manifests = list((place.store / f"{name}.lance" / "_versions").glob("*.manifest"))
        assert len(manifests) <= 5, (name, len(manifests))
    assert place.found("run0") == ["run0.md"]
    assert_whole(place)


def test_without_upkeep_they_would(place: Place) -> None:
    lazy = ["upkeep.fragments=1000", "upkeep.versions=1000"]
    for number in range(4):
        place.write(f"run{number}.md", f"The lighthouse of run{number}.")
        place.ingest(settings=lazy)
    assert fragments(place)["documents"] >= 4
    place.assert_clean()


def set_format(store: Path, value: str) -> None:
    row = {"name": "format", "value": value}
    Store.damaged(str(store)).merge("store", "name", [{**row, "check": check_of(row)}], schema=_schema.STORE)


def test_a_newer_store_is_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.notes(2)
    place.ingest()
    set_format(place.store, "99")
    before = {path: path.read_bytes() for path in place.store.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=f"has format 99, this Quarry knows {_schema.FORMAT} at most: update it"):
        place.ingest()
    for command in (["search", "salt", "--mode", "text"], ["status"], ["purge"], ["documents"]):
        assert run([*command, "--store", str(place.store)]) == 1
    assert "format 99" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in place.store.rglob("*") if path.is_file()} == before


GONE = {"documents": (COLUMN, "scope", "first_try")}
ADDED = (COLUMN, "about", "topic")
"""Columns that format 1 did not have, of `documents` and of all other tables."""


def to_format_3(store: Path) -> None:
    """Chunks without a topic and with nothing of what their documents are, and the mark."""
    opened = Store.damaged(str(store))
    for name in opened.table_names():
        if name.startswith("chunks_"):
            table = opened.table(name)
            for index in table.list_indices():
                if "about" in index.columns:
                    table.drop_index(index.name)
            table.drop_columns(["topic", "about"])
            opened.touched(name)
    set_format(store, "3")


def test_a_store_of_format_3_is_migrated(place: Place) -> None:
    place.notes(4)
    place.ingest()
    to_format_3(place.store)
    assert place.found("number3") == ["note3.md"]
    assert place.ingest()["work"] == NOTHING
    assert {row.chunk.topic for row in place.chunks()} == {None}
    place.assert_clean()


def test_topics_are_stored(place: Place) -> None:
    place.write("storms.md", "Salt holds storms. " * 9 + "Taxes rose again. " * 9 + "Salt holds storms. " * 9)
    place.ingest(settings=["chunker.kind=semantic", "chunker.size=60"])
    topics = [row.chunk.topic for row in sorted(place.chunks(), key=lambda row: row.position)]
    assert len(topics) > 2
    assert topics[0] == topics[-1] == 0
    place.assert_clean()


def to_format_1(store: Path) -> None:
    """As the first version of Quarry wrote it: fewer columns, other digests, no sums, no schema metadata."""
    opened = Store.damaged(str(store))
    database = lancedb.connect(str(store))
    for name in opened.table_names():
        table = opened.table(name)
        old = pa.schema([field for field in table.schema if field.name not in GONE.get(name, ADDED)])
        rows = [{key: row[key] for key in old.names} for row in select(table)]
        for row in rows:
            row |= {"digest": "of ids, texts and vectors"} if name == "ledger" else {}
            row |= {"value": "1"} if name == "store" else {}
        made = database.create_table(name, pa.Table.from_pylist(rows, schema=old), schema=old, mode="overwrite")
        if name.startswith("chunks_"):
            made.create_index("search_text", config=lancedb.index.FTS(language="English"))
    shutil.rmtree(store / "_sums")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_store_of_format_1_is_migrated(place: Place, dtype: str) -> None:
    place.notes(4)
    place.write("broken.pdf", b"%PDF-1.7\nnothing that follows\n%%EOF\n")
    number = [f"encoder.dtype={dtype}"]
    place.ingest(settings=number)
    known, chunks = place.documents(), [row.chunk for row in place.chunks()]
    to_format_1(place.store)
    assert place.found("number3") == ["note3.md"]
    place.assert_clean()
    assert place.ingest(settings=number)["work"] == NOTHING
    assert [row.chunk for row in place.chunks()] == chunks
    migrated = place.documents()
    assert {path: row.sha256 for path, row in migrated.items()} == {path: row.sha256 for path, row in known.items()}
    assert place.collection.store.table("store").search().to_list()[0]["value"] == str(_schema.FORMAT)
    place.write("note0.md", "A windmill that is new.")
    assert place.ingest(settings=number)["documents"]["changed"] == 1
    place.assert_clean()


def test_a_store_of_format_3_is_searched_and_goes_on(place: Place) -> None:
    """What its documents are is empty until they are made again; nothing is written anew for that."""
    place.notes(3)
    place.write("Acme_2018_10K.md", "# Acme Inc.\n\nThe harbour was dredged.\n")
    place.ingest()
    table = next(name for name in Store.damaged(str(place.store)).table_names() if name.startswith("chunks_"))
    opened = lancedb.connect(str(place.store)).open_table(table)
    opened.drop_columns(["about"])
    shutil.rmtree(place.store / "_sums")
    set_format(place.store, "3")
    assert place.found("dredged") == ["Acme_2018_10K.md"]
    assert place.ingest()["work"] == NOTHING
    assert {row.about for row in place.chunks()} == {None}
    place.assert_clean()
    place.write("Acme_2018_10K.md", "# Acme Inc.\n\nThe harbour was dredged again.\n")
    place.ingest()
    assert [row.about for row in place.chunks("Acme_2018_10K.md")] == ["Acme Inc. 10-K 2018 annual report"]
    place.assert_clean()


def test_a_migration_that_was_cut_short_is_done_again(place: Place) -> None:
    place.notes(4)
    place.ingest()
    set_format(place.store, "1")  # all tables are new, the mark is not
    assert place.found("number3") == ["note3.md"]
    assert_whole(place)


def test_a_reading_command_migrates_too(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.notes(4)
    place.ingest()
    to_format_1(place.store)
    assert run(["documents", "--store", str(place.store), "--json"]) == 0
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 4
    assert run(["verify", "--store", str(place.store)]) == 0
