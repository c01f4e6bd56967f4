"""A query against one collection: vector, full text, or both fused; filtered, each content once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from quarry.errors import ConfigError, StoreError
from quarry.types import Encoder
from search.filters import compile_filter
from stores.collection import Collection
from stores.rows import ChunkRow, GenerationRow, Scored

Mode = Literal["hybrid", "vector", "text"]
POOL = 10
"""Times k candidates are taken from each ranking."""
MIN_POOL = 100
RRF_K = 60
"""Cormack, Clarke and Büttcher 2009: damps the weight of the first ranks."""


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
    encoder: Callable[[GenerationRow], Encoder],
    mode: Mode = "hybrid",
    k: int = 10,
    where: str | None = None,
    group_by: Literal["document"] | None = None,
) -> list[Hit]:
    """The k best chunks. `encoder` is asked for the generation's own only where the mode needs vectors.

    Raises ConfigError for an empty query or a wrong filter, StoreError for a collection that isn't there.
    """
    if not query.strip():
        raise ConfigError("the query is empty")
    predicate = compile_filter(where) if where else None
    live = collection.live()
    if live is None:
        raise StoreError(f"there is no collection {collection.name!r} in this store; `quarry ingest` makes one")
    pool = max(MIN_POOL, POOL * k)
    rankings: list[list[Scored]] = []
    if mode in ("hybrid", "vector"):
        vector = encoder(live).encode_query(query)
        rankings.append(collection.vector_search(live, vector, k=pool, where=predicate))
    if mode in ("hybrid", "text"):
        rankings.append(collection.text_search(live, query, k=pool, where=predicate))
    scores = fuse(rankings) if len(rankings) > 1 else {hit.chunk_id: hit.score for hit in rankings[0]}
    order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    rows = collection.chunks(live, order[:pool])
    return _hits(order, scores, rows, k=k, group_by=group_by)


def fuse(rankings: Sequence[Sequence[Scored]]) -> dict[str, float]:
    """Reciprocal rank fusion: needs no scale of scores, so it holds for any model and any corpus."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.chunk_id] = scores.get(hit.chunk_id, 0.0) + 1 / (RRF_K + rank)
    return scores


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
