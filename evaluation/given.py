"""Chunks given by their spans: another splitter, or a file, goes through the same evaluation as our strategies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from encoders.around import Around
from quarry.encoding import Prepared, SentenceEmbedder, TokenCounter
from quarry.fingerprint import chunk_id, digest
from quarry.span import Span
from quarry.types import Chunk, Document, Element
from stores.rows import Vector

Splitter = Callable[[Document, TokenCounter, SentenceEmbedder], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class GivenSpans:
    """Fits `chunkers.Chunker`. Spans are taken as they are: white space, overlap and over-long ones included."""

    kind: ClassVar[str] = "given"
    tiny: ClassVar[dict[str, Any]] = {}

    name: str
    made_by: str
    """What the spans depend on besides the text and the tokenizer: version and settings."""
    split: Splitter = field(repr=False, compare=False)

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:
        read = embedder.fingerprint if embedder is not None else None
        return digest("chunk", self.kind, self.name, self.made_by, tokens.fingerprint, read)

    def chunk(
        self, document: Document, *, tokens: TokenCounter, embedder: SentenceEmbedder | None = None
    ) -> Iterator[Chunk]:
        assert embedder is not None
        made_by = self.fingerprint(tokens=tokens, embedder=embedder)
        starts = [element.span.start for element in document.elements]
        for span in self.split(document, tokens, embedder):
            text = span.of(document.text)
            if not text.strip():
                continue
            touched = _touched(document, starts, span)
            yield Chunk(
                id=chunk_id(document.origin.id, made_by, span, text),
                document_id=document.origin.id,
                uri=document.origin.uri,
                span=span,
                text=text,
                context="",
                tokens=tokens.count(text),
                strategy=self.kind,
                pages=document.layout.page_numbers(span) or _pages(touched),
                regions=document.layout.regions(span),
                elements=tuple(element.id for element in touched),
            )


def _touched(document: Document, starts: Sequence[int], span: Span) -> list[Element]:
    first = max(0, bisect_right(starts, span.start) - 1)
    last = bisect_right(starts, span.end - 1)
    return [element for element in document.elements[first:last] if element.span.overlaps(span)]


def _pages(elements: Iterable[Element]) -> tuple[int, ...]:
    return tuple(sorted({region.page for element in elements for region in element.regions}))


class CuttingEncoder(Around):
    """Another encoder that reads of a text that is too long what fits.

    So do the encoders around other splitters. Our strategies make no such chunk and are never given this one.
    """

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        prepared = super().prepare([self._fitting(chunk) for chunk in chunks])
        jobs = (replace(job, chunk=chunk) for job, chunk in zip(prepared.jobs, chunks, strict=True))
        return replace(prepared, jobs=tuple(jobs))

    def vectors(self, prepared: Prepared, wanted: Collection[int]) -> Iterator[list[tuple[int, Vector]]]:
        """A server is sent the texts of the jobs' chunks: they must be those that were counted."""
        jobs = (replace(job, chunk=self._fitting(job.chunk)) for job in prepared.jobs)
        return super().vectors(replace(prepared, jobs=tuple(jobs)), wanted)

    def embed(self, texts: Sequence[str]) -> Vector:
        return super().embed([self._cut(text) for text in texts])

    def _fitting(self, chunk: Chunk) -> Chunk:
        if chunk.tokens <= self.tokens.limit:
            return chunk
        text = self._cut(chunk.embedded_text)
        return replace(chunk, context="", text=text, tokens=self.tokens.count(text))

    def _cut(self, text: str) -> str:
        """At a token's end. The rest may be tokenised otherwise on its own, so that is looked at again."""
        limit = self.tokens.limit
        while self.tokens.count(text) > self.tokens.limit:
            text = text[: self.tokens.offsets(text)[limit - 1][1]]
            limit -= 1
        return text
