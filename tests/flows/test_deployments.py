"""The deployments of `prefect.yaml` on a real Prefect server: what each does to the store, and what Prefect says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.views import generation_records, live_of
from tests.flows.loopback import Loopback, Record, refused, told
from tests.pipeline.place import Place

DEPLOYMENTS = {
    "ingest/nightly": "30 2 * * *",
    "maintain/hourly-retry": "15 * * * *",
    "maintain/weekly": "0 5 * * 0",
    "backfill/model-change": None,
    "reindex/rebuild-indexes": None,
}
"""With the schedule that each has."""


def counted(table: Record) -> dict[tuple[str, str], int]:
    """A table artifact by group and name."""
    return {(row["what"], row["count"]): row["value"] for row in json.loads(table["data"])}


def test_every_deployment_registers(loopback: Loopback) -> None:
    for name, cron in DEPLOYMENTS.items():
        found = loopback.deployment(name)
        assert [one["schedule"]["cron"] for one in found["schedules"]] == ([cron] if cron else []), name
        assert found["global_concurrency_limit"]["limit"] == 1
        assert found["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert found["enforce_parameter_schema"]
        assert found["description"]


def test_a_backfill_from_the_command_line(loopback: Loopback, place: Place) -> None:
    place.notes(3)
    place.ingest()
    first = live_of(place.collection)
    wanted = told(place, change={"dim": 64}, promote_at_end=True)
    options = [f"--param={name}={json.dumps(value)}" for name, value in wanted.items()]
    loopback.command("deployment", "run", "backfill/model-change", "--watch", *options)
    run = loopback.runs("backfill/model-change")[-1]
    assert run["state_name"] == "Completed"
    artifacts = loopback.artifacts(run["id"])
    assert {key: one["type"] for key, one in artifacts.items()} == {
        "backfill-default-counts": "table", "backfill-default-report": "markdown"
    }  # fmt: skip
    counts = counted(artifacts["backfill-default-counts"])
    assert (counts["chunks", "added"], counts["work", "parsed"]) == (3, 0)
    live = live_of(place.collection)
    assert (live.dim, {row.provenance.path for row in place.chunks()}) == (64, {f"note{n}.md" for n in range(3)})
    states = {record["id"]: record["state"] for record in generation_records(place.collection)}
    assert states == {first.id: "previous", live.id: "live"}
    (event,) = loopback.events("quarry.promoted")
    assert event["payload"] == {"live": live.id}
    place.assert_clean()


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("ingest/nightly", {"shard_documents": "many"}, "many"),
        ("ingest/nightly", {"error_budget": 2}, "error_budget"),
        ("ingest/nightly", {"options": {"limt": 3}}, "limt"),
        ("ingest/nightly", {"sources": "docs"}, "docs"),
        ("ingest/nightly", {"shard_documents": 0}, "shard_documents"),
        ("backfill/model-change", {"change": {"dtype": "int3"}}, "int3"),
        ("backfill/model-change", {"change": {"encodr": "x"}}, "encodr"),
        ("maintain/weekly", {"verify": "perhaps"}, "perhaps"),
    ],
)
def test_a_wrong_parameter_is_refused_before_a_run_exists(
    loopback: Loopback, name: str, parameters: dict[str, Any], said: str
) -> None:
    before = len(loopback.runs(name))
    answer = refused(lambda: loopback.start(name, parameters))
    assert said in answer, answer
    assert len(loopback.runs(name)) == before


def test_the_command_line_refuses_a_wrong_parameter_too(loopback: Loopback) -> None:
    for parameter, said in (('shard_documents="many"', "many"), ("shards=3", "shards")):
        with pytest.raises(RuntimeError, match=said):
            loopback.command("deployment", "run", "ingest/nightly", "--param", parameter)
    assert loopback.runs("ingest/nightly") == []


def test_a_night_on_which_a_document_fails(loopback: Loopback, place: Place) -> None:
    place.notes(4)
    parameters = told(place, sources=[f"docs={place.docs}"])
    generous = {**parameters, "error_budget": 0.3}
    first = loopback.ended(loopback.start("ingest/nightly", generous, broken_by="error@chunk:note1"))
    assert first["state_name"] == "Completed"
    assert len(place.chunks()) == 3
    event = loopback.events("quarry.ingest.partial")[0]
    assert (event["payload"]["problems"], event["resource"]["prefect.resource.id"]) == (1, "quarry.collection.default")

    second = loopback.ended(loopback.start("ingest/nightly", parameters))
    assert second["state_name"] == "Failed"
    assert "1 of 4 documents failed, more than the error budget of 10.0%" in second["state"]["message"]
    assert set(loopback.artifacts(second["id"])) == {"ingest-default-counts", "ingest-default-report"}
    assert len(place.chunks()) == 3

    due(place)
    started = {name: loopback.start(name, told(place)) for name in ("maintain/hourly-retry", "reindex/rebuild-indexes")}
    assert {name: loopback.ended(run)["state_name"] for name, run in started.items()} == dict.fromkeys(
        started, "Completed"
    )
    retried = counted(loopback.artifacts(started["maintain/hourly-retry"])["maintain-default-counts"])
    assert retried == {("retry", "tried"): 1, ("retry", "ok"): 1}
    rebuilt = counted(loopback.artifacts(started["reindex/rebuild-indexes"])["reindex-default-counts"])
    assert rebuilt["after", "rows"] >= 3
    assert len(place.chunks()) == 4
    place.assert_clean()


def test_a_week_after_which_the_store_is_not_whole(loopback: Loopback, place: Place) -> None:
    place.notes(2)
    place.ingest()
    well = loopback.ended(loopback.start("maintain/weekly", told(place)))
    assert well["state_name"] == "Completed"
    collection, live = place.collection, live_of(place.collection)
    with collection.lock(wait_s=1):
        collection.replace_chunks(live, [collection.documents()[0].doc_id], [])
    ill = loopback.ended(loopback.start("maintain/weekly", told(place)))
    assert ill["state_name"] == "Failed"
    assert "of the store do not hold; `quarry verify` lists them" in ill["state"]["message"]
    found = counted(loopback.artifacts(ill["id"])["maintain-default-counts"])
    assert found["verify", "findings"] > 0


def due(place: Place) -> None:
    """Documents that failed, as they are when their time has come."""
    collection = place.collection
    failed = collection.documents(outcomes=["failed"])
    assert failed
    with collection.lock(wait_s=1):
        collection.put_documents([replace(row, next_try=datetime.now(UTC)) for row in failed])
