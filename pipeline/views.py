"""What the reading commands need of a store: opened without making one, with the generation's own encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.recipe import stored_recipe
from quarry.encoding import Encoder
from quarry.errors import StoreError
from quarry.records import Record, chunk_record
from quarry.settings import Settings
from search.parents import Texts, parent_rows
from stores.collection import Collection
from stores.lance import Store
from stores.rows import ChunkRow, GenerationRow, RunRow, TableStats


def open_collection(settings: Settings) -> Collection:
    """StoreError where there is no store."""
    return Store.open(settings.store).collection(settings.collection)


def live_of(collection: Collection) -> GenerationRow:
    """StoreError where nothing was ingested yet."""
    live = collection.live()
    if live is None:
        raise StoreError(f"there is no collection {collection.name!r} in this store; `quarry ingest` makes one")
    return live


def encoder_of(generation: GenerationRow) -> Encoder:
    """The model that made the generation: vectors of two models never meet. ModelError where it is missing."""
    encoder = stored_recipe(generation).encoder
    found = encoder.identity.fingerprint
    if found != generation.embed_fingerprint:
        name = json.loads(generation.encoder)["identity"]["name"]
        raise StoreError(f"the model files of {name!r} are not those that made this index; put them back or backfill")
    return encoder


def chunk_of(collection: Collection, chunk_id: str) -> ChunkRow:
    """By its id or an unambiguous beginning of it; a parent by its own."""
    live = live_of(collection)
    found = collection.chunks_like(live, chunk_id) or _parents(collection, live, chunk_id)
    if len(found) != 1:
        what = "there is no chunk" if not found else f"{len(found)} chunks start with"
        raise StoreError(f"{what} {chunk_id!r} in collection {collection.name!r}; `quarry search` prints ids")
    return found[0]


def _parents(collection: Collection, live: GenerationRow, beginning: str) -> list[ChunkRow]:
    units = collection.units_of(live, collection.parents_like(live, beginning))
    firsts = [family[0] for family in units.values()]
    return list(parent_rows(collection, live, firsts, texts=Texts(collection, live)).values())


def hit_record(row: ChunkRow) -> Record:
    """The fields of a chunk with the title and generation that a search result adds."""
    return {**chunk_record(row.chunk), "title": row.provenance.title, "generation": row.provenance.generation}


def export_record(row: ChunkRow) -> Record:
    """Chunk fields, vector and provenance."""
    assert row.vector is not None
    return {**provenance_record(row), "vector": [float(value) for value in row.vector]}


def provenance_record(row: ChunkRow) -> Record:
    """Chunk fields and provenance."""
    made = row.provenance
    return {
        **chunk_record(row.chunk),
        "title": made.title,
        "source": made.source,
        "path": made.path,
        "media_type": made.media_type,
        "metadata": json.loads(made.metadata),
        "sha256": made.sha256,
        "parser": made.parser,
        "chunker": {"kind": row.chunk.strategy, "fingerprint": made.chunk_fingerprint},
        "encoder": {"name": made.encoder, "revision": made.revision, "weights": made.weights},
        "run_id": made.run_id,
        "ingested_at": made.ingested_at.isoformat(),
        "generation": made.generation,
    }


def status_record(collection: Collection) -> dict[str, Any]:
    """Counts, live generation, problems, index state, sizes and last runs."""
    live = live_of(collection)
    documents = collection.documents()
    outcomes: dict[str, int] = {}
    for row in documents:
        outcomes[row.outcome] = outcomes.get(row.outcome, 0) + 1
    return {
        "store": collection.store.uri,
        "collection": collection.name,
        "sources": json.loads(_sources(collection)),
        "generation": _generation(live),
        "documents": len(documents),
        "outcomes": outcomes,
        "chunks": collection.count(live),
        "tables": [_table(stats) for stats in collection.stats(live)],
        "runs": [_run(run) for run in collection.runs(last=5)],
    }


def generation_records(collection: Collection) -> list[Record]:
    """Every generation that has a table, the oldest first."""
    return [
        {
            "id": row.id,
            "state": row.state,
            "chunker": json.loads(row.chunker)["kind"],
            "encoder": json.loads(row.encoder)["identity"]["name"],
            "dim": row.dim,
            "dtype": row.dtype,
            "documents": len(collection.ledger(row.id)),
            "chunks": collection.count(row),
            "created": row.created.isoformat(),
            "live_since": row.live_since.isoformat() if row.live_since else None,
            "retired_at": row.retired_at.isoformat() if row.retired_at else None,
        }
        for row in collection.generations()
    ]


def _sources(collection: Collection) -> str:
    row = collection.row()
    return row.sources if row else "{}"


def _generation(live: GenerationRow) -> dict[str, Any]:
    identity: Mapping[str, Any] = json.loads(live.encoder)["identity"]
    return {
        "id": live.id,
        "chunker": json.loads(live.chunker),
        "encoder": identity["name"],
        "dim": live.dim,
        "dtype": live.dtype,
        "created": live.created.isoformat(),
    }


def _table(stats: TableStats) -> dict[str, Any]:
    return {
        "name": stats.table,
        "rows": stats.rows,
        "bytes": stats.bytes,
        "versions": stats.versions,
        "fragments": stats.fragments,
        "unindexed": stats.unindexed,
    }


def _run(run: RunRow) -> dict[str, Any]:
    report = json.loads(run.report)
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "started": run.started.isoformat(),
        "seconds": report.get("seconds", {}).get("total"),
        "documents": report.get("documents"),
        "problems": len(report.get("problems", ())),
    }
