"""Sections and elements as boundaries, headings as context: the default."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._blocks import Block, leaf_sections
from chunkers._context import scope_lines, without_overruled
from chunkers._headings import Context, Headings
from chunkers._packing import pack
from chunkers._ruler import Ruler
from chunkers._scope_ruling import Rulings
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.fingerprint import digest
from quarry.identity import Identity, identity_of
from quarry.span import Span
from quarry.types import Chunk, Document


@chunker
@dataclass(frozen=True, slots=True)
class MetadataAware:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {"size": 16, "merge_below": 6}
    revision: ClassVar[int] = 4

    size: int = 120
    """Most tokens of context + text."""
    merge_below: int = 40
    """Sections below so many tokens are joined with the next ones under the same heading, as far as there is room."""
    context: bool = True
    """Embed what the document is and the headings above a chunk with it."""
    identity: bool = True
    """What the document is: organisation, form, period and title; else the title alone. Of 48 near-identical reports it
    finds the right one, see docs/retrieval.md."""
    scope: bool = True
    """Embed with a chunk what rules its amounts and terms from elsewhere: units, audit status, periods, definitions."""

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
        made = Maker(self, document, tokens=tokens)
        headings = self._headings(document)
        plan = _Plan(made.ruler, tokens, made.size, headings, Rulings(document) if self.scope else None)
        sections = leaf_sections(document, ruler=made.ruler, size=made.size, merge_below=self.merge_below)
        return made.chunks(piece for section in sections for piece in plan.pieces(section.blocks))

    def _headings(self, document: Document) -> Headings:
        if self.identity or not self.context:
            return Headings.embedded(document, shown=self.context)
        return Headings(document, identity=Identity(title=identity_of(document).title))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Pieces of one document's sections."""

    ruler: Ruler
    tokens: TokenCounter
    size: int
    headings: Headings
    """Empty where chunks are embedded without them."""
    rulings: Rulings | None
    """None where chunks are embedded without what rules them."""

    def pieces(self, blocks: Sequence[Block]) -> Iterator[Piece]:
        """Blocks whose amounts are in other units share no chunk."""
        run: list[Block] = []
        unit, last = None, 0
        for block in blocks:
            own = self.rulings.unit(block.span) if self.rulings else None
            if own and unit and own != unit:
                cut = _opening(run, after=last)
                yield from self._pieces(run[:cut])
                run = run[cut:]
            run.append(block)
            if own:
                unit, last = own, len(run)
        yield from self._pieces(run)

    def _pieces(self, blocks: Sequence[Block]) -> Iterator[Piece]:
        """A table or code block that is too long stands on its own, with the caption or lead-in before it."""
        run: list[Block] = []
        for block in blocks:
            if not block.rows or self.ruler.estimate(block.span) <= self._room(block):
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
        longest = {block.parent: block.span for block in run}
        room = self.size - max(self._tokens(self._bare(parent, span)) for parent, span in longest.items())
        extra = {block.span: self._extra(block) for block in run if block.rows and self.rulings}
        for span in pack(run, ruler=self.ruler, room=room, extra=extra):
            block = run[bisect_right(starts, span.start) - 1]
            yield Piece(span, self._context(block.parent, span, own=span))

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
            part = Span(start, end)
            yield Piece(part, self._context(block.parent, part, lead=lead, own=part))
            start, lead = end, header

    def _room(self, block: Block) -> int:
        """What the context of a table or code block leaves."""
        return self.size - self._tokens(self._context(block.parent, block.span, own=block.span))

    def _extra(self, block: Block) -> int:
        """Tokens of what rules a table from elsewhere."""
        bare = self._tokens(self._bare(block.parent, block.span))
        return max(0, self.size - self._room(block) - bare)

    def _context(
        self, lowest: str | None, before: Span, *, lead: Span | None = None, own: Span | None = None
    ) -> Context:
        """`own` is the text that is embedded with it: what is stated there isn't repeated, and it comes first."""
        bare = self._bare(lowest, before, lead)
        rulings = self.rulings.of(before) if self.rulings else ()
        if not rulings or self.rulings is None:
            return bare
        spare = self.size - self._tokens(bare) - self.ruler.estimate(own) if own else 0
        scope = scope_lines(rulings, text=self.ruler.text, before=own, tokens=self.tokens, limit=self.size, spare=spare)
        made = self._bare(lowest, before, lead, scope) if scope else bare
        return without_overruled(made, self.rulings.overruled(before), text=self.ruler.text)

    def _bare(
        self, lowest: str | None, before: Span, lead: Span | None = None, scope: tuple[Span, ...] = ()
    ) -> Context:
        return self.headings.context(lowest, before=before, lead=lead, tokens=self.tokens, limit=self.size, scope=scope)

    def _tokens(self, context: Context) -> int:
        return self.tokens.count(context.text) if context.text else 0


def _opening(run: Sequence[Block], *, after: int) -> int:
    """Where what follows begins: at the first heading past `after`, else at what opens the next block."""
    headed = next((n for n in range(after, len(run)) if run[n].heading), None)
    cut = len(run)
    while cut > after and run[cut - 1].opens:
        cut -= 1
    return cut if headed is None else headed
