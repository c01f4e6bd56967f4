"""Every law of the store, checked on the store itself: files, rows, ids, marks, texts, vectors, indexes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from pipeline.known import SEARCHABLE
from quarry.errors import StoreError
from quarry.fingerprint import chunk_id, document_id
from quarry.types import Document
from stores.audit import AuditedChunk, audited_chunks, audited_rows
from stores.collection import UNIT, Collection
from stores.digests import digest_of
from stores.lance import Store
from stores.rows import ChunkRow, DocumentRow, GenerationRow, LedgerRow

TABLES = ("store", "collections", "generations", "documents", "ledger", "elements", "runs")


class Repair(StrEnum):
    """What puts a finding right."""

    REBUILD = "rebuild table"
    """From its good rows; what is lost with the others is found missing afterwards."""
    REDO = "redo document"
    """From the source: elements, chunks and vectors of it are made again."""
    RESTORE = "restore row"
    """The documents row, from what the chunks say of their document."""
    DROP = "drop rows"
    """Chunks or marks of a document that isn't there."""
    REINDEX = "make index"
    CATALOGUE = "restore catalogue"


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that does not hold."""

    law: str
    table: str
    what: str
    repair: Repair
    document: str | None = None
    """Its id."""
    uri: str | None = None


@dataclass(slots=True)
class _Sums:
    """What the chunk rows of a document add up to."""

    checks: list[str] = field(default_factory=list)
    sha256: str = ""


def verify(collection: Collection) -> list[Finding]:
    """All findings; none where every law holds. Reads a snapshot, so runs beside it are not in the way."""
    broken = damaged(collection.store)
    if broken:
        return broken
    pinned = collection.store.snapshot().collection(collection.name)
    found = list(_catalogue(pinned))
    if found:
        return found
    documents = {row.doc_id: row for row in pinned.documents()}
    found += _documents(pinned, documents)
    for generation in pinned.generations():
        found += _Generation(pinned, generation, documents).findings()
    return found


def generation_findings(collection: Collection, generation: GenerationRow) -> list[Finding]:
    """The laws of one generation alone, on a snapshot."""
    pinned = collection.store.snapshot().collection(collection.name)
    documents = {row.doc_id: row for row in pinned.documents()}
    return _Generation(pinned, generation, documents).findings()


def damaged(store: Store) -> list[Finding]:
    """Files that are not as they were written, tables that can't be read, rows that disagree with their hash."""
    found = [
        Finding("files", item.table, f"{item.table}.lance/{item.file} {item.what}", Repair.REBUILD)
        for item in store.broken_files(deep=True)
    ]
    for name in TABLES:
        try:
            wrong = sum(not intact for _, intact in audited_rows(store, name))
        except StoreError as error:
            found.append(Finding("readable", name, str(error), Repair.REBUILD))
            continue
        if wrong:
            found.append(Finding("rows", name, f"{wrong} rows are not as they were written", Repair.REBUILD))
    return found


def _catalogue(collection: Collection) -> Iterator[Finding]:
    """The live pointer points at a generation, and each generation has its table."""
    try:
        live = collection.live()
    except StoreError as error:
        yield Finding("catalogue", "generations", str(error), Repair.CATALOGUE)
        return
    if live is None:
        yield Finding("catalogue", "collections", f"no collection {collection.name!r}", Repair.CATALOGUE)
    names = set(collection.store.table_names())
    for generation in collection.generations():
        if generation.table not in names:
            what = f"generation {generation.id} has no table"
            yield Finding("catalogue", generation.table, what, Repair.REBUILD)


def _documents(collection: Collection, documents: dict[str, DocumentRow]) -> Iterator[Finding]:
    for row in documents.values():
        if row.doc_id != document_id(row.collection, row.source, row.path):
            what = f"the id of {row.uri} is not that of its source and path"
            yield Finding("ids", "documents", what, Repair.REBUILD, row.doc_id, row.uri)
    live = collection.live()
    marks = collection.ledger(live.id) if live else {}
    for row in documents.values():
        mark = marks.get(row.doc_id)
        if row.outcome in SEARCHABLE and (mark is None or mark.sha256 != row.sha256):
            what = f"{row.uri} is {row.outcome}, but its content is not in the index"
            yield Finding("missing", "ledger", what, Repair.REDO, row.doc_id, row.uri)


