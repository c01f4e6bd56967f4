"""The store on real LanceDB: what goes in comes out, keys stay unique, wrong vectors stay out."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quarry.encoding import EmbeddedChunk
from quarry.errors import BusyError, StoreError
from quarry.fingerprint import digest
from quarry.layout import BBox, Region
from quarry.settings import IndexSettings
from quarry.span import Span
from quarry.types import Chunk, Document, Element, ElementType, Origin
from stores import _schema
from stores._tables import merge
from stores.collection import Collection
from stores.lance import Store
from stores.rows import ChunkRow, DocumentRow, GenerationRow, LedgerRow, Provenance, RunRow

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = [
    "plain",
    'o\'brien "x"',
    "x' OR '1'='1",
    "new\nline",
    "\udcff\udcfe",
    "\uffff",
    "\u202e emoji \U0001f600",
    "",
]


def generation(dim: int = 4, dtype: str = "float32") -> GenerationRow:
    return GenerationRow("ab" * 6, "c", "live", "{}", "p", "{}", "k", "{}", "e", dim, dtype, NOW)


def chunk_row(doc: str, number: int, *, text: str = "some text", dim: int = 4, metadata: str = "{}") -> ChunkRow:
    chunk = Chunk(
        digest("chunk", doc, number, text), doc, f"file:///{text}", Span(number, number + len(text)), text, "head\n", 3,
        "late", ("A", text), (1, 2), (Region(1, BBox(1.25, 2, 3, 4)),), ("e1",), (Span(0, 1),), None,
    )  # fmt: skip
    made = Provenance("s", text, "00", "T", "text/plain", metadata, "pdf/1", "k", "m", None, "w", "r", NOW, "ab" * 6)
    vector = np.zeros(dim, np.float32)
    vector[number % dim] = 1
    return ChunkRow.of(EmbeddedChunk(chunk, vector, "key"), position=number, provenance=made)


def opened(path: Path, *, dtype: str = "float32") -> tuple[Store, Collection, GenerationRow]:
    store = Store.open(str(path / "store"), create=True)
    collection = store.collection("c")
    return store, collection, collection.create_generation(generation(dtype=dtype))


@pytest.mark.parametrize("text", HOSTILE)
def test_chunks_round_trip(tmp_path: Path, text: str) -> None:
    _, collection, live = opened(tmp_path)
    row = chunk_row(digest("d"), 1, text=text, metadata='{"year": 2024, "tags": ["a"], "x\'y": "z"}')
    collection.replace_chunks(live, [row.chunk.document_id], [row])
    found = collection.chunks(live, [row.chunk.id], vectors=True)[row.chunk.id]
    assert (found.chunk, found.provenance, found.position) == (row.chunk, row.provenance, 1)
    assert found.vector is not None
    assert row.vector is not None
    np.testing.assert_array_equal(found.vector, row.vector)


@pytest.mark.parametrize("path", HOSTILE)
def test_documents_round_trip(tmp_path: Path, path: str) -> None:
    _, collection, _ = opened(tmp_path)
    row = DocumentRow(digest(path), "c", "s", path, f"file:///{path}", inode=2**63, reason=path, next_try=NOW)
    collection.put_documents([row])
    assert collection.documents() == [row]
    collection.delete_documents([row.doc_id])
    assert collection.documents() == []


def test_replacing_takes_stale_rows_in_one_commit(tmp_path: Path) -> None:
    store, collection, live = opened(tmp_path)
    first, other = digest("first"), digest("other")
    collection.replace_chunks(live, [first, other], [*(chunk_row(first, n) for n in range(5)), chunk_row(other, 0)])
    before = store.table(live.table).version
    done = collection.replace_chunks(live, [first], [chunk_row(first, n) for n in (1, 7)])
    assert (done.inserted, done.updated, done.deleted) == (1, 1, 4)
    assert store.table(live.table).version == before + 1
    assert [row.position for row in collection.chunks_of(live, first)] == [1, 7]
    assert collection.count(live) == 3


def test_a_document_without_chunks_goes(tmp_path: Path) -> None:
    _, collection, live = opened(tmp_path)
    doc = digest("d")
    collection.replace_chunks(live, [doc], [chunk_row(doc, 0)])
    assert collection.replace_chunks(live, [doc], []).deleted == 1


@pytest.mark.parametrize("wrong", [[np.nan, 0, 0, 1], [np.inf, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0]])
def test_wrong_vectors_stay_out(tmp_path: Path, wrong: list[float]) -> None:
    _, collection, live = opened(tmp_path)
    row = chunk_row(digest("d"), 0)
    bad = ChunkRow(row.chunk, 0, "key", row.provenance, np.array(wrong, np.float32))
    with pytest.raises(StoreError, match=row.chunk.id):
        collection.replace_chunks(live, [row.chunk.document_id], [bad])
    assert collection.count(live) == 0


def test_the_same_key_twice_in_a_batch_is_refused(tmp_path: Path) -> None:
    _, collection, live = opened(tmp_path)
    row = chunk_row(digest("d"), 0)
    with pytest.raises(StoreError, match="twice"):
        collection.replace_chunks(live, [row.chunk.document_id], [row, row])


def test_predicates_take_only_our_ids(tmp_path: Path) -> None:
    _, collection, live = opened(tmp_path)
    with pytest.raises(StoreError, match="no id of this store"):
        collection.chunks_of(live, "x' OR '1'='1")


def test_elements_round_trip(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)
    elements = (Element("e", ElementType.TITLE, Span(0, 3), level=1),)
    document = Document(Origin("i", "u", "s", "p\udcff", "00"), "text/plain", "one\n\ntwo", elements, "text/1")
    key = digest("k")
    store.put_elements([(key, document)])
    store.put_elements([(key, document)])
    assert store.get_elements([key, digest("none")]) == {key: document}
    assert store.table("elements").count_rows() == 1


def test_ledger_runs_and_sources(tmp_path: Path) -> None:
    store, collection, live = opened(tmp_path)
    mark = LedgerRow(digest("d"), "c", live.id, "00", "k", "c", "e", 1, "x", "ok", "r", NOW)
    collection.put_ledger([mark])
    assert collection.ledger(live.id) == {mark.doc_id: mark}
    collection.put_sources({"s": "/root"})
    row = collection.row()
    assert row is not None
    assert (row.live, row.sources) == (live.id, '{"s": "/root"}')
    store.record_run(RunRow("r1", "ingest", "c", NOW))
    assert [run.run_id for run in collection.runs(last=3)] == ["r1"]
    assert collection.live() == live


def test_search_finds_by_vector_and_by_words(tmp_path: Path) -> None:
    _, collection, live = opened(tmp_path)
    doc = digest("d")
    texts = ["the walrus sleeps", "engines running hot", 'quotes " AND ( operators', "nothing"]
    collection.replace_chunks(live, [doc], [chunk_row(doc, n, text=text) for n, text in enumerate(texts)])
    assert collection.text_search(live, "walrus", k=3) == []
    collection.ensure_indexes(live, IndexSettings(vector_from_rows=1000, vector_kind="IVF_SQ"))
    collection.replace_chunks(live, [digest("e")], [chunk_row(digest("e"), 9, text="a late walrus")])
    rows = collection.chunks(live, [hit.chunk_id for hit in collection.text_search(live, "walrus", k=5)])
    assert {row.chunk.text for row in rows.values()} == {"the walrus sleeps", "a late walrus"}
    assert collection.text_search(live, 'run "AND" (', k=5)
    best = collection.vector_search(live, np.array([0, 1, 0, 0], np.float32), k=2)
    assert best[0].score == pytest.approx(1)
    assert all(stat.rows >= 0 and stat.bytes > 0 for stat in collection.stats(live))


def test_half_precision(tmp_path: Path) -> None:
    _, collection, live = opened(tmp_path, dtype="float16")
    row = chunk_row(digest("d"), 2)
    collection.replace_chunks(live, [row.chunk.document_id], [row])
    (found,) = collection.all_chunks(live)
    assert found.vector is not None
    assert found.vector.dtype == np.float32
    assert found.vector[2] == 1


def test_open_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        Store.open(str(tmp_path / "none"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        Store.open(str(tmp_path / "file"), create=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("x")
    with pytest.raises(StoreError, match="other things in it"):
        Store.open(str(tmp_path / "full"), create=True)
    assert not (tmp_path / "none").exists()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)
    merge(store.table("store"), "name", [{"name": "format", "value": "99"}], schema=_schema.STORE)
    with pytest.raises(StoreError, match="format 99"):
        Store.open(store.uri)


def write_same(uri: str, barrier: Barrier, rounds: int) -> None:
    store = Store.open(uri)
    collection = store.collection("c")
    live = collection.live()
    assert live is not None
    for number in range(rounds):
        doc = digest("race", number)
        rows = [chunk_row(doc, n) for n in range(20)]
        barrier.wait()
        collection.replace_chunks(live, [doc], rows)


def test_racing_writers_leave_each_key_once(tmp_path: Path) -> None:
    store, collection, live = opened(tmp_path)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    writers = [context.Process(target=write_same, args=(store.uri, barrier, 4)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    ids = [row.chunk.id for row in collection.all_chunks(live)]
    assert len(ids) == len(set(ids)) == 80


HOLD = """
import sys, time
from pathlib import Path
from stores.lock import lock
with lock(Path(sys.argv[1]), what='it', wait_s=0):
    print("held", flush=True)
    time.sleep(60)
