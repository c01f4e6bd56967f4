"""A backfill or a promotion that dies anywhere, and is run again, leaves what an undisturbed one leaves."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from stores.lance import Store
from tests.pipeline.drill import KILLED, assert_same, cut_model, first_state, ingest, points, run

CHUNKER = ("--chunker", "sliding_window", "--set", "chunker.size=12", "--set", "chunker.overlap=2")
SMALL_BATCHES = ("--set", "ingest.batch_rows=4")


@dataclass(frozen=True)
class Drill:
    """A store with one generation, and the points that a backfill of a second one and its promotion reach."""

    folder: Path
    docs: Path
    model: Path
    generation: str
    backfill_points: list[str]
    promote_points: list[str]

    def copy(self, name: str, *, of: str) -> Path:
        return Path(shutil.copytree(self.folder / of, self.folder / name.replace(":", "-")))


def backfill(store: Path) -> tuple[str | Path, ...]:
    return ("backfill", *CHUNKER, *SMALL_BATCHES, "--store", store, "--json")


def live(store: Path) -> str:
    found = Store.open(str(store)).collection("default").live()
    assert found is not None
    return found.id


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    folder = tmp_path_factory.mktemp("backfills")
    docs, model = folder / "docs", cut_model(folder / "model")
    first_state(docs)
    assert ingest(docs, folder / "first", model).returncode == 3
    shutil.copytree(folder / "first", folder / "filled")
    done = run(*backfill(folder / "filled"), log=folder / "backfill.log")
    assert done.returncode == 0, done.stderr
    generation = json.loads(done.stdout)["generation"]
    shutil.copytree(folder / "filled", folder / "promoted")
    done = run("promote", generation, "--store", folder / "promoted", "--json", log=folder / "promote.log")
    assert done.returncode == 0, done.stderr
    reached = points(folder / "backfill.log"), points(folder / "promote.log")
    return Drill(folder, docs, model, generation, *reached)


def die_in_the_backfill(drill: Drill, point: str) -> None:
    store = drill.copy(f"b-{point}", of="first")
    died = run(*backfill(store), broken_by=f"kill@{point}")
    assert died.returncode == KILLED, (point, died.stderr)
    again = run(*backfill(store))
    assert again.returncode == 0, (point, again.stderr)
    assert json.loads(again.stdout)["work"]["parsed"] == 0
    assert_same(store, drill.folder / "filled")
    assert run("verify", "--store", store).returncode == 0, point
    shutil.rmtree(store)


def die_in_the_promotion(drill: Drill, point: str) -> None:
    """One generation or the other is live at once, and the next ingest mends what was left half done."""
    store = drill.copy(f"p-{point}", of="filled")
    died = run("promote", drill.generation, "--store", store, "--json", broken_by=f"kill@{point}")
    assert died.returncode == KILLED, (point, died.stderr)
    found = run("search", "lighthouse", "--store", store, "--json")
    assert (found.returncode, bool(found.stdout)) == (0, True), found.stderr
    if live(store) != drill.generation:
        assert run("promote", drill.generation, "--store", store, "--json").returncode == 0, point
    assert run("ingest", drill.docs, "--store", store).returncode in (0, 3), point
    states = {row.id: row.state for row in Store.open(str(store)).collection("default").generations()}
    assert sorted(states.values()) == ["live", "previous"], (point, states)
    assert states[drill.generation] == "live"
    assert run("verify", "--store", store).returncode == 0, point
    assert run("rollback", "--store", store, "--json").returncode == 0, point
    assert live(store) != drill.generation
    shutil.rmtree(store)


def test_kill_at_a_sample_of_the_points(drill: Drill) -> None:
    for point in ("store.chunks.after:1", "encode:2"):
        assert point in drill.backfill_points
        die_in_the_backfill(drill, point)
    assert "promote.swapped:1" in drill.promote_points
    die_in_the_promotion(drill, "promote.swapped:1")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kill_at_every_point(drill: Drill) -> None:
    with ThreadPoolExecutor(4) as pool:
        deaths = {
            f"backfill {point}": pool.submit(die_in_the_backfill, drill, point) for point in drill.backfill_points
        }
        deaths |= {
            f"promote {point}": pool.submit(die_in_the_promotion, drill, point) for point in drill.promote_points
        }
    wrong = {name: str(death.exception())[:400] for name, death in deaths.items() if death.exception()}
    assert not wrong, wrong
    assert len(deaths) >= 20
