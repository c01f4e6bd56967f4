"""What the store knows of a source, column by column: cheap enough to plan 100,000 unchanged files in a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quarry.types import Outcome
from sources import Stat
from stores.collection import Collection
from stores.lance import readable, storable
from stores.rows import LedgerRow

SETTLED_NS = 2_000_000_000
"""A file changed less than this before it was hashed may change again within the clock's resolution."""
SEARCHABLE = frozenset({Outcome.OK, Outcome.PARTIAL})
_COLUMNS = (
    "path",
    "doc_id",
    "sha256",
    "size",
    "mtime_ns",
    "ctime_ns",
    "inode",
    "hashed_at_ns",
    "outcome",
    "next_try",
    "metadata",
)


@dataclass(slots=True)
class Known:
    """The documents of one source."""

    same: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Path -> (size, mtime, ctime, inode) of those that need nothing while their stat stays as it is."""
    others: set[str] = field(default_factory=set)
    """Paths of the rest."""
    problems: dict[str, str] = field(default_factory=dict)
    """Path -> outcome of those that are not `ok`."""
    total: int = 0


def known_of(collection: Collection, generation: str, *, source: str, metadata: str, trust_stat: bool) -> Known:
    """`metadata` is what the source now declares; without `trust_stat` no document is the same by its stat."""
    documents = collection.document_columns(source, _COLUMNS)
    ledger = collection.ledger_columns(generation, ("doc_id", "sha256"))
    paths = [readable(path) for path in documents["path"].to_pylist()]
    settled = _settled(documents, ledger, metadata=metadata) if trust_stat else [False] * len(paths)
    stats = zip(*(documents[name].to_numpy().tolist() for name in Stat._fields), strict=True)
    found = Known(total=len(paths))
    for path, stat, same in zip(paths, stats, settled, strict=True):
        if same:
            found.same[path] = stat
        else:
            found.others.add(path)
    outcomes = documents["outcome"]
    for row in pc.indices_nonzero(pc.not_equal(outcomes, Outcome.OK.value)).to_pylist():
        found.problems[paths[row]] = outcomes[row].as_py()
    return found


def _settled(documents: pa.Table, ledger: pa.Table, *, metadata: str) -> list[bool]:
    """True where the stat alone says that nothing is to do. An inode of 0 is no file: its bytes must be looked at."""
    age = pc.subtract(documents["hashed_at_ns"], documents["mtime_ns"])
    looked_at = pc.and_(pc.greater_equal(age, SETTLED_NS), pc.greater(documents["inode"], 0))
    same = pc.and_(looked_at, pc.equal(documents["metadata"], storable(metadata)))
    settled: list[bool] = pc.fill_null(pc.and_(same, _done(documents, ledger)), False).to_numpy().tolist()
    return settled


def _done(documents: pa.Table, ledger: pa.Table) -> Any:
    """As `is_done`, for whole columns."""
    place = pc.index_in(documents["doc_id"], value_set=ledger["doc_id"])
    current = pc.fill_null(pc.equal(documents["sha256"], ledger["sha256"].take(place)), False)
    outcome = documents["outcome"]
    searchable = pc.is_in(outcome, value_set=pa.array([item.value for item in SEARCHABLE]))
    failed = pc.equal(outcome, Outcome.FAILED.value)
    now = pa.scalar(datetime.now(UTC), documents["next_try"].type)
    waiting = pc.fill_null(pc.greater(documents["next_try"], now), True)
    return pc.if_else(searchable, current, pc.if_else(failed, waiting, True))


def is_done(outcome: str, next_try: datetime | None, *, sha256: str | None, mark: LedgerRow | None) -> bool:
    """True where the same bytes need no work: they are searchable, or failed for good, or are not due yet."""
    if outcome in SEARCHABLE:
        return mark is not None and mark.sha256 == sha256
    if outcome == Outcome.FAILED:
        return next_try is None or next_try > datetime.now(UTC)
    return True


def counted(problems: Mapping[str, str], paths: list[str], *, unchanged: int) -> dict[Outcome, int]:
    """Outcomes of so many unchanged documents, of which `paths` have a problem."""
    counts: dict[Outcome, int] = {}
    for path in paths:
        outcome = Outcome(problems[path])
        counts[outcome] = counts.get(outcome, 0) + 1
    if unchanged > len(paths):
        counts[Outcome.OK] = unchanged - len(paths)
    return counts
