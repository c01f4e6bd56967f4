"""A document that is committed while a promotion is between two of its steps is searchable afterwards, in both."""

from __future__ import annotations

import json
import sys

import pytest

from pipeline.backfill import Wanted, backfill
from pipeline.promote import rollback
from pipeline.verify import verify
from pipeline.views import encoder_of, live_of
from quarry.settings import load
from search.search import search
from tests.pipeline.place import Place
from tests.pipeline.processes import command, start, until

CUT = {"kind": "sliding_window", "size": 12, "overlap": 2}


@pytest.mark.parametrize("point", ["promote.before", "promote.locked", "promote.swap", "promote.swapped"])
def test_a_document_of_the_gap(place: Place, point: str) -> None:
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    effective = load(options={"store": str(place.store)}, environ={})
    second = backfill(effective, Wanted(chunker=CUT)).generation
    log = place.folder / "points.log"
    promoting = [sys.executable, "-m", "quarry", "promote", second.id, "--store", str(place.store), "--json"]
    promotion = start(promoting, broken_by=f"pause@{point}", log=log)
    place.write("gap.md", "# Gap\n\nA windmill between two steps.\n")
    place.write("note1.md", "# Note 1\n\nA waterwheel took its place.\n")
    until("the promotion is there", lambda: log.exists() and point in log.read_text())
    run = start(command(place, options=("--wait", "60")))
    told = [process.communicate(timeout=120) for process in (promotion, run)]
    assert (promotion.returncode, run.returncode) == (0, 0), told
    assert json.loads(told[0][0])["live"] == second.id
    assert live_of(place.collection).id == second.id
    for _ in range(2):  # by the new generation, and after the way back by the old one
        for words, path in (("windmill", "gap.md"), ("waterwheel", "note1.md")):
            assert search(place.collection, words, encoder=encoder_of, k=1)[0].row.provenance.path == path
        assert len({row.provenance.path for row in place.chunks()}) == 4
        if live_of(place.collection).id == second.id:
            rollback(effective)
    assert live_of(place.collection).id == first.id
    assert verify(place.collection) == []
