"""Every strategy under every law, on hostile documents, with settings small enough to bite."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from chunkers import Chunker, chunker
from quarry.encoding import TokenCounter
from quarry.types import Document
from tests.laws.chunker_documents import Characters, WordHash, documents, edits, minilm
from tests.laws.chunker_laws import LAWS, Law, law_local

COUNTERS: tuple[TokenCounter, ...] = (Characters(), minilm())
LAW = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
KIND = pytest.mark.parametrize("kind", chunker.names())
ON_MANY = settings(
    max_examples=25,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def tiny(kind: str) -> Chunker:
    return chunker.build({"kind": kind, **chunker.strategy(kind).tiny})


@LAW
@KIND
@ON_MANY
@given(document=documents())
def test_law_with_tiny_settings(law: Law, kind: str, document: Document) -> None:
    for tokens in COUNTERS:
        law(tiny(kind), document, tokens, WordHash())


@KIND
@ON_MANY
@given(document=documents())
def test_all_laws_with_default_settings(kind: str, document: Document) -> None:
    for law in LAWS:
        law(chunker.build({"kind": kind}), document, COUNTERS[1], WordHash())


@pytest.mark.parametrize("kind", ["metadata_aware", "semantic", "late"])
@ON_MANY
@given(documents=edits())
def test_an_edit_stays_in_its_section(kind: str, documents: tuple[Document, Document]) -> None:
    for tokens in COUNTERS:
        law_local(tiny(kind), documents, tokens, WordHash())
