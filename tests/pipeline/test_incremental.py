"""A second run does the work that is new, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from stores.lance import Store
from tests.pipeline.drill import ROOT, assert_same
from tests.pipeline.place import Place, aged, counted, ids_of

NOTHING = {"parsed": 0, "encoded": 0, "commits": {}}
QUIET = """
import json, sys
from quarry.cli.main import run
code = run(sys.argv[1:])
print(json.dumps({"code": code, "heavy": [name for name in ("torch", "transformers") if name in sys.modules]}))
"""


def test_a_run_with_nothing_to_do_writes_nothing_and_loads_no_model(place: Place) -> None:
    place.notes(3)
    place.ingest()
    before = {path: path.read_bytes() for path in place.store.rglob("*") if path.is_file() and "runs" not in str(path)}
    command = ["ingest", str(place.docs), "--store", str(place.store), "--encoder", str(place.model), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", QUIET, *command], capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    report, process = (json.loads(line) for line in done.stdout.splitlines())
    assert report["work"] == NOTHING
    assert counted(report) == {"seen": 3, "unchanged": 3}
    assert process == {"code": 0, "heavy": []}
    after = {path: path.read_bytes() for path in place.store.rglob("*") if path.is_file() and "runs" not in str(path)}
    assert after == before


def test_a_touch_costs_a_hash(place: Place) -> None:
    place.notes(3)
    place.ingest()
    for file in place.docs.iterdir():
        aged(file, seconds=30)
    touched = place.ingest()
    assert touched["work"] == {"parsed": 0, "encoded": 0, "commits": {"documents": 1}}
    assert counted(touched) == {"seen": 3, "unchanged": 3}
    assert place.ingest()["work"] == NOTHING


def test_a_young_file_is_hashed_again_until_it_is_settled(place: Place) -> None:
    file = place.write("a.md", "one text")
    os.utime(file)
    place.ingest()
    file.write_text("two text")  # within the clock's resolution, of the same size
    assert counted(place.ingest()) == {"seen": 1, "changed": 1}
    assert [row.chunk.text for row in place.chunks()] == ["two text"]


def changed_secretly(place: Place) -> Path:
    """Other bytes of the same size, and the time put back."""
    file = place.write("a.md", "one text")
    place.ingest()
    stat = file.stat()
    file.write_text("two text")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return file


def test_a_change_under_the_same_size_and_time_shows_in_ctime(place: Place) -> None:
    changed_secretly(place)
    assert counted(place.ingest()) == {"seen": 1, "changed": 1}


def test_checksum_finds_what_no_stat_shows(place: Place) -> None:
    file = changed_secretly(place)
    known = place.documents()["a.md"]
    place.collection.put_documents([replace(known, ctime_ns=file.stat().st_ctime_ns)])  # as if the system had no ctime
    assert place.ingest()["work"] == NOTHING
    assert counted(place.ingest(checksum=True)) == {"seen": 1, "changed": 1}
    assert place.found("two") == ["a.md"]
    assert place.ingest(checksum=True)["work"] == NOTHING


def test_a_renamed_file_is_moved(place: Place) -> None:
    place.notes(3)
    place.ingest()
    old = place.chunks("note1.md")
    (place.docs / "note1.md").rename(place.docs / "other.md")
    moved = place.ingest()
    assert counted(moved) == {"seen": 3, "moved": 1, "unchanged": 2}
    assert moved["work"] == {"parsed": 0, "encoded": 0, "commits": {"chunks": 1, "documents": 1, "ledger": 1}}
    assert not place.chunks("note1.md")
    new = place.chunks("other.md")
    assert ids_of(new).isdisjoint(ids_of(old))
    for before, after in zip(old, new, strict=True):
        assert after.chunk.text == before.chunk.text
        assert after.chunk.uri.endswith("/docs/other.md")
        assert after.chunk.document_id == place.documents()["other.md"].doc_id
        assert after.provenance.run_id == moved["run_id"]
        np.testing.assert_array_equal(after.vector, before.vector)
    place.assert_clean()
    assert place.ingest()["work"] == NOTHING


def test_a_renamed_folder_is_moved_in_one_commit(place: Place, tmp_path: Path) -> None:
    place.notes(6, folder="old/")
    place.ingest()
    (place.docs / "old").rename(place.docs / "new")
    moved = place.ingest()
    assert counted(moved) == {"seen": 6, "moved": 6}
    assert moved["work"] == {"parsed": 0, "encoded": 0, "commits": {"chunks": 1, "documents": 1, "ledger": 1}}
    assert sorted(place.documents()) == [f"new/note{number}.md" for number in range(6)]
    fresh = Place(tmp_path / "fresh", place.model)
    fresh.ingest(place.docs)
    assert_same(place.store, fresh.store)


def test_a_rename_with_an_edit_is_a_new_document(place: Place) -> None:
    place.notes(2)
    place.ingest()
    (place.docs / "note0.md").unlink()
    place.write("sub/note0.md", "# Note 0\n\nThe windmill of another text.\n")
    assert counted(place.ingest()) == {"seen": 2, "added": 1, "deleted": 1, "unchanged": 1}
    assert place.found("windmill") == ["sub/note0.md"]
    assert place.found("number0") == []
    place.assert_clean()


def test_two_files_that_change_places(place: Place) -> None:
    place.notes(2)
    place.ingest()
    first, second, aside = place.docs / "note0.md", place.docs / "note1.md", place.docs / "aside"
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    swapped = place.ingest()
    assert counted(swapped) == {"seen": 2, "changed": 2}
    assert swapped["work"]["parsed"] == swapped["work"]["encoded"] == 0
    assert place.found("number0") == ["note1.md"]
    place.assert_clean()


def test_a_chain_of_renames(place: Place) -> None:
    place.notes(4)
    place.ingest()
    (place.docs / "note0.md").unlink()
    for number in (1, 2):
        (place.docs / f"note{number}.md").rename(place.docs / f"note{number - 1}.md")
    chained = place.ingest()
    assert counted(chained) == {"seen": 3, "changed": 2, "deleted": 1, "unchanged": 1}
    assert chained["work"]["parsed"] == chained["work"]["encoded"] == 0
    assert place.found("number0") == []
    assert [place.found(f"number{number}") for number in (1, 2)] == [["note0.md"], ["note1.md"]]
    place.assert_clean()
    assert place.ingest()["work"] == NOTHING


def test_one_of_two_equal_files_is_renamed(place: Place) -> None:
    for name in ("a.md", "b.md"):
        place.write(name, "# Twin\n\nThe same words in two places.\n")
    place.ingest()
    (place.docs / "a.md").rename(place.docs / "c.md")
    assert counted(place.ingest()) == {"seen": 2, "moved": 1, "unchanged": 1}
    assert [row.provenance.path for row in place.chunks()] == ["b.md", "c.md"]
    place.assert_clean()


def test_a_file_that_moves_to_another_source(place: Place, tmp_path: Path) -> None:
    place.notes(4)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("A windmill.")
    place.ingest(place.docs, other)
    (place.docs / "note0.md").rename(other / "note0.md")
    moved = place.ingest(place.docs, other)
    assert counted(moved) == {"seen": 5, "added": 1, "deleted": 1, "unchanged": 4}
    assert (moved["work"]["parsed"], moved["work"]["encoded"]) == (0, 0)
    assert [row.provenance.source for row in place.chunks("note0.md")] == ["other"]
    place.assert_clean()


def test_equal_files_are_parsed_and_encoded_once(place: Place) -> None:
    for name in ("a.md", "b.md", "sub/c.md"):
        place.write(name, "# Twin\n\nThe same words in three places.\n")
    report = place.ingest()
    assert counted(report) == {"seen": 3, "added": 3}
    assert (report["work"]["parsed"], report["work"]["encoded"]) == (1, 1)
    assert [row.provenance.path for row in place.chunks()] == ["a.md", "b.md", "sub/c.md"]
    assert Store.open(str(place.store)).table("elements").count_rows() == 1
    (place.docs / "a.md").unlink()
    place.ingest(settings=["ingest.max_delete=1"])
    assert [row.provenance.path for row in place.chunks()] == ["b.md", "sub/c.md"]
    place.write("d.md", "# Twin\n\nThe same words in three places.\n")
    again = place.ingest()
    assert (again["work"]["parsed"], again["work"]["encoded"]) == (0, 0)
    place.assert_clean()


def test_a_name_that_says_otherwise_is_chunked_again_from_its_elements(place: Place, tmp_path: Path) -> None:
    place.notes(2)
    place.ingest()
    (place.docs / "note1.md").rename(place.docs / "Acme_2018_10K.md")
    moved = place.ingest()
    assert counted(moved) == {"seen": 2, "moved": 1, "unchanged": 1}
    assert moved["work"]["parsed"] == 0
    (row,) = place.chunks("Acme_2018_10K.md")
    assert row.about == "Acme 10-K 2018 annual report"
    assert not place.chunks("note1.md")
    place.assert_clean()
    assert place.ingest()["work"] == NOTHING
    fresh = Place(tmp_path / "fresh", place.model)
    fresh.ingest(place.docs)
    assert_same(place.store, fresh.store)


def test_a_name_that_adds_nothing_is_a_plain_move(place: Place) -> None:
    place.notes(1)
    place.write("Acme_2018_10K.md", "# Acme Inc.\n\nForm 10-K\n\nFor the fiscal year ended December 31, 2018\n")
    place.ingest()
    (place.docs / "Acme_2018_10K.md").rename(place.docs / "scan.md")
    moved = place.ingest()
    assert moved["work"] == {"parsed": 0, "encoded": 0, "commits": {"chunks": 1, "documents": 1, "ledger": 1}}
    place.assert_clean()
