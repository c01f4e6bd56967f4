"""Sections and elements as boundaries, headings as context: the default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import CONTEXT_SHARE, Maker, Piece, assemble
from chunkers._blocks import Block, Section, leaf_sections
from chunkers._packing import pack
from chunkers._ruler import Ruler
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document, SentenceEmbedder, TokenCounter


@chunker
@dataclass(frozen=True, slots=True)
class MetadataAware:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 16, "merge_below": 6}
    late: ClassVar[bool] = False
    revision: ClassVar[int] = 1

    size: int = 200
    """Most tokens of context + text."""
    merge_below: int = 60
    """Sections below so many tokens are joined with the next ones under the same heading, as far as there is room."""
    context: bool = True
    """Embed the document's title and the headings above a chunk with it."""

    def __post_init__(self) -> None:
        if self.size < 1 or self.merge_below < 0:
            raise ValueError(f"size must be positive, merge_below not negative: {self.size}, {self.merge_below}")

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:  # noqa: ARG002 - reads no vectors
        return digest("chunk", self.kind, self.revision, self, tokens.fingerprint)

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
        sections = leaf_sections(document, ruler=ruler, size=size, merge_below=self.merge_below)
        pieces = (piece for section in sections for piece in self._pieces(document, section, ruler=ruler, size=size))
        return assemble(document, pieces, maker=made, ruler=ruler, tokens=tokens)

    def _pieces(self, document: Document, section: Section, *, ruler: Ruler, size: int) -> Iterator[Piece]:
        context = self._context(document, section)
        head = min(ruler.count(Span(0, 0), context="\n".join(context)), size // CONTEXT_SHARE)
        room = max(1, size - head)
        run: list[Block] = []
        for block in section.blocks:
            if block.rows and ruler.estimate(block.span) > room:
                yield from self._texts(run, context, section, ruler=ruler, room=room)
                run = []
                yield from _rows(block, context, section, ruler=ruler, size=size, room=room)
            else:
                run.append(block)
        yield from self._texts(run, context, section, ruler=ruler, room=room)

    def _texts(
        self, run: Sequence[Block], context: tuple[str, ...], section: Section, *, ruler: Ruler, room: int
    ) -> Iterator[Piece]:
        for span in pack(run, ruler=ruler, room=room):
            yield Piece(span, context, section.heading_spans if context else ())

    def _context(self, document: Document, section: Section) -> tuple[str, ...]:
        if not self.context:
            return ()
        title = " ".join((document.title or "").split())
        path = [heading for heading in section.headings if heading != title]
        return tuple(line for line in (title, " > ".join(path)) if line)


def _rows(
    block: Block, context: tuple[str, ...], section: Section, *, ruler: Ruler, size: int, room: int
) -> Iterator[Piece]:
    """A long table or code block, cut between rows; a table's header row is read before each later part."""
    header = block.rows[0] if block.header and len(block.rows) > 1 else None
    repeated: tuple[str, ...] = ()
    if header is not None and ruler.estimate(header) <= size // (2 * CONTEXT_SHARE):
        repeated = (" ".join(header.of(ruler.text).split("\n")),)
        room = max(1, room - ruler.estimate(header))
    start, first = block.span.start, True
    for _, following in zip(block.rows, [*block.rows[1:], None], strict=True):
        end = block.span.end if following is None else following.start
        if following is not None and ruler.estimate(Span(start, following.end)) <= room:
            continue
        spans = section.heading_spans if context else ()
        extra = () if first or header is None or not repeated else (header,)
        yield Piece(Span(start, end), (*context, *(() if first else repeated)), (*spans, *extra))
        start, first = end, False
