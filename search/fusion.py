"""Two rankings into one: by z-scores of their scores, weighted by the query, or by reciprocal ranks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Literal

from stores.rows import Scored

Fusion = Literal["z", "rrf"]
LEAST_WEIGHT = 0.2
RARE_WORDS = 3.5
"""So many rare words of a query in one chunk, and words weigh as much as vectors: see docs/retrieval.md."""
PRIOR = 4.0
"""Standard deviations that a document is worth which the query names in full."""
ENOUGH = 10
"""Candidates among the named documents, to go by their mean and spread alone."""
RANK_SHIFT = 60
"""Of reciprocal rank fusion (Cormack et al. 2009)."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A ranking's best chunks."""

    found: Sequence[Scored]
    """Of all documents."""
    among: Sequence[Scored] = ()
    """Of the documents that the query names."""

    def z_scores(self) -> dict[str, float]:
        """By chunk id. Where a query names documents, mean and spread are theirs: as if there were no others."""
        own = len(self.among) >= ENOUGH
        scores = [hit.score for hit in (self.among if own else self.found)]
        if not scores:
            return {}
        mean, spread = fmean(scores), pstdev(scores) or 1.0
        return {hit.chunk_id: (hit.score - mean) / spread for hit in (*self.found, *self.among)}


def word_weight(words: Sequence[Scored], *, rows: int) -> float:
    """Of the BM25 z-score beside the vectors': the more rare words of the query the best chunk has, the more.

    A word that one chunk alone has is worth ln(rows) nats, so the best score divided by that counts the rare words. A
    question in the text's own words has three or more of them in one chunk, and words find it best; one in other words
    has one or two, the names, which fill all chunks alike. Squared, so that these stay near the least weight.
    """
    best = max((hit.score for hit in words), default=0.0)
    rare = best / math.log(1 + max(rows, 2))
    return min(1.0, max(LEAST_WEIGHT, (rare / RARE_WORDS) ** 2))


def fuse(
    vectors: Candidates, words: Candidates, *, weight: float, shares: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Sum of z-scores, words weighted; what one ranking lacks has that ranking's lowest score there.

    `shares`: how much the query names each document, by id; its chunks get PRIOR times that on top.
    """
    by_vector, by_words = vectors.z_scores(), words.z_scores()
    lowest = min(by_vector.values(), default=0.0), min(by_words.values(), default=0.0)
    documents = {hit.chunk_id: hit.doc_id for ranking in (vectors, words) for hit in (*ranking.found, *ranking.among)}
    priors = shares or {}
    return {
        chunk_id: by_vector.get(chunk_id, lowest[0])
        + weight * by_words.get(chunk_id, lowest[1])
        + PRIOR * priors.get(document, 0.0)
        for chunk_id, document in documents.items()
    }


def fuse_ranks(vectors: Sequence[Scored], words: Sequence[Scored]) -> dict[str, float]:
    """Sum of 1 / (RANK_SHIFT + rank) over both rankings."""
    scores: dict[str, float] = defaultdict(float)
    for ranking in (vectors, words):
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.chunk_id] += 1 / (RANK_SHIFT + rank)
    return dict(scores)
