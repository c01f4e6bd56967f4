"""The ingest flow: shards of documents as tasks with retries, the report as artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from prefect import flow
from prefect.events import emit_event
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict, Field

from flows._report import artifact_key, publish_counts, shard
from flows._stop import end_embedded_server, leaving_soon, when_stopped
from pipeline.ingest import Ingested
from pipeline.ingest import ingest as run_ingest
from pipeline.plan import Request
from pipeline.report import markdown
from quarry.errors import ErrorBudgetError
from quarry.settings import load


class Options(BaseModel):
    """What one ingest is asked to do; unknown names are refused before a run exists."""

    model_config = ConfigDict(extra="forbid")

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    keep_missing: bool = False
    limit: int | None = Field(default=None, ge=1)
    checksum: bool = False
    retry: tuple[str, ...] = ()
    """Documents by id: work on these alone."""

    def request(self, sources: Sequence[str]) -> Request:
        return Request(sources=tuple(sources), **self.model_dump())


def _run_name() -> str:
    """`ingest-<collection>-<minute>`."""
    collection = flow_run.get_parameters().get("collection") or "default"
    return f"ingest-{collection}-{datetime.now(UTC):%Y%m%d-%H%M}"


@flow(name="ingest", flow_run_name=_run_name, validate_parameters=True, persist_result=False)
def ingest(
    sources: list[str],
    collection: str | None = None,
    config: str | None = None,
    settings: list[str] | None = None,
    options: Options | None = None,
    shard_documents: Annotated[int, Field(ge=1)] = 100,
    error_budget: Annotated[float, Field(ge=0, le=1)] = 0.1,
) -> dict[str, Any]:
    """Bring a collection in line with its sources. `settings` are section.key=value; returns the ingest report.

    The run fails where a larger share of the documents than `error_budget` failed; what was stored stays.
    """
    effective = load(config, assignments=settings or (), options={"collection": collection})
    request = (options or Options()).request(sources)
    with leaving_soon():
        done = run_ingest(effective, request, shard=shard, shard_documents=shard_documents)
    publish(done)
    check_budget(done.record(), budget=error_budget)
    return done.record()


def run(request: Request, *, config: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """The flow on the configured API, else on Prefect's own embedded server; returns the ingest report."""
    asked = asdict(request)
    sources = list(asked.pop("sources"))
    collection = next((text.partition("=")[2] for text in settings if text.startswith("collection=")), None)
    known: dict[str, Any] = {} if collection is None else {"collection": json.loads(collection)}
    with when_stopped(end_embedded_server):
        record: dict[str, Any] = ingest(
            sources, config=config, settings=list(settings), options=Options(**asked), **known
        )
    return record


def publish(done: Ingested) -> None:
    """A table and a page about the run, under keys that show the history of a collection."""
    record = done.record()
    key = artifact_key("ingest", done.session.settings.collection)
    publish_counts(key, record, markdown=markdown(record), description="What the run did")
    if record["problems"]:
        emit_event(
            "quarry.ingest.partial",
            resource={"prefect.resource.id": f"quarry.collection.{done.session.settings.collection}"},
            payload={"problems": len(record["problems"]), "run_id": record["run_id"]},
        )


def check_budget(record: Mapping[str, Any], *, budget: float) -> None:
    """ErrorBudgetError, which fails the flow run, where more of the documents failed than may."""
    seen, failed = record["documents"]["seen"], record["outcomes"]["failed"]
    if seen and failed / seen > budget:
        raise ErrorBudgetError(f"{failed} of {seen} documents failed, more than the error budget of {budget:.1%}")
