"""The store: catalogue, documents, elements, ledger and one chunk table a generation, in LanceDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import lancedb
from lancedb.table import Table

from quarry.errors import StoreError
from quarry.types import Document
from stores import _schema
from stores._codec import document_of, document_row, row_of, value_of
from stores._escape import stored
from stores._metadata import term
from stores._tables import is_in, merge, only, parts, select
from stores.collection import Collection
from stores.lock import lock
from stores.rows import RunRow

FRESH = timedelta(0)
"""Every read sees the newest commit."""


class Store:
    """One LanceDB database that holds collections. `Store.open` makes one."""

    def __init__(self, uri: str, database: lancedb.DBConnection) -> None:
        self.uri = uri
        self._database = database
        self._tables: dict[str, Table] = {}

    @classmethod
    def open(cls, uri: str, *, create: bool = False) -> Store:
        """StoreError where there is no store at `uri`, it is damaged, or a newer Quarry made it."""
        local = _local(uri)
        if local is not None:
            _check_folder(local, uri=uri, create=create)
        store = cls(uri, lancedb.connect(uri, read_consistency_interval=FRESH))
        if not store.has_table("store"):
            if not create:
                raise StoreError(f"there is no store at {uri}; `quarry ingest SOURCE` makes one, --store names another")
            store._create()
        store._check_format()
        return store

    def collection(self, name: str) -> Collection:
        return Collection(self, name)

    def table(self, name: str) -> Table:
        """An open table. StoreError where it is missing or can't be read."""
        if name not in self._tables:
            try:
                self._tables[name] = self._database.open_table(name)
            except (ValueError, OSError, RuntimeError) as error:
                reason = " ".join(str(error).split())[:200]
                raise StoreError(f"table {name} of the store {self.uri} can't be opened: {reason}") from error
        return self._tables[name]

    def has_table(self, name: str) -> bool:
        try:
            self._database.open_table(name)
        except ValueError:  # "Table ... was not found"
            return False
        return True

    def create_chunks(self, table: str, *, dim: int, dtype: str) -> None:
        """The chunk table of a generation; one that is there stays."""
        self._database.create_table(table, schema=_schema.chunks(dim, dtype), exist_ok=True)

    def get_elements(self, keys: Iterable[str]) -> dict[str, Document]:
        """Stored parses by element key, of those that there are."""
        table = self.table("elements")
        found = (row for part in parts(keys) for row in select(table, is_in("key", part)))
        return {row["key"]: document_of(row) for row in found}

    def put_elements(self, items: Sequence[tuple[str, Document]]) -> None:
        rows = [document_row(key, document) for key, document in items]
        if rows:
            merge(self.table("elements"), "key", rows, schema=_schema.ELEMENTS)

    def record_run(self, run: RunRow) -> None:
        merge(self.table("runs"), "run_id", [row_of(run)], schema=_schema.RUNS)

    def runs(self, collection: str, *, last: int) -> list[RunRow]:
        """The newest first."""
        rows = [value_of(RunRow, row) for row in select(self.table("runs")) if row["collection"] == collection]
        return sorted(rows, key=lambda run: run.started, reverse=True)[:last]

    def lock(self, name: str, *, wait_s: float) -> AbstractContextManager[None]:
        """BusyError after `wait_s` where another process holds it. On an object store: of this machine."""
        local = _local(self.uri)
        folder = (
            local / "_locks" if local else Path(gettempdir()) / f"quarry-{sha256(self.uri.encode()).hexdigest()[:16]}"
        )
        return lock(folder / f"{name}.lock", wait_s=wait_s)

    def _create(self) -> None:
        for name, schema in _schema.CATALOGUE.items():
            self._database.create_table(name, schema=schema, exist_ok=True)
        row = {"name": "format", "value": str(_schema.FORMAT)}
        merge(self.table("store"), "name", [row], schema=_schema.STORE)

    def _check_format(self) -> None:
        row: Mapping[str, str] | None = only(select(self.table("store"), "name = 'format'"))
        if row is None:
            raise StoreError(f"the store {self.uri} was not finished when it was made; remove it and ingest again")
        if int(row["value"]) > _schema.FORMAT:
            raise StoreError(
                f"the store {self.uri} has format {row['value']}, this Quarry knows {_schema.FORMAT} at most: update it"
            )


def _local(uri: str) -> Path | None:
    if "://" in uri and not uri.startswith("file://"):
        return None
    return Path(uri.removeprefix("file://")).expanduser()


def _check_folder(folder: Path, *, uri: str, create: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"the store {uri} is a file, not a folder")
    if not folder.exists() and not create:
        raise StoreError(f"there is no store at {uri}; `quarry ingest SOURCE` makes one, --store names another")
    tables = {f"{name}.lance" for name in _schema.CATALOGUE} | {"_locks"}
    strangers = [path.name for path in _listed(folder) if path.name not in tables and path.suffix != ".lance"]
    if create and strangers and not (folder / "store.lance").exists():
        raise StoreError(
            f"{uri} is a folder with other things in it ({strangers[0]}); choose an empty one for the store"
        )


def _listed(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.exists() else iter(())


def storable(text: str) -> str:
    """`text` as the store's string columns hold it."""
    return stored(text)


def metadata_term(name: str, value: str | float) -> str:
    """What the list column `metadata_terms` holds for a user's `name` with that value."""
    return term(name, value)
