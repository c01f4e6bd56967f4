"""Each law is broken by a strategy with one fault, and by that law alone: the laws bite, and each is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, ClassVar

import pytest

from chunkers import Chunker, chunker
from chunkers._assemble import Maker, Piece
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.types import Chunk, Document, ElementType
from tests.laws.chunker_documents import Build as Building
from tests.laws.chunker_documents import Characters, WordHash, laid_out
from tests.laws.chunker_laws import LAWS, law_local

Chunks = list[Chunk]


@dataclass(frozen=True, slots=True)
class Sound:
    """No fault: metadata_aware under another name; the mutants change what it gives."""

    kind: ClassVar[str] = "sound"
    tiny: ClassVar[dict[str, Any]] = {}

    size: int = 24

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        return f"{self.kind} {self.size}"

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        inner = chunker.build({"kind": "metadata_aware", "size": self.size})
        found = [replace(chunk, strategy=self.kind) for chunk in inner.chunk(document, tokens=tokens)]
        return iter(self.changed(document, found, tokens))

    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return chunks


class RewritesText(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        plain = [replace(chunk, text=chunk.text.replace("\t", " ")) for chunk in chunks]
        return [replace(chunk, tokens=tokens.count(chunk.embedded_text)) for chunk in plain]


class LosesTheEnd(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return chunks[:-1]


class ReadsFooters(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        away = (Piece(element.span) for element in document.elements if not element.in_body)
        return [*chunks, *Maker(self, document, tokens=tokens).chunks(away)]


class RunsBackwards(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return chunks[::-1]


class ForgetsContext(Sound):
    """Puts context before a text that already fills its size."""

    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        long = [replace(chunk, context="Annual report of the river board\n") for chunk in chunks]
        return [replace(chunk, tokens=tokens.count(chunk.embedded_text)) for chunk in long]


class Counts(Sound):
    """Ids from a counter: every run makes new ones."""

    numbers: ClassVar[Iterator[int]] = count()

    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return [replace(chunk, id=f"chunk {next(self.numbers)}") for chunk in chunks]


@dataclass(frozen=True, eq=False)
class HasNoEquals(Sound):
    """Compared by identity."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class HashesTextAlone(Sound):
    """Equal texts get equal ids."""

    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return [replace(chunk, id=f"{len(chunk.text)}") for chunk in chunks]


class LosesTheTopHeading(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return [replace(chunk, heading_path=chunk.heading_path[1:]) for chunk in chunks]


class NamesOnePage(Sound):
    def changed(self, document: Document, chunks: Chunks, tokens: TokenCounter) -> Chunks:
        return [replace(chunk, pages=chunk.pages[:1], regions=chunk.regions[:1]) for chunk in chunks]


def report(*, second: str = "The gate holds. It was tried twice in the flood of March.") -> Document:
    build = Building()
    build.add(ElementType.TITLE, "Gates", level=1)
    build.add(ElementType.NARRATIVE_TEXT, "Water rose in the night and did not fall for days on end.")
    build.add(ElementType.TITLE, "Trials", level=1)
    build.add(ElementType.NARRATIVE_TEXT, second)
    build.add(ElementType.TITLE, "Costs", level=1)
    build.table([["what", "cost"], ["steel", "12"], ["wood", "3.5"], ["paint", "4"], ["paint", "5"]])
    build.add(ElementType.FOOTER, "page 3")
    return build.document(layout=laid_out(build.text))


MUTANTS: dict[Callable[..., None], Chunker] = dict(
    zip(
        LAWS,
        (
            RewritesText(),
            LosesTheEnd(),
            ReadsFooters(),
            RunsBackwards(),
            ForgetsContext(),
            Counts(),
            HasNoEquals(),
            HashesTextAlone(),
            LosesTheTopHeading(),
            NamesOnePage(),
        ),
        strict=True,
    )
)


def broken(strategy: Chunker) -> set[str]:
    found = set()
    for law in LAWS:
        try:
            law(strategy, report(), Characters(), WordHash())
        except AssertionError:
            found.add(law.__name__)
    return found


def test_the_sound_strategy_breaks_no_law() -> None:
    assert broken(Sound()) == set()


@pytest.mark.parametrize(("law", "mutant"), MUTANTS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_mutant_breaks_its_law_and_no_other(law: Callable[..., None], mutant: Chunker) -> None:
    assert broken(mutant) == {law.__name__}


def test_windows_over_section_bounds_break_the_law_of_local_edits() -> None:
    documents = report(), report(second="Now the second section is another one.")
    law_local(Sound(), documents, Characters(), WordHash())
    with pytest.raises(AssertionError):
        law_local(
            chunker.build({"kind": "sliding_window", "size": 24, "overlap": 0}), documents, Characters(), WordHash()
        )
