"""Sections and elements as boundaries, headings as context: the default."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece, assemble
from chunkers._blocks import Block, leaf_sections
from chunkers._headings import Context, Headings
from chunkers._packing import pack
from chunkers._ruler import Ruler
from quarry.fingerprint import digest
from quarry.identity import Identity, identity_of
from quarry.span import Span
from quarry.types import Chunk, Document, SentenceEmbedder, TokenCounter


@chunker
@dataclass(frozen=True, slots=True)
class MetadataAware:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 16, "merge_below": 6}
    late: ClassVar[bool] = False
    revision: ClassVar[int] = 2

    size: int = 120
    """Most tokens of context + text."""
    merge_below: int = 40
    """Sections below so many tokens are joined with the next ones under the same heading, as far as there is room."""
    context: bool = True
    """Embed what the document is and the headings above a chunk with it."""
    identity: bool = True
    """What the document is: organisation, form, period and title; else the title alone. Of 48 near-identical reports it
    finds the right one, see docs/retrieval.md."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST or self.merge_below < 0:
            raise ValueError(
                f"size must be at least {SMALLEST}, merge_below not negative: "
                f"size={self.size}, merge_below={self.merge_below}"
            )

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:  # noqa: ARG002 - reads no vectors
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint, tokens.limit)

    def chunk(
        self,
        document: Document,
        *,
        tokens: TokenCounter,
        embedder: SentenceEmbedder | None = None,  # noqa: ARG002 - reads no vectors
    ) -> Iterator[Chunk]:
        ruler = Ruler(document.text, tokens)
        made = Maker(self.kind, self.fingerprint(tokens=tokens, embedder=None), self.size)
        size = min(self.size, tokens.limit)
        above = document if self.context else replace(document, title=None, elements=())
        plan = _Plan(ruler, tokens, size, Headings(above, identity=self._identity(document)))
        sections = leaf_sections(document, ruler=ruler, size=size, merge_below=self.merge_below)
        pieces = (piece for section in sections for piece in plan.pieces(section.blocks))
        return assemble(document, pieces, maker=made, ruler=ruler, tokens=tokens)

    def _identity(self, document: Document) -> Identity | None:
        if not self.context:
            return None
        found = identity_of(document)
        return found if self.identity else Identity(title=found.title)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Pieces of one document's sections."""

    ruler: Ruler
    tokens: TokenCounter
    size: int
    headings: Headings
    """Empty where chunks are embedded without them."""

    def pieces(self, blocks: Sequence[Block]) -> Iterator[Piece]:
        """A table or code block that is too long stands on its own, with the caption or lead-in before it."""
        run: list[Block] = []
        for block in blocks:
            if not block.rows or self.ruler.estimate(block.span) <= self._room([block]):
                run.append(block)
                continue
            kept = len(run)
            while kept and run[kept - 1].opens:
                kept -= 1
            yield from self._texts(run[:kept])
            yield from self._rows(run[kept:], block)
            run = []
        yield from self._texts(run)

    def _texts(self, run: Sequence[Block]) -> Iterator[Piece]:
        if not run:
            return
        starts = [block.span.start for block in run]
        for span in pack(run, ruler=self.ruler, room=self._room(run)):
            block = run[bisect_right(starts, span.start) - 1]
            yield Piece(span, self._context(block.parent, span))

    def _rows(self, opening: Sequence[Block], block: Block) -> Iterator[Piece]:
        """Cut between rows; a table's header row is read again before each later part."""
        header = block.rows[0] if block.header and len(block.rows) > 1 else None
        start = opening[0].span.start if opening else block.span.start
        first, lead = start, None
        room = self.size - self._tokens(self._context(block.parent, Span(start, block.span.end), lead=header))
        for row, following in zip(block.rows, [*block.rows[1:], None], strict=True):
            end = block.span.end if following is None else following.start
            fits = following is not None and self.ruler.estimate(Span(start, following.end)) <= room
            if fits or (row == header and following is not None and first == start):
                continue
            yield Piece(Span(start, end), self._context(block.parent, Span(start, end), lead=lead))
            start, lead = end, header

    def _room(self, blocks: Sequence[Block]) -> int:
        """What the longest context leaves."""
        longest = {block.parent: block.span for block in blocks}
        return self.size - max(self._tokens(self._context(parent, span)) for parent, span in longest.items())

    def _context(self, lowest: str | None, before: Span, *, lead: Span | None = None) -> Context:
        return self.headings.context(lowest, before=before, lead=lead, tokens=self.tokens, limit=self.size)

    def _tokens(self, context: Context) -> int:
        return self.tokens.count(context.text) if context.text else 0
