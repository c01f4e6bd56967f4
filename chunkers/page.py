"""A chunk a page: what is cited by page is found by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._blocks import Block, blocks_of, clipped, leaf_sections
from chunkers._headings import CONTEXT_SHARE, Context, Headings
from chunkers._packing import pack
from chunkers._pages import has_pages, page_runs
from chunkers._ruler import Ruler
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document


@chunker
@dataclass(frozen=True, slots=True)
class Page:
    """Text is in reading order: what a page interrupts, such as a note of the page before, is a chunk of its own."""

    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 24}
    revision: ClassVar[int] = 1

    size: int = 500
    """Most tokens of context + text; the encoder's limit counts as well. A page that is longer is cut between blocks
    and sentences into parts of about the same size."""
    context: bool = True
    """Embed the document's title and the headings above a page with it."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise ValueError(f"size must be at least {SMALLEST}: size={self.size}")

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:  # noqa: ARG002 - reads no vectors
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, tokens.limit)

    def chunk(
        self,
        document: Document,
        *,
        tokens: TokenCounter,
        embedder: SentenceEmbedder | None = None,  # noqa: ARG002 - reads no vectors
    ) -> Iterator[Chunk]:
        made = Maker(self, document, tokens=tokens)
        return made.chunks(self._pieces(document, made.ruler, tokens=tokens, size=made.size))

    def _pieces(self, document: Document, ruler: Ruler, *, tokens: TokenCounter, size: int) -> Iterator[Piece]:
        blocks = blocks_of(document)
        headings = Headings.embedded(document, shown=self.context)
        for page in _pages(document, ruler, size=size):
            context = _context(headings, blocks, page, tokens=tokens, size=size)
            short = ruler.estimate(page) <= size
            if short and ruler.fits(page.strip(ruler.text), limit=size, context=context.text):
                yield Piece(page, context)
                continue
            room = size - (size // CONTEXT_SHARE if self.context else 0)
            for span in pack(clipped(blocks, page), ruler=ruler, room=room):
                yield Piece(span, _context(headings, blocks, span, tokens=tokens, size=size))


def _context(headings: Headings, blocks: Sequence[Block], span: Span, *, tokens: TokenCounter, size: int) -> Context:
    first = next(iter(clipped(blocks, span)), None)
    return headings.context(first.parent if first else None, before=span, lead=None, tokens=tokens, limit=size)


def _pages(document: Document, ruler: Ruler, *, size: int) -> Iterator[Span]:
    """Pages; of a document without them, its sections."""
    if has_pages(document):
        yield from page_runs(document)
        return
    for section in leaf_sections(document, ruler=ruler, size=size, merge_below=size // 6):
        yield section.span
