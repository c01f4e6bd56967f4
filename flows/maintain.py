"""The maintenance flow: failed documents tried again, tables compacted, old generations dropped, every law checked."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows._report import artifact_key, publish_counts, worth_retrying
from flows._stop import leaving_soon
from pipeline.maintain import check, housekeep, retry_failed
from quarry.errors import StoreError
from quarry.settings import Effective, load

OPTIONS: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": 60,
    "retry_condition_fn": worth_retrying,
    "cache_policy": NO_CACHE,
}


@task(name="retry-failed", **OPTIONS)
def retried(effective: Effective) -> dict[str, int]:
    with leaving_soon():
        return retry_failed(effective)


@task(name="housekeep", **OPTIONS)
def tidied(effective: Effective) -> dict[str, int]:
    return housekeep(effective)


@task(name="verify", **OPTIONS)
def verified(effective: Effective) -> dict[str, int]:
    return check(effective)


@flow(name="maintain", validate_parameters=True, persist_result=False)
def maintain(
    collection: str | None = None,
    config: str | None = None,
    settings: list[str] | None = None,
    retry: bool = True,
    housekeeping: bool = True,
    verify: bool = True,
) -> dict[str, Any]:
    """Fails where a law of the store does not hold: `quarry verify` says which."""
    effective = load(config, assignments=settings or (), options={"collection": collection})
    record: dict[str, Any] = {"retry": retried(effective)} if retry else {}
    record |= {"housekeeping": tidied(effective)} if housekeeping else {}
    record |= {"verify": verified(effective)} if verify else {}
    page = "\n".join(f"- {what}: {counts}" for what, counts in record.items())
    key = artifact_key("maintain", effective.settings.collection)
    publish_counts(key, record, markdown=f"# Maintenance\n\n{page}\n", description="What was found and done")
    findings = record.get("verify", {}).get("findings", 0)
    if findings:
        raise StoreError(f"{findings} laws of the store do not hold; `quarry verify` lists them, --repair mends them")
    return record
