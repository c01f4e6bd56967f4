"""What is gone from a source is gone from the store in the same run, unless so much is gone that it looks wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipeline.views import live_of
from stores.lance import Store
from tests.pipeline.drill import run
from tests.pipeline.place import Place, counted


def test_one_gone_is_gone_from_every_table(place: Place) -> None:
    place.notes(5)
    place.ingest()
    gone = place.documents()["note2.md"]
    (place.docs / "note2.md").unlink()
    report = place.ingest()
    assert counted(report) == {"seen": 4, "unchanged": 4, "deleted": 1}
    assert report["chunks"]["deleted"] == 1
    assert "note2.md" not in place.documents()
    assert place.found("number2") == []
    collection = place.collection
    live = live_of(collection)
    assert not collection.chunks_of(live, gone.doc_id)
    assert gone.doc_id not in collection.ledger(live.id)
    assert gone.element_key not in Store.open(str(place.store)).stored_element_keys()
    place.assert_clean()


def test_a_deleted_document_that_comes_back_is_new(place: Place) -> None:
    place.notes(5)
    place.ingest()
    text = (place.docs / "note2.md").read_bytes()
    (place.docs / "note2.md").unlink()
    place.ingest()
    place.write("note2.md", text)
    assert counted(place.ingest()) == {"seen": 5, "added": 1, "unchanged": 4}
    assert place.found("number2") == ["note2.md"]
    place.assert_clean()


def remove(place: Place, numbers: range) -> None:
    for number in numbers:
        (place.docs / f"note{number}.md").unlink()


def test_a_mass_delete_is_held_back_and_the_rest_goes_on(place: Place) -> None:
    place.notes(20)
    place.ingest()
    remove(place, range(11))
    place.write("new.md", "A windmill that was not there.")
    place.write("note15.md", "A waterwheel in another place.")
    arguments: list[str | Path] = [
        "ingest",
        place.docs,
        "--store",
        place.store,
        "--encoder",
        place.model,
        "--workers",
        "1",
    ]
    held = run(*arguments)
    assert held.returncode == 5
    assert "11 of 20 documents are gone, more than --max-delete 0.3; they stay searchable" in held.stderr
    assert len(place.documents()) == 21
    assert place.found("number3") == ["note3.md"]
    assert place.found("windmill") == ["new.md"]
    assert place.found("waterwheel") == ["note15.md"]
    assert run(*arguments, "--dry-run").returncode == 5
    assert run(*arguments, "--max-delete", "1").returncode == 0
    assert len(place.documents()) == 10
    place.assert_clean()


def test_ten_or_a_small_share_go_without_a_question(place: Place) -> None:
    place.notes(40)
    place.ingest()
    remove(place, range(12))  # 30 %
    assert place.ingest()["documents"]["deleted"] == 12
    remove(place, range(12, 22))  # 36 %, but 10
    assert place.ingest()["documents"]["deleted"] == 10
    remove(place, range(22, 33))
    assert "11 of 18 documents are gone" in place.ingest()["held_back"][0]


@pytest.mark.parametrize("count", [1, 3])
def test_an_empty_source_is_held_back_however_small(place: Place, count: int) -> None:
    place.notes(count)
    place.ingest()
    remove(place, range(count))
    report = place.ingest()
    assert counted(report) == {}
    assert f"{count} of {count} documents are gone" in report["held_back"][0]
    assert len(place.documents()) == count
    assert place.ingest(settings=["ingest.max_delete=1"])["documents"]["deleted"] == count
    assert place.documents() == {}
    assert place.chunks() == []
    place.assert_clean()
    assert "held_back" not in place.ingest()


def test_a_root_that_is_away_keeps_its_documents(place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("A windmill in another source.")
    place.notes(3)
    place.ingest(place.docs, other)
    shutil.rmtree(place.docs)
    (other / "a.md").write_text("A waterwheel in another source.")
    report = place.ingest(place.docs, other)
    assert "can't list" in report["held_back"][0]
    assert counted(report) == {"seen": 1, "changed": 1}
    assert place.found("waterwheel") == ["a.md"]
    assert sorted(place.documents()) == ["a.md", "note0.md", "note1.md", "note2.md"]
    again = place.ingest(place.docs, settings=["ingest.max_delete=1"])
    assert "held_back" in again
    assert len(place.documents()) == 4
    place.docs.mkdir()
    assert place.ingest(settings=["ingest.max_delete=1"])["documents"]["deleted"] == 3
    place.assert_clean()


def deepen(folder: Path) -> None:
    """Folders in folders until the path is too long to be opened: what nobody can list, not even root."""
    name = "d" * 200
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(24):
        os.mkdir(name, dir_fd=inner)
        outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)


def test_a_folder_that_cant_be_listed_holds_deletes_back(place: Place) -> None:
    place.notes(4)
    place.notes(3, folder="sub/")
    place.ingest()
    deepen(place.docs / "sub")
    (place.docs / "note0.md").unlink()
    place.write("new.md", "A windmill that was not there.")
    report = place.ingest()
    assert "can't list sub/ddd" in report["held_back"][0]
    assert counted(report) == {"seen": 7, "added": 1, "unchanged": 6}
    assert "note0.md" in place.documents()
    shutil.rmtree(place.docs / "sub" / ("d" * 200))
    assert counted(place.ingest()) == {"seen": 7, "unchanged": 7, "deleted": 1}
    place.assert_clean()


def test_a_folder_that_became_a_link_is_gone(place: Place) -> None:
    place.notes(6)
    place.notes(3, folder="sub/")
    place.ingest()
    shutil.move(place.docs / "sub", place.folder / "aside")
    (place.docs / "sub").symlink_to(place.folder / "aside")
    assert counted(place.ingest()) == {"seen": 6, "unchanged": 6, "deleted": 3, "excluded": 1}
    place.assert_clean()


def test_moves_are_found_before_deletes_are_counted(place: Place) -> None:
    place.notes(20, folder="old/")
    place.notes(5)
    place.ingest()
    (place.docs / "old").rename(place.docs / "new")
    (place.docs / "note0.md").unlink()
    report = place.ingest()
    assert "held_back" not in report
    assert counted(report) == {"seen": 24, "moved": 20, "deleted": 1, "unchanged": 4}
    assert report["work"]["encoded"] == 0
    place.assert_clean()


def test_a_delete_in_one_source_leaves_an_equal_file_of_another(place: Place, tmp_path: Path) -> None:
    place.notes(4)
    other = Path(shutil.copytree(place.docs, tmp_path / "other"))
    place.ingest(place.docs, other)
    (place.docs / "note1.md").unlink()
    place.ingest(place.docs)
    assert place.found("number1") == ["note1.md"]
    assert [row.provenance.source for row in place.chunks("note1.md")] == ["other"]
    place.assert_clean()
