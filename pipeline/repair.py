"""Findings put right: tables from their good rows, documents from their sources, and nothing else touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes, urlsplit

from parsers._media import kind_of
from pipeline.batch import COMMIT_WAIT_S, WRITTEN
from pipeline.finish import drop_unneeded_elements
from pipeline.generations import Behind, behind, catch_up, session_for
from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.progress import Progress
from pipeline.recipe import stored_recipe
from pipeline.redo import redo_from_elements
from pipeline.retention import settle
from pipeline.verify import Finding, Repair, verify
from quarry.errors import ConfigError, StoreError
from quarry.settings import Effective
from quarry.types import Outcome
from stores.audit import described_generations, rebuild
from stores.collection import Collection
from stores.lance import Store
from stores.rows import DocumentRow, GenerationRow, LedgerRow

ROUNDS = 6
"""A rebuilt table shows what was in its lost rows: that is found and done in the next round."""
ORDER = ("store", "generations", "collections", "documents", "ledger", "elements", "runs")
"""The catalogue first: it says how a chunk table was made."""

OF_THE_PARSE = frozenset({"content", "elements"})
"""Laws that say nothing against a document's chunks."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done, and what is still wrong."""

    rebuilt: tuple[str, ...] = ()
    redone: int = 0
    left: tuple[Finding, ...] = ()


def repair(effective: Effective, found: Sequence[Finding], *, progress: Progress | None = None) -> Repaired:
    """Put right what was found, then what shows after that. What can't be put right is left in the result."""
    store = Store.damaged(effective.settings.store)
    collection = store.collection(effective.settings.collection)
    rebuilt: list[str] = []
    redone = 0
    for _ in range(ROUNDS):
        kinds = {finding.repair for finding in found}
        rebuilt += _rebuild(effective, collection, found)
        if Repair.CATALOGUE in kinds:
            _restore_catalogue(collection)
        if not kinds & {Repair.REBUILD, Repair.CATALOGUE}:  # what else is wrong shows when the tables are whole
            _restore_rows(collection, found)
            _drop(collection, found)
            redone += _redo(effective, collection, found, progress=progress)
        found = _look(collection)
        if not found:
            with collection.lock(wait_s=COMMIT_WAIT_S):
                drop_unneeded_elements(collection)
            break
    return Repaired(tuple(rebuilt), redone, tuple(found))


def _look(collection: Collection) -> list[Finding]:
    """Findings; a catalogue that is lost as a whole is one."""
    try:
        return verify(collection)
    except StoreError as error:
        return [Finding("catalogue", "collections", str(error), Repair.CATALOGUE)]


def _rebuild(effective: Effective, collection: Collection, found: Sequence[Finding]) -> list[str]:
    """Returns the names of the tables."""
    names = {finding.table for finding in found if finding.repair is Repair.REBUILD}
    indexes = {finding.table for finding in found if finding.repair is Repair.REINDEX}
    ordered = [*(name for name in ORDER if name in names), *sorted(names - set(ORDER))]
    store = collection.store
    with collection.lock(wait_s=COMMIT_WAIT_S):
        for name in ordered:
            rebuild(store, name)
            if name == "store":
                store.put_format()
        for generation in _generations(collection):
            if generation.table in names | indexes:
                collection.rebuild_indexes(generation, effective.settings.index)
    return ordered


def _generations(collection: Collection) -> list[GenerationRow]:
    try:
        return collection.generations()
    except StoreError:
        return []


def _restore_catalogue(collection: Collection) -> None:
    """Generations as their chunk tables describe themselves; the newest becomes live where nothing says which was."""
    store = collection.store
    with collection.lock(wait_s=COMMIT_WAIT_S), store.writing():
        for generation in described_generations(store):
            collection.put_generation(generation)
        mine = [row for row in collection.generations() if row.collection == collection.name]
        if mine and collection.row() is None:
            collection.point_at(mine[-1])
        row = collection.row()
        if row is not None and row.live is not None:
            settle(collection, live=row.live, previous=row.previous, now=datetime.now(UTC))
        if mine:
            collection.put_sources(_roots(store, collection.name))


def _roots(store: Store, name: str) -> dict[str, str]:
    """Source name -> root, from a URI and the path in it."""
    roots: dict[str, str] = {}
    for row in store.every_document():
        if row.collection == name and row.source not in roots:
            roots[row.source] = _root(row)
    return roots


def _root(row: DocumentRow) -> str:
    if not row.uri.startswith("file://"):
        return "-"
    path = os.fsdecode(unquote_to_bytes(urlsplit(row.uri).path))
    return path.removesuffix(f"/{row.path}")


