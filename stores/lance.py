"""The store: catalogue, documents, elements, ledger and one chunk table a generation, in LanceDB."""

from __future__ import annotations

import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import lancedb
import pyarrow as pa
from lancedb.table import Table

from quarry import fault, memory
from quarry.errors import StoreError
from quarry.types import Document
from stores import _schema
from stores._codec import document_of, document_row, row_of, value_of
from stores._escape import loaded, stored
from stores._files import Broken, Files
from stores._metadata import term
from stores._migrations import migrate
from stores._tables import Row, columns_of, is_in, merge, only, parts, select, translated
from stores.collection import Collection
from stores.digests import check_of
from stores.lock import lock
from stores.rows import DocumentRow, RunRow

FRESH = timedelta(0)
"""Every read sees the newest commit."""
INDEX_CACHE, METADATA_CACHE = 512 << 20, 32 << 20
"""Bytes. LanceDB would keep what it knows of every version that a long run has written, up to a gigabyte."""
WRITE_WAIT_S = 600.0
"""For other writers of the store: a commit takes a fraction of a second, a compaction some seconds."""


class Store:
    """One LanceDB database that holds collections. `Store.open` makes one.

    Every write happens inside `writing()`: one writer a store at a time. Computing holds no lock.
    """

    def __init__(self, uri: str, database: lancedb.DBConnection) -> None:
        self.uri = uri
        self.root = _local(uri)
        """Folder of a local store; None on an object store."""
        self.commits: Counter[str] = Counter()
        """Data commits of this process by kind of table."""
        self.stop = threading.Event()
        """Set: give up waiting for locks."""
        self._database = database
        self._tables: dict[str, Table] = {}
        self._files = Files(self.root) if self.root else None
        self._guard = threading.RLock()
        self._held: Counter[str] = Counter()
        self._depth = 0
        self._touched: set[str] = set()

    @classmethod
    def open(cls, uri: str, *, create: bool = False) -> Store:
        """StoreError where there is no store at `uri`, it is damaged, or a newer Quarry made it."""
        local = _local(uri)
        if local is not None:
            _check_folder(local, uri=uri, create=create)
        store = cls(uri, _connected(uri))
        if not store.has_table("store") or store._format() is None:
            if not create:
                raise StoreError(f"there is no store at {uri}; `quarry ingest SOURCE` makes one, --store names another")
            with store.writing():
                store._create()
        store._check_format()
        return store

    @classmethod
    def damaged(cls, uri: str) -> Store:
        """As it is, without a look at it: for finding out what is wrong with it. StoreError without a folder."""
        local = _local(uri)
        if local is not None:
            _check_folder(local, uri=uri, create=False)
        return cls(uri, _connected(uri))

    # Tables

    def collection(self, name: str) -> Collection:
        return Collection(self, name)

    def table(self, name: str) -> Table:
        """An open table. StoreError where it is missing or can't be read."""
        if name not in self._tables:
            with translated(name, "opened"):
                self._tables[name] = self._database.open_table(name)
        return self._tables[name]

    def has_table(self, name: str) -> bool:
        if name in self._tables:
            return True
        try:
            self._tables[name] = self._database.open_table(name)
        except ValueError:  # "Table ... was not found"
            return False
        except (OSError, RuntimeError):  # it is there, and damaged
            return True
        return True

    def table_names(self) -> list[str]:
        return list(self._database.list_tables(limit=100_000).tables)

    def create_table(self, name: str, schema: pa.Schema) -> None:
        """One that is there stays."""
        with self.writing():
            if not self.has_table(name):
                with translated(name, "made"):
                    self._tables[name] = self._database.create_table(name, schema=schema)
            self._touched.add(name)

    def overwrite(self, name: str, rows: Iterable[Row], schema: pa.Schema) -> None:
        """The whole table anew from `rows`, in one commit."""
        with self.writing(), translated(name, "written"):
            source = pa.RecordBatchReader.from_batches(schema, _batched(rows, schema))
            self._tables[name] = self._database.create_table(name, data=source, schema=schema, mode="overwrite")
            self._touched.add(name)

    def drop_table(self, name: str) -> None:
        """One that isn't there is no error."""
        with self.writing():
            self._tables.pop(name, None)
            self._touched.discard(name)
            if self._files:
                self._files.drop(name)  # first: a table without sums is no damage, sums without a table are
            with translated(name, "dropped"):
                self._database.drop_table(name, ignore_missing=True)

    def snapshot(self) -> Store:
        """The same tables as they are now, whatever is committed from here on. Old versions are kept for a day."""
        pinned = Store(self.uri, self._database)
        with self.writing():
            for name in self.table_names():
                with translated(name, "opened"):
                    table = self._database.open_table(name)
                    table.checkout(table.version)
                pinned._tables[name] = table
        return pinned

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store's write lock; the same thread may enter again. New files are summed at the end."""
        with self._guard:
            if self._depth:
                yield
                return
            with self.lock("store", what="the store's write lock", wait_s=WRITE_WAIT_S):
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                self._record()

    def merge(
        self,
        name: str,
        key: str,
        rows: Sequence[Row],
        *,
        schema: pa.Schema,
        replacing: str | None = None,
        where: str | None = None,
    ) -> Any:
        """Upsert in one commit; with `replacing`, what matches it and is not in `rows` goes in the same one.

        `where` limits which rows are updated: compare-and-swap.
        """
        kind = "chunks" if name.startswith("chunks_") else name
        with self.writing():
            fault.reach(f"store.{kind}.before")
            done = merge(self.table(name), key, rows, schema=schema, replacing=replacing, where=where)
            self.commits[kind] += 1
            self._touched.add(name)
            fault.reach(f"store.{kind}.after")
        return done

    def optimize(self, name: str, *, keep: timedelta) -> None:
        """Compact, take new rows into the indexes, drop versions older than `keep`."""
        with self.writing(), translated(name, "compacted"):
            if self._files:
                self._files.record(name)
                self._files.expect_fewer(name)
            fault.reach("store.optimize.before")
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", message=r"optimize\(cleanup_older_than=0\)"
                )  # whoever asks for it knows
                self.table(name).optimize(cleanup_older_than=keep)
            fault.reach("store.optimize.after")
            self.renew(name)

    def write_out_deleted(self, name: str) -> bool:
        """Rewrite a table some of whose rows are only marked as deleted. False where there are none; local only."""
        folder = self.root / f"{name}.lance" / "_deletions" if self.root else None
        if folder is None or not folder.is_dir() or not any(folder.iterdir()):
            return False
        table = self.table(name)
        self.overwrite(name, select(table), table.schema)
        return True

    def bytes(self) -> int:
        """On disk, old versions and indexes included; 0 on an object store."""
        files = self.root.rglob("*") if self.root else ()
        return sum(path.stat().st_size for path in files if path.is_file())

    def renew(self, name: str) -> None:
        """After files of a table were replaced: sums follow."""
        if self._files:
            self._files.record(name)
            self._files.forget(name)
        self._touched.discard(name)

    def give_back_memory(self) -> None:
        """What commits have freed: Arrow's pool and the C library both hold on to it."""
        pa.default_memory_pool().release_unused()
        memory.give_back()

    def touched(self, name: str) -> None:
        """Something wrote to the table beside `merge`."""
        self._touched.add(name)

    def _record(self) -> None:
        touched, self._touched = self._touched, set()
        if self._files:
            fault.reach("store.sums.before")
            for name in sorted(touched):
                self._files.record(name)

    # Elements and runs

    def get_elements(self, keys: Iterable[str]) -> dict[str, Document]:
        """Stored parses by element key, of those that there are; their origin is empty but for the hash."""
        table = self.table("elements")
        found = (row for part in parts(keys) for row in select(table, is_in("key", part)))
        return {row["key"]: document_of(row) for row in found}

    def element_keys(self, keys: Iterable[str]) -> set[str]:
        """Those that are stored."""
        table = self.table("elements")
        return {row["key"] for part in parts(keys) for row in select(table, is_in("key", part), columns=["key"])}

    def stored_element_keys(self) -> set[str]:
        return set(columns_of(self.table("elements"), None, ["key"])["key"].to_pylist())

    def every_document(self) -> Iterator[DocumentRow]:
        """Of all collections."""
        return (value_of(DocumentRow, row) for row in select(self.table("documents")))

    def put_elements(self, items: Sequence[tuple[str, Document]]) -> None:
        rows = [document_row(key, document) for key, document in items]
        if rows:
            self.merge("elements", "key", rows, schema=_schema.ELEMENTS)

    def drop_elements(self, keys: Iterable[str]) -> int:
        """How many went, in one commit."""
        gone = self.element_keys(keys)
        if gone:
            self.merge("elements", "key", [], schema=_schema.ELEMENTS, replacing=is_in("key", gone))
        return len(gone)

    def record_run(self, run: RunRow) -> None:
        self.merge("runs", "run_id", [row_of(run)], schema=_schema.RUNS)

    def runs(self, collection: str, *, last: int) -> list[RunRow]:
        """The newest first."""
        rows = [value_of(RunRow, row) for row in select(self.table("runs")) if row["collection"] == collection]
        return sorted(rows, key=lambda run: run.started, reverse=True)[:last]

    # Locks and files

    @contextmanager
    def shared_lock(self, name: str, *, what: str, wait_s: float) -> Iterator[None]:
        """As `lock`, but all that work through this object are one owner: a promotion calls what commits."""
        if self._held[name]:
            self._held[name] += 1
            try:
                yield
            finally:
                self._held[name] -= 1
            return
        with self.lock(name, what=what, wait_s=wait_s):
            self._held[name] = 1
            try:
                yield
            finally:
                self._held[name] = 0

    def lock(self, name: str, *, what: str, wait_s: float) -> AbstractContextManager[None]:
        """BusyError after `wait_s` where another process holds it. On an object store: of this machine."""
        return lock(self.side_folder("_locks") / f"{name}.lock", what=what, wait_s=wait_s, stop=self.stop)

    def side_folder(self, name: str) -> Path:
        """For what is kept beside the tables. Of an object store: in this machine's temporary folder."""
        base = self.root or Path(gettempdir()) / f"quarry-{sha256(self.uri.encode()).hexdigest()[:16]}"
        return base / name

    def broken_files(self, *, deep: bool = False) -> list[Broken]:
        """Files that are gone, cut or, with `deep`, changed. Looked at again under the lock before it is told."""
        if self._files is None:
            return []
        names = self._files.tables()
        if not any(found for name in names for found in self._files.broken(name, deep=False)) and not deep:
            return []
        with self.writing():
            return [found for name in self._files.tables() for found in self._files.broken(name, deep=deep)]

    def check_files(self) -> None:
        """StoreError where a file of a table is missing or cut: nothing is written on top of that."""
        if self._files and self._files.cleaned():
            with self.writing():
                for name in self._files.cleaned():
                    self._files.forget(name)
        broken = self.broken_files()
        if broken:
            more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
            first = broken[0]
            raise StoreError(
                f"the store {self.uri} is damaged: {first.table}.lance/{first.file} {first.what}{more}; nothing was "
                "written. `quarry verify --repair` restores it from the sources"
            )

    # Format

    def _create(self) -> None:
        for name, schema in _schema.CATALOGUE.items():
            self.create_table(name, schema)
        self.put_format()

    def put_format(self) -> None:
        row = {"name": "format", "value": str(_schema.FORMAT)}
        self.merge("store", "name", [{**row, "check": check_of(row)}], schema=_schema.STORE)

    def _check_format(self) -> None:
        found = self._format() or _schema.FORMAT
        if found > _schema.FORMAT:
            raise StoreError(
                f"the store {self.uri} has format {found}, this Quarry knows {_schema.FORMAT} at most: update it"
            )
        if found < _schema.FORMAT:
            with self.writing():
                migrate(self, self._format() or _schema.FORMAT)

    def _format(self) -> int | None:
        """None where the store was not finished when it was made."""
        row: Mapping[str, str] | None = only(select(self.table("store"), "name = 'format'"))
        return int(row["value"]) if row else None