"""


def test_lock_names_its_owner_and_dies_with_it(tmp_path: Path) -> None:
    store, collection, _ = opened(tmp_path)
    with collection.lock(wait_s=0):
        (file,) = (Path(store.uri) / "_locks").glob("collection-c-*.lock")
    with subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid} on"), collection.lock(wait_s=0.2):
            pass
        holder.kill()
        holder.wait()
        began = time.monotonic()
        with collection.lock(wait_s=5):
            assert time.monotonic() - began < 5


def test_killed_writer_leaves_one_whole_state(tmp_path: Path) -> None:
    store, collection, live = opened(tmp_path)
    code = (
        "import sys, itertools\nfrom tests.stores.test_lance import *\n"
        "c = Store.open(sys.argv[1]).collection('c'); g = c.live(); d = digest('k')\n"
        "for n in itertools.count(1):\n"
        "    c.replace_chunks(g, [d], [chunk_row(d, i, text=f'turn {n}') for i in range(50)]); print(n, flush=True)"
    )
    for kill in range(3):
        with subprocess.Popen([sys.executable, "-c", code, store.uri], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(2 + kill):
                assert writer.stdout.readline()
            writer.kill()
            writer.wait()
        texts = [row.chunk.text for row in collection.chunks_of(live, digest("k"))]
        assert len(texts) == 50
        assert len(set(texts)) == 1


def test_every_column_of_the_catalogue_has_a_field() -> None:
    kinds: dict[str, Any] = {"documents": DocumentRow, "generations": GenerationRow, "runs": RunRow}
    for table, kind in kinds.items():
        assert set(_schema.CATALOGUE[table].names) - {"check", "scope"} == set(kind.__dataclass_fields__)
