"""Rankings of the product's own search over one generation, deep enough for every metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.indexes import Index
from evaluation.metrics import BUDGETS, Found
from evaluation.questions import Question
from quarry.encoding import Encoder
from quarry.errors import unknown
from search.fusion import Fusion
from search.parents import Texts
from search.search import MIN_POOL, Mode, search
from stores.collection import Collection
from stores.rows import GenerationRow, Vector

MOST = 2000
"""Chunks of one ranking: of very small chunks as well, so many hold the largest budget of characters."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """How chunks are ranked."""

    name: str
    mode: Mode
    fusion: Fusion = "z"


RETRIEVERS = {
    found.name: found
    for found in (
        Retriever("dense", "vector"),
        Retriever("bm25", "text"),
        Retriever("hybrid", "hybrid"),
        Retriever("rrf", "hybrid", "rrf"),
    )
}


def retriever(name: str) -> Retriever:
    """ConfigError for a name that there isn't."""
    if name not in RETRIEVERS:
        raise unknown(name, RETRIEVERS, place="the retrievers")
    return RETRIEVERS[name]


class Queries:
    """An encoder whose query vectors are computed once, whatever the strategies and retrievers."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vector] = {}

    def encode_query(self, query: str) -> Vector:
        if query not in self._known:
            self._known[query] = self._encoder.encode_query(query)
        return self._known[query]


def rankings(
    collection: Collection, index: Index, questions: Sequence[Question], *, how: Retriever, queries: Queries
) -> Iterator[list[Found]]:
    """One for each question. Candidates are as many as a search for ten results takes, so that fusion is the same."""
    depth = min(MOST, max(MIN_POOL, math.ceil(2 * max(BUDGETS) / index.mean_characters)))

    texts = Texts(collection, index.generation)

    def own(_: GenerationRow) -> Queries:
        return queries

    for question in questions:
        hits = search(
            collection,
            question.text,
            encoder=own,
            mode=how.mode,
            k=depth,
            generation=index.generation,
            fusion=how.fusion,
            pool=depth,
            texts=texts,
        )
        yield [Found(hit.row.provenance.sha256, hit.row.chunk.span, hit.row.chunk.pages) for hit in hits]
