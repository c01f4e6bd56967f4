"""A query against one collection: vector, full text, or both fused; filtered, each content once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from quarry.errors import ConfigError, StoreError
from search.filters import compile_filter
from search.fusion import Fusion, fuse, fuse_ranks
from search.rerank import Rerank, reranked
from stores.collection import Collection
from stores.rows import ChunkRow, GenerationRow, Scored, Vector

Mode = Literal["hybrid", "vector", "text"]
POOL = 20
"""Times k candidates are taken from each ranking."""
MIN_POOL = 200


class QueryEncoder(Protocol):
    """What a search needs of an encoder."""

    def encode_query(self, query: str) -> Vector: ...


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; `rank` counts from 1."""

    rank: int
    score: float
    row: ChunkRow


def search(
    collection: Collection,
    query: str,
    *,
    encoder: Callable[[GenerationRow], QueryEncoder],
    mode: Mode = "hybrid",
    k: int = 10,
    where: str | None = None,
    group_by: Literal["document"] | None = None,
    generation: GenerationRow | None = None,
    fusion: Fusion = "z",
    pool: int | None = None,
    rerank: Rerank | None = None,
) -> list[Hit]:
    """The k best chunks. `encoder` is asked for the generation's own only where the mode needs vectors.

    `generation` is read in place of the live one; `pool` candidates are taken from each ranking.

    Raises ConfigError for an empty query or a wrong filter, StoreError for a collection that isn't there.
    """
    if not query.strip():
        raise ConfigError("the query is empty")
    predicate = compile_filter(where) if where else None
    live = generation or collection.live()
    if live is None:
        raise StoreError(f"there is no collection {collection.name!r} in this store; `quarry ingest` makes one")
    pool = pool or max(MIN_POOL, POOL * k)
    vectors: list[Scored] = []
    words: list[Scored] = []
    if mode != "text":
        vectors = collection.vector_search(live, encoder(live).encode_query(query), k=pool, where=predicate)
    if mode != "vector":
        words = collection.text_search(live, query, k=pool, where=predicate)
    scores = _scores(vectors, words, mode=mode, fusion=fusion)
    order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    rows = collection.chunks(live, order[:pool])
    if rerank is not None:
        order, scores = reranked(query, order, rows, by=rerank, k=k)
    return _hits(order, scores, rows, k=k, group_by=group_by)


def _scores(vectors: list[Scored], words: list[Scored], *, mode: Mode, fusion: Fusion) -> dict[str, float]:
    if mode != "hybrid":
        return {hit.chunk_id: hit.score for hit in vectors + words}
    return fuse(vectors, words) if fusion == "z" else fuse_ranks(vectors, words)


def _hits(
    order: Sequence[str], scores: Mapping[str, float], rows: Mapping[str, ChunkRow], *, k: int, group_by: str | None
) -> list[Hit]:
    """Equal content at several paths is shown once; with `group_by` each document gives its best chunk."""
    hits: list[Hit] = []
    seen: set[tuple[str, ...]] = set()
    for chunk_id in order:
        row = rows.get(chunk_id)
        if row is None:  # replaced between the ranking and the reading
            continue
        content = row.provenance.sha256
        key = (content,) if group_by else (content, str(row.chunk.span.start), str(row.chunk.span.end))
        if key in seen:
            continue
        seen.add(key)
        hits.append(Hit(len(hits) + 1, scores[chunk_id], row))
        if len(hits) == k:
            break
    return hits
