"""What every flow shares: retries of what may work in a minute, artifacts of what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from pipeline.plan import Work
from pipeline.progress import Progress
from pipeline.report import Report
from pipeline.session import Session
from pipeline.shard import run_shard
from quarry.errors import QuarryError


async def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """A busy store may be free in a minute; what is wrong stays wrong."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, QuarryError) and error.retryable


@task(
    name="shard",
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


def artifact_key(*parts: str) -> str:
    """Letters, digits and dashes are all that a key may hold."""
    return "-".join("".join(letter if letter.isalnum() else "-" for letter in part.lower()) for part in parts)


def publish_counts(key: str, record: Mapping[str, Any], *, markdown: str, description: str) -> None:
    """A table of every count and a page, under keys that show the history."""
    groups = {name: value for name, value in record.items() if isinstance(value, Mapping)}
    rows = [
        {"what": group, "count": name, "value": value} for group, own in groups.items() for name, value in own.items()
    ]
    create_table_artifact(key=f"{key}-counts", table=rows, description=description)
    create_markdown_artifact(key=f"{key}-report", markdown=markdown)
