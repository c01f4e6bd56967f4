"""What a generation must show before searches read it, gate by gate."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from pipeline.backfill import Wanted, backfill
from pipeline.gates import Gate, gates
from pipeline.promote import promote
from pipeline.verify import verify
from pipeline.views import live_of
from quarry.errors import ConfigError, HeldBackError
from stores.rows import GenerationRow
from tests.pipeline.place import Place, settings

WORDS = [("harbour", "copper"), ("meadow", "winter"), ("signal", "orchard"), ("granite", "tide"), ("lantern", "ledger")]
CUT = {"kind": "sliding_window", "size": 12, "overlap": 2}


def second_of(place: Place, notes: int) -> GenerationRow:
    place.notes(notes)
    place.ingest()
    return backfill(settings(place), Wanted(chunker=CUT)).generation


def looked(place: Place, generation: GenerationRow, **more: Any) -> dict[str, Gate]:
    found = gates(place.collection, generation, settings(place).settings, **more)
    return {gate.name: gate for gate in found}


def test_each_gate_says_its_figure(place: Place) -> None:
    second = second_of(place, 3)
    backfilled = looked(place, second)
    assert [name for name, gate in backfilled.items() if not gate.passed] == []
    assert "3 of 3 documents" in backfilled["coverage"].figure
    assert "recall@10 1.000" in backfilled["recall"].figure


def test_a_backfill_in_which_two_of_five_fail_is_held_back(place: Place) -> None:
    """Their parses are lost and so are their files: nothing can make them."""
    place.notes(10)
    place.ingest()
    live = live_of(place.collection)
    lost = sorted(place.documents())[:4]
    marks = place.collection.ledger(live.id)
    keys = [marks[place.documents()[path].doc_id].element_key for path in lost]
    place.collection.store.drop_elements(keys)
    for path in lost:
        (place.docs / path).unlink()
    done = backfill(settings(place), Wanted(chunker=CUT))
    assert done.left == 4
    with pytest.raises(HeldBackError, match=r"coverage: 6 of 10 documents, 40\.0% missing, 0\.0% may be"):
        promote(settings(place), done.generation.id)
    with pytest.raises(HeldBackError, match="coverage"):
        promote(settings(place, "generations.error_budget=0.3"), done.generation.id)
    assert live_of(place.collection).id == live.id
    promote(settings(place, "generations.error_budget=0.4"), done.generation.id)
    assert live_of(place.collection).id == done.generation.id


@pytest.mark.parametrize("wrong", ["NULL", "too long"])
def test_a_vector_that_is_no_vector_is_held_back(place: Place, wrong: str) -> None:
    second = second_of(place, 3)
    table = place.collection.store.table(second.table)
    if wrong == "NULL":
        table.update(where="path = 'note1.md'", values_sql={"vector": "NULL"})
    else:
        table.update(where="path = 'note1.md'", values={"vector": [2.0] * second.dim})
    shut = {name for name, gate in looked(place, second).items() if not gate.passed}
    assert shut >= {"vectors"}
    with pytest.raises(HeldBackError, match="vectors"):
        promote(settings(place), second.id, force=["digests"])


def test_rows_that_no_index_covers_are_held_back(place: Place) -> None:
    second = second_of(place, 3)
    collection = place.collection
    row = next(iter(collection.all_chunks(second)))
    collection.store.table(second.table).delete(f"chunk_id = '{row.chunk.id}'")
    with collection.lock(wait_s=1):
        collection.replace_chunks(second, [row.chunk.document_id], [row])
    assert not looked(place, second)["index"].passed
    promoted = promote(settings(place), second.id, force=["digests"])
    assert next(gate for gate in promoted.gates if gate.name == "index").passed


def test_an_index_that_loses_neighbours_is_held_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight bits a vector tell 256 chunks apart at most."""
    monkeypatch.setattr("stores._indexes.RESCORED", 5)
    words = (f"{first} {second} {number}" for number in range(900) for first, second in [WORDS[number % len(WORDS)]])
    place.write("long.md", "\n\n".join(words))
    place.ingest()
    second = backfill(settings(place), Wanted(chunker=CUT, dim=8, dtype="binary")).generation
    assert place.collection.count(second) > 300
    with pytest.raises(HeldBackError, match=r"recall: recall@10 0\.\d+ of 0\.98"):
        promote(settings(place), second.id)


def questions(place: Place, rows: list[tuple[str, str]]) -> Path:
    file = place.folder / "questions.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["question", "document"])
        writer.writerows(rows)
    return file


def test_a_users_questions_are_a_gate(place: Place) -> None:
    second = second_of(place, 12)
    file = questions(place, [("lighthouse number3", "note3.md"), ("lighthouse number7", "note7.md")])
    gate = looked(place, second, questions=file)["questions"]
    assert gate.passed
    assert "2 questions" in gate.figure
    collection = place.collection
    lost = [row for row in collection.all_chunks(second) if row.provenance.path in ("note3.md", "note7.md")]
    with collection.lock(wait_s=1):
        collection.replace_chunks(second, [row.chunk.document_id for row in lost], [])
    gate = looked(place, second, questions=file)["questions"]
    assert not gate.passed
    assert gate.figure.startswith("hit@10 0.0% against 100.0%")


def test_a_questions_file_without_its_columns_is_refused(place: Place) -> None:
    second = second_of(place, 1)
    file = place.folder / "questions.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"questions\.csv is no questions file"):
        looked(place, second, questions=file)
    assert verify(place.collection) == []
