"""Topics of a document: segments that speak of the same wherever they stand, by the cosine of their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Rows = np.ndarray[Any, np.dtype[np.float32]]

MOST = 512
"""Topics of one document: the work is segments times topics. What comes later joins the nearest."""


def topics(vectors: Rows, *, threshold: float) -> list[int]:
    """A label for each row (unit vectors in text order); numbers count from 0 in the order in which topics appear.

    Leader clustering (Hartigan, "Clustering Algorithms", 1975, chapter 3) with means for leaders: a row joins the
    nearest topic if that is as near as `threshold`, else it opens one. Then each goes to the nearest of all of them, so
    that what came before its topic's best members is not lost.
    """
    import numpy as np

    sums = np.zeros((min(MOST, len(vectors)), vectors.shape[1]), dtype=np.float64)
    leaders, opened = np.zeros_like(sums), 0
    for row in vectors:
        near = leaders[:opened] @ row
        place = int(near.argmax()) if opened else 0
        if not opened or (near[place] < threshold and opened < MOST):
            place, opened = opened, opened + 1
        sums[place] += row
        leaders[place] = sums[place] / np.linalg.norm(sums[place])
    nearest = [int((leaders[:opened] @ row).argmax()) for row in vectors]
    numbers = {place: number for number, place in enumerate(dict.fromkeys(nearest))}
    return [numbers[place] for place in nearest]
