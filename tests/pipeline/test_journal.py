"""The journal of documents in flight, alone: what a death leaves, what an orderly end leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.journal import ALONE_FROM, Journal, Suspect


def die(file: Path, *started: str, done: tuple[str, ...] = (), sha256: str = "00") -> None:
    """A run that is not there any more: its journal was opened and never left."""
    journal = Journal(file)
    journal.__enter__()
    journal.open()
    for document in started:
        journal.start(document, sha256)
    if done:
        journal.done(done)
    assert journal._out is not None
    journal._out.close()  # the kernel does it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "journal.jsonl"


def test_a_run_that_does_nothing_leaves_nothing(file: Path) -> None:
    with Journal(file) as journal:
        assert journal.suspect("a", "00") is None
    assert not file.exists()
    assert not journal.interrupted


def test_an_orderly_end_is_no_death(file: Path) -> None:
    with Journal(file) as journal:
        journal.open()
        journal.start("a", "00")
        journal.start("b", "00")
        journal.done(["a"])
    with Journal(file) as journal:
        assert not journal.interrupted
        assert journal.suspect("b", "00") is None


def interrupted(file: Path) -> None:
    with Journal(file) as journal:
        journal.open()
        journal.start("a", "00")
        raise KeyboardInterrupt


def test_an_error_is_no_death(file: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(file)
    with Journal(file) as journal:
        assert (journal.interrupted, journal.suspect("a", "00")) == (True, None)


def test_what_was_in_flight_at_a_death_is_suspect(file: Path) -> None:
    die(file, "a", "b", "c", done=("b",))
    with Journal(file) as journal:
        assert journal.interrupted
        assert journal.suspect("a", "00") == Suspect("00", 1)
        assert journal.suspect("b", "00") is None
        assert journal.suspect("a", "11") is None  # other bytes


def test_deaths_add_up_over_runs(file: Path) -> None:
    for deaths in range(1, 4):
        die(file, "a", f"other{deaths}")
        with Journal(file) as journal:
            assert journal.suspect("a", "00") == Suspect("00", deaths)


def test_a_death_with_other_bytes_counts_anew(file: Path) -> None:
    die(file, "a")
    die(file, "a", sha256="11")
    with Journal(file) as journal:
        assert journal.suspect("a", "11") == Suspect("11", 1)


def test_a_death_before_anything_was_in_flight_is_noticed(file: Path) -> None:
    die(file)
    with Journal(file) as journal:
        assert journal.interrupted


def test_suspects_outlive_runs_that_leave_them_alone(file: Path) -> None:
    die(file, "a")
    for _ in range(2):
        with Journal(file) as journal:
            journal.open()
            journal.start("b", "00")
            journal.done(["b"])
    with Journal(file) as journal:
        assert journal.suspect("a", "00") == Suspect("00", 1)
        assert not journal.interrupted


def test_what_is_committed_is_forgiven(file: Path) -> None:
    die(file, "a")
    with Journal(file) as journal:
        journal.open()
        journal.start("a", "00")
        journal.done(["a"])
        assert journal.suspect("a", "00") is None
    assert not file.exists()


def test_blame_stays(file: Path) -> None:
    with Journal(file) as journal:
        journal.open()
        journal.done(["a"])
        journal.blame("a", "00")
    with Journal(file) as journal:
        assert journal.suspect("a", "00") == Suspect("00", ALONE_FROM)


def test_a_line_that_death_cut_short_is_no_line(file: Path) -> None:
    die(file, "a")
    with file.open("a") as out:
        out.write('{"start": "b", "sha')
    with Journal(file) as journal:
        assert journal.interrupted
        assert journal.suspect("a", "00") == Suspect("00", 1)
        assert journal.suspect("b", "00") is None


def test_a_journal_of_noise_stops_nobody(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"\x00\x00\x00\xff\n{}\n")
    with Journal(file) as journal:
        assert journal.interrupted
        assert journal.suspect("a", "00") is None
