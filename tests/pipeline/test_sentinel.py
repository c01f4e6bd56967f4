"""A machine that computes otherwise may write only where it makes the stored vectors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.views import live_of
from quarry.errors import HeldBackError
from tests.pipeline.place import Place


def admitted(place: Place) -> dict[str, Any]:
    (file,) = (place.store / "_admitted").glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text())["setups"]
    return found


def forget(place: Place) -> None:
    """As if the index had come from another machine."""
    for file in (place.store / "_admitted").glob("*.json"):
        file.unlink()


def turned(place: Place, by: float) -> None:
    """Each stored vector turned by an angle of about `by`."""
    collection, random = place.collection, np.random.default_rng(1)
    generation = live_of(collection)
    for doc_id in {row.chunk.document_id for row in place.chunks()}:
        rows = []
        for row in collection.chunks_of(generation, doc_id, vectors=True):
            assert row.vector is not None
            noise = random.normal(size=len(row.vector))
            vector = row.vector + by * noise / np.linalg.norm(noise)
            rows.append(replace(row, vector=(vector / np.linalg.norm(vector)).astype(np.float32)))
        collection.replace_chunks(generation, [doc_id], rows)


def test_the_first_setup_is_recorded_and_a_known_one_not_tested_again(place: Place) -> None:
    place.notes(3)
    place.ingest()
    ((name, first),) = admitted(place).items()
    assert "float32" in name
    assert first["cosine"] == 1.0
    place.notes(5)
    place.ingest()
    assert admitted(place) == {name: first}


@pytest.mark.parametrize("chunker", ["metadata_aware", "late"])
def test_another_machine_with_the_same_vectors_is_admitted(place: Place, chunker: str) -> None:
    settings = [f"chunker.kind={chunker}"]
    place.notes(4)
    place.ingest(settings=settings)
    forget(place)
    turned(place, 1e-3)
    place.write("more.md", "# More\n\nThe keeper came back.\n")
    assert place.ingest(settings=settings)["outcomes"]["ok"] == 5
    ((_, entry),) = admitted(place).items()
    assert 0.9999 <= entry["cosine"] < 1.0


@pytest.mark.parametrize("chunker", ["metadata_aware", "late"])
def test_other_vectors_are_refused_and_nothing_is_written(place: Place, chunker: str) -> None:
    settings = [f"chunker.kind={chunker}"]
    place.notes(4)
    place.ingest(settings=settings)
    forget(place)
    turned(place, 0.1)
    before = len(place.chunks())
    place.write("more.md", "# More\n\nThe keeper came back.\n")
    with pytest.raises(HeldBackError, match=r"makes other vectors .* cosine 0\.99\d+, at least 0\.9999"):
        place.ingest(settings=settings)
    assert len(place.chunks()) == before
    assert not list((place.store / "_admitted").glob("*.json"))


def test_a_precision_is_a_setup_of_its_own(place: Place) -> None:
    place.notes(4)
    place.ingest()
    place.write("more.md", "# More\n\nThe keeper came back.\n")
    place.ingest(settings=["encoder.precision=bfloat16"])
    kinds = {name.split()[2]: entry["cosine"] for name, entry in admitted(place).items()}
    assert set(kinds) == {"float32", "bfloat16"}
    assert kinds["bfloat16"] < 1.0


def test_a_damaged_record_means_another_test(place: Place) -> None:
    place.notes(2)
    place.ingest()
    (file,) = (place.store / "_admitted").glob("*.json")
    file.write_text('{"setups": ')
    place.notes(3)
    place.ingest()
    assert len(admitted(place)) == 1
