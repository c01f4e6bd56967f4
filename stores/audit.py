"""Is what the tables hold what was written? Each row against its hash, and tables made again from the good rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from quarry.errors import StoreError
from stores import _schema
from stores._codec import chunk_of, signs, value_of
from stores._tables import Row, batches, select, translated
from stores.digests import COLUMN, check_of, chunk_check
from stores.lance import Store
from stores.rows import ChunkRow, GenerationRow

TIMES = ("created", "live_since", "retired_at")
BLOCK = 256
"""Rows that are asked for at once where a table can't be scanned whole."""
KEYS = {"documents": "doc_id", "elements": "key", "ledger": "key", "generations": "id", "runs": "run_id"}
KEYS |= {"collections": "name", "store": "name"}


@dataclass(frozen=True, slots=True)
class AuditedChunk:
    """A chunk row, its stored hash, and whether that is right."""

    row: ChunkRow
    check: str
    intact: bool


def audited_chunks(store: Store, generation: GenerationRow) -> Iterator[list[AuditedChunk]]:
    """By record batch, vectors included."""
    number = np.dtype(_schema.number_type(generation.dtype))
    for batch in batches(store.table(generation.table)):
        vectors = _vectors(batch, dim=generation.dim)
        rows = batch.drop_columns(["vector"]).to_pylist()
        found = []
        for row, vector in zip(rows, vectors, strict=True):
            intact = vector is not None and chunk_check({**row, "vector": vector.astype(number)}) == row[COLUMN]
            intact = intact and row.get(_schema.BITS) in (None, signs(vector).tolist())
            found.append(AuditedChunk(chunk_of({**row, "vector": vector}), row[COLUMN], intact))
        yield found


def _vectors(batch: pa.RecordBatch, *, dim: int) -> list[Any]:
    """None where a row has no vector."""
    column = batch.column(batch.schema.get_field_index("vector"))
    flat = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
    if not column.null_count:
        return list(flat)
    found = iter(flat)
    return [next(found) if valid else None for valid in column.is_valid().to_pylist()]


def audited_rows(store: Store, name: str) -> Iterator[tuple[Row, bool]]:
    """Rows of a catalogue table, and whether each agrees with its hash."""
    for row in select(store.table(name)):
        yield row, check_of(row) == row[COLUMN]


def described_generations(store: Store) -> list[GenerationRow]:
    """What the chunk tables say of themselves: for a catalogue that was lost."""
    found = []
    for name in store.table_names():
        if name.startswith("chunks_"):
            about = (store.table(name).schema.metadata or {}).get(_schema.ABOUT)
            if about:
                found.append(_generation(about))
    return sorted(found, key=lambda row: row.created)


def _generation(about: bytes) -> GenerationRow:
    row = json.loads(about)
    times = {name: datetime.fromisoformat(row[name]) for name in TIMES if row.get(name)}
    return value_of(GenerationRow, {**row, **times})


def rebuild(store: Store, name: str) -> int:
    """Make a table again from its good rows, each key once; returns how many. Indexes are to be made again after it.

    Readers that hold an older version of it lose it.
    """
    schema, dtype = _described(store, name)
    key = KEYS.get(name, "chunk_id")
    with store.writing():
        try:
            kept = _Counted(_good(store, name, key=key, dtype=dtype))
            store.overwrite(name, kept, schema)
            store.optimize(name, keep=timedelta(0))
        except StoreError:
            return _anew(store, name, schema, key=key, dtype=dtype)
        if any(broken.table == name for broken in store.broken_files(deep=True)):
            return _anew(store, name, schema, key=key, dtype=dtype)
        return kept.count


def _anew(store: Store, name: str, schema: pa.Schema, *, key: str, dtype: str | None) -> int:
    """By way of another table, where not even the old versions of this one can be cleaned up."""
    aside = f"repair_{name}"
    kept = _Counted(_good(store, name, key=key, dtype=dtype))
    store.create_table(aside, schema)
    store.overwrite(aside, kept, schema)
    store.drop_table(name)
    store.create_table(name, schema)
    if kept.count:
        store.overwrite(name, select(store.table(aside)), schema)
    store.drop_table(aside)
    return kept.count


class _Counted:
    """Rows, counted as they go by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _described(store: Store, name: str) -> tuple[pa.Schema, str | None]:
    """Schema and, for chunks, the number type. StoreError where nothing says what a chunk table was."""
    if name in _schema.CATALOGUE:
        return _schema.CATALOGUE[name], None
    rows = [row for row in select(store.table("generations")) if f"chunks_{row['id']}" == name]
    generation = value_of(GenerationRow, rows[0]) if rows else None
    if generation is None:
        generation = next((row for row in described_generations(store) if row.table == name), None)
    if generation is None:
        raise StoreError(f"nothing in the store says how table {name} was made; drop its folder and ingest again")
    return _schema.described(generation), generation.dtype


def _good(store: Store, name: str, *, key: str, dtype: str | None) -> Iterator[Row]:
    seen: set[str] = set()
    for row in _salvaged(store, name):
        vector = row.get("vector")
        if dtype is not None and vector is not None:
            row = {**row, "vector": np.asarray(vector, dtype=_schema.number_type(dtype))}
        right = check_of(row) if dtype is None else chunk_check(row)
        if right == row.get(COLUMN) and row[key] not in seen:
            seen.add(row[key])
            yield row


def _salvaged(store: Store, name: str) -> Iterator[Row]:
    """All rows that can be read: in one scan, or block by block where a file of the table is lost."""
    try:
        table = store.table(name)
        for _ in batches(table):
            continue
    except StoreError:
        yield from _by_blocks(store, name)
        return
    yield from select(table)


def _by_blocks(store: Store, name: str) -> Iterator[Row]:
    try:
        table = store.table(name)
        with translated(name, "read"):
            total = table.count_rows()
    except StoreError:
        return
    for first in range(0, total, BLOCK):
        try:
            with translated(name, "read"):
                found = table.take_offsets(list(range(first, min(first + BLOCK, total)))).to_arrow()
        except StoreError:
            continue
        yield from found.to_pylist()
