"""A run that dies anywhere, and is run again, leaves what an undisturbed run leaves."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.drill import (
    KILLED,
    assert_same,
    cut_model,
    first_state,
    ingest,
    points,
    run,
    second_state,
)


@dataclass(frozen=True)
class Drill:
    """A corpus whose second state is to be ingested over a store of the first."""

    folder: Path
    docs: Path
    model: Path
    points: list[str]
    first_points: list[str]
    """Of a run that makes the store."""

    def store(self, name: str, *, fresh: bool) -> Path:
        """A copy of the store of the first state, or none yet."""
        place = self.folder / name
        return place if fresh else Path(shutil.copytree(self.folder / "first", place))


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    folder = tmp_path_factory.mktemp("drill")
    docs, model = folder / "docs", cut_model(folder / "model")
    first_state(docs)
    done = ingest(docs, folder / "first", model)
    assert done.returncode == 3, done.stderr
    second_state(docs)
    shutil.copytree(folder / "first", folder / "second")
    done = ingest(docs, folder / "second", model, log=folder / "points")
    assert done.returncode == 3, done.stderr
    documents = json.loads(done.stdout)["documents"]
    assert documents == {
        "seen": 11, "added": 2, "changed": 2, "moved": 3, "unchanged": 4, "deleted": 1, "excluded": 0
    }  # fmt: skip
    ingest(docs, folder / "fresh", model, log=folder / "first_points")
    return Drill(folder, docs, model, points(folder / "points"), points(folder / "first_points"))


def break_and_run_again(drill: Drill, action: str, point: str, *, fresh: bool = False) -> None:
    store = drill.store(f"{action}-{point}-{fresh}".replace(":", "-"), fresh=fresh)
    died = ingest(drill.docs, store, drill.model, broken_by=f"{action}@{point}")
    if action == "kill":
        assert died.returncode == KILLED, (point, died.stdout, died.stderr)
    else:
        assert died.returncode in (1, 3), (point, died.stdout, died.stderr)
        assert "Traceback" not in died.stderr, (point, died.stderr)
    again = ingest(drill.docs, store, drill.model)
    assert again.returncode in (0, 3), (point, again.stderr)
    assert_same(store, drill.folder / ("fresh" if fresh else "second"))
    checked = run("verify", "--store", store)
    assert checked.returncode == 0, (point, checked.stdout)
    shutil.rmtree(store)


def sweep(drill: Drill, action: str, chosen: list[str], *, fresh: bool = False) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = {point: pool.submit(break_and_run_again, drill, action, point, fresh=fresh) for point in chosen}
    wrong = {point: str(done.exception())[:300] for point, done in runs.items() if done.exception()}
    assert not wrong, wrong


def test_kill_at_a_sample_of_the_points(drill: Drill) -> None:
    names = ("store.chunks.after:1", "store.ledger.after:1", "store.chunks.before:2", "encode:1", "finish.elements:1")
    assert set(names) <= set(drill.points)
    sweep(drill, "kill", list(names))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kill_at_every_point(drill: Drill) -> None:
    assert len(drill.points) + len(drill.first_points) >= 60
    sweep(drill, "kill", drill.points)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kill_at_every_point_of_the_first_run(drill: Drill) -> None:
    sweep(drill, "kill", drill.first_points, fresh=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_full_disk_at_every_write(drill: Drill) -> None:
    sweep(drill, "enospc", [point for point in drill.points if point.startswith("store.")])
    sweep(drill, "enospc", [point for point in drill.first_points if point.startswith("store.")], fresh=True)
