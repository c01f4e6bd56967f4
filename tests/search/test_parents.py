"""Small to big through the store: units are found, their parent comes back, with the unit that matched."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from pipeline.views import chunk_of, encoder_of, live_of
from quarry.fingerprint import parent_id
from quarry.span import Span
from search.parents import SECOND, Texts, parent_scores
from search.search import Hit, search
from stores.rows import ChunkRow
from tests.pipeline.place import Place

HIERARCHICAL = ("chunker.kind=hierarchical", "chunker.size=24", "chunker.parent_size=60")
NOTES = "\n\n".join(
    f"# On {animal}\n\nThe {animal} sleeps by day. It is said that the {animal} eats {food}. Nobody counts them.\n\n"
    f"A second paragraph on the {animal} tells of its young. They leave the nest in spring. Then they sing."
    for animal, food in (("heron", "frogs"), ("otter", "trout"), ("walrus", "clams 🦪 e\u0301"))
)


def write_pdf(file: Path) -> None:
    with pymupdf.open() as document:
        for number, animal in enumerate(("badger", "weasel"), start=1):
            page = document.new_page()
            text = f"Page {number} is on the {animal}. The {animal} digs deep holes. It comes out at night."
            page.insert_text((72, 100), text, fontsize=11)
        document.save(str(file))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Place:
    found = Place(tmp_path_factory.mktemp("parents"), model)
    found.write("notes.md", NOTES)
    found.write("copy/notes.md", NOTES)
    write_pdf(found.docs / "animals.pdf")
    found.ingest(settings=HIERARCHICAL)
    return found


def hits(place: Place, query: str, **more: Any) -> list[Hit]:
    return search(place.collection, query, encoder=encoder_of, **{"mode": "text", **more})


def document_text(place: Place, row: ChunkRow) -> str:
    found = Texts(place.collection, live_of(place.collection)).of(row)
    assert found is not None
    return found.text


def test_only_units_are_stored_and_each_names_its_parent(place: Place) -> None:
    for _, rows in groupby(place.chunks(), key=lambda row: row.chunk.document_id):
        units = list(rows)
        for parent, family in groupby(units, key=lambda row: row.chunk.parent_id):
            found = list(family)
            span = Span(found[0].chunk.span.start, found[-1].chunk.span.end)
            made_by = found[0].provenance.chunk_fingerprint
            assert parent == parent_id(found[0].chunk.document_id, made_by, span)
            assert [row.position for row in found] == list(range(found[0].position, found[0].position + len(found)))
    place.assert_clean()


def test_a_hit_is_the_parent_and_tells_what_matched(place: Place) -> None:
    hit = hits(place, "what does the otter eat trout")[0]
    chunk = hit.row.chunk
    assert "eats trout" in chunk.text
    assert chunk.text.startswith("On otter")
    assert chunk.heading_path == ("On otter",)
    assert chunk.text == chunk.span.of(document_text(place, hit.row))
    assert hit.matched is not None
    assert chunk.span.start <= hit.matched.span.start < hit.matched.span.end <= chunk.span.end
    unit = chunk_of(place.collection, hit.matched.id)
    assert unit.chunk.parent_id == chunk.id
    assert unit.chunk.span == hit.matched.span
    assert len(unit.chunk.text) < len(chunk.text)


@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
def test_a_parent_comes_once(place: Place, mode: str) -> None:
    found = hits(place, "the walrus and its young", mode=mode, k=50)
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    assert len({(hit.row.provenance.sha256, hit.row.chunk.span) for hit in found}) == len(found)
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)


def test_a_second_unit_counts_for_its_parent(place: Place) -> None:
    rows = {row.chunk.id: row for row in place.chunks("notes.md")}
    families = [list(group) for _, group in groupby(rows.values(), key=lambda row: row.chunk.parent_id)]
    pair, other = (next(f for f in families if len(f) > 1), next(f for f in reversed(families)))
    first, second, alone = pair[0].chunk.id, pair[1].chunk.id, other[0].chunk.id
    scores = {alone: 0.9, first: 0.88, second: 0.8}
    found = parent_scores(list(scores), scores, rows)
    assert found == pytest.approx({alone: 0.9 + SECOND * 0.8, first: 0.88 + SECOND * 0.8})
    scores = {alone: 0.9, first: 0.88, second: 0.8, families[1][0].chunk.id: 0.1}
    assert max(parent_scores(list(scores), scores, rows).items(), key=lambda item: item[1])[0] == first


def test_a_parents_pages_and_boxes_are_those_of_all_its_words(place: Place) -> None:
    hit = hits(place, "badger digs deep holes", where="path contains 'animals'")[0]
    chunk = hit.row.chunk
    document = Texts(place.collection, live_of(place.collection)).of(hit.row)
    assert document is not None
    assert chunk.pages == document.layout.page_numbers(chunk.span)
    assert chunk.regions == document.layout.regions(chunk.span)
    assert 1 in chunk.pages


def test_a_document_gives_its_best_parent(place: Place) -> None:
    found = hits(place, "the otter and the weasel", group_by="document")
    assert len({hit.row.provenance.sha256 for hit in found}) == len(found) == 2


def test_equal_files_of_two_kinds_have_texts_of_their_own(place: Place) -> None:
    place.write("plain.txt", "## One heading\n\nSome words on **lynxes**.\n")
    place.write("marked.md", "## One heading\n\nSome words on **lynxes**.\n")
    place.ingest(settings=HIERARCHICAL)
    texts = Texts(place.collection, live_of(place.collection))
    kinds = set()
    for row in place.chunks("plain.txt", "marked.md"):
        document = texts.of(row)
        assert document is not None
        assert row.chunk.text == row.chunk.span.of(document.text)
        kinds.add(document.media_type)
    assert len(kinds) == 2


def test_a_parent_is_shown_by_a_beginning_of_its_id(place: Place) -> None:
    hit = hits(place, "otter trout")[0]
    shown = chunk_of(place.collection, hit.row.chunk.id[:12])
    assert shown.chunk == hit.row.chunk
    assert shown.provenance == hit.row.provenance


def test_a_moved_documents_parents_get_the_ids_of_their_new_place(place: Place) -> None:
    (place.docs / "animals.pdf").rename(place.docs / "beasts.pdf")
    report = place.ingest(settings=HIERARCHICAL)
    assert report["documents"]["moved"] == 1
    moved = place.chunks("beasts.pdf")
    for parent, family in groupby(moved, key=lambda row: row.chunk.parent_id):
        spans = [row.chunk.span for row in family]
        made_by = moved[0].provenance.chunk_fingerprint
        assert parent == parent_id(moved[0].chunk.document_id, made_by, Span(spans[0].start, spans[-1].end))


def test_texts_of_a_document_that_was_replaced_are_none(place: Place) -> None:
    row = place.chunks("notes.md")[0]
    texts = Texts(place.collection, live_of(place.collection))
    place.write("notes.md", "# Only\n\nOther words.\n")
    place.ingest(settings=HIERARCHICAL)
    assert texts.of(row) is None
