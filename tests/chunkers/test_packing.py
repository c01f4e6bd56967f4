"""Packing takes the cheapest of all cuts; parts of paragraphs stand alone; rows without stops are cut between rows."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from chunkers import chunker
from chunkers._blocks import Block
from chunkers._packing import MIXED, _line, _Unit, _units, pack
from chunkers._ruler import Ruler
from chunkers._sentences import rows
from quarry.span import Span
from quarry.types import ElementType
from tests.laws.chunker_documents import Build, Characters

TEXT = ElementType.NARRATIVE_TEXT
PARAGRAPHS = st.lists(
    st.tuples(st.lists(st.sampled_from(["Ab. ", "Water rose. ", "It held.\n"]), min_size=1, max_size=3), st.booleans()),
    min_size=1,
    max_size=4,
)


def laid(paragraphs: list[tuple[list[str], bool]]) -> tuple[Ruler, list[Block]]:
    text, blocks = "", []
    for sentences, opens in paragraphs:
        blocks.append(Block(Span(len(text), len(text) + len("".join(sentences))), opens=opens))
        text += "".join(sentences)
    return Ruler(text, Characters()), blocks


def cost(units: list[_Unit], ruler: Ruler, cuts: tuple[int, ...], *, room: int) -> float:
    line, total = _line(units, ruler), 0.0
    for first, last in pairwise((0, *cuts, len(units))):
        tokens = line.until[last - 1] - line.before[first]
        if tokens > room and last - first > 1:
            return float("inf")
        total += max(0.0, 1 - tokens / room) ** 2
        torn = line.parts(first) or line.parts(last)
        total += MIXED if torn and line.paragraph[first] != line.paragraph[last - 1] else 0.0
        total += units[last - 1].cut if last < len(units) else 0.0
    return total


@given(PARAGRAPHS, st.integers(5, 40))
def test_no_other_cuts_cost_less(paragraphs: list[tuple[list[str], bool]], room: int) -> None:
    ruler, blocks = laid(paragraphs)
    units = [unit for block in blocks for unit in _units(block, ruler=ruler, room=room)]
    spans = list(pack(blocks, ruler=ruler, room=room))
    ends = [unit.span.end for unit in units]
    taken = tuple(ends.index(span.end) + 1 for span in spans[:-1])
    places = range(1, len(units))
    least = min(cost(units, ruler, cuts, room=room) for n in range(len(units)) for cuts in combinations(places, n))
    assert abs(cost(units, ruler, taken, room=room) - least) < 1e-9
    assert "".join(span.of(ruler.text) for span in spans) == ruler.text


def test_a_part_of_a_paragraph_is_not_put_beside_another_one() -> None:
    long, short = "The gate was shut at noon. " * 4, "Costs rose by a fifth last year."
    build = Build()
    build.add(TEXT, long.strip())
    build.add(TEXT, short)
    chunks = chunker.build({"kind": "metadata_aware", "size": 85}).chunk(
        build.document(), tokens=Characters(limit=1000)
    )
    assert [len(chunk.elements) for chunk in chunks] == [1, 1, 1]


def test_rows_without_stops_are_cut_between_rows() -> None:
    log = [f"2024-03-{day:02d} pump {day} at level {3 * day} mm" for day in range(1, 30)]
    build = Build()
    build.add(TEXT, "\n".join(log))
    for kind in ("metadata_aware", "recursive"):
        built = chunker.build({"kind": kind, "size": 120})
        texts = [chunk.text for chunk in built.chunk(build.document(), tokens=Characters(limit=1000))]
        assert len(texts) > 5
        assert "\n".join(texts) == "\n".join(log)


@given(st.text(alphabet="ab \n\r"))
def test_rows_tile_their_span(text: str) -> None:
    assert "".join(row.of(text) for row in rows(text, Span(0, len(text)))) == text
