"""Second stage: the best of a ranking, read again together with the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stores.rows import ChunkRow, Vector


class PairScorer(Protocol):
    """What reranking needs of a cross-encoder."""

    def scores(self, query: str, passages: Sequence[str]) -> Vector:
        """One for each passage, higher is better."""


@dataclass(frozen=True, slots=True)
class Rerank:
    """What scores, and how many different passages it reads."""

    model: PairScorer
    pool: int = 50


def reranked(
    query: str, order: Sequence[str], rows: Mapping[str, ChunkRow], *, by: Rerank, k: int
) -> tuple[list[str], dict[str, float]]:
    """Ids by the model's score, and the scores; equal scores stay in the order given.

    Of the first `by.pool` different passages, never fewer than `k`: what stands below them is left out, since its score
    could not be compared. Heading path and other context are read with the passage, as the encoder read them.
    """
    places: dict[str, int] = {}
    chosen: list[str] = []
    for chunk_id in order:
        if chunk_id not in rows:
            continue
        text = rows[chunk_id].chunk.embedded_text
        if text not in places and len(places) >= max(by.pool, k):
            break
        places.setdefault(text, len(places))
        chosen.append(chunk_id)
    found: Sequence[float] | Vector = by.model.scores(query, list(places)) if places else []
    scores = {chunk_id: float(found[places[rows[chunk_id].chunk.embedded_text]]) for chunk_id in chosen}
    return sorted(chosen, key=lambda chunk_id: -scores[chunk_id]), scores
