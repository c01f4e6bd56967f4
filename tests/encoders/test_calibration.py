"""The split of the cores: measured once on real batches, kept, overruled by the environment; results stay in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from encoders import _calibration
from encoders._calibration import Split, Spread, asked, candidates
from encoders._passes import InProcess
from encoders.transformer import Transformer
from tests.encoders import afresh


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four cores, nothing in the environment, an empty cache; returns the folder of the answers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("QUARRY_ENCODER_WORKERS", raising=False)
    monkeypatch.setattr(_calibration, "cores", lambda: 4)
    return tmp_path / "quarry" / "splits"


def threads(_batch: int) -> int:
    return torch.get_num_threads()


def test_a_long_job_measures_each_split_and_keeps_the_best(machine: Path) -> None:
    before = torch.get_num_threads()
    found = list(Spread("model").over(iter(range(40)), lambda batch: batch * batch))
    assert found == [(n, n * n) for n in range(40)]
    assert len(list(machine.glob("*.json"))) == 1
    kept = Spread("model")._split
    assert kept in candidates(4)
    assert Spread("another model")._split is None
    torch.set_num_threads(before)


def test_a_short_job_measures_nothing(machine: Path) -> None:
    before = torch.get_num_threads()
    assert [result for _, result in Spread("model").over(iter(range(3)), threads)] == [4, 4, 4]
    assert not list(machine.glob("*.json"))
    torch.set_num_threads(before)


def test_fewer_batches_than_workers_get_all_cores(machine: Path) -> None:
    before = torch.get_num_threads()
    spread = Spread("model")
    spread._split = Split(4, 1)
    assert {result for _, result in spread.over(iter(range(3)), threads)} == {4}
    assert {result for _, result in spread.over(iter(range(9)), threads)} == {1}
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("workers", "omp", "expected"),
    [
        (None, None, None),
        (None, "3", Split(1, 3)),
        ("2", None, Split(2, 2)),
        ("2", "1", Split(2, 1)),
        (None, "2,1", Split(1, 2)),
        (None, "many", None),
    ],
)
def test_the_environment_overrules(
    machine: Path, monkeypatch: pytest.MonkeyPatch, workers: str | None, omp: str | None, expected: Split | None
) -> None:
    for name, value in (("QUARRY_ENCODER_WORKERS", workers), ("OMP_NUM_THREADS", omp)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert asked() == expected
    assert Spread("model")._split == expected


def test_a_damaged_answer_is_measured_again(machine: Path) -> None:
    list(Spread("model").over(iter(range(40)), str))
    (entry,) = machine.glob("*.json")
    entry.write_text('{"workers": ')
    assert Spread("model")._split is None


def test_what_breaks_in_a_pass_comes_out(machine: Path) -> None:
    spread = Spread("model")
    spread._split = Split(2, 1)
    with pytest.raises(ZeroDivisionError):
        list(spread.over(iter([1, 2, 0, 3]), lambda batch: 1 // batch))


def test_vectors_are_the_same_by_every_split(machine: Path, folders: dict[str, Path]) -> None:
    before = torch.get_num_threads()
    encoder = Transformer.load(str(folders["modernbert"]))
    texts = [f"{n} " + "Salt marshes keep a record of storms. " * (n % 20 + 1) for n in range(160)]
    found = []
    for split in candidates(4):
        assert isinstance(encoder._passes, InProcess)
        encoder._passes.cores._split = split
        found.append(afresh.embed(encoder, texts))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)
    torch.set_num_threads(before)
