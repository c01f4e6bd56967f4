"""The commands that keep a store and change its generations: records, exit codes, a line or two for every mistake."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.views import live_of
from quarry.cli.main import run as run_command
from stores.rows import GenerationRow
from tests.pipeline.drill import cut_model
from tests.pipeline.place import Place

REPORT = {
    "run_id", "collection", "generation", "documents", "outcomes", "pages", "chunks", "tokens", "work", "seconds",
    "problems",
}  # fmt: skip
GENERATION = {
    "id", "state", "chunker", "encoder", "dim", "dtype", "documents", "chunks", "created", "live_since", "retired_at",
}  # fmt: skip
STATE = {"bytes", "rows", "unindexed", "recall", "query_ms"}
NOTES = 4


@dataclass(frozen=True)
class Said:
    """What a command ended with."""

    code: int
    records: list[dict[str, Any]]
    err: str

    def assert_brief(self, code: int, message: str) -> None:
        """A mistake: nothing on stdout, one or two lines, no traceback."""
        assert (self.code, self.records) == (code, []), self.err
        assert message.casefold() in self.err.casefold()
        assert len(self.err.strip().splitlines()) <= 2, self.err
        assert "Traceback" not in self.err


Quarry = Callable[..., Said]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Notes, and a store of them with a live generation and one that is built beside it."""
    folder = tmp_path_factory.mktemp("generations")
    place = Place(folder, cut_model(folder / "model"))
    place.docs.mkdir()
    place.notes(NOTES)
    place.ingest()
    assert run_command(["backfill", "--dim", "64", "--store", str(place.store), "--quiet"]) == 0
    return place


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """A copy of the store, to do as one likes with; its sources stay where they are."""
    shutil.copytree(made.store, tmp_path / "store")
    return Place(tmp_path, made.model)


@pytest.fixture
def quarry(place: Place, capsys: pytest.CaptureFixture[str]) -> Quarry:
    """The command line in this process, on the copy, with `--json`."""

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run_command([*map(str, arguments), "--store", str(place.store), "--json"])
        out, err = capsys.readouterr()
        return Said(code, [json.loads(line) for line in out.splitlines()], err)

    return run


def live(place: Place) -> GenerationRow:
    return live_of(place.collection)


def other(place: Place) -> GenerationRow:
    """The one that is not live."""
    (found,) = [row for row in place.collection.generations() if row.id != live(place).id]
    return found


def damage(place: Place, generation: GenerationRow, *, number: int = 0) -> None:
    """The chunks of one document are gone."""
    collection = place.collection
    with collection.lock(wait_s=1):
        collection.replace_chunks(generation, [collection.documents()[number].doc_id], [])


def test_verify_finds_and_repairs(quarry: Quarry, place: Place) -> None:
    whole = quarry("verify")
    assert (whole.code, whole.records) == (0, [])
    assert "everything is as it was written" in whole.err
    damage(place, live(place))
    damage(place, other(place), number=1)
    found = quarry("verify")
    assert (found.code, len(found.records)) == (5, 2)
    assert {frozenset(record) for record in found.records} == {
        frozenset({"law", "table", "what", "document", "uri", "repair"})
    }
    mended = quarry("verify", "--repair")
    assert mended.code == 0
    assert "2 documents made again, 0 findings left" in mended.err
    assert quarry("verify", "--deep").records == []
    assert [record["chunks"] for record in quarry("generations").records] == [NOTES, NOTES]


def test_retry(quarry: Quarry, place: Place) -> None:
    nothing = quarry("retry")
    assert (nothing.code, nothing.records) == (0, [])
    assert "no document failed" in nothing.err
    named = quarry("retry", "note1.md")
    (record,) = named.records
    assert (named.code, set(record)) == (0, REPORT)
    assert (record["documents"]["seen"], record["outcomes"]["ok"]) == (1, 1)
    quarry("retry", "note9.md").assert_brief(2, "no document 'note9.md'; `quarry documents` lists them")


def test_purge(quarry: Quarry) -> None:
    for options in ((), ("--now",)):
        done = quarry("purge", *options)
        (record,) = done.records
        assert done.code == 0
        assert set(record) == {"elements", "rewritten", "gone_at", "bytes_before", "bytes_after"}
        assert record["elements"] == 0


def test_a_dry_run_of_a_backfill_writes_nothing(quarry: Quarry, place: Place) -> None:
    before = quarry("generations").records
    done = quarry("backfill", "--chunker", "sliding_window", "--dry-run")
    (record,) = done.records
    assert done.code == 0
    assert set(record) == {"documents", "chunks", "tokens", "bytes", "seconds"}
    assert record["documents"] == NOTES
    assert quarry("generations").records == before


def test_backfill_and_promote_in_one(quarry: Quarry, place: Place) -> None:
    done = quarry("backfill", "--dtype", "float16", "--promote")
    report, switch = done.records
    assert done.code == 0
    assert set(report) == REPORT | {"left"}
    assert (report["left"], report["work"]["parsed"], report["chunks"]["added"]) == (0, 0, NOTES)
    assert (switch["live"], live(place).dtype) == (report["generation"], "float16")


def test_generations(quarry: Quarry, place: Place) -> None:
    done = quarry("generations")
    assert done.code == 0
    assert all(set(record) == GENERATION for record in done.records)
    told = [(record["state"], record["dim"], record["documents"], record["chunks"]) for record in done.records]
    assert told == [("live", 384, NOTES, NOTES), ("building", 64, NOTES, NOTES)]


