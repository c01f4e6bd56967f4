"""Runs beside each other, and locks that outlive nobody."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

from stores.lance import Store
from tests.pipeline.place import Place
from tests.pipeline.processes import command, in_flight, running, start, until


def test_four_processes_ingest_one_folder_into_a_new_store(place: Place) -> None:
    place.notes(12)
    processes = [start(command(place)) for _ in range(4)]
    told = [process.communicate(timeout=120) for process in processes]
    codes = [process.returncode for process in processes]
    assert set(codes) <= {0, 4}, told
    assert 0 in codes
    assert not any("Traceback" in err for _, err in told)
    chunks = place.chunks()
    assert len(chunks) == len({row.chunk.id for row in chunks}) == 12
    store = Store.open(str(place.store))
    for name in ("documents", "ledger", "elements"):
        assert store.table(name).count_rows() == 12
    for name in ("collections", "generations"):
        assert store.table(name).count_rows() == 1
    added = [json.loads(out)["documents"]["added"] for out, _ in told if out]
    assert sum(added) == 12
    place.assert_clean()


def test_sources_of_a_collection_run_beside_each_other(place: Place, tmp_path: Path) -> None:
    place.notes(3)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("A windmill in another source.")
    place.ingest(other, settings=["ingest.wait_s=0"])
    with running(command(place), broken_by="sleep@encode") as first:
        until("the first run encodes", lambda: in_flight(place) == 3)
        (other / "a.md").write_text("A waterwheel in another source.")
        second = start(command(place, other, options=("--wait", "0")))
        out, err = second.communicate(timeout=60)
        assert second.returncode == 0, err
        assert json.loads(out)["documents"]["changed"] == 1
        assert first.poll() is None
    assert sorted(place.documents()) == ["a.md"]
    place.ingest()
    assert len(place.documents()) == 4
    place.assert_clean()


def test_who_waits_is_told_for_whom(place: Place) -> None:
    place.notes(3)
    with running(command(place), broken_by="sleep@encode") as first:
        until("the first run encodes", lambda: in_flight(place) == 3)
        began = time.monotonic()
        second = start(command(place, options=("--wait", "0")))
        _, err = second.communicate(timeout=60)
        assert second.returncode == 4
        assert f"process {first.pid} on {socket.gethostname()} since " in err
        assert "source 'docs'" in err
        assert time.monotonic() - began < 20


def test_a_lock_of_a_dead_owner_is_free_at_once(place: Place) -> None:
    place.notes(3)
    with running(command(place), broken_by="sleep@encode") as first:
        until("the first run encodes", lambda: in_flight(place) == 3)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert any(file.read_text() for file in (place.store / "_locks").glob("*.lock"))  # its name still stands there
    report = place.ingest(settings=["ingest.wait_s=0"])
    assert report["documents"]["added"] == 3
    place.assert_clean()


def test_collections_of_a_store_share_work_and_nothing_else(place: Place) -> None:
    place.notes(3)
    processes = [start([*command(place), "--collection", name]) for name in ("one", "two")]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    store = Store.open(str(place.store))
    assert store.table("elements").count_rows() == 3
    found = {name: store.collection(name).documents() for name in ("one", "two")}
    assert [row.path for row in found["one"]] == [row.path for row in found["two"]]
    assert not {row.doc_id for row in found["one"]} & {row.doc_id for row in found["two"]}
    third = start([*command(place), "--collection", "three"])
    out, _ = third.communicate(timeout=60)
    work = json.loads(out)["work"]
    assert (work["parsed"], work["encoded"]) == (0, 0)
