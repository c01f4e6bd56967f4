"""A query against one collection: vector, full text, or both fused; filtered, each content once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from quarry.errors import ConfigError, StoreError
from quarry.span import Span
from search.documents import Asked, asked
from search.expand import EXPAND_TOKENS, Expanded, Expander, Kind, kinds_of
from search.filters import compile_filter
from search.fusion import Candidates, Fusion, fuse, fuse_ranks, word_weight
from search.parents import Matched, Texts, parent_rows, parent_scores, parent_spans
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
    """Of a parent: `search.parents.parent_scores`."""
    row: ChunkRow
    """The chunk; where chunks have parents, the parent."""
    matched: Matched | None = None
    """The unit that a parent was found by."""
    expanded: Expanded | None = None
    """The text around it, where that was asked for."""


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
    expand: Sequence[str] = (),
    expand_tokens: int = EXPAND_TOKENS,
    texts: Texts | None = None,
    rerank: Rerank | None = None,
    documents: bool = True,
) -> list[Hit]:
    """The k best chunks. `encoder` is asked for the generation's own only where the mode needs vectors.

    `generation` is read in place of the live one; `pool` candidates are taken from each ranking. `expand` names what
    of the text around each hit is wanted (`search.expand.KINDS`); many searches may share the `texts` of a generation.
    Hybrid search by z-scores asks the documents that the query names first; not so without `documents`.

    Raises ConfigError for an empty query or a wrong filter, StoreError for a collection that isn't there.
    """
    if not query.strip():
        raise ConfigError("the query is empty")
    wanted = kinds_of(expand)
    predicate = compile_filter(where) if where else None
    live = generation or collection.live()
    if live is None:
        raise StoreError(f"there is no collection {collection.name!r} in this store; `quarry ingest` makes one")
    pool = pool or max(MIN_POOL, POOL * k)
    ranker = _Ranker(collection, live, encoder, pool=pool, where=predicate)
    scores = ranker.scores(query, mode=mode, fusion=fusion, documents=documents)
    order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    rows = collection.chunks(live, order[:pool])
    if rerank is not None:
        order, scores = reranked(query, order, rows, by=rerank, k=k)
    texts = texts or Texts(collection, live)
    wholes = parent_spans(collection, live, rows.values())
    if wholes:
        scores = parent_scores(order, scores, rows)
        order = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    hits = _hits(order, scores, rows, wholes, k=k, group_by=group_by)
    hits = _with_parents(hits, parent_rows(collection, live, [hit.row for hit in hits], texts=texts))
    return _widened(hits, Expander(collection, live, texts=texts, tokens=expand_tokens), wanted) if wanted else hits


@dataclass(frozen=True, slots=True)
class _Ranker:
    """Scores of the chunks that are looked at, by id."""

    collection: Collection
    generation: GenerationRow
    encoder: Callable[[GenerationRow], QueryEncoder]
    pool: int
    where: str | None

    def scores(self, query: str, *, mode: Mode, fusion: Fusion, documents: bool) -> dict[str, float]:
        if mode == "text":
            return {hit.chunk_id: hit.score for hit in self._by_words(query)}
        vector = self.encoder(self.generation).encode_query(query)
        if mode == "vector":
            return {hit.chunk_id: hit.score for hit in self._by_vector(vector)}
        if fusion == "rrf":
            return fuse_ranks(self._by_vector(vector), self._by_words(query))
        named = asked(self.collection, self.generation, query) if documents else Asked(query, query)
        return self._fused(named, vector)

    def _fused(self, named: Asked, vector: Vector) -> dict[str, float]:
        best = named.best
        vectors = Candidates(self._by_vector(vector), self._by_vector(vector, among=best) if best else ())
        words = Candidates(self._by_words(named.rest), self._by_words(named.rest, among=best) if best else ())
        weight = word_weight(words.found, rows=self.collection.count(self.generation))
        return fuse(vectors, words, weight=weight, shares=named.shares)

    def _by_vector(self, vector: Vector, *, among: Sequence[str] = ()) -> list[Scored]:
        return self.collection.vector_search(self.generation, vector, k=self.pool, where=self.where, among=among)

    def _by_words(self, query: str, *, among: Sequence[str] = ()) -> list[Scored]:
        return self.collection.text_search(self.generation, query, k=self.pool, where=self.where, among=among)


def _hits(
    order: Sequence[str],
    scores: Mapping[str, float],
    rows: Mapping[str, ChunkRow],
    wholes: Mapping[str, Span],
    *,
    k: int,
    group_by: str | None,
) -> list[Hit]:
    """Equal content at several paths is shown once; with `group_by` each document gives its best chunk, and each
    parent, whose places are `wholes`, its best unit.
    """
    hits: list[Hit] = []
    seen: set[tuple[str, ...]] = set()
    for chunk_id in order:
        row = rows.get(chunk_id)
        if row is None:  # replaced between the ranking and the reading
            continue
        content, span = row.provenance.sha256, wholes.get(row.chunk.parent_id or "", row.chunk.span)
        key = (content,) if group_by else (content, str(span.start), str(span.end))
        if key in seen:
            continue
        seen.add(key)
        hits.append(Hit(len(hits) + 1, scores[chunk_id], row))
        if len(hits) == k:
            break
    return hits


def _with_parents(hits: Sequence[Hit], parents: Mapping[str, ChunkRow]) -> list[Hit]:
    found: list[Hit] = []
    for hit in hits:
        unit = hit.row.chunk
        if unit.parent_id is None:
            found.append(hit)
        elif unit.id in parents:  # else its document was replaced meanwhile
            found.append(replace(hit, row=parents[unit.id], matched=Matched(unit.id, unit.span)))
    return [replace(hit, rank=rank) for rank, hit in enumerate(found, start=1)]


def _widened(hits: Sequence[Hit], expander: Expander, kinds: Sequence[Kind]) -> list[Hit]:
    return [replace(hit, expanded=expander.around(hit.row, kinds)) for hit in hits]
