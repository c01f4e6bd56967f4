"""The ingest flow: shards of documents as tasks with retries, the report as artifacts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.tasks import Task
from pydantic import BaseModel, ConfigDict, Field

from pipeline.ingest import Ingested
from pipeline.ingest import ingest as run_ingest
from pipeline.plan import Request, Work
from pipeline.progress import Progress
from pipeline.report import Report, markdown
from pipeline.session import Session
from pipeline.shard import run_shard
from quarry.errors import QuarryError
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


async def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """A busy store may be free in a minute; what is wrong stays wrong."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, QuarryError) and error.retryable


@task(
    name="ingest-shard",
    retries=3,
    retry_delay_seconds=[10, 60, 300],
    retry_jitter_factor=0.5,
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def shard(session: Session, works: Sequence[Work], progress: Progress) -> Report:
    """Parse, chunk, embed and store a group of documents; repeating it changes nothing."""
    return run_shard(session, works, progress)


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
    shard_documents: int = 100,
) -> dict[str, Any]:
    """Bring a collection in line with its sources. `settings` are section.key=value; returns the ingest report."""
    effective = load(config, assignments=settings or (), options={"collection": collection})
    request = (options or Options()).request(sources)
    done = run_ingest(effective, request, shard=shard, shard_documents=shard_documents)
    publish(done)
    return done.record()


def run(request: Request, *, config: str | None, settings: Sequence[str]) -> dict[str, Any]:
    """The flow on the configured API, else on Prefect's own embedded server; returns the ingest report."""
    asked = asdict(request)
    sources = list(asked.pop("sources"))
    collection = next((text.partition("=")[2] for text in settings if text.startswith("collection=")), None)
    known: dict[str, Any] = {} if collection is None else {"collection": json.loads(collection)}
    record: dict[str, Any] = ingest(sources, config=config, settings=list(settings), options=Options(**asked), **known)
    return record


def publish(done: Ingested) -> None:
    """A table and a page about the run, under keys that show the history of a collection."""
    record = done.record()
    key = "".join(letter if letter.isalnum() else "-" for letter in done.session.settings.collection.lower())
    parts = ("documents", "outcomes", "chunks", "tokens", "seconds")
    rows = [{"what": part, "count": name, "value": value} for part in parts for name, value in record[part].items()]
    create_table_artifact(key=f"ingest-{key}-counts", table=rows, description="What the run did")
    create_markdown_artifact(key=f"ingest-{key}-report", markdown=markdown(record))
