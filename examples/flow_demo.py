"""`make flow-demo`: a Prefect server and a worker on loopback, a deployment whose schedule fires, and its run.

Everything lives in a temporary folder and is stopped at the end, by the process ids that were started here.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent
CORPUS = Path(__file__).parent / "corpus"
DEPLOYMENT = "ingest/nightly"
INTERVAL_S = 15
"""The demonstration's schedule; the deployment's own one fires at night."""
PATIENCE_S = 300
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class Fired:
    """The scheduled run that was seen."""

    name: str
    state: str
    artifacts: tuple[str, ...]
    markdown: str


def demonstrate(corpus: Path, folder: Path) -> Fired:
    """Server, worker, deployment; waits for the first scheduled run to end. Stops what it started."""
    environment = environment_in(folder)
    with ExitStack() as running:
        serve(running, environment, folder)
        prefect(environment, "work-pool", "create", "local", "--type", "process")
        store = f"store={folder / 'store'}"
        parameters = f'{{"sources": ["{corpus}"], "settings": ["{store}"]}}'
        prefect(
            environment,
            "deploy",
            "-n",
            DEPLOYMENT.partition("/")[2],
            "--interval",
            str(INTERVAL_S),
            "--params",
            parameters,
        )
        worker = ["worker", "start", "--pool", "local", "--limit", "1"]
        running.enter_context(started(command_of(worker), environment, folder / "worker.log"))
        return _first_run(environment)


def environment_in(folder: Path) -> dict[str, str]:
    url = f"http://127.0.0.1:{free_port()}/api"
    own = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_WORKER_QUERY_SECONDS": "3",
        "PYTHONPATH": str(ROOT),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, **own}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command_of(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def serve(running: ExitStack, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """A Prefect server, when it answers. It ends with `running`."""
    port = environment["PREFECT_API_URL"].rpartition(":")[2].partition("/")[0]
    command = command_of(["server", "start", "--host", "127.0.0.1", "--port", port])
    process = running.enter_context(started(command, environment, folder / "server.log"))
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{environment['PREFECT_API_URL']}/health", timeout=5):
                return process
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise TimeoutError(f"the Prefect server did not start: {(folder / 'server.log').read_text()[-2000:]}")


@contextmanager
def started(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process group of its own, so that its children end with it."""
    with log.open("a") as out:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True
        )
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    for number, patience in ((signal.SIGINT, 15), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return


def prefect(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command printed. RuntimeError with it where the command fails."""
    done = subprocess.run(
        command_of(["--no-prompt", *arguments]),
        env=dict(environment),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"prefect {' '.join(arguments)} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _first_run(environment: Mapping[str, str]) -> Fired:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        runs = asked(environment, "flow_runs/filter", {"sort": "START_TIME_ASC"})
        for run in runs:
            if run["state_type"] in FINAL:
                artifacts = asked(environment, "artifacts/filter", {})
                pages = [str(item["data"]) for item in artifacts if item["type"] == "markdown"]
                keys = tuple(sorted({str(item["key"]) for item in artifacts}))
                return Fired(run["name"], run["state_name"], keys, pages[0] if pages else "")
        time.sleep(2)
    raise TimeoutError("no scheduled run ended in time")


def asked(environment: Mapping[str, str], path: str, question: dict[str, Any]) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{environment['PREFECT_API_URL']}/{path}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def main() -> int:
    with TemporaryDirectory(prefix="quarry-flow-") as name:
        print(
            f"starting a Prefect server and a worker on loopback; the schedule fires every {INTERVAL_S} s", flush=True
        )
        fired = demonstrate(CORPUS, Path(name))
    print(f"scheduled run {fired.name}: {fired.state}")
    print(f"artifacts: {', '.join(fired.artifacts)}\n\n{fired.markdown}")
    return 0 if fired.state == "Completed" else 1


if __name__ == "__main__":
    sys.exit(main())
