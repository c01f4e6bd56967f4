"""How a document that can't be had is recorded, when it is tried again, and when it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.outcome import FIRST_RETRY, LAST_RETRY, retry_delay
from quarry.fault import VARIABLE
from stores.lance import Store
from stores.rows import DocumentRow
from tests.pipeline.drill import run
from tests.pipeline.place import Place, counted, pdf

NOTHING = {"parsed": 0, "encoded": 0, "commits": {}}
PASSWORD = "correct-horse-battery"
LOCKED = f"parsers.pdf.passwords=[wrong, {PASSWORD}]"


@pytest.fixture
def mixed(place: Place) -> Place:
    """One good document and one of each kind that can't be had."""
    place.write("good.md", "The lighthouse of a good document.")
    place.write("blank.txt", "")
    place.write("locked.pdf", pdf("The windmill of a locked document.", password=PASSWORD))
    place.write("broken.pdf", b"%PDF-1.7\nnothing that follows\n%%EOF\n")
    place.write("binary.md", b"\x7fELF\x02\x01\x01" + bytes(100))
    return place


def test_every_outcome_has_its_reason(mixed: Place) -> None:
    report = mixed.ingest()
    assert report["outcomes"] == {"ok": 1, "partial": 0, "empty": 1, "encrypted": 1, "refused": 2, "failed": 0}
    rows = mixed.documents()
    assert {path: (row.outcome, row.stage) for path, row in rows.items()} == {
        "good.md": ("ok", "parse"),
        "blank.txt": ("empty", "parse"),
        "locked.pdf": ("encrypted", "parse"),
        "broken.pdf": ("refused", "parse"),
        "binary.md": ("refused", "discover"),
    }
    assert {row.attempts for row in rows.values()} == {1}
    assert {row.next_try for row in rows.values()} == {None}
    for path, row in rows.items():
        assert bool(row.reason) == bool(row.first_try) == (path != "good.md"), path
        assert row.last_try is not None
    assert "password" in (rows["locked.pdf"].reason or "")
    assert (rows["broken.pdf"].reason or "").startswith("damaged")
    assert (rows["binary.md"].reason or "").startswith("type: ")
    assert {problem["uri"].rpartition("/")[2]: problem["new"] for problem in report["problems"]} == {
        "blank.txt": True, "locked.pdf": True, "broken.pdf": True, "binary.md": True
    }  # fmt: skip
    mixed.assert_clean()


def test_permanent_outcomes_are_not_tried_again(mixed: Place) -> None:
    mixed.ingest()
    before = mixed.documents()
    again = mixed.ingest()
    assert again["work"] == NOTHING
    assert len(again["problems"]) == 4
    assert not any(problem["new"] for problem in again["problems"])
    assert again["outcomes"] == {"ok": 1, "partial": 0, "empty": 1, "encrypted": 1, "refused": 2, "failed": 0}
    assert mixed.documents() == before
    assert mixed.ingest(checksum=True)["work"] == NOTHING


def test_other_bytes_are_tried(mixed: Place) -> None:
    mixed.ingest()
    mixed.write("broken.pdf", b"%PDF-1.7\nnothing else that follows\n%%EOF\n")
    mixed.write("binary.md", "The waterwheel is text now.")
    report = mixed.ingest()
    assert counted(report) == {"seen": 5, "changed": 2, "unchanged": 3}
    assert [problem["uri"].rpartition("/")[2] for problem in report["problems"] if problem["new"]] == ["broken.pdf"]
    assert mixed.documents()["broken.pdf"].attempts == 1
    assert mixed.found("waterwheel") == ["binary.md"]
    row = mixed.documents()["binary.md"]
    assert (row.outcome, row.reason, row.first_try) == ("ok", None, None)
    mixed.assert_clean()


def test_a_password_opens_a_document_and_is_stored_nowhere(mixed: Place) -> None:
    mixed.ingest()
    opened = mixed.retry("locked.pdf", settings=[LOCKED])
    assert counted(opened) == {"seen": 1, "unchanged": 1}
    assert opened["outcomes"]["ok"] == 1
    assert mixed.found("windmill") == ["locked.pdf"]
    assert mixed.ingest()["work"] == NOTHING  # without the password nothing is refused, and nothing lost
    assert mixed.ingest(settings=[LOCKED])["work"] == NOTHING
    mixed.assert_clean()
    assert_nowhere(mixed, PASSWORD)


def test_a_collection_that_began_with_a_password_goes_on_without(mixed: Place) -> None:
    assert mixed.ingest(settings=[LOCKED])["outcomes"]["encrypted"] == 0
    assert mixed.ingest()["work"] == NOTHING
    assert_nowhere(mixed, PASSWORD)


def assert_nowhere(place: Place, secret: str) -> None:
    """In no row of no table, and in no file beside them."""
    store = Store.open(str(place.store))
    for name in store.table_names():
        assert secret not in str(store.table(name).search().to_list()), name
    for file in place.store.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


def test_delays_grow_to_a_day() -> None:
    delays = [retry_delay(attempts) for attempts in range(1, 40)]
    assert delays[:4] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY, 8 * FIRST_RETRY]
    assert delays[-1] == LAST_RETRY
    assert delays == sorted(delays)


