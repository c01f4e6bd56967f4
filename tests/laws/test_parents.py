"""Small to big: parents are runs of whole units, whatever the text; their ids are those of their places."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import given

from chunkers import Chunker, chunker
from quarry.encoding import TokenCounter
from quarry.fingerprint import parent_id
from quarry.span import Span
from quarry.types import Chunk, Document
from tests.laws.chunker_documents import Characters, WordHash, documents
from tests.laws.chunker_laws import LAWS
from tests.laws.test_chunkers import COUNTERS, ON_MANY

SETTINGS: list[dict[str, Any]] = [
    {"unit": unit, "parent": parent} for unit in ("sentence", "paragraph") for parent in ("chunk", "section", "page")
]
EACH = pytest.mark.parametrize("settings", SETTINGS, ids=lambda own: "-".join(own.values()))


def built(settings: dict[str, Any]) -> Chunker:
    kind = chunker.strategy("hierarchical")
    return chunker.build({"kind": "hierarchical", **kind.tiny, **settings})


def families(strategy: Chunker, document: Document, tokens: TokenCounter) -> list[list[Chunk]]:
    """Units by parent, as they come."""
    units = strategy.chunk(document, tokens=tokens)
    return [list(family) for _, family in groupby(units, key=lambda unit: unit.parent_id)]


def span_of(family: list[Chunk]) -> Span:
    return Span(family[0].span.start, family[-1].span.end)


@EACH
@ON_MANY
@given(document=documents())
def test_units_of_a_parent_stand_one_after_another(settings: dict[str, Any], document: Document) -> None:
    for tokens in COUNTERS:
        found = families(built(settings), document, tokens)
        assert len({family[0].parent_id for family in found}) == len(found)
        assert all(before[-1].span.end <= after[0].span.start for before, after in pairwise(found))


@EACH
@ON_MANY
@given(document=documents())
def test_a_parent_is_a_slice_of_the_document_that_holds_its_units_whole(
    settings: dict[str, Any], document: Document
) -> None:
    strategy = built(settings)
    for family in families(strategy, document, Characters()):
        text, span = span_of(family).of(document.text), span_of(family)
        assert text == text.strip()
        for unit in family:
            assert span.start <= unit.span.start < unit.span.end <= span.end
            assert unit.text in text


@EACH
@ON_MANY
@given(document=documents())
def test_a_parents_id_is_that_of_its_document_settings_and_place(settings: dict[str, Any], document: Document) -> None:
    strategy, tokens = built(settings), Characters()
    made_by = strategy.fingerprint(tokens=tokens, embedder=None)
    for family in families(strategy, document, tokens):
        assert family[0].parent_id == parent_id(document.origin.id, made_by, span_of(family))


@EACH
@ON_MANY
@given(document=documents())
def test_a_parents_text_fits_its_size(settings: dict[str, Any], document: Document) -> None:
    size = chunker.strategy("hierarchical").tiny["parent_size"]
    for tokens in COUNTERS:
        for family in families(built(settings), document, tokens):
            assert tokens.count(span_of(family).of(document.text)) <= size


@EACH
@ON_MANY
@given(document=documents())
def test_units_keep_the_laws_of_all_chunkers(settings: dict[str, Any], document: Document) -> None:
    for law in LAWS:
        law(built(settings), document, COUNTERS[0], WordHash())
