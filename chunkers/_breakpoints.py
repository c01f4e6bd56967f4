"""Where neighbouring sentences differ too much: cuts from their distances, by one of five rules.

Percentile is Kamradt's ("5 Levels of Text Splitting", 2023); percentile, standard deviation, interquartile range and
gradient carry the names that LangChain's SemanticChunker gave them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Distances = np.ndarray[Any, np.dtype[np.float64]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]
    Rule = Callable[[Distances, float], Mask]

BAND = 20
"""Distances before a place that a Bollinger band is made of ..."""
FEWEST = 5
"""... at the start of a text so many: the spread of fewer says nothing."""


def percentile(distances: Distances, amount: float) -> Mask:
    """Above that percentile of the distances."""
    import numpy as np

    return np.asarray(distances > np.percentile(distances, amount))


def standard_deviation(distances: Distances, amount: float) -> Mask:
    """So many standard deviations above the mean."""
    import numpy as np

    return np.asarray(distances > distances.mean() + amount * distances.std())


def interquartile(distances: Distances, amount: float) -> Mask:
    """So many interquartile ranges above the mean."""
    import numpy as np

    low, high = np.percentile(distances, (25, 75))
    return np.asarray(distances > distances.mean() + amount * (high - low))


def gradient(distances: Distances, amount: float) -> Mask:
    """Where the distances rise faster than at that percentile of their slopes."""
    import numpy as np

    if len(distances) < 2:
        return np.zeros(len(distances), dtype=bool)
    slopes = np.gradient(distances)
    return np.asarray(slopes > np.percentile(slopes, amount))


def bollinger(distances: Distances, amount: float) -> Mask:
    """So many standard deviations above the mean of the BAND distances before: a threshold that follows the text.

    Bollinger's bands of prices ("Bollinger on Bollinger Bands", 2001), the place itself left out of its band.
    """
    import numpy as np

    found = np.zeros(len(distances), dtype=bool)
    for place in range(FEWEST, len(distances)):
        band = distances[max(0, place - BAND) : place]
        found[place] = distances[place] > band.mean() + amount * band.std()
    return found


RULES: dict[str, tuple[Rule, float]] = {
    "percentile": (percentile, 90.0),
    "standard_deviation": (standard_deviation, 1.5),
    "interquartile": (interquartile, 1.0),
    "gradient": (gradient, 90.0),
    "bollinger": (bollinger, 1.5),
}
"""By name, with the amount that is taken where none is set."""


def cuts(distances: Distances, method: str, amount: float | None) -> list[int]:
    """Places between neighbours, counted from 1: after so many units a cut."""
    import numpy as np

    if not len(distances):
        return []
    rule, usual = RULES[method]
    return [int(place) + 1 for place in np.flatnonzero(rule(distances, usual if amount is None else amount))]
