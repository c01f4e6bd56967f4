"""A model change is safe: made beside the live index, checked, switched in one step, and taken back without loss."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.backfill import Wanted, backfill, estimate
from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.promote import drop, finalize, promote, rollback
from pipeline.recipe import stored_recipe
from pipeline.verify import verify
from pipeline.views import encoder_of, generation_records, live_of
from quarry.errors import BusyError, ConfigError, HeldBackError, MismatchError, StoreError
from search.search import search
from stores.rows import GenerationRow
from tests.pipeline.place import Place, filled, settings

CUT = {"kind": "sliding_window", "size": 12, "overlap": 2}


@pytest.fixture
def other(place: Place, model: Path) -> Path:
    """The same model with other weights: another fingerprint, another vector for every text."""
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(model, place.folder / "other"))
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.LayerNorm.weight"] = weights["embeddings.LayerNorm.weight"] * 1.5
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def run(place: Place, *assignments: str) -> dict[str, Any]:
    return ingest(settings(place, *assignments), Request((str(place.docs),))).record()


def states(place: Place) -> dict[str, str]:
    return {record["id"]: record["state"] for record in generation_records(place.collection)}


def paths(place: Place, generation: GenerationRow) -> set[str]:
    return {row.provenance.path for row in place.collection.all_chunks(generation)}


def test_a_backfill_parses_nothing_and_leaves_the_live_one_alone(place: Place, other: Path) -> None:
    place.notes(5)
    place.ingest()
    live = live_of(place.collection)
    before = [(row.chunk.id, row.vector.tobytes()) for row in place.chunks() if row.vector is not None]
    done = filled(place, encoder=str(other))
    record = done.record()
    assert (record["work"]["parsed"], record["work"]["encoded"], record["left"]) == (0, 5, 0)
    assert live_of(place.collection).id == live.id
    assert before == [(row.chunk.id, row.vector.tobytes()) for row in place.chunks() if row.vector is not None]
    assert states(place) == {live.id: "live", done.generation.id: "building"}
    again = filled(place, encoder=str(other)).record()
    assert again["work"]["encoded"] == again["chunks"]["added"] == 0
    assert verify(place.collection) == []


def test_promotion_and_rollback_lose_nothing(place: Place, other: Path) -> None:
    place.notes(4)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, encoder=str(other)).generation
    done = promote(settings(place), second.id)
    assert all(gate.passed for gate in done.gates)
    assert states(place) == {first.id: "previous", second.id: "live"}
    place.write("later.md", "# Later\n\nA lighthouse that was built later.\n")
    (place.docs / "note0.md").unlink()
    (place.docs / "note1.md").rename(place.docs / "moved.md")
    run(place)
    wanted = {"later.md", "moved.md", "note2.md", "note3.md"}
    assert paths(place, first) == paths(place, second) == wanted
    rollback(settings(place))
    assert live_of(place.collection).id == first.id
    assert "later.md" in place.found("built later")
    assert verify(place.collection) == []


def test_searches_embed_with_the_generation_that_they_read(place: Place, other: Path) -> None:
    place.notes(3)
    place.ingest()
    second = filled(place, encoder=str(other)).generation
    mine = encoder_of(live_of(place.collection)).fingerprint
    promote(settings(place), second.id)
    assert encoder_of(live_of(place.collection)).fingerprint != mine
    hits = search(place.collection, "lighthouse number1", encoder=encoder_of, mode="vector")
    assert hits[0].row.provenance.generation == second.id


def test_chunker_and_back_computes_nothing_the_second_time(place: Place) -> None:
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, chunker=CUT).generation
    promote(settings(place), second.id)
    back = filled(place, chunker={"kind": "metadata_aware"})
    assert back.generation.id == first.id
    assert back.record()["work"]["encoded"] == 0


def test_what_changes_during_a_backfill_is_in_it_at_the_promotion(place: Place, other: Path) -> None:
    place.notes(4)
    place.ingest()
    second = filled(place, encoder=str(other)).generation
    place.write("note0.md", "# Note 0\n\nAnother text since the backfill.\n")
    (place.docs / "note1.md").unlink()
    place.ingest()
    done = promote(settings(place), second.id)
    assert all(gate.passed for gate in done.gates)
    assert paths(place, second) == {"note0.md", "note2.md", "note3.md"}
    assert "Another text" in next(row.chunk.text for row in place.chunks("note0.md"))
    assert verify(place.collection) == []


def test_a_run_planned_before_a_promotion_ends_in_both(place: Place, other: Path) -> None:
    """The swap comes between its plan and its commit."""
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, encoder=str(other)).generation
    place.write("new.md", "# New\n\nA text of the gap.\n")

    class Swapping:
        def planned(self, _documents: int, /) -> None:
            promote(settings(place), second.id)

        def parsed(self, _uri: str, /) -> None:
            return

        def stored(self, _documents: int, _chunks: int, _tokens: int, /) -> None:
            return

    ingest(settings(place), Request((str(place.docs),)), progress=Swapping())
    assert live_of(place.collection).id == second.id
    assert "new.md" in paths(place, first) & paths(place, second)
    assert verify(place.collection) == []


def test_gates_hold_back_what_is_not_whole(place: Place, other: Path) -> None:
    place.notes(5)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, encoder=str(other)).generation
    collection = place.collection
    rows = collection.chunks_of(second, *(row.doc_id for row in collection.documents()[:2]), vectors=True)
    with collection.lock(wait_s=1):
        collection.replace_chunks(second, [row.chunk.document_id for row in rows], [])
    with pytest.raises(HeldBackError, match="digests") as held:
        promote(settings(place), second.id)
    assert held.value.exit_code == 5
    assert live_of(place.collection).id == first.id
    with pytest.raises(ConfigError, match=r"no 'digest'.*did you mean 'digests'"):
        promote(settings(place), second.id, force=["digest"])
    promote(settings(place), second.id, force=["digests"])
    assert live_of(place.collection).id == second.id


def test_a_promotion_becomes_final_and_retired_tables_go(place: Place, other: Path) -> None:
    place.notes(2)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, encoder=str(other)).generation
    promote(settings(place), second.id)
    with pytest.raises(ConfigError, match="previous"):
        drop(settings(place), first.id)
    given_up = finalize(settings(place))
    assert given_up is not None
    assert states(place) == {first.id: "retired", second.id: "live"}
    with pytest.raises(StoreError, match="no previous"):
        rollback(settings(place))
    place.write("more.md", "# More\n\nOnly for the live one.\n")
    run(place)
    assert "more.md" not in paths(place, first)
    place.write("most.md", "# Most\n\nThe grace time is over.\n")
    run(place, "generations.keep=0", "upkeep.keep_hours=0")
    assert states(place) == {second.id: "live"}
    assert not place.collection.store.has_table(first.table) or first.table not in place.collection.store.table_names()
    assert verify(place.collection) == []


def test_after_some_days_a_run_makes_it_final(place: Place, other: Path) -> None:
    place.notes(2)
    place.ingest()
    first = live_of(place.collection)
    promote(settings(place), filled(place, encoder=str(other)).generation.id)
    place.write("more.md", "# More\n\nWords.\n")
    run(place, "generations.finalize_days=0")
    assert states(place)[first.id] == "retired"


def test_a_generation_whose_model_is_gone_is_stale_and_the_run_goes_on(place: Place, other: Path) -> None:
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    second = filled(place, encoder=str(other)).generation
    promote(settings(place), second.id)
    promote(settings(place), first.id)
    shutil.rmtree(other)
    place.write("more.md", "# More\n\nAfter the model went.\n")
    assert run(place)["documents"]["added"] == 1
    assert states(place) == {first.id: "live", second.id: "stale"}
    with pytest.raises(HeldBackError, match="coverage: 3 of 4 documents"):
        rollback(settings(place))


def test_other_settings_name_the_backfill(place: Place) -> None:
    place.notes(1)
    place.ingest()
    with pytest.raises(MismatchError, match=r"quarry backfill --dim 128"):
        run(place, "encoder.dim=128")
    with pytest.raises(MismatchError, match=r"quarry backfill --chunker sliding_window"):
        run(place, "chunker.kind=sliding_window")
    with pytest.raises(ConfigError, match="exactly these settings"):
        filled(place)


def test_an_estimate_is_measured_and_writes_nothing(place: Place, other: Path) -> None:
    place.notes(4)
    place.ingest()
    before = states(place)
    found = estimate(settings(place), Wanted(encoder=str(other)))
    assert (found.documents, found.chunks) == (4, 4)
    assert found.tokens > 40
    assert found.seconds > 0
    assert states(place) == before


def test_dimensions_and_number_type(place: Place) -> None:
    place.notes(2)
    place.ingest()
    second = filled(place, dim=64, dtype="float16").generation
    promote(settings(place), second.id)
    assert {row.vector.shape for row in place.chunks() if row.vector is not None} == {(64,)}
    assert (live_of(place.collection).dtype, verify(place.collection)) == ("float16", [])


def test_a_swap_counts_on_what_it_read(place: Place, other: Path) -> None:
    place.notes(1)
    place.ingest()
    second = filled(place, encoder=str(other)).generation
    collection = place.collection
    row = collection.row()
    assert row is not None
    assert row.live is not None
    collection.swap(live=second.id, previous=row.live, counter=row.counter)
    with pytest.raises(BusyError, match="changed by another process"):
        collection.swap(live=row.live, previous=second.id, counter=row.counter)


def test_another_parser_parses_again_beside_the_live_one(place: Place) -> None:
    place.notes(2)
    place.write("page.html", "<html><body><h1>A page</h1><p>Words of a page.</p></body></html>")
    place.ingest()
    live = live_of(place.collection)
    with pytest.raises(MismatchError, match=r"quarry backfill --parser"):
        run(place, "parsers.html.max_blocks=1000")
    assert place.ingest()["documents"]["unchanged"] == 3
    done = backfill(settings(place, "parsers.html.max_blocks=1000"), Wanted(parsers=True))
    assert done.record()["work"]["parsed"] == 1
    assert (done.left, live_of(place.collection).id) == (0, live.id)
    promote(settings(place), done.generation.id)
    assert verify(place.collection) == []


def test_a_disk_that_is_too_small_is_named_before_anything_is_written(
    place: Place, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.notes(2)
    place.ingest()
    usage = shutil.disk_usage(place.folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(StoreError, match=r"needs about 0\.\d MB, 0\.0 MB are free; nothing was written"):
        filled(place, encoder=str(other))
    assert place.collection.count(live_of(place.collection)) == 2


def test_a_parser_that_came_later_is_no_change_of_a_generation(place: Place) -> None:
    """What an older version wrote down doesn't speak of it."""
    place.notes(1)
    place.ingest()
    made = stored_recipe(live_of(place.collection))
    older = replace(made, parsers={kind: own for kind, own in made.parsers.items() if kind != "office"})
    assert "office" in made.parsers
    row = older.generation("default")
    assert row.id != live_of(place.collection).id
    assert stored_recipe(row).generation("default").id == row.id
