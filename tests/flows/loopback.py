"""A Prefect server on loopback and workers that may be killed: what the flow tests share."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

from examples.flow_demo import FINAL, command_of, environment_in, prefect, serve, started
from quarry import fault
from tests.pipeline.place import Place

Record = dict[str, Any]
PATIENCE_S = 120.0
"""For a run to get where it should, on a busy machine."""


@dataclass(slots=True)
class Loopback:
    """Server and worker on loopback, with a Prefect home of their own; `running` stops them."""

    folder: Path
    running: ExitStack
    environment: dict[str, str] = field(default_factory=dict)
    server: Popen[bytes] | None = None
    worker: Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.environment = environment_in(self.folder) | {
            "OMP_NUM_THREADS": "1",
            "QUARRY_STORE": str(self.folder / "unused"),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        }
        self.start_server()

    def start_server(self) -> None:
        """On the same port and database each time."""
        self.server = serve(self.running, self.environment, self.folder)

    def kill_server(self) -> None:
        assert self.server is not None
        for process in psutil.Process(self.server.pid).children(recursive=True):
            process.kill()
        self.server.kill()
        self.server.wait()

    def command(self, *arguments: str) -> str:
        """What `prefect ...` printed; RuntimeError with its message where it fails."""
        return prefect(self.environment, *arguments)

    def start_worker(self) -> None:
        arguments = ["worker", "start", "--pool", "local", "--limit", "4"]
        process = started(command_of(arguments), self.environment, self.folder / "worker.log")
        self.worker = self.running.enter_context(process)

    def runs_of_worker(self) -> list[psutil.Process]:
        """The processes below the worker: flow runs and what they started."""
        assert self.worker is not None
        return psutil.Process(self.worker.pid).children(recursive=True)

    def kill_worker(self) -> list[psutil.Process]:
        """SIGKILL for it and all below it, as when the machine dies. Returns what was below it."""
        assert self.worker is not None
        family = self.runs_of_worker()
        self.worker.kill()
        for process in family:
            process.kill()
        self.worker.wait()
        return family

    def ask(self, path: str, question: Mapping[str, Any] | Sequence[Any] | None = None, *, method: str = "POST") -> Any:
        """Prefect's answer from its HTTP API; urllib.error.HTTPError where it refuses.

        503 means that SQLite was locked: Prefect's own clients ask again too.
        """
        body = None if method in ("GET", "DELETE") else json.dumps(question or {}).encode()
        request = urllib.request.Request(
            f"{self.environment['PREFECT_API_URL']}/{path}",
            data=body,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        for last in (False, False, False, True):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
            except urllib.error.HTTPError as error:
                if last or error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                time.sleep(1)
            else:
                break
        return json.loads(text) if text else None

    def deployment(self, name: str) -> Record:
        """By `flow/deployment`."""
        found: Record = self.ask(f"deployments/name/{name}", method="GET")
        return found

    def slots_taken(self, name: str) -> int:
        """Of the deployment's own concurrency limit."""
        limit = self.deployment(name)["global_concurrency_limit"]
        return int(self.ask(f"v2/concurrency_limits/{limit['id']}", method="GET")["active_slots"])

    def start(self, name: str, parameters: Mapping[str, Any], *, broken_by: str = "") -> str:
        """The id of a new run of the deployment; `broken_by` as in `QUARRY_FAULT`."""
        asked = {"parameters": parameters, "job_variables": {"env": {fault.VARIABLE: broken_by}}}
        made: Record = self.ask(f"deployments/{self.deployment(name)['id']}/create_flow_run", asked)
        return str(made["id"])

    def run(self, run_id: str) -> Record:
        found: Record = self.ask(f"flow_runs/{run_id}", method="GET")
        return found

    def runs(self, name: str) -> list[Record]:
        """Of the deployment, those that wait for their schedule aside, the oldest first."""
        question = {
            "sort": "START_TIME_ASC",
            "flow_runs": {"deployment_id": {"any_": [self.deployment(name)["id"]]}},
        }
        found: list[Record] = self.ask("flow_runs/filter", question)
        return [run for run in found if not (run["auto_scheduled"] and run["state_type"] == "SCHEDULED")]

    def ended(self, run_id: str) -> Record:
        """The run in its last state."""
        until(f"run {run_id} ends", lambda: self.run(run_id)["state_type"] in FINAL)
        return self.run(run_id)

    def artifacts(self, run_id: str) -> dict[str, Record]:
        """By key, of one run; what Prefect keeps of its own has none."""
        found = self.ask("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
        return {item["key"]: item for item in found if item["key"]}

    def events(self, name: str) -> list[Record]:
        """Of this name, the newest first. They are written a moment after the run ends."""

        def found() -> list[Record]:
            answer = self.ask("events/filter", {"filter": {"event": {"name": [name]}}, "limit": 50})
            return list(answer["events"])

        until(f"an event {name}", found)
        return found()


def told(place: Place, *settings: str, **parameters: Any) -> Record:
    """Parameters of a flow run that reads and writes this place."""
    own = [f"store={place.store}", f"encoder.profile={place.model}", "ingest.workers=1", *settings]
    return {"settings": own, **parameters}


def until(what: str, happened: Callable[[], Any], *, seconds: float = PATIENCE_S) -> float:
    """Waits for a callable to be true; returns how many seconds that took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < seconds, f"waited in vain: {what}"
        time.sleep(0.2)
    return time.monotonic() - began


def refused(ask: Callable[[], Any]) -> str:
    """What Prefect's API says to a question that it refuses."""
    try:
        ask()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    raise AssertionError("it was taken")
