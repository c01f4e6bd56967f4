"""int8 is a generation's own: stored with it, searched with it, never mixed with float32."""

from __future__ import annotations

import json

import pytest
import torch

from encoders._int8 import to_int8
from pipeline.backfill import Wanted, backfill, estimate
from pipeline.promote import promote
from pipeline.verify import verify
from pipeline.views import encoder_of, live_of
from quarry.errors import ConfigError, MismatchError
from search.search import search
from stores.rows import GenerationRow
from tests.pipeline.place import Place, settings

INT8 = "encoder.precision=int8"


@pytest.fixture(autouse=True)
def able() -> None:
    try:
        to_int8(torch.nn.Module())
    except ConfigError as error:
        pytest.skip(str(error))


def precision_of(generation: GenerationRow) -> str | None:
    found: str | None = json.loads(generation.encoder)["settings"].get("precision")
    return found


def test_a_collection_in_int8_goes_on_and_is_searched_as_it_is(place: Place) -> None:
    place.notes(3)
    place.ingest(settings=[INT8])
    live = live_of(place.collection)
    assert precision_of(live) == "int8"
    assert " int8 " in encoder_of(live).setup
    place.notes(4)
    assert place.ingest()["outcomes"]["ok"] == 4
    assert place.ingest(settings=["encoder.dtype=float32"])["documents"]["unchanged"] == 4
    assert live_of(place.collection).id == live.id
    assert len(list((place.store / "_admitted").glob("*.json"))) == 1
    hits = search(place.collection, "lighthouse number1", encoder=encoder_of, mode="vector", k=1)
    assert hits[0].row.provenance.path


def test_another_precision_is_refused_with_the_way_there(place: Place) -> None:
    place.notes(2)
    place.ingest()
    assert precision_of(live_of(place.collection)) is None
    with pytest.raises(MismatchError, match=r"precision is 'int8', there None.*--set encoder.precision=int8"):
        place.ingest(settings=[INT8])


def test_to_int8_and_back(place: Place) -> None:
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    assert estimate(settings(place, INT8), Wanted()).tokens > 0
    done = backfill(settings(place, INT8), Wanted())
    assert precision_of(done.generation) == "int8"
    assert done.generation.embed_fingerprint != first.embed_fingerprint
    assert done.record()["work"]["encoded"] > 0
    promote(settings(place, INT8), done.generation.id)
    assert verify(place.collection) == []
    with pytest.raises(MismatchError, match=r"precision is 'float32', there 'int8'"):
        place.ingest(settings=["encoder.precision=float32"])
    again = backfill(settings(place, "encoder.precision=float32"), Wanted())
    assert again.generation.id == first.id


def test_a_shorter_vector_of_int8_is_cut_from_int8(place: Place) -> None:
    place.notes(3)
    place.ingest(settings=[INT8])
    assert estimate(settings(place), Wanted(dim=64)).tokens == 0
    done = backfill(settings(place), Wanted(dim=64))
    assert (precision_of(done.generation), done.record()["work"]["encoded"]) == ("int8", 0)