@pytest.fixture
def failing(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A document that breaks its parser, between two that don't."""
    monkeypatch.setenv(VARIABLE, "error@parse:note1")
    place.notes(3)
    return place


def due(place: Place, path: str) -> None:
    """As if its time had come."""
    row = place.documents()[path]
    place.collection.put_documents([replace(row, next_try=datetime.now(UTC) - timedelta(seconds=1))])


def waits(row: DocumentRow) -> timedelta:
    assert row.next_try is not None
    assert row.last_try is not None
    return row.next_try - row.last_try


def test_a_failure_is_tried_again_when_it_is_due(failing: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first = failing.ingest()
    assert first["outcomes"]["failed"] == 1
    row = failing.documents()["note1.md"]
    assert (row.outcome, row.stage, row.attempts) == ("failed", "parse", 1)
    assert (row.reason or "").startswith("error: ZeroDivisionError")
    assert waits(row) == FIRST_RETRY
    early = failing.ingest()
    assert early["work"] == NOTHING
    assert failing.documents()["note1.md"] == row
    due(failing, "note1.md")
    second = failing.ingest()
    assert counted(second) == {"seen": 3, "unchanged": 3}
    assert [(problem["attempts"], problem["new"]) for problem in second["problems"]] == [(2, False)]
    later = failing.documents()["note1.md"]
    assert (later.attempts, later.first_try) == (2, row.first_try)
    assert waits(later) == 2 * FIRST_RETRY
    monkeypatch.delenv(VARIABLE)
    due(failing, "note1.md")
    assert failing.ingest()["outcomes"]["ok"] == 3
    mended = failing.documents()["note1.md"]
    assert (mended.outcome, mended.next_try, mended.first_try, mended.reason) == ("ok", None, None, None)
    failing.assert_clean()


def test_attempts_have_an_end(failing: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    few = ["ingest.max_attempts=2"]
    failing.ingest(settings=few)
    due(failing, "note1.md")
    failing.ingest(settings=few)
    row = failing.documents()["note1.md"]
    assert (row.outcome, row.attempts, row.next_try) == ("failed", 2, None)
    assert failing.ingest(settings=few)["work"] == NOTHING
    failing.write("note1.md", "A windmill in its place.")
    failing.ingest(settings=few)
    row = failing.documents()["note1.md"]
    assert (row.attempts, waits(row)) == (1, FIRST_RETRY)  # other bytes have all their tries
    monkeypatch.delenv(VARIABLE)
    failing.retry("note1.md", settings=few)
    assert failing.found("windmill") == ["note1.md"]
    failing.assert_clean()


def test_a_failed_change_keeps_the_good_version(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.notes(3)
    place.ingest()
    place.write("note1.md", "A windmill that can't be parsed.")
    monkeypatch.setenv(VARIABLE, "error@parse:note1")
    assert place.ingest()["outcomes"]["failed"] == 1
    assert place.found("number1") == ["note1.md"]
    place.assert_clean()
    monkeypatch.delenv(VARIABLE)
    place.retry("note1.md")
    assert place.found("number1") == []
    assert place.found("windmill") == ["note1.md"]
    place.assert_clean()


def test_a_failure_moves_with_its_file(failing: Place) -> None:
    failing.ingest()
    before = failing.documents()["note1.md"]
    (failing.docs / "note1.md").rename(failing.docs / "other.md")
    assert counted(failing.ingest()) == {"seen": 3, "moved": 1, "unchanged": 2}
    after = failing.documents()["other.md"]
    assert (after.outcome, after.attempts, after.next_try) == ("failed", before.attempts, before.next_try)


def commands(place: Place, *arguments: str | Path, **how: Any) -> tuple[int, list[dict[str, Any]], str]:
    done = run(*arguments, "--store", place.store, "--json", **how)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_documents_and_retry_on_the_command_line(mixed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "error@parse:good")
    mixed.ingest()
    code, rows, _ = commands(mixed, "documents", "--outcome", "failed,encrypted")
    assert code == 0
    assert [(row["path"], row["outcome"], row["attempts"]) for row in rows] == [
        ("good.md", "failed", 1), ("locked.pdf", "encrypted", 1)
    ]  # fmt: skip
    code, (again,), _ = commands(mixed, "retry", broken_by="error@parse:good")
    assert code == 0  # it stands, and it is not new
    assert again["problems"][0]["attempts"] == 2
    monkeypatch.delenv(VARIABLE)
    code, (report,), _ = commands(mixed, "retry")
    assert (code, report["outcomes"]["ok"]) == (0, 1)
    uri = mixed.documents()["locked.pdf"].uri
    code, (report,), _ = commands(mixed, "retry", uri, "--set", LOCKED)
    assert (code, report["outcomes"]["ok"]) == (0, 1)
    code, (), told = commands(mixed, "retry")
    assert (code, "no document failed" in told) == (0, True)
    code, (), told = commands(mixed, "retry", "nowhere.md")
    assert (code, "no document 'nowhere.md'" in told) == (2, True)
    mixed.assert_clean()
