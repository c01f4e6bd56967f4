"""Flow runs that are killed, cancelled or started twice: what they leave in the store, what Prefect makes of them."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
import yaml

from examples.flow_demo import FINAL, ROOT
from tests.flows.loopback import Loopback, told, until
from tests.pipeline.drill import assert_same
from tests.pipeline.place import Place
from tests.pipeline.processes import in_flight

NIGHTLY = "ingest/nightly"


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def by_schedule(loopback: Loopback) -> set[str]:
    """States of the runs that a schedule started."""
    return {one["state_name"] for one in loopback.runs(NIGHTLY) if one["auto_scheduled"]}


@pytest.mark.parametrize("point", ["sleep@encode", pytest.param("hang@parse:note2", marks=pytest.mark.slow)])
def test_a_cancelled_run_stops_and_can_be_taken_up_again(loopback: Loopback, place: Place, point: str) -> None:
    place.notes(5)
    parameters = told(place, sources=[str(place.docs)])
    run = loopback.start(NIGHTLY, parameters, broken_by=point)
    until("documents are in flight", lambda: in_flight(place) >= 3)
    second = loopback.ended(loopback.start(NIGHTLY, parameters))
    assert (second["state_name"], second["state"]["message"]) == ("Cancelled", "Deployment concurrency limit reached.")
    family = loopback.runs_of_worker()
    assert len(family) >= 2
    loopback.ask(f"flow_runs/{run}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
    assert until("no process is left", lambda: not any(map(alive, family)), seconds=30) < 10
    until("Prefect knows", lambda: loopback.run(run)["state_type"] in FINAL, seconds=30)
    assert loopback.run(run)["state_name"] == "Cancelled"
    assert loopback.slots_taken(NIGHTLY) == 0
    assert loopback.ended(loopback.start(NIGHTLY, parameters))["state_name"] == "Completed"
    assert len(place.chunks()) == 5
    place.assert_clean()


def test_of_two_runs_at_once_one_writes(loopback: Loopback, place: Place) -> None:
    place.notes(3)
    parameters = told(place, sources=[str(place.docs)])
    started = [loopback.start(NIGHTLY, parameters) for _ in range(2)]
    assert sorted(loopback.ended(run)["state_name"] for run in started) == ["Cancelled", "Completed"]
    assert len(place.collection.runs(last=5)) == 1
    assert loopback.slots_taken(NIGHTLY) == 0


def test_a_run_beside_one_that_prefect_knows_nothing_of_says_who_holds_the_source(
    loopback: Loopback, place: Place
) -> None:
    place.notes(1)
    place.ingest()
    with place.collection.source_lock("docs", wait_s=1):
        run = loopback.ended(loopback.start(NIGHTLY, told(place, "ingest.wait_s=0.2", sources=[str(place.docs)])))
    assert run["state_name"] == "Failed"
    assert "another run holds" in run["state"]["message"]


def test_after_worker_and_run_were_killed_the_schedule_finishes_the_work(
    loopback: Loopback, place: Place, tmp_path: Path
) -> None:
    place.notes(6)
    parameters = told(place, "ingest.batch_rows=2", sources=[f"docs={place.docs}"])
    # The automation of the repository, with less patience: the real one's is too long for a test.
    (automation,) = yaml.safe_load((ROOT / "automations.yaml").read_text())["automations"]
    automation["trigger"]["within"] = 12
    made = loopback.ask("automations/", automation)
    run = loopback.start(NIGHTLY, parameters, broken_by="sleep@store.chunks.before:2")
    until("half of it is written", lambda: in_flight(place) >= 4 and place.chunks())
    family = loopback.kill_worker()
    until("all are dead", lambda: not any(map(alive, family)))
    assert 0 < len(place.chunks()) < 6
    assert loopback.slots_taken(NIGHTLY) == 1
    loopback.start_worker()
    schedule = [{"schedule": {"interval": 5}, "parameters": parameters, "active": True}]
    deployment = loopback.deployment(NIGHTLY)["id"]
    (scheduled,) = loopback.ask(f"deployments/{deployment}/schedules", schedule)
    until("Prefect sees that the run is dead", lambda: loopback.run(run)["state_name"] == "Crashed")
    loopback.ask(f"automations/{made['id']}", method="DELETE")
    until("a scheduled run ends well", lambda: "Completed" in by_schedule(loopback))
    loopback.ask(f"deployments/{deployment}/schedules/{scheduled['id']}", method="DELETE")
    until("no slot is taken", lambda: loopback.slots_taken(NIGHTLY) == 0)
    assert "Cancelled" in by_schedule(loopback), "those that came while the slot was taken"
    place.assert_clean()
    disturbed = place.store.rename(tmp_path / "disturbed")
    place.ingest(f"docs={place.docs}")
    assert_same(disturbed, place.store)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_after_the_machine_was_rebooted_the_slot_becomes_free(loopback: Loopback, place: Place) -> None:
    """Server, worker and run die at once, and the server forgets its leases; with the automation as it stands."""
    place.notes(3)
    parameters = told(place, sources=[f"docs={place.docs}"])
    loopback.command("automation", "create", "--from-file", str(ROOT / "automations.yaml"))
    run = loopback.start(NIGHTLY, parameters, broken_by="sleep@encode")
    until("documents are in flight", lambda: in_flight(place) == 3)
    loopback.kill_worker()
    loopback.kill_server()
    loopback.start_server()
    loopback.start_worker()
    assert loopback.slots_taken(NIGHTLY) == 1
    until("Prefect sees that the run is dead", lambda: loopback.run(run)["state_name"] == "Crashed", seconds=300)
    assert loopback.slots_taken(NIGHTLY) == 0
    assert loopback.ended(loopback.start(NIGHTLY, parameters))["state_name"] == "Completed"
    place.assert_clean()
