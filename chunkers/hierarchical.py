"""Small to big: sentences or paragraphs carry the vectors, the larger parent around them is what a search gives back.

A short unit's vector says one thing, and what is read next to it comes with the parent. Only units are stored; a parent
is a run of units that stand one after another, from the start of the first to the end of the last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any, ClassVar, Literal

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece, split
from chunkers._blocks import Block, blocks_of, clipped, leaf_sections
from chunkers._headings import CONTEXT_SHARE, Headings
from chunkers._packing import pack
from chunkers._pages import has_pages, page_runs
from chunkers._ruler import Ruler
from chunkers._sentences import sentences
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import digest, parent_id
from quarry.span import Span
from quarry.types import Chunk, Document

PARENT_SIZES = {"chunk": 240, "section": 1000, "page": 1000}
SMALL = 4
"""A unit below one part in so many of its size is joined with the next one."""
MERGED = 6
"""A section below one part in so many of a parent's size is joined with the next one."""


@chunker
@dataclass(frozen=True, slots=True)
class Hierarchical:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 12, "parent_size": 40}
    revision: ClassVar[int] = 1

    size: int = 80
    """Most tokens of a unit's context + text."""
    unit: Literal["sentence", "paragraph"] = "sentence"
    """What carries a vector; very short ones are joined, longer ones than `size` split."""
    parent: Literal["chunk", "section", "page"] = "chunk"
    """What a search gives back: what `metadata_aware` would cut, the section under a heading, or the page."""
    parent_size: int | None = None
    """Most tokens of a parent's text; null: 240 for `chunk`, 1000 for `section` and `page`. No encoder reads a parent
    whole, so its limit is none for it."""
    context: bool = True
    """Embed the document's title and the headings above a unit with it."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST or self._parent_size < self.size:
            raise ValueError(
                f"size must be at least {SMALLEST}, parent_size no less than size: "
                f"size={self.size}, parent_size={self._parent_size}"
            )

    @property
    def _parent_size(self) -> int:
        return PARENT_SIZES[self.parent] if self.parent_size is None else self.parent_size

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
        plan = _Plan(
            self,
            document,
            made.ruler,
            tokens,
            Headings.embedded(document, shown=self.context),
            made.size,
            self._parent_size,
        )
        parents = list(plan.parents())
        units = made.chunks(plan.pieces(parents))
        starts = [parent.start for parent in parents]
        for _, group in groupby(units, key=lambda unit: bisect_right(starts, unit.span.start)):
            family = list(group)
            span = Span(family[0].span.start, family[-1].span.end)
            name = parent_id(document.origin.id, made.fingerprint, span)
            yield from (replace(unit, parent_id=name) for unit in family)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Part of one block, or short parts of several."""

    span: Span
    parent: str | None
    """Id of the heading above its start."""
    lead: Span | None = None
    """The header row of the table that it is cut from."""
    opens: bool = False

    def takes(self, following: _Unit, ruler: Ruler, *, room: int) -> bool:
        """True where what comes next is better read with this one."""
        if following.lead not in (None, self.lead) or (self.parent != following.parent and not self.opens):
            return False
        whole = ruler.estimate(Span(self.span.start, following.span.end))
        return whole <= room and (self.opens or ruler.estimate(self.span) * SMALL < room)

    def with_next(self, following: _Unit) -> _Unit:
        return replace(self, span=Span(self.span.start, following.span.end), opens=following.opens)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Parents and units of one document."""

    settings: Hierarchical
    document: Document
    ruler: Ruler
    tokens: TokenCounter
    headings: Headings
    """Empty where units are embedded without them."""
    size: int
    parent_size: int

    def parents(self) -> Iterator[Span]:
        """In text order, without overlap."""
        blocks = blocks_of(self.document)
        for span in self._whole_parents():
            # the estimate first: counting a long section costs as much as encoding a few chunks
            if self.ruler.estimate(span) <= self.parent_size and self.ruler.fits(span, limit=self.parent_size):
                yield span
                continue
            inside = [part for block in clipped(blocks, span) for part in self._parts(block)]
            for packed in pack(inside, ruler=self.ruler, room=self.parent_size):
                yield from split(self.ruler, packed, limit=self.parent_size)

    def _whole_parents(self) -> Iterator[Span]:
        if self.settings.parent == "page" and has_pages(self.document):
            yield from page_runs(self.document)
            return
        merged = self.parent_size // MERGED
        for section in leaf_sections(self.document, ruler=self.ruler, size=self.parent_size, merge_below=merged):
            yield section.span

    def _parts(self, block: Block) -> Iterator[Block]:
        """The rows of a table that is too long for one parent."""
        if not block.rows or self.ruler.estimate(block.span) <= self.parent_size:
            yield block
            return
        starts = [max(row.start, block.span.start) for row in block.rows if row.overlaps(block.span)]
        for start, end in pairwise([block.span.start, *starts[1:], block.span.end]):
            yield replace(block, span=Span(start, end), opens=block.opens and end == block.span.end)

    def pieces(self, parents: Sequence[Span]) -> Iterator[Piece]:
        blocks = blocks_of(self.document)
        for parent in parents:
            for unit in self._joined(clipped(blocks, parent)):
                context = self.headings.context(
                    unit.parent, before=unit.span, lead=unit.lead, tokens=self.tokens, limit=self.size
                )
                yield Piece(unit.span, context)

    def _joined(self, blocks: Iterable[Block]) -> Iterator[_Unit]:
        held: _Unit | None = None
        for unit in (unit for block in blocks for unit in self._units(block)):
            if held is not None and held.takes(unit, self.ruler, room=self._room):
                held = held.with_next(unit)
                continue
            if held is not None:
                yield held
            held = unit
        if held is not None:
            yield held

    @property
    def _room(self) -> int:
        """What the longest context leaves."""
        return self.size - (self.size // CONTEXT_SHARE if self.settings.context else 0)

    def _units(self, block: Block) -> Iterator[_Unit]:
        if block.rows:
            yield from self._rows(block)
        elif block.heading or self.settings.unit == "paragraph":
            yield _Unit(block.span, block.parent, opens=block.opens)
        else:
            parts = list(sentences(self.ruler.text, block.span))
            for number, part in enumerate(parts, start=1):
                yield _Unit(part, block.parent, opens=block.opens and number == len(parts))

    def _rows(self, block: Block) -> Iterator[_Unit]:
        """As many rows as fit; each part but the first is read with the table's header row."""
        header = block.rows[0] if block.header and len(block.rows) > 1 else None
        start, lead = block.span.start, None if header is None or header.start >= block.span.start else header
        for row, following in zip(block.rows, [*block.rows[1:], None], strict=True):
            if row.end <= block.span.start or row.start >= block.span.end:
                continue
            end = block.span.end if following is None else min(following.start, block.span.end)
            goes_on = following is not None and end < block.span.end
            if goes_on and (row == header or self._holds(start, following)):
                continue
            yield _Unit(Span(start, end), block.parent, lead)
            start, lead = end, header

    def _holds(self, start: int, row: Span | None) -> bool:
        return row is not None and self.ruler.estimate(Span(start, row.end)) <= self._room
