"""Keyed LanceDB tables: merges that keep keys unique, predicates of our own hex ids only."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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


def merge(
    table: Table,
    key: str,
    rows: Sequence[Row],
    *,
    schema: pa.Schema,
    replacing: str | None = None,
    where: str | None = None,
) -> Any:
    """Upsert `rows` by `key` in one commit; with `replacing`, rows that match it and are not in `rows` go with it.

    No index is used for the join: that path records no key filter, and two writers could insert a key twice.
    """
    keys = [row[key] for row in rows]
    if len(set(keys)) != len(keys):
        raise StoreError(f"{table.name}: a batch holds a {key} twice")
    builder = table.merge_insert(key).when_matched_update_all(where=where).when_not_matched_insert_all()
    if replacing is not None:
        builder = builder.when_not_matched_by_source_delete(replacing)
    data = pa.Table.from_pylist(list(rows), schema=schema)
    with translated(table.name, "written"):
        return builder.use_index(False).execute(data, timeout=MERGE_TIMEOUT)


@contextmanager
def translated(table: str, what: str) -> Iterator[None]:
    """LanceDB's errors as StoreErrors that say what to do next."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
        raise _store_error(error, table=table, what=what) from error


def _store_error(error: Exception, *, table: str, what: str) -> StoreError:
    reason = " ".join(str(error).split())
    if "no space left" in reason.lower() or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return StoreError(
            f"the disk of the store is full: table {table} can't be {what}. What was committed stays; free some space "
            "and run again"
        )
    return StoreError(f"table {table} can't be {what}: {reason[:200]}; `quarry verify` says what is wrong with it")


def batches(
    table: Table, where: str | None = None, *, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Record batches as they are stored, so that memory holds one."""
    query = table.search()
    if where:
        query = query.where(where)
    if columns:
        query = query.select(list(columns))
    with translated(table.name, "read"):
        yield from query.to_batches()


def select(table: Table, where: str | None = None, *, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Rows in record batches, so that memory holds one batch."""
    for batch in batches(table, where, columns=columns):
        yield from batch.to_pylist()


def columns_of(table: Table, where: str | None, columns: Sequence[str]) -> pa.Table:
    """Some columns of all rows that match, at once."""
    found = list(batches(table, where, columns=columns))
    schema = pa.schema([table.schema.field(name) for name in columns])
    return pa.Table.from_batches([batch.select(list(columns)) for batch in found], schema=schema.remove_metadata())


def only(rows: Iterator[Row]) -> Mapping[str, Any] | None:
    return next(rows, None)
