"""Small to big: the units that were found give way to the larger parents that they are parts of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from quarry.layout import Region
from quarry.span import Span
from quarry.types import Document
from stores.collection import Collection
from stores.rows import ChunkRow, GenerationRow

KEPT = 16
"""Documents that are held at once."""


SECOND = 0.3
"""Weight of a parent's second best unit beside its best one: two sentences that both answer say more than one. With 0,
0.3 and 1, parents of 240 tokens had 78.1, 81.5 and 81.2 % of the gold in 4000 characters by vectors, 82.2, 82.8 and
83.7 % by both; nDCG@10 was highest with 0.3. A sum over all units would favour long parents."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The unit that a parent was found by: its best one."""

    id: str
    span: Span


class Texts:
    """Stored documents of one generation; each is read once, the last few are kept."""

    def __init__(self, collection: Collection, generation: GenerationRow) -> None:
        self._collection = collection
        self._generation = generation
        self._keys: dict[tuple[str, str], str] = {}
        self._known: dict[str, Document] = {}

    def of(self, row: ChunkRow) -> Document | None:
        """The document that the row was cut from; None where it was replaced after the row was read."""
        key = self._key(row.chunk.document_id, row.provenance.sha256)
        if key is not None and key not in self._known:
            document = self._collection.store.get_elements([key]).get(key)
            if document is None:
                return None
            while len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[key] = document
        return self._known[key] if key is not None else None

    def _key(self, doc_id: str, content: str) -> str | None:
        """Of the stored parse: equal files of one kind share it."""
        if (doc_id, content) not in self._keys:
            mark = self._collection.ledger(self._generation.id, [doc_id]).get(doc_id)
            if mark is None or mark.sha256 != content:
                return None
            self._keys[doc_id, content] = mark.element_key
        return self._keys[doc_id, content]


def parent_scores(order: Sequence[str], scores: Mapping[str, float], rows: Mapping[str, ChunkRow]) -> dict[str, float]:
    """By unit id, of the best unit of each parent: its score and a share of the second best's, which is the lowest of
    all where no other was found. Rows without a parent keep their scores.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for found in order:
        if found in rows:
            families[rows[found].chunk.parent_id or found].append(found)
    lowest = min(scores.values(), default=0.0)
    made: dict[str, float] = {}
    for best, *others in families.values():
        if rows[best].chunk.parent_id is None:
            made[best] = scores[best]
        else:
            made[best] = scores[best] + SECOND * (scores[others[0]] if others else lowest)
    return made


def parent_spans(collection: Collection, generation: GenerationRow, rows: Iterable[ChunkRow]) -> dict[str, Span]:
    """By parent id, of the rows that have a parent."""
    wanted = {row.chunk.parent_id for row in rows if row.chunk.parent_id}
    return collection.parent_spans(generation, wanted) if wanted else {}


def parent_rows(
    collection: Collection, generation: GenerationRow, rows: Sequence[ChunkRow], *, texts: Texts
) -> dict[str, ChunkRow]:
    """By unit id the parent of each row that has one; left out where its document was replaced meanwhile."""
    wanted = {row.chunk.parent_id for row in rows if row.chunk.parent_id}
    units = collection.units_of(generation, wanted) if wanted else {}
    found: dict[str, ChunkRow] = {}
    for row in rows:
        family, document = units.get(row.chunk.parent_id or ""), texts.of(row) if row.chunk.parent_id else None
        if family and document is not None:
            found[row.chunk.id] = parent_row(family, document)
    return found


def parent_row(units: Sequence[ChunkRow], document: Document) -> ChunkRow:
    """One row over all units of a parent, in text order. It has no vector; its tokens are those of its units together,
    their contexts included, as no encoder reads it whole.
    """
    first = units[0]
    span = Span(first.chunk.span.start, max(unit.chunk.span.end for unit in units))
    chunk = replace(
        first.chunk,
        id=first.chunk.parent_id or first.chunk.id,
        span=span,
        text=span.of(document.text),
        context="",
        context_spans=(),
        tokens=sum(unit.chunk.tokens for unit in units),
        pages=pages_of(document, span),
        regions=regions_of(document, span),
        elements=tuple(dict.fromkeys(element for unit in units for element in unit.chunk.elements)),
        parent_id=None,
    )
    return replace(first, chunk=chunk, embed_key="", vector=None)


def pages_of(document: Document, span: Span) -> tuple[int, ...]:
    """As on a chunk: by the words, else by the elements."""
    found = document.layout.page_numbers(span)
    if found:
        return found
    touched = [element for element in document.elements if element.span.overlaps(span)]
    starts = {element.page for element in touched if element.page is not None}
    return tuple(sorted(starts | {region.page for element in touched for region in element.regions}))


def regions_of(document: Document, span: Span) -> tuple[Region, ...]:
    """As on a chunk: the boxes of the words, else those of the elements."""
    found = document.layout.regions(span)
    if found:
        return found
    return tuple(region for element in document.elements if element.span.overlaps(span) for region in element.regions)