def test_promote_rollback_finalize_drop(quarry: Quarry, place: Place) -> None:
    first, second = live(place), other(place)
    quarry("rollback").assert_brief(1, "no previous generation: nothing to roll back to")
    there = quarry("promote", second.id[:6])
    (record,) = there.records
    assert (there.code, set(record)) == (0, {"live", "previous", "gates"})
    assert (record["live"], record["previous"]) == (second.id, first.id)
    assert all(set(gate) == {"name", "passed", "figure"} and gate["passed"] for gate in record["gates"])
    (record,) = quarry("rollback").records
    assert (record["live"], record["previous"]) == (first.id, second.id)
    quarry("drop", second.id).assert_brief(2, f"{second.id} is previous: `quarry promote --finalize`")
    assert quarry("promote", "--finalize").code == 0
    quarry("rollback").assert_brief(1, "no previous generation")
    dropped = quarry("drop", second.id)
    assert (dropped.code, dropped.records) == (0, [{"generation": second.id, "state": "retired"}])
    quarry("promote", second.id).assert_brief(2, "is retired: it is not kept up")
    assert quarry("drop", second.id, "--now").records == [{"generation": second.id, "state": "dropped"}]
    assert [record["id"] for record in quarry("generations").records] == [first.id]


def test_a_gate_holds_a_promotion_back(quarry: Quarry, place: Place) -> None:
    second = other(place)
    damage(place, second)
    quarry("promote", second.id).assert_brief(5, "does not pass: digests")
    quarry("promote", second.id, "--force", "digest").assert_brief(2, "did you mean 'digests'")
    forced = quarry("promote", second.id, "--force", "digests")
    assert forced.code == 0
    assert [gate["name"] for gate in forced.records[0]["gates"] if not gate["passed"]] == ["digests"]


def test_reindex(quarry: Quarry, place: Place) -> None:
    done = quarry("reindex")
    (record,) = done.records
    assert (done.code, set(record)) == (0, {"generation", "before", "after", "seconds"})
    assert (set(record["before"]), record["generation"]) == (STATE, live(place).id)
    assert record["after"]["rows"] == NOTES
    advice = quarry("reindex", "--advise")
    assert advice.code == 0
    assert {frozenset(trial) for trial in advice.records} == {
        frozenset({"name", "recall", "build_cpu", "query_cpu_ms", "bytes"})
    }
    assert advice.records[0]["recall"] == 1


def test_busy(quarry: Quarry, place: Place) -> None:
    with place.collection.generation_lock(other(place).id, wait_s=1):
        quarry("backfill", "--dim", "64", "--wait", "0").assert_brief(4, "another run holds the backfill of generation")
    with place.collection.source_lock("docs", wait_s=1):
        quarry("retry", "note1.md", "--wait", "0").assert_brief(4, "another run holds")


MISTAKES: list[tuple[list[str], int, str]] = [
    (["promote"], 2, "which generation? `quarry generations` lists them"),
    (["promote", "zzz"], 1, "0 generations start with 'zzz' (there are: "),
    (["promote", ""], 1, "2 generations start with ''"),
    (["promote", "LIVE"], 2, "is live already"),
    (["promote", "OTHER", "--force", "all"], 2, "no 'all' in --force (there are: "),
    (["promote", "OTHER", "--questions", "none.csv"], 2, "none.csv"),
    (["drop", "LIVE"], 2, "is live: promote another one first"),
    (["drop", "zzz"], 1, "0 generations start with 'zzz'"),
    (["drop"], 2, "missing argument"),
    (["backfill"], 2, "exactly these settings"),
    (["backfill", "--dim", "0"], 2, "--dim"),
    (["backfill", "--dim", "9999"], 2, "9999"),
    (["backfill", "--dtype", "int3"], 2, "int3"),
    (["backfill", "--encoder", "minilmm"], 2, "did you mean 'minilm'"),
    (["backfill", "--chunker", "slidng_window"], 2, "did you mean 'sliding_window'"),
    (["backfill", "--dim", "64", "--collection", "other"], 1, "there is no collection 'other'"),
    (["generations", "--collection", "other"], 1, "there is no collection 'other'"),
    (["reindex", "--collection", "other"], 1, "there is no collection 'other'"),
    (["rollback", "--collection", "other"], 1, "there is no collection 'other'"),
    (["purge", "--collection", "other"], 1, "there is no collection 'other'"),
    (["retry", "--collection", "other"], 1, "there is no collection 'other'"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_mistakes(quarry: Quarry, place: Place, arguments: list[str], code: int, message: str) -> None:
    ids = {"LIVE": live(place).id, "OTHER": other(place).id}
    quarry(*[ids.get(part, part) for part in arguments]).assert_brief(code, message)


@pytest.mark.parametrize(
    "arguments",
    [["verify"], ["retry"], ["purge"], ["backfill"], ["generations"], ["promote", "x"], ["rollback"], ["drop", "x"],
     ["reindex"], ["reindex", "--advise"]],
)  # fmt: skip
def test_a_store_that_is_not_there_is_not_made(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_command([*arguments, "--store", str(tmp_path / "none")])
    out, err = capsys.readouterr()
    assert (code, out, list(tmp_path.iterdir())) == (1, "", [])
    assert "there is no store at" in err
    assert len(err.strip().splitlines()) <= 2
