"""A document with which the whole run dies costs three runs their end, and then itself alone."""

from __future__ import annotations

import json

from tests.pipeline.drill import KILLED, run
from tests.pipeline.place import Place, counted

DEADLY = "kill@chunk:note2"
"""The main process dies when it chunks this one, after others were parsed beside it."""


def outcome(place: Place, *arguments: str, broken_by: str = DEADLY) -> int:
    done = run("ingest", place.docs, "--store", place.store, "--encoder", place.model, "--workers", "2", *arguments,
               "--json", broken_by=broken_by)  # fmt: skip
    if done.returncode >= 0:
        report = json.loads(done.stdout)
        assert report["documents"]["seen"] == 7
    return done.returncode


def test_a_deadly_document_is_tried_alone_then_recorded(place: Place) -> None:
    place.notes(6)
    assert [outcome(place) for _ in range(2)] == [KILLED, KILLED]
    assert place.collection.live() is not None
    place.write("new.md", "What was never in flight comes before all suspects.")
    assert outcome(place) == KILLED  # it is alone by now
    assert "new.md" in place.documents()
    assert "note2.md" not in place.documents()
    assert outcome(place) == 3
    row = place.documents()["note2.md"]
    assert (row.outcome, row.stage, row.attempts) == ("failed", "run", 1)
    assert row.reason == "crash: the run died with it, and again with it alone"
    assert row.next_try is not None
    assert len(place.chunks()) == 6
    assert outcome(place) == 0  # it stands, is not due and kills nobody
    place.assert_clean()
    retried = run("retry", "--store", place.store, "--json", broken_by=DEADLY)
    assert retried.returncode == KILLED
    assert outcome(place, broken_by="") == 0
    place.assert_clean()
    assert place.retry("note2.md")["outcomes"]["failed"] == 1  # it died alone a second time: told, not tried
    assert place.retry("note2.md")["outcomes"]["ok"] == 1
    assert place.found("number2") == ["note2.md"]
    assert not list((place.store / "_journal").glob("*.jsonl"))


def test_innocent_bystanders_are_forgiven(place: Place) -> None:
    place.notes(6)
    assert [outcome(place) for _ in range(2)] == [KILLED, KILLED]
    report = place.ingest()
    assert counted(report) == {"seen": 6, "added": 6}
    assert report["outcomes"]["ok"] == 6
    assert not list((place.store / "_journal").glob("*.jsonl"))
    place.assert_clean()
