"""What the store's tables hold, row by row, as values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from quarry.encoding import EmbeddedChunk
from quarry.fingerprint import digest
from quarry.types import Chunk

Vector = np.ndarray[Any, np.dtype[np.float32]]
Bits = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What is at the source now, and how the last try at it ended. Times are UTC."""

    doc_id: str
    collection: str
    source: str
    path: str
    uri: str
    sha256: str | None = None
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    etag: str | None = None
    hashed_at_ns: int = 0
    media_type: str | None = None
    title: str | None = None
    metadata: str = "{}"
    """JSON object: what the user handed in."""
    outcome: str = "ok"
    """An `Outcome` value."""
    reason: str | None = None
    stage: str | None = None
    attempts: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    first_try: datetime | None = None
    """When these bytes first ended as something else than `ok`."""
    last_try: datetime | None = None
    next_try: datetime | None = None
    pages: int = 0
    element_key: str | None = None

    @property
    def scope(self) -> str:
        return scope_of(self.collection, self.source)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The commit mark of (document, generation): what of it is searchable."""

    doc_id: str
    collection: str
    generation: str
    sha256: str
    """Content that is searchable."""
    element_key: str
    chunk_fingerprint: str
    embed_fingerprint: str
    chunks: int
    digest: str
    """Over the ids, texts, vectors and provenance of its chunk rows: `stores.digests.digest_of`."""
    outcome: str
    run_id: str
    committed_at: datetime

    @property
    def key(self) -> str:
        return digest(self.doc_id, self.generation)


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """One index of a collection: the settings that made it and the table that holds it."""

    id: str
    """Hex; `generation_id` makes it from the collection and the fingerprints."""
    collection: str
    state: str
    """`building`, `live`, `previous` (live until the last promotion, still written to), `stale` (previous, but its
    model is gone), `retired` (kept until its grace time is over), `dropped`."""
    parse_settings: str
    """JSON, as the chunker's and the encoder's."""
    parse_fingerprint: str
    chunker: str
    chunk_fingerprint: str
    encoder: str
    """JSON of the `EncoderIdentity`."""
    embed_fingerprint: str
    dim: int
    dtype: str
    """float32 or float16."""
    created: datetime
    live_since: datetime | None = None
    retired_at: datetime | None = None

    @property
    def table(self) -> str:
        return f"chunks_{self.id}"


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """The live pointer; changed by compare-and-swap on `counter` only."""

    name: str
    live: str | None = None
    previous: str | None = None
    counter: int = 0
    sources: str = "{}"
    """JSON object: declared source name -> root."""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: what it was told and what it did, as JSON."""

    run_id: str
    kind: str
    collection: str
    started: datetime
    ended: datetime | None = None
    report: str = "{}"
    settings: str = "{}"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a chunk came from and what made it: equal for all chunks of one document in one generation."""

    source: str
    path: str
    sha256: str
    title: str | None
    media_type: str
    metadata: str
    """JSON object: what the user handed in."""
    parser: str
    chunk_fingerprint: str
    encoder: str
    """Profile name."""
    revision: str | None
    weights: str
    run_id: str
    ingested_at: datetime
    generation: str


@dataclass(frozen=True, slots=True, eq=False)
class ChunkRow:
    """A chunk as it is stored."""

    chunk: Chunk
    position: int
    """Ordinal in its document, from 0."""
    embed_key: str
    provenance: Provenance
    vector: Vector | None = field(default=None, repr=False)
    """`(dim,)` float32, unit norm; None where it was not read."""
    about: str | None = None
    """What the document is, for full-text search over documents: with its first chunk alone."""

    @classmethod
    def of(
        cls, embedded: EmbeddedChunk, *, position: int, provenance: Provenance, about: str | None = None
    ) -> ChunkRow:
        return cls(embedded.chunk, position, embedded.embed_key, provenance, embedded.vector, about)

    def without_vector(self) -> ChunkRow:
        return replace(self, vector=None)


@dataclass(frozen=True, slots=True)
class TableStats:
    """Size and shape of one table."""

    table: str
    rows: int
    fragments: int
    small_fragments: int
    versions: int
    bytes: int
    """On disk, old versions and indexes included; of the live data only where the store is not local."""
    unindexed: dict[str, int]
    """Rows that each index doesn't cover yet, by index name."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk id with its score: cosine similarity, or BM25."""

    chunk_id: str
    score: float
    doc_id: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A document whose organisation, form or period has words of a query."""

    doc_id: str
    score: float
    """BM25 over documents."""
    about: str


def generation_id(collection: str, parse: str, chunk: str, embed: str, *, dtype: str) -> str:
    """Hex id of the generation that these fingerprints make; equal settings find the same one again."""
    return digest("generation", collection, parse, chunk, embed, dtype, length=12)


def scope_of(collection: str, source: str) -> str:
    """Hex id of a source of a collection: what predicates may hold in place of names."""
    return digest("scope", collection, source)
