"""The backfill flow: a new generation in shards, promoted at the end where that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.events import emit_event
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict, Field

from flows._report import artifact_key, publish_counts, shard
from flows._stop import leaving_soon
from pipeline.backfill import Wanted
from pipeline.backfill import backfill as run_backfill
from pipeline.promote import promote
from pipeline.report import markdown
from quarry.settings import load


class Change(BaseModel):
    """What is to differ from the live generation; unknown names are refused before a run exists."""

    model_config = ConfigDict(extra="forbid")

    encoder: str | None = None
    chunker: dict[str, Any] | None = None
    dim: int | None = Field(default=None, ge=1)
    dtype: str | None = Field(default=None, pattern="^(float32|float16|binary)$")
    parsers: bool = False


def _run_name() -> str:
    """`backfill-<collection>-<minute>`."""
    collection = flow_run.get_parameters().get("collection") or "default"
    return f"backfill-{collection}-{datetime.now(UTC):%Y%m%d-%H%M}"


@flow(name="backfill", flow_run_name=_run_name, validate_parameters=True, persist_result=False)
def backfill(
    change: Change,
    collection: str | None = None,
    config: str | None = None,
    settings: list[str] | None = None,
    promote_at_end: bool = False,
) -> dict[str, Any]:
    """Make or go on with a generation. Returns its report; with `promote_at_end` it becomes live behind its gates."""
    effective = load(config, assignments=settings or (), options={"collection": collection})
    with leaving_soon():
        done = run_backfill(effective, Wanted(**change.model_dump()), shard=shard)
    record = done.record()
    key = artifact_key("backfill", done.session.collection.name)
    publish_counts(key, record, markdown=markdown(record), description="What the backfill did")
    if promote_at_end:
        with leaving_soon():
            promoted = promote(effective, done.generation.id)
        resource = {"prefect.resource.id": f"quarry.collection.{done.session.collection.name}"}
        emit_event("quarry.promoted", resource=resource, payload={"live": promoted.live.id})
    return record
