"""Splitters of others: spans of their pieces, exact in the text that they were given."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks._splitters import PEERS, _by_sentences, fixed, langchain_recursive, located
from chunkers import chunker
from encoders import load_encoder
from quarry.span import Span
from quarry.types import Document, Origin

TEXT = (
    "The kiln was cold. Nobody came!  Who would?\nThe kiln was cold. Snow fell on the roof of the old pottery.\n\n" * 9
)


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(Origin("id", "file:///a.txt", "s", "a.txt", "0" * 64), "text/plain", TEXT, (), "text/1")


def test_located_takes_the_next_occurrence() -> None:
    assert list(located("aa bb aa bb", ["aa", "bb", "aa bb"])) == [Span(0, 2), Span(3, 5), Span(6, 11)]
    with pytest.raises(ValueError, match="substring not found"):
        list(located("aa bb", ["bb", "aa"]))


def test_sentences_that_were_joined_by_a_space() -> None:
    chunks = ["One. Two!", "Three? Four."]
    spans = list(_by_sentences("One.\n\nTwo!  Three? Four.", chunks))
    assert spans == [Span(0, 10), Span(12, 24)]


def test_fixed_windows(document: Document) -> None:
    encoder = load_encoder("minilm")
    spans = list(fixed(40, 10)(document, encoder.tokens, encoder))
    assert spans[0].start == 0
    assert spans[-1].end == len(TEXT.rstrip())
    assert all(encoder.tokens.count(span.of(TEXT)) <= 40 + 2 for span in spans)  # a word that is cut has other tokens
    assert all(second.start < first.end for first, second in pairwise(spans))


def test_langchain_recursive(document: Document) -> None:
    encoder = load_encoder("minilm")
    spans = list(langchain_recursive(30)(document, encoder.tokens, encoder))
    assert all(0 < encoder.tokens.count(span.of(TEXT)) <= 30 for span in spans)
    assert "".join("".join(span.of(TEXT) for span in spans).split()) == "".join(TEXT.split())


def test_names_are_no_names_of_ours() -> None:
    assert not {peer.name for peer in PEERS} & set(chunker.names())
