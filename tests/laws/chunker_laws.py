"""What every chunker keeps, whatever its settings: each law is a function that raises AssertionError."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields

import pytest

from chunkers import Chunker, top_sections
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.types import Chunk, Document, Element, ElementType

Law = Callable[[Chunker, Document, TokenCounter, SentenceEmbedder], None]


def chunks_of(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> list[Chunk]:
    return list(chunker.chunk(document, tokens=tokens, embedder=embedder))


def law_slices(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """A chunk's text is the slice of its span, without white space at its ends."""
    for chunk in chunks_of(chunker, document, tokens, embedder):
        assert chunk.span.of(document.text) == chunk.text
        assert chunk.text
        assert chunk.text == chunk.text.strip()


def law_coverage(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """All body text but white space is in some chunk."""
    covered = bytearray(len(document.text))
    for chunk in chunks_of(chunker, document, tokens, embedder):
        covered[chunk.span.start : chunk.span.end] = b"\1" * len(chunk.span)
    for element in (e for e in document.elements if e.in_body):
        missed = [n for n in range(element.span.start, element.span.end) if not covered[n]]
        assert not "".join(document.text[n] for n in missed).strip(), element


def law_no_furniture(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """Running heads, feet and hidden text are in no chunk and in no chunk's list of elements."""
    outside = [element for element in document.elements if not element.in_body]
    for chunk in chunks_of(chunker, document, tokens, embedder):
        assert not any(element.span.overlaps(chunk.span) for element in outside)


def law_order(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """In text order; no overlap but where a setting asks for it."""
    spans = [chunk.span for chunk in chunks_of(chunker, document, tokens, embedder)]
    assert spans == sorted(spans)
    if not getattr(chunker, "overlap", 0):
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def law_size(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """Context and text fit the size and the encoder, by the real count, which is what the chunk says."""
    limit = min(getattr(chunker, "size", tokens.limit), tokens.limit)
    for chunk in chunks_of(chunker, document, tokens, embedder):
        assert chunk.tokens == tokens.count(chunk.embedded_text)
        assert chunk.tokens <= limit, chunk
        assert chunk.context == "" or chunk.context.endswith("\n")


def law_deterministic(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """The same chunks from a second run and from an unpickled document."""
    first = chunks_of(chunker, document, tokens, embedder)
    assert first == chunks_of(chunker, document, tokens, embedder)
    assert first == chunks_of(chunker, pickle.loads(pickle.dumps(document)), tokens, embedder)


def law_value(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """A strategy is its settings: equal, hashable, picklable, frozen."""
    copy = pickle.loads(pickle.dumps(chunker))
    assert copy == chunker
    assert hash(copy) == hash(chunker)
    assert copy.fingerprint(tokens=tokens, embedder=embedder) == chunker.fingerprint(tokens=tokens, embedder=embedder)
    name = fields(chunker)[0].name  # type: ignore[arg-type]  # the Protocol doesn't say that it is a dataclass
    with pytest.raises(FrozenInstanceError):
        setattr(chunker, name, getattr(chunker, name))


def law_ids(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """Ids are unique in a document, and the document's, its place's and the kind's names are on each chunk."""
    chunks = chunks_of(chunker, document, tokens, embedder)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    for chunk in chunks:
        assert (chunk.document_id, chunk.uri) == (document.origin.id, document.origin.uri)
        assert chunk.strategy == chunker.kind


def law_heading_path(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """The headings above the first element that a chunk touches; a heading's own path ends with itself."""
    for chunk in chunks_of(chunker, document, tokens, embedder):
        first = next(element for element in document.elements if element.span.overlaps(chunk.span))
        assert chunk.heading_path == _path(document, first)


def law_places(chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> None:
    """Elements are those touched; pages and boxes are the layout's, or the elements' where it has no word there."""
    for chunk in chunks_of(chunker, document, tokens, embedder):
        touched = [element for element in document.elements if element.span.overlaps(chunk.span)]
        assert chunk.elements == tuple(element.id for element in touched)
        if len(document.layout.words(chunk.span)):
            assert chunk.pages == document.layout.page_numbers(chunk.span)
            assert chunk.regions == document.layout.regions(chunk.span)
        else:
            assert set(chunk.pages) == {page for element in touched for page in _pages(element)}
            assert chunk.regions == tuple(region for element in touched for region in element.regions)


def law_local(
    chunker: Chunker, documents: tuple[Document, Document], tokens: TokenCounter, embedder: SentenceEmbedder
) -> None:
    """Two documents that differ in their second top-level section have the same chunk texts in the others."""
    before, after = (_by_section(chunker, document, tokens, embedder) for document in documents)
    assert len(before) == len(after)
    assert [texts for n, texts in enumerate(before) if n != 1] == [texts for n, texts in enumerate(after) if n != 1]


LAWS: tuple[Law, ...] = (
    law_slices,
    law_coverage,
    law_no_furniture,
    law_order,
    law_size,
    law_deterministic,
    law_value,
    law_ids,
    law_heading_path,
    law_places,
)


def _by_section(
    chunker: Chunker, document: Document, tokens: TokenCounter, embedder: SentenceEmbedder
) -> list[list[str]]:
    chunks = chunks_of(chunker, document, tokens, embedder)
    return [
        [chunk.text for chunk in chunks if section.start <= chunk.span.start < section.end]
        for section in top_sections(document)
    ]


def _pages(element: Element) -> set[int]:
    return {region.page for region in element.regions} | ({element.page} if element.page else set())


def _path(document: Document, element: Element) -> tuple[str, ...]:
    by_id = {each.id: each for each in document.elements}
    path = [element] if element.type is ElementType.TITLE else []
    while element.parent:
        element = by_id[element.parent]
        path.insert(0, element)
    return tuple(" ".join(heading.span.of(document.text).split()) for heading in path)
