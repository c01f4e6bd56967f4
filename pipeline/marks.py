"""The newest content of each document that is searchable in the live or the previous generation."""

from __future__ import annotations

from collections.abc import Iterable

from stores.collection import Collection
from stores.rows import LedgerRow


def newest_marks(
    collection: Collection, doc_ids: Iterable[str] | None = None, *, besides: str = ""
) -> dict[str, LedgerRow]:
    """By document; all of them, or those asked for. The generation `besides` doesn't count."""
    row = collection.row()
    wanted = None if doc_ids is None else list(doc_ids)
    found: dict[str, LedgerRow] = {}
    for generation in (row.live, row.previous) if row else ():
        if generation is None or generation == besides:
            continue
        for document, mark in collection.ledger(generation, wanted).items():
            known = found.get(document)
            if known is None or mark.committed_at > known.committed_at:
                found[document] = mark
    return found
