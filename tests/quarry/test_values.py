"""Errors, ids and records survive their journeys."""

from __future__ import annotations

import json
import pickle
from array import array
from dataclasses import dataclass
from typing import ClassVar

import pytest

import quarry.errors
from quarry.errors import BusyError, ConfigError, DocumentError, QuarryError, unknown
from quarry.fingerprint import chunk_id, digest, document_id
from quarry.layout import BBox, Layout, Region
from quarry.records import chunk_from, chunk_record, document_from, document_record
from quarry.registry import Registry
from quarry.span import Span
from quarry.types import Cell, Chunk, Document, Element, ElementType, Link, Origin, Outcome, Table

ERRORS = [e for e in vars(quarry.errors).values() if isinstance(e, type) and issubclass(e, QuarryError)]


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_pickle_with_message_and_context(kind: type[QuarryError]) -> None:
    error = pickle.loads(pickle.dumps(kind("it broke", page=3)))
    assert (type(error), str(error), error.context) == (kind, "it broke", {"page": 3})
    assert kind.__name__ in (quarry.errors.__doc__ or "")


def test_exit_codes_and_retries() -> None:
    assert (QuarryError.exit_code, ConfigError.exit_code, BusyError.exit_code) == (1, 2, 4)
    assert BusyError.retryable
    assert {e.outcome for e in ERRORS if issubclass(e, DocumentError)} == {"failed", "encrypted", "refused"}


def test_unknown_guesses() -> None:
    assert str(unknown("slidng", ["sliding", "late"], place="chunkers/")) == (
        "no 'slidng' in chunkers/ (there are: late, sliding); did you mean 'sliding'?"
    )


def test_ids_tell_apart_what_joins_alike() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert document_id("c", "s", "a\udcff") != document_id("c", "s", "a\udcfe")
    assert chunk_id("d", "f", Span(0, 1), "x") != chunk_id("d", "f", Span(0, 2), "x")
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


def document() -> Document:
    cell = Cell("a", 0, 0, header=True, bbox=BBox(0, 0, 1, 1), span=Span(6, 7))
    table = Table(((cell,),), "<table></table>", (Span(6, 7),))
    boxes = (Region(1, BBox(0, 0, 5, 5)), Region(2, BBox(0, 0, 5, 6)))
    elements = (
        Element("e1", ElementType.TITLE, Span(0, 4), page=1, regions=boxes[:1], level=1, anchor="top", css_path="h1"),
        Element("e2", ElementType.TABLE, Span(6, 7), page=1, regions=boxes, parent="e1", table=table, flags=("ocr",)),
        Element("e3", ElementType.NARRATIVE_TEXT, Span(8, 9), links=(Link(Span(8, 9), "http://a/"),)),
    )
    layout = Layout(array("i", [0]), array("i", [4]), array("i", [1]), array("i", [0]), array("f", [0, 0, 5.25, 5]))
    origin = Origin("id", "file:///a", "s", "a\udcff", "00", {"year": 2024})
    return Document(
        origin, "application/pdf", "Head\n\na\nb", elements, "pdf/1", pages=2, title="T", outcome=Outcome.PARTIAL,
        reason="limit", layout=layout, warnings=("w",),
    )  # fmt: skip


def test_document_record_round_trip() -> None:
    record = document_record(document())
    assert document_from(json.loads(json.dumps(record))) == document()
    assert record["elements"][1]["regions"][1] == {"page": 2, "bbox": [0, 0, 5, 6]}
    assert "regions" not in record["elements"][0]
    assert "author" not in record


def test_chunk_record_round_trip() -> None:
    chunk = Chunk(
        "c", "d", "file:///a", Span(0, 4), "Head", "T\n", 3, "late", ("H",), (1,), (Region(1, BBox(0, 0, 1, 1)),),
        ("e1",), (Span(0, 2),), "p",
    )  # fmt: skip
    assert chunk_from(json.loads(json.dumps(chunk_record(chunk)))) == chunk
    assert chunk.embedded_text == "T\nHead"


def test_registry_validates_settings() -> None:
    registry: Registry[object] = Registry("chunkers")

    @registry
    @dataclass(frozen=True, slots=True)
    class Sample:
        kind: ClassVar[str]
        size: int = 3

    assert Sample.kind == "test_values"
    with pytest.raises(ConfigError, match="no 'nothing' in chunkers/"):
        registry.build({"kind": "nothing"})
    with pytest.raises(ConfigError, match="needs a kind"):
        registry.build({})
