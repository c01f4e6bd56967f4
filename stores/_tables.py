"""Keyed LanceDB tables: merges that keep keys unique, predicates of our own hex ids only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
from lancedb.table import Table

from quarry.errors import StoreError

Row = dict[str, Any]
_HEX = re.compile(r"[0-9a-f]{8,64}")
IN_LIST = 2000
"""Ids of one predicate: longer lists are asked for in parts."""
MERGE_TIMEOUT = timedelta(minutes=5)


def is_in(column: str, ids: Iterable[str]) -> str:
    """`column IN (...)` over our own hex ids; anything else never gets near a predicate."""
    wanted = sorted(set(ids))
    for value in wanted:
        if not _HEX.fullmatch(value):
            raise StoreError(f"{value[:80]!r} is no id of this store")
    return f"{column} IN ({', '.join(repr(value) for value in wanted)})" if wanted else "false"


def parts(ids: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), IN_LIST):
        yield wanted[first : first + IN_LIST]


def merge(table: Table, key: str, rows: Sequence[Row], *, schema: pa.Schema, replacing: str | None = None) -> Any:
    """Upsert `rows` by `key` in one commit; with `replacing`, rows that match it and are not in `rows` go with it.

    No index is used for the join: that path records no key filter, and two writers could insert a key twice.
    """
    keys = [row[key] for row in rows]
    if len(set(keys)) != len(keys):
        raise StoreError(f"{table.name}: a batch holds a {key} twice")
    builder = table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all()
    if replacing is not None:
        builder = builder.when_not_matched_by_source_delete(replacing)
    return builder.use_index(False).execute(pa.Table.from_pylist(list(rows), schema=schema), timeout=MERGE_TIMEOUT)


def select(table: Table, where: str | None = None, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Rows in record batches, so that memory holds one batch."""
    query = table.search()
    if where:
        query = query.where(where)
    if columns:
        query = query.select(list(columns))
    for batch in query.to_batches():
        yield from batch.to_pylist()


def delete_by(table: Table, column: str, ids: Iterable[str]) -> int:
    """How many rows went."""
    deleted = 0
    for part in parts(ids):
        where = is_in(column, part)
        found = table.count_rows(where)
        if found:
            table.delete(where)
        deleted += found
    return deleted


def only(rows: Iterator[Row]) -> Mapping[str, Any] | None:
    return next(rows, None)
