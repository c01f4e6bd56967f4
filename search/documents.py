"""Which documents a query names: `What did Brackwater spend in 2021?` is asked of one report, not of all alike.

What documents are (organisation, form, period) is a full-text field of its own, one row a document, so the words of a
query weigh by how few documents they name. A query whose words name few enough documents is asked of these first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stores.collection import Collection
from stores.rows import GenerationRow, Named

MOST = 1000
"""Documents that are looked at."""
CLOSE = 0.99
"""Documents with this share of the best one's score match as well as it does."""
FEW = 50
"""Up to so many that match best are searched on their own."""
TELLING = 1.5
"""Least BM25 score, in nats, of a match that is no chance: a name that one document in five has."""
CLEAR = 4.0
"""From here on a match counts in full: one document in fifty. A year alone is below or between the two."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and the documents that it names."""

    query: str
    rest: str
    """The query without the words that name documents: on their pages those say nothing."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """By document id: how much of the match is its, 0 to 1, times how clear the match is."""
    best: tuple[str, ...] = ()
    """Ids of those that match best; empty where there are too many."""


def asked(collection: Collection, generation: GenerationRow, query: str) -> Asked:
    """What a query names; nothing where no word is telling."""
    found = collection.named_documents(generation, query, k=MOST)
    top = max((item.score for item in found), default=0.0)
    if top < TELLING:
        return Asked(query, query)
    clear = min(1.0, top / CLEAR)
    shares = {item.doc_id: clear * item.score / top for item in found}
    best = [item for item in found if item.score >= CLOSE * top]
    ids = tuple(sorted({item.doc_id for item in best})) if len(best) <= FEW else ()
    return Asked(query, _rest(query, best) or query, shares, ids)


def _rest(query: str, best: list[Named]) -> str:
    names = {word.casefold() for item in best for word in _WORD.findall(item.about)}
    return " ".join(word for word in _WORD.findall(query) if word.casefold() not in names)
