"""Dimensions and number types of a generation: made without a model where the vectors are there, searched, verified."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pipeline.backfill import Wanted, estimate
from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.promote import promote
from pipeline.verify import verify
from pipeline.views import encoder_of, live_of
from quarry.errors import ConfigError
from search.search import search
from stores.audit import audited_chunks
from stores.rows import GenerationRow
from tests.pipeline.place import Place, filled, settings


def vectors(place: Place, generation: GenerationRow) -> dict[str, np.ndarray[Any, Any]]:
    rows = place.collection.all_chunks(generation)
    return {row.chunk.text: row.vector for row in rows if row.vector is not None}


@pytest.mark.parametrize(
    ("wanted", "tolerance"),
    [({"dim": 64}, 1e-5), ({"dtype": "float16"}, 1e-3), ({"dim": 96, "dtype": "binary"}, 1e-3)],
    ids=["dim", "float16", "binary"],
)
def test_a_shorter_or_coarser_vector_needs_no_model(place: Place, wanted: dict[str, Any], tolerance: float) -> None:
    place.notes(4)
    place.ingest()
    assert estimate(settings(place), Wanted(**wanted)).tokens == 0
    done = filled(place, **wanted)
    assert done.record()["work"] == {**done.record()["work"], "parsed": 0, "encoded": 0}
    encoder = encoder_of(done.generation)
    for text, vector in vectors(place, done.generation).items():
        fresh = encoder.embed([_embedded(place, text)])[0]
        assert float(np.abs(fresh - vector).max()) < tolerance
    promote(settings(place), done.generation.id)
    assert verify(place.collection) == []


def test_a_shorter_mixture_needs_no_model(place: Place) -> None:
    """The readings are mixed at full length and cut then, so the stored vector's cut is the shorter one's."""
    chosen = ["chunker.kind=late", "chunker.plain=0.5"]
    place.notes(3)
    place.ingest(settings=chosen)
    done = filled(place, dim=64)
    assert done.record()["work"]["encoded"] == 0
    short = vectors(place, done.generation)
    fresh = place.folder / "fresh"
    Place(fresh, place.model).ingest(place.docs, settings=[*chosen, "encoder.dim=64"])
    again = Place(fresh, place.model)
    expected = vectors(again, live_of(again.collection))
    assert short.keys() == expected.keys()
    for text, vector in short.items():
        np.testing.assert_allclose(vector, expected[text], atol=1e-5)


def _embedded(place: Place, text: str) -> str:
    return next(row.chunk.embedded_text for row in place.chunks() if row.chunk.text == text)


def test_what_only_a_shorter_vector_holds_is_computed(place: Place) -> None:
    place.notes(3)
    place.ingest()
    second = filled(place, dim=64, dtype="float16").generation
    promote(settings(place), second.id)
    place.write("late.md", "# Late\n\nOnly in halves so far.\n")
    ingest(settings(place, "generations.finalize_days=0"), Request((str(place.docs),)))
    ingest(settings(place), Request((str(place.docs),)))
    finer = filled(place, dim=128, dtype="float32")
    assert finer.record()["work"]["encoded"] == 1


def test_binary_is_searched_by_bits_and_ranked_by_vectors(place: Place) -> None:
    place.notes(6)
    place.ingest()
    exact = [hit.chunk_id for hit in _found(place)]
    second = filled(place, dtype="binary").generation
    promote(settings(place), second.id)
    live = live_of(place.collection)
    assert json.loads(live.encoder)["identity"]["dtype"] == live.dtype == "binary"
    found = _found(place)
    assert [hit.chunk_id for hit in found] == exact
    assert found[0].score == pytest.approx(1, abs=1e-3)
    place.collection.rebuild_indexes(live, settings(place, "index.vector_from_rows=1").settings.index)
    assert [hit.chunk_id for hit in _found(place)] == exact
    assert verify(place.collection) == []


def _found(place: Place) -> list[Any]:
    live = live_of(place.collection)
    text = next(row.chunk.embedded_text for row in place.chunks("note2.md"))
    return list(place.collection.vector_search(live, encoder_of(live).embed([text])[0], k=3))


def test_bits_that_do_not_fit_their_vector_are_found(place: Place) -> None:
    place.notes(2)
    place.ingest()
    second = filled(place, dtype="binary").generation
    table = place.collection.store.table(second.table)
    table.update(where="path = 'note1.md'", values={"bits": [0] * (second.dim // 8)})
    rows = [row for batch in audited_chunks(place.collection.store, second) for row in batch]
    assert {row.row.provenance.path for row in rows if not row.intact} == {"note1.md"}
    assert [finding.law for finding in verify(place.collection)] == ["rows"]


def test_searches_read_a_binary_generation(place: Place) -> None:
    place.notes(5)
    place.ingest()
    promote(settings(place), filled(place, dtype="binary").generation.id)
    hits = search(place.collection, "lighthouse number3", encoder=encoder_of, k=1)
    assert hits[0].row.provenance.path == "note3.md"


def test_binary_takes_whole_bytes(place: Place) -> None:
    place.notes(1)
    place.ingest()
    with pytest.raises(ConfigError, match="a multiple of 8"):
        filled(place, dim=60, dtype="binary")
