"""Two rankings into one: by z-scores of their scores, or by reciprocal ranks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Literal

from stores.rows import Scored

Fusion = Literal["z", "rrf"]
WORD_WEIGHT = 0.4
"""Weight of the BM25 z-score beside the vectors' in hybrid search: of 0.2 to 1.5 the largest that costs no page among
the first 3 of examples/questions.csv; corpora of plain text, where words alone do well, gain up to 1.0. Reciprocal rank
fusion found fewer pages than any of these."""
RANK_SHIFT = 60
"""Of reciprocal rank fusion (Cormack et al. 2009)."""


def fuse(vectors: Sequence[Scored], words: Sequence[Scored]) -> dict[str, float]:
    """Sum of z-scores, words weighted by WORD_WEIGHT; what one ranking lacks has that ranking's lowest score there."""
    by_vector, by_words = _z_scores(vectors), _z_scores(words)
    lowest = min(by_vector.values(), default=0.0), min(by_words.values(), default=0.0)
    return {
        chunk_id: by_vector.get(chunk_id, lowest[0]) + WORD_WEIGHT * by_words.get(chunk_id, lowest[1])
        for chunk_id in {**by_vector, **by_words}
    }


def fuse_ranks(vectors: Sequence[Scored], words: Sequence[Scored]) -> dict[str, float]:
    """Sum of 1 / (RANK_SHIFT + rank) over both rankings."""
    scores: dict[str, float] = defaultdict(float)
    for ranking in (vectors, words):
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.chunk_id] += 1 / (RANK_SHIFT + rank)
    return dict(scores)


def _z_scores(ranking: Sequence[Scored]) -> dict[str, float]:
    scores = [hit.score for hit in ranking]
    if not scores:
        return {}
    mean, spread = fmean(scores), pstdev(scores) or 1.0
    return {hit.chunk_id: (hit.score - mean) / spread for hit in ranking}
