"""A hit widened by its neighbours, its section or its table: one stretch of the document within a budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.recipe import stored_recipe
from pipeline.views import encoder_of, live_of
from quarry.errors import ConfigError
from quarry.types import Document, ElementType
from search.expand import Expander, _table_area, kinds_of
from search.parents import Texts
from search.search import Hit, search
from tests.laws.chunker_documents import Build
from tests.pipeline.place import Place

SMALL = ("chunker.kind=metadata_aware", "chunker.size=30", "chunker.merge_below=0")
SENTENCES = " ".join(f"Sentence {word} speaks of the {word} lighthouse on the rocks." for word in "abcdefgh")
TABLE = "\n".join(["| lamp | cost |", "| --- | --- |", *(f"| lamp{n} of many | {n} crowns |" for n in range(12))])
TEXT = f"""# Lights

## Towers

{SENTENCES}

## Lamps

The lamps are listed here.

{TABLE}

## Keepers

Nobody keeps them.
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Place:
    found = Place(tmp_path_factory.mktemp("expand"), model)
    found.write("lights.md", TEXT)
    found.ingest(settings=SMALL)
    return found


def hit(place: Place, query: str, *expand: str, **more: Any) -> Hit:
    return search(place.collection, query, encoder=encoder_of, mode="text", k=1, expand=expand, **more)[0]


def text(place: Place) -> str:
    found = Texts(place.collection, live_of(place.collection)).of(place.chunks()[0])
    assert found is not None
    return found.text


def test_nothing_is_widened_unasked(place: Place) -> None:
    assert hit(place, "the d lighthouse").expanded is None


def test_neighbours_are_one_chunk_on_each_side(place: Place) -> None:
    rows = place.chunks()
    for number, row in enumerate(rows[1:-1], start=1):
        around = Expander(place.collection, live_of(place.collection), texts=_texts(place), tokens=10_000)
        for kind, first, last in (("previous", -1, 0), ("next", 0, 1), ("neighbours", -1, 1)):
            found = around.around(row, kinds_of([kind]))
            assert found is not None
            assert found.chunks == tuple(near.chunk.id for near in rows[number + first : number + last + 1])
            assert found.text == text(place)[found.span.start : found.span.end]
            assert found.span.start == rows[number + first].chunk.span.start
            assert found.span.end == rows[number + last].chunk.span.end


def test_the_first_and_the_last_chunk_have_one_neighbour(place: Place) -> None:
    rows = place.chunks()
    around = Expander(place.collection, live_of(place.collection), texts=_texts(place))
    assert [step.id if step else None for step in around.neighbours(rows[0])] == [None, rows[1].chunk.id]
    assert [step.id if step else None for step in around.neighbours(rows[-1])] == [rows[-2].chunk.id, None]


def test_a_section_goes_from_its_heading_to_the_next(place: Place) -> None:
    found = hit(place, "sentence d speaks", "section", expand_tokens=10_000).expanded
    assert found is not None
    assert found.text.endswith("the h lighthouse on the rocks.")
    assert "Towers" in found.text
    assert "lamps" not in found.text


def test_the_parent_section_holds_its_sisters(place: Place) -> None:
    found = hit(place, "sentence d speaks", "parent", expand_tokens=10_000).expanded
    assert found is not None
    assert found.text.startswith("Lights")
    assert found.text.endswith("Nobody keeps them.")


def test_a_table_that_was_cut_is_whole_again(place: Place) -> None:
    one = hit(place, "lamp7", "table", expand_tokens=10_000)
    found = one.expanded
    assert found is not None
    assert "lamp0 " not in one.row.chunk.text
    assert all(f"lamp{n} " in found.text for n in range(12))
    assert "Nobody" not in found.text
    assert hit(place, "sentence d speaks", "table").expanded is not None


def test_the_budget_ends_the_widening_and_never_cuts_the_hit(place: Place) -> None:
    small, more = (hit(place, "sentence d", "section", expand_tokens=n) for n in (1, 70))
    assert small.expanded is not None
    assert small.expanded.text == small.row.chunk.text
    assert more.expanded is not None
    assert len(small.row.chunk.text) < len(more.expanded.text)
    tokens = stored_recipe(live_of(place.collection)).tokens
    assert tokens.count(more.expanded.text) <= 72


def test_kinds_may_be_repeated_or_joined_by_commas(place: Place) -> None:
    assert kinds_of(["table,previous", "next"]) == ("next", "previous", "table")
    both = hit(place, "sentence d", "previous", "next").expanded
    assert both == hit(place, "sentence d", "neighbours").expanded
    with pytest.raises(ConfigError, match="there are: neighbours, next, parent, previous, section, table"):
        hit(place, "sentence", "chapter")
    with pytest.raises(ConfigError, match="must be positive: it is 0"):
        hit(place, "sentence", "next", expand_tokens=0)


def test_parents_are_widened_by_parents(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path, place.model)
    other.write("lights.md", TEXT)
    other.ingest(settings=("chunker.kind=hierarchical", "chunker.size=20", "chunker.parent_size=40"))
    found = hit(other, "sentence d speaks", "neighbours", expand_tokens=10_000)
    assert found.expanded is not None
    assert len(found.expanded.chunks) == 3
    assert found.expanded.chunks[1] == found.row.chunk.id
    assert found.row.chunk.text in found.expanded.text


def test_a_table_goes_on_over_pages_where_the_columns_are_as_many() -> None:
    build = Build()
    build.table([["lamp", "cost"], ["a", "1"]])
    build.elements[0] = _on_page(build, 0, 1)
    build.table([["b", "2"], ["c", "3"]])
    build.elements[1] = _on_page(build, 1, 2)
    build.table([["d", "4", "x"]])
    build.elements[2] = _on_page(build, 2, 3)
    made: Document = build.document()
    area = _table_area(made, made.elements[1].span)
    assert area is not None
    assert (area.start, area.end) == (made.elements[0].span.start, made.elements[1].span.end)
    assert _table_area(made, made.elements[2].span) == made.elements[2].span
    assert made.elements[0].type is ElementType.TABLE


def _on_page(build: Build, number: int, page: int) -> Any:

    return replace(build.elements[number], page=page, regions=())


def _texts(place: Place) -> Texts:
    return Texts(place.collection, live_of(place.collection))
