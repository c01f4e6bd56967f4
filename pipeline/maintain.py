"""What is to be done between ingests: failed documents, worn tables, old generations, a look at every law."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.backfill import open_for_writing
from pipeline.batch import COMMIT_WAIT_S
from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.retention import keep_house
from pipeline.verify import verify
from quarry.settings import Effective
from quarry.types import Outcome
from stores.lance import Store


def retry_failed(effective: Effective) -> dict[str, int]:
    """Documents that failed and are due by the rule are tried again; how many, and how many are well now."""
    collection = Store.open(effective.settings.store).collection(effective.settings.collection)
    now = datetime.now(UTC)
    rows = collection.documents(outcomes=[Outcome.FAILED.value])
    failed = [row for row in rows if row.next_try is not None and row.next_try <= now]
    if not failed:
        return {"tried": 0, "ok": 0}
    done = ingest(effective, Request(retry=tuple(row.doc_id for row in failed))).record()
    return {"tried": len(failed), "ok": done["outcomes"]["ok"] + done["outcomes"]["partial"]}


def housekeep(effective: Effective) -> dict[str, int]:
    """Promotions that are final by age, retired tables, compaction."""
    collection = open_for_writing(effective)
    with collection.lock(wait_s=COMMIT_WAIT_S):
        said = keep_house(collection, effective.settings)
        compacted = collection.tidy(collection.generations(), effective.settings.upkeep)
    return {"generations": len(said), "tables_compacted": len(compacted)}


def check(effective: Effective) -> dict[str, int]:
    """How many findings `verify` has."""
    collection = Store.open(effective.settings.store).collection(effective.settings.collection)
    return {"findings": len(verify(collection))}
