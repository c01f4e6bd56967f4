"""Older stores made current, one step a format version, under the store's write lock. Each step can be run again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from stores import _indexes, _schema
from stores._codec import value_of
from stores._tables import Row, select, translated
from stores.digests import COLUMN, check_of, chunk_check, digest_of
from stores.rows import GenerationRow, scope_of

if TYPE_CHECKING:
    from stores.lance import Store


FIELDS_OF_4 = (pa.field(_indexes.ABOUT, pa.large_string()), pa.field("topic", pa.int32()))


def migrate(store: Store, found: int) -> None:
    """From format `found` to the current one."""
    if found < 2:
        _to_2(store)
    if found < 3:
        _to_3(store)
    if found < 4:
        _to_4(store)
    store.put_format()


def _to_2(store: Store) -> None:
    """Every row gets its `check`, documents their `scope` and `first_try`, ledger digests cover provenance too."""
    digests: dict[tuple[str, str], str] = {}
    for generation in list(select(store.table("generations"))):
        if generation["state"] != "dropped":
            digests |= _chunks_to_2(store, generation)
    store.overwrite("ledger", _ledger_to_2(store, digests), _schema.LEDGER)
    store.overwrite("documents", _documents_to_2(store), _schema.DOCUMENTS)
    for name in ("elements", "runs", "generations", "collections", "store"):
        store.overwrite(name, _checked(store, name), _schema.CATALOGUE[name])


def _checked(store: Store, name: str) -> Iterator[Row]:
    for row in select(store.table(name)):
        yield {**row, COLUMN: check_of(row)}


def _to_3(store: Store) -> None:
    """Generations know since when they are live and since when they are retired."""

    def rows() -> Iterator[Row]:
        for row in select(store.table("generations")):
            current = {**row, "live_since": row.get("live_since"), "retired_at": row.get("retired_at")}
            yield {**current, COLUMN: check_of(current)}

    store.overwrite("generations", rows(), _schema.GENERATIONS)


def _to_4(store: Store) -> None:
    """What documents are has a full-text field of its own, chunks may have a topic.

    Both stay empty until a document is made again.
    """
    for generation in list(select(store.table("generations"))):
        if generation["state"] == "dropped":
            continue
        name = f"chunks_{generation['id']}"
        missing = [field for field in FIELDS_OF_4 if field.name not in store.table(name).schema.names]
        if missing:
            with translated(name, "migrated"):
                store.table(name).add_columns(missing)
        if store.table(name).count_rows():
            for column in sorted(_indexes.missing(store.table(name))):
                _indexes.build_words(store.table(name), column)
        store.touched(name)


def _chunks_to_2(store: Store, generation: Row) -> dict[tuple[str, str], str]:
    """Returns the digest of each document's chunks."""
    table = f"chunks_{generation['id']}"
    checks: dict[str, list[str]] = defaultdict(list)

    def rows() -> Iterator[Row]:
        for row in select(store.table(table)):
            vector = np.asarray(row["vector"], dtype=_schema.number_type(generation["dtype"]))
            check = chunk_check({**row, "vector": vector})
            checks[row["doc_id"]].append(check)
            yield {**row, "vector": vector, COLUMN: check}

    kinds = _indexes.kinds(store.table(table))
    store.overwrite(table, rows(), _schema.described(value_of(GenerationRow, generation)))
    _indexes.restore(store.table(table), kinds)
    store.touched(table)
    return {(generation["id"], document): digest_of(found) for document, found in checks.items()}


def _ledger_to_2(store: Store, digests: dict[tuple[str, str], str]) -> Iterator[Row]:
    for row in select(store.table("ledger")):
        current = {**row, "digest": digests.get((row["generation"], row["doc_id"]), digest_of(()))}
        yield {**current, COLUMN: check_of(current)}


def _documents_to_2(store: Store) -> Iterator[Row]:
    for row in select(store.table("documents")):
        scope = scope_of(row["collection"], row["source"])
        current = {**row, "scope": scope, "first_try": row.get("first_try")}
        yield {**current, COLUMN: check_of(current)}
