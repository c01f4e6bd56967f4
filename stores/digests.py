"""One hash a row, so that a changed byte in the store is found in the row that it changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import numpy as np

COLUMN = "check"
OF_THE_RUN = frozenset({"run_id", "ingested_at"})
"""Columns of a chunk that differ from run to run: left out, so that equal chunks have equal hashes."""
DERIVED = frozenset({"metadata_numbers", "metadata_texts", "metadata_terms", "bits", "about"})
"""Made for filters and for search, from `metadata`, the vector and the document."""
OPTIONAL = frozenset({"topic"})
"""Columns that older rows were hashed without: they count where they hold something."""
_BITS = 128


def check_of(row: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> str:
    """32 hex digits over the columns of a stored row but `check` itself."""
    skipped = without | {COLUMN, "vector"}
    skipped |= {name for name in OPTIONAL if row.get(name) is None}
    columns = {name: value for name, value in row.items() if name not in skipped}
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"), default=_plain)
    total = blake2b(text.encode(), digest_size=_BITS // 8)
    vector = row.get("vector")
    if vector is not None:
        total.update(np.ascontiguousarray(vector).tobytes())
    return total.hexdigest()


def chunk_check(row: Mapping[str, Any]) -> str:
    """Of a chunk row as stored, vector included: its `vector` must have the table's number type."""
    return check_of(row, without=OF_THE_RUN | DERIVED)


def digest_of(checks: Iterable[str]) -> str:
    """One digest for all rows of a document, in whatever order they come."""
    return f"{sum(int(check, 16) for check in checks) % (1 << _BITS):032x}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return blake2b(value, digest_size=_BITS // 8).hexdigest()
    raise TypeError(f"{type(value).__name__} has no canonical form in a row")
