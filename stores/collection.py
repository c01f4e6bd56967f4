"""A collection of the store: its documents, ledger, generations and chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from quarry.errors import StoreError
from quarry.settings import IndexSettings
from stores import _indexes, _schema
from stores._codec import chunk_of, chunk_row, row_of, value_of
from stores._tables import delete_by, is_in, merge, only, parts, select
from stores.rows import (
    ChunkRow,
    CollectionRow,
    DocumentRow,
    GenerationRow,
    LedgerRow,
    RunRow,
    Scored,
    TableStats,
    Vector,
)

if TYPE_CHECKING:
    from stores.lance import Store

UNIT = 1e-3
"""How far from 1 the norm of a stored vector may be: float16 rounds."""
WITHOUT_VECTOR = tuple(name for name in _schema.chunks(1, "float32").names if name != "vector")


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a write did to the chunk rows."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


class Collection:
    """Reads take no lock and see the newest commit; writes belong inside `lock`."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        return self.store.lock(self.name, wait_s=wait_s)

    # The catalogue

    def row(self) -> CollectionRow | None:
        rows = (row for row in select(self.store.table("collections")) if row["name"] == self.name)
        found = only(rows)
        return value_of(CollectionRow, found) if found else None

    def live(self) -> GenerationRow | None:
        """The generation that searches read; None for a collection that isn't there yet."""
        row = self.row()
        if row is None or row.live is None:
            return None
        found = only(select(self.store.table("generations"), is_in("id", [row.live])))
        if found is None:
            raise StoreError(f"collection {self.name!r} points at generation {row.live}, which is not in the catalogue")
        return value_of(GenerationRow, found)

    def create_generation(self, generation: GenerationRow) -> GenerationRow:
        """The first generation of a new collection: table, catalogue row, live pointer, in this order."""
        self.store.create_chunks(generation.table, dim=generation.dim, dtype=generation.dtype)
        merge(self.store.table("generations"), "id", [row_of(generation)], schema=_schema.GENERATIONS)
        row = self.row() or CollectionRow(self.name)
        self._put(replace(row, live=generation.id, counter=row.counter + 1, changed_at=datetime.now(UTC)))
        return generation

    def put_sources(self, roots: Mapping[str, str]) -> None:
        """Name -> root of every source so far."""
        row = self.row() or CollectionRow(self.name)
        self._put(replace(row, sources=json.dumps(dict(roots), sort_keys=True)))

    def _put(self, row: CollectionRow) -> None:
        merge(self.store.table("collections"), "name", [row_of(row)], schema=_schema.COLLECTIONS)

    # Documents and ledger

    def documents(self, *, source: str | None = None, outcomes: Sequence[str] = ()) -> list[DocumentRow]:
        """In the order of source and path."""
        rows = (row for row in select(self.store.table("documents")) if row["collection"] == self.name)
        found = [value_of(DocumentRow, row) for row in rows]
        chosen = [row for row in found if source in (None, row.source) and (not outcomes or row.outcome in outcomes)]
        return sorted(chosen, key=lambda row: (row.source, row.path))

    def ledger(self, generation: str) -> dict[str, LedgerRow]:
        """By document id."""
        rows = select(self.store.table("ledger"), is_in("generation", [generation]))
        return {row["doc_id"]: value_of(LedgerRow, row) for row in rows}

    def put_ledger(self, rows: Sequence[LedgerRow]) -> None:
        if rows:
            marks = [{"key": row.key, **row_of(row)} for row in rows]
            merge(self.store.table("ledger"), "key", marks, schema=_schema.LEDGER)

    def put_documents(self, rows: Sequence[DocumentRow]) -> None:
        if rows:
            merge(self.store.table("documents"), "doc_id", [row_of(row) for row in rows], schema=_schema.DOCUMENTS)

    def delete_documents(self, doc_ids: Sequence[str]) -> Replaced:
        """From every generation: chunks -> ledger -> documents."""
        gone = sum(delete_by(self.store.table(g.table), "doc_id", doc_ids) for g in self.generations())
        for table in ("ledger", "documents"):
            delete_by(self.store.table(table), "doc_id", doc_ids)
        return Replaced(deleted=gone)

    def generations(self) -> list[GenerationRow]:
        """Those that have a table, the oldest first."""
        rows = (row for row in select(self.store.table("generations")) if row["collection"] == self.name)
        found = [value_of(GenerationRow, row) for row in rows if row["state"] != "dropped"]
        return sorted(found, key=lambda generation: generation.created)

    def record_run(self, run: RunRow) -> None:
        self.store.record_run(run)

    def runs(self, *, last: int) -> list[RunRow]:
        return self.store.runs(self.name, last=last)

    # Chunks

    def replace_chunks(self, generation: GenerationRow, doc_ids: Sequence[str], rows: Sequence[ChunkRow]) -> Replaced:
        """All chunks of these documents in one commit: a reader sees the old ones or the new ones.

        StoreError for a vector of another dimension, not finite or not of unit length.
        """
        if not doc_ids:
            return Replaced()
        _check_vectors(rows, dim=generation.dim)
        schema = _schema.chunks(generation.dim, generation.dtype)
        stale = is_in("doc_id", doc_ids)
        stored = [chunk_row(row, dtype=generation.dtype) for row in rows]
        done = merge(self.store.table(generation.table), "chunk_id", stored, schema=schema, replacing=stale)
        return Replaced(done.num_inserted_rows, done.num_updated_rows, done.num_deleted_rows)

    def chunks(self, generation: GenerationRow, ids: Iterable[str], *, vectors: bool = False) -> dict[str, ChunkRow]:
        """By chunk id, of those that there are."""
        table = self.store.table(generation.table)
        columns = None if vectors else WITHOUT_VECTOR
        rows = (row for part in parts(ids) for row in select(table, is_in("chunk_id", part), columns=columns))
        return {row["chunk_id"]: chunk_of(row) for row in rows}

    def chunks_like(self, generation: GenerationRow, beginning: str) -> list[ChunkRow]:
        """At most three chunks whose id starts so, without vectors."""
        if not beginning or set(beginning) - set("0123456789abcdef"):
            return []
        query = self.store.table(generation.table).search().where(f"starts_with(chunk_id, '{beginning}')").limit(3)
        return [chunk_of(row) for row in query.select(list(WITHOUT_VECTOR)).to_list()]

    def chunks_of(self, generation: GenerationRow, doc_id: str) -> list[ChunkRow]:
        """Of one document, in its order, without vectors."""
        rows = select(self.store.table(generation.table), is_in("doc_id", [doc_id]), columns=WITHOUT_VECTOR)
        return sorted(map(chunk_of, rows), key=lambda row: row.position)

    def all_chunks(self, generation: GenerationRow) -> Iterator[ChunkRow]:
        """Every row with its vector; memory holds one record batch."""
        return map(chunk_of, select(self.store.table(generation.table)))

    def count(self, generation: GenerationRow) -> int:
        return int(self.store.table(generation.table).count_rows())

    # Indexes and search

    def ensure_indexes(self, generation: GenerationRow, settings: IndexSettings) -> None:
        """Full text always, vectors from a size on; new rows are taken in, old versions cleaned up."""
        _indexes.ensure(self.store.table(generation.table), settings)

    def vector_search(
        self, generation: GenerationRow, vector: Vector, *, k: int, where: str | None = None
    ) -> list[Scored]:
        """The nearest by cosine similarity; exact where there is no index."""
        return _indexes.nearest(self.store.table(generation.table), vector, k=k, where=where)

    def text_search(self, generation: GenerationRow, query: str, *, k: int, where: str | None = None) -> list[Scored]:
        """The best by BM25 over title, headings and text; all of the query is words, nothing an operator."""
        return _indexes.matching(self.store.table(generation.table), query, k=k, where=where)

    def stats(self, generation: GenerationRow) -> list[TableStats]:
        names = ("documents", "elements", "ledger", generation.table)
        return [_indexes.stats(self.store.table(name), uri=self.store.uri) for name in names]


def _check_vectors(rows: Sequence[ChunkRow], *, dim: int) -> None:
    if not rows:
        return
    vectors = [row.vector for row in rows]
    for row, vector in zip(rows, vectors, strict=True):
        if vector is None or vector.shape != (dim,):
            found = "no vector" if vector is None else f"a vector of shape {vector.shape}"
            raise StoreError(f"chunk {row.chunk.id} has {found}, the generation takes {dim} numbers")
    stacked: np.ndarray[Any, Any] = np.stack([vector for vector in vectors if vector is not None])
    norms = np.linalg.norm(stacked.astype(np.float64), axis=1)
    wrong = ~np.isfinite(norms) | (np.abs(norms - 1) > UNIT)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise StoreError(f"chunk {rows[first].chunk.id} has a vector of length {norms[first]:.4g}, not 1")
