"""The reindex flow: indexes anew, tables compacted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows._report import artifact_key, publish_counts, worth_retrying
from pipeline.reindex import reindex as run_reindex
from quarry.settings import Effective, load


@task(name="reindex", retries=2, retry_delay_seconds=60, retry_condition_fn=worth_retrying, cache_policy=NO_CACHE)
def rebuilt(effective: Effective) -> dict[str, Any]:
    """The state of the live generation's table before and after."""
    done = run_reindex(effective)
    return {"generation": done.generation.id, "before": asdict(done.before), "after": asdict(done.after)}


@flow(name="reindex", validate_parameters=True, persist_result=False)
def reindex(
    collection: str | None = None, config: str | None = None, settings: list[str] | None = None
) -> dict[str, Any]:
    """Of the live generation; searches go on meanwhile."""
    effective = load(config, assignments=settings or (), options={"collection": collection})
    record = rebuilt(effective)
    page = "\n".join(f"- {when}: {record[when]}" for when in ("before", "after"))
    key = artifact_key("reindex", effective.settings.collection)
    publish_counts(
        key, record, markdown=f"# Reindex of {record['generation']}\n\n{page}\n", description="Before and after"
    )
    return record
