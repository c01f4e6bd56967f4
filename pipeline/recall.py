"""How much of the exact search the search as it is finds, over stored vectors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stores.collection import Collection
from stores.rows import GenerationRow, Scored

PROBES = 50
"""Vectors spread over the table that are searched for."""
K = 10
EQUAL = 1e-4
"""Scores closer than this are a tie: of many equal texts any is as right as another."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Of the nearest K."""

    share: float
    probes: int
    query_ms: float
    """CPU milliseconds of one search as it is."""


def measured_recall(collection: Collection, generation: GenerationRow) -> Recall:
    """1.0 where there is nothing to find."""
    shares, spent = [], 0.0
    for vector in collection.sample_vectors(generation, PROBES):
        exact = collection.vector_search(generation, vector, k=K, exact=True)
        began = time.process_time()
        found = collection.vector_search(generation, vector, k=K)
        spent += time.process_time() - began
        shares.append(share_found(exact, found))
    return Recall(float(np.mean(shares)) if shares else 1.0, len(shares), 1e3 * spent / max(1, len(shares)))


def share_found(exact: Sequence[Scored], found: Sequence[Scored]) -> float:
    """Of the places of the exact result, how many are taken by hits that score as well."""
    if not exact:
        return 1.0
    last = exact[-1].score - EQUAL
    return min(len(exact), sum(hit.score >= last for hit in found)) / len(exact)