class _Generation:
    """The laws of one generation's chunks and marks."""

    def __init__(self, collection: Collection, generation: GenerationRow, documents: dict[str, DocumentRow]) -> None:
        self._collection = collection
        self._generation = generation
        self._documents = documents
        self._marks = collection.ledger(generation.id)
        self._sums: dict[str, _Sums] = defaultdict(_Sums)
        self._ids: Counter[str] = Counter()
        self._texts = _Texts(collection.store)

    def findings(self) -> list[Finding]:
        table = self._generation.table
        try:
            found = [
                item
                for batch in audited_chunks(self._collection.store, self._generation)
                for item in self._batch(batch)
            ]
        except StoreError as error:
            return [Finding("readable", table, str(error), Repair.REBUILD)]
        twice = [name for name, count in self._ids.items() if count > 1]
        if twice:
            what = f"{len(twice)} chunk ids stand in it more than once, {twice[0]} for one"
            found.append(Finding("unique", table, what, Repair.REBUILD))
        return [*found, *self._against_marks(), *self._elements(), *self._indexes()]

    def _batch(self, batch: Sequence[AuditedChunk]) -> Iterator[Finding]:
        self._texts.fetch(mark.element_key for item in batch if (mark := self._mark(item.row)))
        for item in batch:
            row = item.row
            self._ids[row.chunk.id] += 1
            sums = self._sums[row.chunk.document_id]
            sums.checks.append(item.check)
            sums.sha256 = row.provenance.sha256
            if not item.intact:
                yield self._wrong("rows", row, "is not as it was written")
            laws = self._broken_laws(row) if item.intact else _vector_laws(row.vector, dim=self._generation.dim)
            yield from (self._wrong(law, row, what) for law, what in laws)

    def _mark(self, row: ChunkRow) -> LedgerRow | None:
        return self._marks.get(row.chunk.document_id)

    def _broken_laws(self, row: ChunkRow) -> Iterator[tuple[str, str]]:
        chunk, made, generation = row.chunk, row.provenance, self._generation
        if (made.generation, made.chunk_fingerprint) != (generation.id, generation.chunk_fingerprint):
            yield "fingerprints", f"was made by another generation's chunker ({made.generation})"
        if chunk.id != chunk_id(chunk.document_id, made.chunk_fingerprint, chunk.span, chunk.text):
            yield "ids", "has an id that is not that of its text and place"
        yield from _vector_laws(row.vector, dim=generation.dim)
        mark = self._mark(row)
        document = self._texts.get(mark.element_key) if mark else None
        if document is not None and chunk.span.of(document.text) != chunk.text:
            yield "spans", "is not what stands at its span of the document"
        elif document is not None and not set(chunk.elements) <= {element.id for element in document.elements}:
            yield "spans", "names elements that the document doesn't have"

    def _wrong(self, law: str, row: ChunkRow, what: str) -> Finding:
        text = f"chunk {row.chunk.id} of {row.chunk.uri} {what}"
        return Finding(law, self._generation.table, text, Repair.REDO, row.chunk.document_id, row.chunk.uri)

    def _against_marks(self) -> Iterator[Finding]:
        """No orphan, no missing chunk, digests agree."""
        table = self._generation.table
        for document, sums in self._sums.items():
            if document not in self._marks:
                known = self._documents.get(document)
                repair = Repair.REDO if known else Repair.DROP
                what = f"{len(sums.checks)} chunks of document {document} have no mark in the ledger"
                yield Finding("orphans", table, what, repair, document, known.uri if known else None)
        for document, mark in self._marks.items():
            known = self._documents.get(document)
            if known is None:
                repair = Repair.RESTORE if document in self._sums else Repair.DROP
                what = f"document {document} has a mark in the ledger and no row in documents"
                yield Finding("orphans", "documents", what, repair, document)
                continue
            yield from self._mark_laws(mark, known)

    def _mark_laws(self, mark: LedgerRow, known: DocumentRow) -> Iterator[Finding]:
        checks, generation = self._sums[mark.doc_id].checks, self._generation
        if len(checks) != mark.chunks:
            what = f"{known.uri} has {len(checks)} chunks, {mark.chunks} were committed"
            yield Finding("missing", generation.table, what, Repair.REDO, mark.doc_id, known.uri)
        elif digest_of(checks) != mark.digest:
            what = f"the chunks of {known.uri} are not those that were committed"
            yield Finding("digests", generation.table, what, Repair.REDO, mark.doc_id, known.uri)
        made_by = (generation.chunk_fingerprint, generation.embed_fingerprint)
        if (mark.chunk_fingerprint, mark.embed_fingerprint) != made_by:
            what = f"{known.uri} was committed by another chunker or encoder"
            yield Finding("fingerprints", "ledger", what, Repair.REDO, mark.doc_id, known.uri)

    def _elements(self) -> Iterator[Finding]:
        """What the ledger needs is there."""
        there = self._collection.store.element_keys(mark.element_key for mark in self._marks.values())
        for mark in self._marks.values():
            if mark.element_key not in there or mark.element_key in self._texts.unreadable:
                known = self._documents.get(mark.doc_id)
                what = f"the parsed document of {known.uri if known else mark.doc_id} is not there"
                yield Finding("elements", "elements", what, Repair.REDO, mark.doc_id, known.uri if known else None)

    def _indexes(self) -> Iterator[Finding]:
        """Every index knows of all rows: as indexed, or as not indexed yet."""
        table = self._collection.store.table(self._generation.table)
        rows = table.count_rows()
        for column in sorted(self._collection.words_without_index(self._generation)) if rows else ():
            yield Finding("indexes", table.name, f"there is no full-text index of {column}", Repair.REINDEX)
        for index in table.list_indices():
            about = table.index_stats(index.name)
            if about is None or about.num_indexed_rows + about.num_unindexed_rows != rows:
                what = f"index {index.name} covers another number of rows than the {rows} there are"
                yield Finding("indexes", table.name, what, Repair.REINDEX)


def _vector_laws(vector: Any, *, dim: int) -> Iterator[tuple[str, str]]:
    if vector is None or vector.shape != (dim,):
        yield "vectors", f"has no vector of {dim} numbers"
        return
    norm = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(norm) or abs(norm - 1) > UNIT:
        yield "vectors", f"has a vector of length {norm:.4g}, not 1"


class _Texts:
    """Parsed documents by element key, a few at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, Document] = {}
        self.unreadable: set[str] = set()

    def fetch(self, keys: Iterator[str]) -> None:
        wanted = set(keys)
        self._held = {key: document for key, document in self._held.items() if key in wanted}
        missing = wanted - self._held.keys()
        try:
            self._held |= self._store.get_elements(missing)
        except StoreError:
            self.unreadable |= missing

    def get(self, key: str) -> Document | None:
        return self._held.get(key)
