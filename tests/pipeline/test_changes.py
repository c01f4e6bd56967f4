"""What changes at a source changes in the store: places, metadata, sentences, broken files and mended ones."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from chunkers import chunker
from tests.pipeline.place import Place, aged, counted, ids_of

NOTHING = {"parsed": 0, "encoded": 0, "commits": {}}
GARBAGE = b"\x7fELF\x02\x01\x01" + bytes(100)


def test_a_source_whose_root_moved_changes_only_uris(place: Place) -> None:
    place.notes(4)
    place.ingest()
    old = place.chunks()
    root = place.docs.rename(place.folder / "elsewhere")
    moved = place.ingest(f"docs={root}", settings=[f"sources.docs.path={root}"])
    assert counted(moved) == {"seen": 4, "unchanged": 4}
    assert (moved["work"]["parsed"], moved["work"]["encoded"]) == (0, 0)
    assert ids_of(place.chunks()) == ids_of(old)
    assert all("/elsewhere/" in row.chunk.uri for row in place.chunks())
    assert all("/elsewhere/" in row.uri for row in place.documents().values())
    place.assert_clean()
    assert place.ingest(f"docs={root}")["work"] == NOTHING
    assert place.collection.sources() == {"docs": str(root)}


def test_metadata_of_a_declared_source_reaches_every_chunk(place: Place) -> None:
    place.notes(2)
    declared = [f"sources.docs.path={place.docs}", "sources.docs.metadata={team: people, year: 2024}"]
    place.ingest(f"docs={place.docs}", settings=declared)
    assert sorted(place.found("lighthouse", where="metadata.team = 'people' and metadata.year >= 2024")) == [
        "note0.md",
        "note1.md",
    ]
    declared[1] = "sources.docs.metadata={team: sales, year: 2025}"
    changed = place.ingest(f"docs={place.docs}", settings=declared)
    assert counted(changed) == {"seen": 2, "changed": 2}
    assert changed["work"] == {"parsed": 0, "encoded": 0, "commits": {"chunks": 1, "documents": 1, "ledger": 1}}
    assert place.found("lighthouse", where="metadata.team = 'people'") == []
    assert sorted(place.found("lighthouse", where="metadata.team = 'sales'")) == ["note0.md", "note1.md"]
    assert place.ingest(f"docs={place.docs}", settings=declared)["work"] == NOTHING
    place.assert_clean()


def piped(place: Place, monkeypatch: pytest.MonkeyPatch, *lines: dict[str, Any]) -> dict[str, Any]:
    stream = io.TextIOWrapper(io.BytesIO("\n".join(map(json.dumps, lines)).encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    return place.ingest("-")


def test_metadata_of_a_json_line_reaches_its_chunks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"id": "a", "text": "The lighthouse of a line.", "metadata": {"team": "people"}}
    other = {"id": "b", "text": "The windmill of a line.", "metadata": {"team": "people"}}
    assert counted(piped(place, monkeypatch, line, other)) == {"seen": 2, "added": 2}
    changed = piped(place, monkeypatch, {**line, "metadata": {"team": "sales"}}, other)
    assert counted(changed) == {"seen": 2, "changed": 1, "unchanged": 1}
    assert (changed["work"]["parsed"], changed["work"]["encoded"]) == (0, 0)
    assert place.found("line", where="metadata.team = 'sales'") == ["a"]
    assert counted(piped(place, monkeypatch, other)) == {"seen": 1, "unchanged": 1}
    assert sorted(place.documents()) == ["a", "b"]  # what a stream doesn't name is not gone
    place.assert_clean()


def test_a_new_title_of_a_json_line_is_taken(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"id": "a", "text": "The lighthouse of a line.", "title": "First"}
    piped(place, monkeypatch, line)
    piped(place, monkeypatch, {**line, "title": "Second"})
    assert {row.provenance.title for row in place.chunks()} == {"Second"}
    assert piped(place, monkeypatch, {**line, "title": "Second"})["work"] == NOTHING


@pytest.mark.parametrize("kind", chunker.names())
def test_a_sentence_edit_encodes_only_what_it_touched(place: Place, kind: str) -> None:
    sections = [
        f"## Part {number}\n\n"
        + " ".join(f"Sentence {n} of part {number} speaks of tides and salt." for n in range(40))
        for number in range(12)
    ]
    settings = [f"chunker.kind={kind}"]
    place.write("long.md", "# Long\n\n" + "\n\n".join(sections))
    first = place.ingest(settings=settings)["chunks"]["added"]
    sections[1] += " A new sentence stands here."
    place.write("long.md", "# Long\n\n" + "\n\n".join(sections))
    edited = place.ingest(settings=settings)
    assert counted(edited) == {"seen": 1, "changed": 1}
    assert edited["work"]["parsed"] == 1
    assert 0 < edited["work"]["encoded"] < first
    place.assert_clean()


def test_a_broken_version_keeps_the_good_one_searchable(place: Place) -> None:
    place.notes(3)
    place.ingest()
    good = (place.docs / "note1.md").read_bytes()
    place.write("note1.md", GARBAGE)
    broken = place.ingest()
    assert broken["outcomes"]["refused"] == 1
    assert [problem["new"] for problem in broken["problems"]] == [True]
    assert place.found("number1") == ["note1.md"]
    place.assert_clean()
    again = place.ingest()
    assert again["work"] == NOTHING
    assert [problem["new"] for problem in again["problems"]] == [False]
    place.write("note1.md", good)
    mended = place.ingest()
    assert mended["work"] == {"parsed": 0, "encoded": 0, "commits": {"documents": 1}}
    row = place.documents()["note1.md"]
    assert (row.outcome, row.reason, row.next_try, row.first_try) == ("ok", None, None, None)
    assert place.ingest()["work"] == NOTHING
    place.assert_clean()


def test_a_broken_version_that_is_renamed_and_mended(place: Place) -> None:
    place.notes(3)
    place.ingest()
    good = (place.docs / "note1.md").read_bytes()
    place.write("note1.md", GARBAGE)
    place.ingest()
    (place.docs / "note1.md").rename(place.docs / "other.md")
    place.ingest()
    assert place.documents()["other.md"].outcome == "refused"
    place.assert_clean()
    place.write("other.md", good)
    place.ingest()
    assert place.found("number1") == ["other.md"]
    place.assert_clean()


def test_a_broken_version_takes_part_in_moves_and_metadata(place: Place) -> None:
    place.notes(3)
    place.ingest()
    place.write("note1.md", GARBAGE)
    place.ingest()
    root = place.docs.rename(place.folder / "elsewhere")
    declared = [f"sources.docs.path={root}", "sources.docs.metadata={team: people}"]
    moved = place.ingest(f"docs={root}", settings=declared)
    assert counted(moved) == {"seen": 3, "changed": 3}
    assert (moved["work"]["parsed"], moved["work"]["encoded"]) == (0, 0)
    assert place.found("number1", where="metadata.team = 'people'") == ["note1.md"]
    assert all("/elsewhere/" in row.chunk.uri for row in place.chunks())
    place.assert_clean()
    assert place.ingest(f"docs={root}", settings=declared)["work"] == NOTHING


def test_a_file_that_was_emptied_keeps_its_old_text(place: Place) -> None:
    """No bytes is what an upload that broke leaves."""
    place.notes(2)
    place.ingest()
    place.write("note1.md", "")
    assert place.ingest()["outcomes"]["empty"] == 1
    assert place.documents()["note1.md"].outcome == "empty"
    assert place.found("number1") == ["note1.md"]
    place.assert_clean()
    assert place.ingest()["work"] == NOTHING


def test_the_content_of_another_document(place: Place) -> None:
    """An edit that makes two files equal parses and encodes nothing."""
    place.notes(2)
    place.ingest()
    place.write("note1.md", (place.docs / "note0.md").read_bytes())
    report = place.ingest()
    assert counted(report) == {"seen": 2, "changed": 1, "unchanged": 1}
    assert (report["work"]["parsed"], report["work"]["encoded"]) == (0, 0)
    aged(place.docs / "note1.md", seconds=10)
    assert place.found("number0") == ["note0.md"]  # equal contents are shown once
    place.assert_clean()
