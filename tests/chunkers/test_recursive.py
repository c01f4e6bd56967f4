"""LangChain's pieces join to the text, also where the tokenizer sees nothing in a character."""

from __future__ import annotations

from chunkers import chunker
from quarry.types import ElementType
from tests.laws.chunker_documents import Build, minilm


def test_characters_without_tokens_are_given_once() -> None:
    build = Build()
    for text in ("water " * 9, "\x1b", "water 3.5", "\x1b \x1b gate " * 9):
        build.add(ElementType.NARRATIVE_TEXT, text, between="\n")
    document = build.document()
    chunks = list(chunker.build({"kind": "recursive", "size": 12}).chunk(document, tokens=minilm()))
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(document.text.split())
    assert len(chunks) >= 3