def _connected(uri: str) -> lancedb.DBConnection:
    caches = lancedb.Session(index_cache_size_bytes=INDEX_CACHE, metadata_cache_size_bytes=METADATA_CACHE)
    return lancedb.connect(uri, read_consistency_interval=FRESH, session=caches)


def _batched(rows: Iterable[Row], schema: pa.Schema, size: int = 1000) -> Iterator[pa.RecordBatch]:
    held: list[Row] = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=schema)


def _local(uri: str) -> Path | None:
    if "://" in uri and not uri.startswith("file://"):
        return None
    return Path(uri.removeprefix("file://")).expanduser()


def _check_folder(folder: Path, *, uri: str, create: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"the store {uri} is a file, not a folder")
    if not folder.exists() and not create:
        raise StoreError(f"there is no store at {uri}; `quarry ingest SOURCE` makes one, --store names another")
    strangers = [path.name for path in _listed(folder) if path.suffix != ".lance" and not path.name.startswith("_")]
    if create and strangers and not (folder / "store.lance").exists():
        raise StoreError(
            f"{uri} is a folder with other things in it ({strangers[0]}); choose an empty one for the store"
        )


def _listed(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.exists() else iter(())


def storable(text: str) -> str:
    """`text` as the store's string columns hold it."""
    return stored(text)


def readable(text: str) -> str:
    """The inverse of `storable`."""
    return loaded(text)


def metadata_term(name: str, value: str | float) -> str:
    """What the list column `metadata_terms` holds for a user's `name` with that value."""
    return term(name, value)