def _restore_rows(collection: Collection, found: Sequence[Finding]) -> None:
    """Documents rows from what the chunks and the marks of their documents say; their stat is asked for again."""
    ids = sorted({f.document for f in found if f.repair is Repair.RESTORE and f.document})
    live = collection.live() if ids else None
    if live is None:
        return
    marks = collection.ledger(live.id, ids)
    chunks = {row.chunk.document_id: row for row in collection.chunks_of(live, *ids)}
    documents = collection.store.get_elements(mark.element_key for mark in marks.values())
    rows = []
    for document in ids:
        chunk, mark = chunks.get(document), marks.get(document)
        if chunk is None or mark is None:
            continue
        made = chunk.provenance
        parsed = documents.get(mark.element_key)
        rows.append(
            DocumentRow(
                doc_id=document,
                collection=collection.name,
                source=made.source,
                path=made.path,
                uri=chunk.chunk.uri,
                sha256=made.sha256,
                media_type=made.media_type,
                title=made.title,
                metadata=made.metadata,
                outcome=mark.outcome,
                reason=parsed.reason if parsed else None,
                stage="parse",
                attempts=1,
                first_seen=made.ingested_at,
                last_seen=made.ingested_at,
                last_try=made.ingested_at,
                pages=parsed.pages if parsed else 0,
                element_key=mark.element_key,
            )
        )
    with collection.lock(wait_s=COMMIT_WAIT_S):
        collection.put_documents(rows)
        roots = {row.source: _root(row) for row in rows}
        collection.put_sources({name: root for name, root in roots.items() if name not in collection.sources()})


def _drop(collection: Collection, found: Sequence[Finding]) -> None:
    ids = sorted({f.document for f in found if f.repair is Repair.DROP and f.document})
    if ids:
        with collection.lock(wait_s=COMMIT_WAIT_S):
            collection.delete_documents(ids)


def _redo(effective: Effective, collection: Collection, found: Sequence[Finding], *, progress: Progress | None) -> int:
    """How many documents were made again: from their stored elements, or from the source where those are wrong.

    Wrong chunks go first: a wrong vector must not be used again. Right chunks whose elements are lost stay until the
    source gives both again; where it holds other bytes by now they stay for good.
    """
    redo = [f for f in found if f.repair is Repair.REDO and f.document]
    parses = {f.document for f in redo if f.law in OF_THE_PARSE}
    wrong = sorted({f.document for f in redo if f.document and f.law not in OF_THE_PARSE})
    with collection.lock(wait_s=COMMIT_WAIT_S), collection.store.writing():
        live = collection.live()
        marks = {**_marks_of_chunks(collection, live, wrong), **collection.ledger(live.id, wrong)} if live else {}
        for generation in collection.generations():
            collection.replace_chunks(generation, wrong, ())
            if live is not None and generation.id != live.id:
                collection.drop_marks(generation.id, wrong)
        distrusted = {f.document for f in redo if f.law in ("spans", "boxes")}
        collection.store.drop_elements({mark.element_key for mark in marks.values() if mark.doc_id in distrusted})
        there = collection.store.element_keys(mark.element_key for mark in marks.values())
        from_elements = [mark for mark in marks.values() if mark.element_key in there]
        lost = sorted(set(wrong) - {mark.doc_id for mark in from_elements})
        collection.forget(lost)
    if from_elements:
        redo_from_elements(effective, from_elements, progress=progress)
    from_source = sorted({*lost, *(document for document in parses if document)})
    if from_source:
        ingest(effective, Request(retry=tuple(from_source)), progress=progress)
    _bring_up(effective, collection, wrong, progress=progress)
    return len({*wrong, *from_source})


def _bring_up(effective: Effective, collection: Collection, ids: Sequence[str], *, progress: Progress | None) -> None:
    """These documents in the generations beside the live one, as that has them; one whose model is gone is stale."""
    for generation in collection.generations():
        if not ids or generation.state not in WRITTEN - {"live"}:
            continue
        works = tuple(mark for mark in behind(collection, generation).works if mark.doc_id in ids)
        session = session_for(None, effective.settings, collection, generation)
        try:
            catch_up(session, Behind(works), progress=progress)
        except ConfigError:
            collection.put_state(replace(generation, state="stale"))


def _marks_of_chunks(collection: Collection, live: GenerationRow, ids: Sequence[str]) -> dict[str, LedgerRow]:
    """What the marks of these documents were, from what their chunks say: for marks that are lost."""
    keys = stored_recipe(live)
    marks = {}
    for row in collection.chunks_of(live, *ids):
        made = row.provenance
        kind = kind_of(made.media_type)
        if kind is not None:
            marks[row.chunk.document_id] = LedgerRow(
                doc_id=row.chunk.document_id,
                collection=collection.name,
                generation=live.id,
                sha256=made.sha256,
                element_key=keys.element_key(made.sha256, kind=kind, media_type=made.media_type),
                chunk_fingerprint=live.chunk_fingerprint,
                embed_fingerprint=live.embed_fingerprint,
                chunks=0,
                digest="",
                outcome=Outcome.OK.value,
                run_id=made.run_id,
                committed_at=made.ingested_at,
            )
    return marks
