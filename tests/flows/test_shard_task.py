"""The `shard` task under Prefect's own engine: what is tried again, what isn't, and that another try can succeed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from flows._report import shard
from pipeline.ingest import holding
from pipeline.plan import Plan, Request, make_plan
from pipeline.progress import Progress, Silent
from pipeline.session import Session, open_session
from pipeline.views import live_of
from quarry.errors import BusyError, ModelError, QuarryError
from tests.flows.loopback import Loopback
from tests.pipeline.place import Place

SOON = shard.with_options(retry_delay_seconds=0, retry_jitter_factor=0.0)
"""The task without its patience."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    folder = tmp_path_factory.mktemp("prefect")
    with ExitStack() as running:
        found = Loopback(folder, running)
        own = {
            PREFECT_API_URL: found.environment["PREFECT_API_URL"],
            PREFECT_HOME: Path(found.environment["PREFECT_HOME"]),
            PREFECT_LOGGING_TO_API_ENABLED: False,  # its thread outlives the server
        }
        running.enter_context(temporary_settings(own))
        yield found


def one_shard(session: Session, plan: Plan, progress: Progress) -> int:
    """How many documents were added by a flow of this one task."""

    @flow(name="one-shard", persist_result=False)
    def body() -> int:
        return SOON(session, plan.work, progress).documents.added

    return body()


def ingest_by_task(place: Place, progress: Progress, *settings: str) -> int:
    """How many documents were added by the task, as a run would do it."""
    session = open_session(place.effective(*settings))
    with holding(session, Request((str(place.docs),))) as sources:
        plan = make_plan(session, sources, Request((str(place.docs),)))
        for journal in session.journals.values():
            journal.open()
        return one_shard(session, plan, progress)


def tries(server: Loopback) -> int:
    """Of the newest run of the task."""
    (newest, *_) = server.ask("task_runs/filter", {"sort": "EXPECTED_START_TIME_DESC", "limit": 1})
    return int(newest["run_count"])


@dataclass
class Retiring:
    """Takes the live generation out of use once so many documents are stored, until so many were parsed."""

    place: Place
    stored_first: int
    back_at: int
    parses: int = 0
    in_store: int = 0

    def planned(self, _documents: int, /) -> None:
        return

    def parsed(self, _uri: str, /) -> None:
        self.parses += 1
        if self.parses == self.back_at:
            self._put("live")
        elif self.in_store == self.stored_first == 0:
            self._put("retired")

    def stored(self, documents: int, _chunks: int, _tokens: int, /) -> None:
        self.in_store += documents
        if self.in_store == self.stored_first:
            self._put("retired")

    def _put(self, state: str) -> None:
        collection = self.place.collection
        collection.put_state(replace(live_of(collection), state=state))


def test_a_busy_store_is_tried_again_and_another_try_succeeds(server: Loopback, place: Place) -> None:
    place.notes(1)
    assert ingest_by_task(place, Retiring(place, stored_first=0, back_at=3)) == 1
    assert tries(server) == 3
    assert len(place.chunks()) == 1


def test_another_try_goes_on_from_what_the_first_one_stored(server: Loopback, place: Place) -> None:
    place.notes(4)
    progress = Retiring(place, stored_first=2, back_at=5)
    assert ingest_by_task(place, progress, "ingest.batch_rows=1") == 4
    assert (tries(server), progress.parses) == (2, 6), "two were in the first batches, and are not made again"
    assert len(place.chunks()) == len(place.collection.ledger(live_of(place.collection).id)) == 4


def test_a_store_that_stays_busy_ends_the_run(server: Loopback, place: Place) -> None:
    place.notes(1)
    with pytest.raises(BusyError, match="retired by now"):
        ingest_by_task(place, Retiring(place, stored_first=0, back_at=99))
    assert tries(server) == 4


def test_what_is_wrong_stays_wrong(server: Loopback, place: Place) -> None:
    place.notes(1)
    place.ingest()
    place.write("more.md", "# More\n\nWords for a model that went away.\n")
    session = open_session(place.effective())
    with holding(session, Request((str(place.docs),))) as sources:
        plan = make_plan(session, sources, Request((str(place.docs),)))
        for journal in session.journals.values():
            journal.open()
        hidden = shutil.move(place.model, place.folder / "hidden")
        try:
            with pytest.raises(ModelError):
                one_shard(session, plan, Silent())
        finally:
            shutil.move(hidden, place.model)
    assert tries(server) == 1


def test_only_what_may_pass_is_worth_another_try() -> None:
    assert BusyError.retryable
    assert not any(kind.retryable for kind in (ModelError, QuarryError))
