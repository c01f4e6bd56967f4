"""A collection of the store: its documents, ledger, generations and chunks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from quarry.errors import BusyError, StoreError
from quarry.fingerprint import digest
from quarry.settings import IndexSettings, UpkeepSettings
from quarry.span import Span
from stores import _indexes, _schema
from stores._codec import chunk_of, chunk_row, row_of, value_of
from stores._tables import columns_of, is_in, only, parts, select
from stores._upkeep import wear
from stores.digests import COLUMN, digest_of
from stores.rows import (
    ChunkRow,
    CollectionRow,
    DocumentRow,
    GenerationRow,
    LedgerRow,
    Named,
    RunRow,
    Scored,
    TableStats,
    Vector,
    scope_of,
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
    digests: Mapping[str, str] = field(default_factory=dict)
    """By document id: over its new rows."""


class Collection:
    """Reads take no lock and see the newest commit; writes belong inside `lock`."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name

    def lock(self, *, wait_s: float) -> AbstractContextManager[None]:
        """For commits, promotions and index builds: short, whatever a run takes."""
        what = f"collection {self.name!r}"
        return self.store.shared_lock(f"collection-{_safe(self.name)}", what=what, wait_s=wait_s)

    def source_lock(self, source: str, *, wait_s: float) -> AbstractContextManager[None]:
        """For the whole of an ingest: one at a time for each source."""
        name = f"source-{self.source_key(source)}"
        return self.store.lock(name, what=f"source {source!r} of collection {self.name!r}", wait_s=wait_s)

    def generation_lock(self, generation: str, *, wait_s: float) -> AbstractContextManager[None]:
        """For the whole of a backfill: one at a time for each generation."""
        what = f"the backfill of generation {generation}"
        return self.store.lock(f"generation-{generation}", what=what, wait_s=wait_s)

    def source_key(self, source: str) -> str:
        """As a part of a file name."""
        return _safe(f"{self.name}.{source}")

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

    def generation(self, beginning: str) -> GenerationRow:
        """By its id or an unambiguous beginning of it. StoreError where there is none."""
        found = [row for row in self.generations() if row.id.startswith(beginning)]
        if len(found) != 1:
            known = ", ".join(row.id for row in self.generations()) or "none"
            raise StoreError(f"{len(found)} generations start with {beginning!r} (there are: {known})")
        return found[0]

    def previous(self) -> GenerationRow | None:
        """The generation that was live before the last promotion, until that is finalised."""
        row = self.row()
        if row is None or row.previous is None:
            return None
        return next((found for found in self.generations() if found.id == row.previous), None)

    def swap(self, *, live: str, previous: str | None, counter: int) -> None:
        """Move the live pointer by compare-and-swap. BusyError where somebody moved it since `counter` was read."""
        row = self.row() or CollectionRow(self.name)
        moved = replace(row, live=live, previous=previous, counter=counter + 1, changed_at=datetime.now(UTC))
        done = self.store.merge(
            "collections", "name", [row_of(moved)], schema=_schema.COLLECTIONS, where=f"target.counter = {int(counter)}"
        )
        if done.num_updated_rows != 1:
            raise BusyError(f"the live generation of {self.name!r} was changed by another process; look and try again")

    def put_state(self, changed: GenerationRow) -> GenerationRow:
        """The row of a generation whose table is there."""
        self.store.merge("generations", "id", [row_of(changed)], schema=_schema.GENERATIONS)
        return changed

    def create_generation(self, generation: GenerationRow) -> GenerationRow:
        """The first generation of a new collection: table, catalogue row, live pointer, in this order.

        Where another process was quicker, its generation stands.
        """
        with self.store.writing():
            there = self.live()
            if there is not None:
                return there
            self.put_generation(generation)
            self.point_at(generation)
        return generation

    def point_at(self, generation: GenerationRow) -> None:
        """Make it the live one, whatever was."""
        row = self.row() or CollectionRow(self.name)
        self._put(replace(row, live=generation.id, counter=row.counter + 1, changed_at=datetime.now(UTC)))

    def put_generation(self, generation: GenerationRow) -> None:
        """Its table, then its row. The table carries the row too, so that a lost catalogue can be made again."""
        with self.store.writing():
            self.store.create_table(generation.table, _schema.described(generation))
            self.store.merge("generations", "id", [row_of(generation)], schema=_schema.GENERATIONS)

    def sources(self) -> dict[str, str]:
        """Name -> root of every source so far."""
        row = self.row()
        found: dict[str, str] = json.loads(row.sources) if row else {}
        return found

    def put_sources(self, roots: Mapping[str, str]) -> None:
        """Add these names and roots, where they are not there already."""
        with self.store.writing():
            row = self.row() or CollectionRow(self.name)
            known = json.loads(row.sources)
            if {**known, **roots} != known:
                self._put(replace(row, sources=json.dumps({**known, **roots}, sort_keys=True)))

    def _put(self, row: CollectionRow) -> None:
        self.store.merge("collections", "name", [row_of(row)], schema=_schema.COLLECTIONS)

    def generations(self) -> list[GenerationRow]:
        """Those that have a table, the oldest first."""
        rows = (row for row in self.every_generation() if row.collection == self.name)
        return sorted(rows, key=lambda generation: generation.created)

    def every_generation(self) -> Iterator[GenerationRow]:
        """Of all collections."""
        rows = select(self.store.table("generations"))
        return (value_of(GenerationRow, row) for row in rows if row["state"] != "dropped")

    # Documents and ledger

    def documents(self, *, source: str | None = None, outcomes: Sequence[str] = ()) -> list[DocumentRow]:
        """In the order of source and path."""
        where = is_in("scope", [scope_of(self.name, source)]) if source else None
        found = (value_of(DocumentRow, row) for row in select(self.store.table("documents"), where))
        mine = (row for row in found if row.collection == self.name)
        chosen = (row for row in mine if not outcomes or row.outcome in outcomes)
        return sorted(chosen, key=lambda row: (row.source, row.path))

    def documents_by_id(self, doc_ids: Iterable[str]) -> dict[str, DocumentRow]:
        """Of those that there are."""
        table = self.store.table("documents")
        rows = (row for part in parts(doc_ids) for row in select(table, is_in("doc_id", part)))
        return {row["doc_id"]: value_of(DocumentRow, row) for row in rows}

    def document_columns(self, source: str, columns: Sequence[str]) -> pa.Table:
        """Of one source, without a Python object for each row."""
        return columns_of(self.store.table("documents"), is_in("scope", [scope_of(self.name, source)]), columns)

    def ledger_columns(self, generation: str, columns: Sequence[str]) -> pa.Table:
        return columns_of(self.store.table("ledger"), is_in("generation", [generation]), columns)

    def ledger(self, generation: str, doc_ids: Iterable[str] | None = None) -> dict[str, LedgerRow]:
        """By document id; all of them, or those asked for."""
        table, mine = self.store.table("ledger"), is_in("generation", [generation])
        wheres = [mine] if doc_ids is None else [f"{mine} AND {is_in('doc_id', part)}" for part in parts(doc_ids)]
        return {row["doc_id"]: value_of(LedgerRow, row) for where in wheres for row in select(table, where)}

    def put_ledger(self, rows: Sequence[LedgerRow], *, replacing: Sequence[str] = ()) -> None:
        """Marks written, and in the same commit those of the documents `replacing` removed, in all generations."""
        gone = is_in("doc_id", replacing) if replacing else None
        if rows or gone:
            marks = [row_of(row) for row in rows]
            self.store.merge("ledger", "key", marks, schema=_schema.LEDGER, replacing=gone)

    def drop_marks(self, generation: str, doc_ids: Sequence[str]) -> None:
        """Of one generation alone."""
        for part in parts(doc_ids):
            gone = f"{is_in('generation', [generation])} AND {is_in('doc_id', part)}"
            self.store.merge("ledger", "key", [], schema=_schema.LEDGER, replacing=gone)

    def put_documents(self, rows: Sequence[DocumentRow], *, replacing: Sequence[str] = ()) -> None:
        """Rows written, and in the same commit those of the documents `replacing` removed."""
        gone = is_in("doc_id", replacing) if replacing else None
        if rows or gone:
            found = [row_of(row) for row in rows]
            self.store.merge("documents", "doc_id", found, schema=_schema.DOCUMENTS, replacing=gone)

    def delete_documents(self, doc_ids: Sequence[str]) -> Replaced:
        """From every generation: chunks -> ledger -> documents."""
        gone = 0
        for part in parts(doc_ids):
            with self.store.writing():
                for generation in self.generations():
                    gone += self.replace_chunks(generation, part, ()).deleted
                self.put_ledger((), replacing=part)
                self.put_documents((), replacing=part)
        return Replaced(deleted=gone)

    def forget(self, doc_ids: Sequence[str]) -> None:
        """Drop the commit marks of these documents, so that the next run commits them again."""
        for part in parts(doc_ids):
            self.put_ledger((), replacing=part)

    def needed_elements(self) -> set[str]:
        """Element keys that some ledger row of any collection needs."""
        found = columns_of(self.store.table("ledger"), None, ["element_key"])
        return set(found["element_key"].to_pylist())

    def record_run(self, run: RunRow) -> None:
        self.store.record_run(run)

    def runs(self, *, last: int) -> list[RunRow]:
        return self.store.runs(self.name, last=last)

    # Chunks

    def replace_chunks(self, generation: GenerationRow, doc_ids: Sequence[str], rows: Sequence[ChunkRow]) -> Replaced:
        """All chunks of these documents in one commit: a reader sees the old ones or the new ones.

        StoreError for a vector of another dimension, not finite or not of unit length.
        """
        stale = is_in("doc_id", doc_ids)
        if not doc_ids or not (rows or self.store.table(generation.table).count_rows(stale)):
            return Replaced()
        _check_vectors(rows, dim=generation.dim)
        schema = _schema.chunks(generation.dim, generation.dtype)
        stored = [chunk_row(row, dtype=generation.dtype) for row in rows]
        done = self.store.merge(generation.table, "chunk_id", stored, schema=schema, replacing=stale)
        checks: dict[str, list[str]] = defaultdict(list)
        for row in stored:
            checks[row["doc_id"]].append(row[COLUMN])
        digests = {document: digest_of(found) for document, found in checks.items()}
        return Replaced(done.num_inserted_rows, done.num_updated_rows, done.num_deleted_rows, digests)

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

    def parents_like(self, generation: GenerationRow, beginning: str) -> list[str]:
        """At most three ids of parents that start so."""
        if not beginning or set(beginning) - set("0123456789abcdef"):
            return []
        where = f"starts_with(parent_id, '{beginning}')"
        found = columns_of(self.store.table(generation.table), where, ["parent_id"])["parent_id"]
        return sorted(set(found.to_pylist()))[:3]

    def units_of(self, generation: GenerationRow, parents: Iterable[str]) -> dict[str, list[ChunkRow]]:
        """By parent id the rows that it is a run of, in text order, without vectors."""
        table = self.store.table(generation.table)
        found: dict[str, list[ChunkRow]] = defaultdict(list)
        for part in parts(parents):
            for row in select(table, is_in("parent_id", part), columns=WITHOUT_VECTOR):
                found[row["parent_id"]].append(chunk_of(row))
        return {parent: sorted(rows, key=lambda row: row.position) for parent, rows in found.items()}

    def parent_spans(self, generation: GenerationRow, parents: Iterable[str]) -> dict[str, Span]:
        """From each one's first unit to its last."""
        table = self.store.table(generation.table)
        found: dict[str, Span] = {}
        for part in parts(parents):
            rows = columns_of(table, is_in("parent_id", part), ["parent_id", "start", "end"])
            found |= spans_by_parent(rows)
        return found

    def chunks_of(self, generation: GenerationRow, *doc_ids: str, vectors: bool = False) -> list[ChunkRow]:
        """Of these documents, in their order."""
        columns = None if vectors else WITHOUT_VECTOR
        rows = select(self.store.table(generation.table), is_in("doc_id", doc_ids), columns=columns)
        return sorted(map(chunk_of, rows), key=lambda row: (row.chunk.document_id, row.position))

    def all_chunks(self, generation: GenerationRow) -> Iterator[ChunkRow]:
        """Every row with its vector; memory holds one record batch."""
        return map(chunk_of, select(self.store.table(generation.table)))

    def chunk_columns(
        self, generation: GenerationRow, columns: Sequence[str], *, document: str | None = None
    ) -> pa.Table:
        """Of all chunks or those of one document, without a Python object for each row."""
        where = is_in("doc_id", [document]) if document else None
        return columns_of(self.store.table(generation.table), where, columns)

    def count(self, generation: GenerationRow) -> int:
        return int(self.store.table(generation.table).count_rows())

    def vectors(self, embed_fingerprint: str, keys: Iterable[str]) -> dict[str, Vector]:
        """By `embed_key`, of those that any generation of any collection holds."""
        missing, found = set(keys), {}
        for generation in self.every_generation():
            if generation.embed_fingerprint != embed_fingerprint or not missing:
                continue
            for part in parts(missing):
                columns = ["embed_key", "vector"]
                for row in select(self.store.table(generation.table), is_in("embed_key", part), columns=columns):
                    if row["vector"] is not None:
                        found[row["embed_key"]] = np.asarray(row["vector"], dtype=np.float32)
            missing -= found.keys()
        return found

    # Indexes and search

    def ensure_indexes(self, generation: GenerationRow, settings: IndexSettings) -> bool:
        """Full text always, vectors from a size on. True where one was made."""
        with self.store.writing():
            made = _indexes.ensure(self.store.table(generation.table), settings)
            if made:
                self.store.touched(generation.table)
        return made

    def rebuild_indexes(self, generation: GenerationRow, settings: IndexSettings) -> None:
        """All of them, anew; files of the former ones go."""
        with self.store.writing():
            table = self.store.table(generation.table)
            _indexes.drop(table)
            _indexes.ensure(table, settings)
            self.store.optimize(generation.table, keep=timedelta(0))

    def renew_indexes(self, generation: GenerationRow, settings: IndexSettings) -> None:
        """Each made again in place of the one that is there, so that searches always have one."""
        with self.store.writing():
            table = self.store.table(generation.table)
            if table.count_rows():
                for column in sorted(_indexes.wanted(table, settings)):
                    _indexes.build(table, column, settings)
                self.store.touched(generation.table)

    def tidy(
        self,
        generations: Sequence[GenerationRow],
        settings: UpkeepSettings,
        *,
        only: Sequence[str] = tuple(_schema.CATALOGUE),
    ) -> list[str]:
        """Compact the tables that need it and drop their old versions; returns their names."""
        names = [*(generation.table for generation in generations), *only]
        done = []
        for name in names:
            folder = self.store.root / f"{name}.lance" if self.store.root else None
            if wear(self.store.table(name), folder, settings=settings).due(settings):
                self.store.optimize(name, keep=timedelta(hours=settings.keep_hours))
                done.append(name)
        return done

    def vector_search(
        self,
        generation: GenerationRow,
        vector: Vector,
        *,
        k: int,
        where: str | None = None,
        exact: bool = False,
        among: Sequence[str] = (),
    ) -> list[Scored]:
        """The nearest by cosine similarity; exact where there is no index, or where that is asked for.

        `among`: of these documents alone.
        """
        predicate = _among(where, among)
        return _indexes.nearest(self.store.table(generation.table), vector, k=k, where=predicate, exact=exact)

    def sample_vectors(self, generation: GenerationRow, number: int) -> list[Vector]:
        """Of rows spread evenly over the table."""
        table = self.store.table(generation.table)
        rows = table.count_rows()
        if not rows:
            return []
        places = sorted({n * rows // number for n in range(number)})
        found = table.take_offsets(places).select(["vector"]).to_arrow()["vector"].to_pylist()
        return [np.asarray(vector, dtype=np.float32) for vector in found if vector is not None]

    def index_all(self, generation: GenerationRow) -> None:
        """Take every row into the indexes."""
        (stats,) = self.table_stats([generation.table])
        if any(stats.unindexed.values()):
            self.store.optimize(generation.table, keep=timedelta(days=1))

    def drop_generation(self, generation: GenerationRow) -> GenerationRow:
        """Its marks, its table, then its name in the catalogue."""
        with self.store.writing():
            dropped = self.put_state(replace(generation, state="dropped"))
            gone = is_in("generation", [generation.id])
            self.store.merge("ledger", "key", [], schema=_schema.LEDGER, replacing=gone)
            self.store.drop_table(generation.table)
        return dropped

    def words_without_index(self, generation: GenerationRow) -> set[str]:
        """Columns of words that full-text search can't reach."""
        return _indexes.missing(self.store.table(generation.table))

    def named_documents(self, generation: GenerationRow, query: str, *, k: int) -> list[Named]:
        """Documents whose organisation, form or period the query's words are, the best by BM25 first."""
        return _indexes.named(self.store.table(generation.table), query, k=k)

    def text_search(
        self, generation: GenerationRow, query: str, *, k: int, where: str | None = None, among: Sequence[str] = ()
    ) -> list[Scored]:
        """The best by BM25 over title, headings and text; all of the query is words, nothing an operator.

        `among`: of these documents alone.
        """
        return _indexes.matching(self.store.table(generation.table), query, k=k, where=_among(where, among))

    def stats(self, generation: GenerationRow) -> list[TableStats]:
        return self.table_stats(("documents", "elements", "ledger", generation.table))

    def table_stats(self, names: Sequence[str]) -> list[TableStats]:
        return [_indexes.stats(self.store.table(name), uri=self.store.uri) for name in names]


def spans_by_parent(rows: pa.Table) -> dict[str, Span]:
    """Of the columns parent_id, start, end; rows without a parent count for nothing."""
    found = rows.group_by("parent_id").aggregate([("start", "min"), ("end", "max")]).to_pylist()
    return {row["parent_id"]: Span(row["start_min"], row["end_max"]) for row in found if row["parent_id"]}


def _among(where: str | None, doc_ids: Sequence[str]) -> str | None:
    if not doc_ids:
        return where
    mine = is_in("doc_id", doc_ids)
    return f"({where}) AND {mine}" if where else mine


def _safe(name: str) -> str:
    """As a part of a file name: readable, and different for different names."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)[:40]
    return f"{kept}-{digest(name, length=8)}"


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
