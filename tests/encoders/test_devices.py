"""Several devices, a process each: the same vectors in the same order, errors carried over, nothing left running."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from encoders._calibration import Split, spread
from encoders._device import setups
from encoders._folder import read_folder
from encoders._parcels import Answer, Parcel
from encoders._passes import InProcess, pooled
from encoders._places import VARIABLE
from encoders._pooling import Cut
from encoders._processes import HELD, Processes
from encoders.profiles import profile
from encoders.transformer import Transformer
from quarry import fault
from quarry.encoding import Mixture
from quarry.errors import ConfigError, EncodeError, ModelError, ServiceError
from quarry.span import Span
from quarry.types import Chunk
from tests.encoders import afresh
from tests.pipeline import drill
from tests.pipeline.place import Place

CLOSE = 1e-5
"""Law 2: the same vectors in float32, on any number of workers."""
TEXTS = [f"{n} " + "Salt marshes keep a record of storms. " * (n % 18 + 1) for n in range(72)]
PAGE = "".join(f"Storm {n} broke the outer dyke. The keeper wrote it down. " for n in range(60))
ENDS = [place + 2 for place in range(len(PAGE)) if PAGE[place : place + 2] == ". "]
SPANS = [Span(start, end) for start, end in zip([0, *ENDS[3::4]], ENDS[3::4], strict=False)]
SOON_S = 20.0


@dataclass(frozen=True)
class Pair:
    """The same model in this process and in two others."""

    one: Transformer
    two: Transformer


@pytest.fixture(scope="module", params=[pytest.param("minilm", marks=pytest.mark.slow), "modernbert"])
def pair(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Iterator[Pair]:
    name = request.param if request.param == "minilm" else str(folders[request.param])
    found = Pair(Transformer.load(name), spread_over(name))
    yield found
    ids = pids(found.two)
    del found.two._passes  # pytest keeps the pair itself
    assert_gone(ids)


def spread_over(name: str, devices: str = "cpu,cpu") -> Transformer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, devices)
        return Transformer.load(name)


def processes(encoder: Transformer) -> Processes:
    assert isinstance(encoder._passes, Processes)
    return encoder._passes


def pids(encoder: Transformer) -> list[int]:
    return processes(encoder).pids


def assert_gone(ids: Sequence[int]) -> None:
    gc.unfreeze()  # a model that was loaded meanwhile kept the collector from what is garbage by now
    gc.collect()
    until = time.monotonic() + SOON_S
    while left := [pid for pid in ids if _runs(pid)]:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def send(number: signal.Signals, ids: Sequence[int]) -> None:
    for pid in ids:
        os.kill(pid, number)


def chunks() -> list[Chunk]:
    return [Chunk(f"{span.start}", "d", "u", span, span.of(PAGE), "Dykes\n", 1, "late") for span in SPANS]


def test_texts_have_the_vectors_of_one_process_in_their_order(pair: Pair) -> None:
    expected = afresh.embed(pair.one, TEXTS)
    np.testing.assert_allclose(afresh.embed(pair.two, TEXTS), expected, atol=CLOSE)
    np.testing.assert_allclose(afresh.embed(pair.two, TEXTS[::-1])[::-1], expected, atol=CLOSE)
    assert len(pids(pair.two)) == 2
    assert pair.two.setup == pair.one.setup
    assert pair.two.identity == pair.one.identity


def test_queries_and_states_too(pair: Pair) -> None:
    np.testing.assert_allclose(pair.two.encode_query("storms"), pair.one.encode_query("storms"), atol=CLOSE)
    ids = pair.one.prepare(chunks()[:1]).windows[0]
    np.testing.assert_allclose(pair.two.states(ids), pair.one.states(ids), atol=CLOSE)


def test_chunks_plain_late_and_mixed(pair: Pair) -> None:
    sections = [Span(0, len(PAGE))]
    mixture = Mixture(plain=1, sentences=0.5, heading=0.25, late=0.5, windows=(40, 80))
    found = []
    for encoder in (pair.one, pair.two):
        encoder.forget()
        before = encoder.usage
        late = encoder.encode_late(PAGE, chunks(), sections=sections)
        plain = encoder.encode(chunks())
        mixed = encoder.prepare_mixed(PAGE, chunks(), mixture, sections=sections, parts=[[span] for span in SPANS])
        vectors = dict(item for batch in encoder.vectors(mixed, range(len(SPANS))) for item in batch)
        rows = [item.vector for item in (*late, *plain)] + [vectors[n] for n in range(len(SPANS))]
        after = encoder.usage
        run = (after.encoded - before.encoded, after.padding - before.padding)
        found.append((np.stack(rows), [item.chunk.id for item in late], mixed.keys, run))
    (expected, *rest), (mine, *others) = found
    np.testing.assert_allclose(mine, expected, atol=CLOSE)
    assert others == rest


def test_what_a_worker_raises_is_raised_here_and_the_worker_goes_on(pair: Pair) -> None:
    pair.two.encode_query("so that one process is there")
    ids = pids(pair.two)
    messages = []
    for encoder in (pair.one, pair.two):
        with pytest.raises(EncodeError, match="broke on 1 texts") as caught:
            encoder.states([10**6])
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    with pytest.raises(EncodeError, match="nothing to pool"):
        list(pair.two._passes.over([0], lambda _: ([[5]], [[Cut(1, 1)]])))
    pair.two.encode_query("it goes on")
    assert pids(pair.two)[: len(ids)] == ids


@pytest.mark.parametrize("pair", ["modernbert"], indirect=True)
def test_threads_share_the_processes(pair: Pair) -> None:
    expected = afresh.embed(pair.one, TEXTS)
    pair.two.forget()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(pair.two.embed, [TEXTS, TEXTS[:50], TEXTS[50:], TEXTS[:3]]))
    for mine, own in zip(found, [expected, expected[:50], expected[50:], expected[:3]], strict=True):
        np.testing.assert_allclose(mine, own, atol=CLOSE)


@pytest.mark.parametrize("pair", ["modernbert"], indirect=True)
def test_a_caller_that_breaks_off_leaves_nothing_wrong(pair: Pair) -> None:
    expected = afresh.embed(pair.one, TEXTS)
    pair.two.forget()
    prepared = pair.two.prepare(chunks())
    assert next(iter(pair.two.vectors(prepared, range(len(SPANS)))))
    np.testing.assert_allclose(pair.two.embed(TEXTS), expected, atol=CLOSE)


@pytest.mark.parametrize("pair", ["modernbert"], indirect=True)
def test_batches_come_back_in_order_and_few_are_held(pair: Pair) -> None:
    taken = []

    def endless() -> Iterator[int]:
        for number in range(10**6):
            taken.append(number)
            yield number

    ids = list(range(1000, 1040))
    states = pair.one.states(ids)
    found = pair.two._passes.over(endless(), lambda number: ([ids], [[Cut(0, 2 + number)]]))
    for expected in range(20):
        number, ((vector,),) = next(found)
        assert number == expected
        np.testing.assert_allclose(vector, states[: 2 + number].sum(axis=0), atol=10 * CLOSE)
        assert len(taken) <= number + 1 + HELD * 2


@pytest.mark.parametrize("pair", ["modernbert"], indirect=True)
def test_a_killed_process_ends_the_call_and_the_next_one_starts_another(pair: Pair) -> None:
    encoder, expected = pair.two, afresh.embed(pair.one, TEXTS)
    np.testing.assert_allclose(afresh.embed(encoder, TEXTS), expected, atol=CLOSE)
    ids = pids(encoder)
    send(signal.SIGINT, ids)  # as Ctrl-C does to all of a terminal
    np.testing.assert_allclose(afresh.embed(encoder, TEXTS), expected, atol=CLOSE)
    assert pids(encoder) == ids
    encoder.forget()
    send(signal.SIGSTOP, ids)  # so that it dies with work in hand
    killing = threading.Timer(0.3, send, (signal.SIGKILL, ids[:1]))
    going_on = threading.Timer(0.6, send, (signal.SIGCONT, ids[1:]))
    killing.start()
    going_on.start()
    with pytest.raises(
        ServiceError, match=r"process on cpu was ended by SIGKILL; no text is to blame.*run again"
    ) as caught:
        encoder.embed(TEXTS)
    going_on.join()
    assert caught.value.retryable
    np.testing.assert_allclose(encoder.embed(TEXTS), expected, atol=CLOSE)
    assert pids(encoder)[0] != ids[0]
    assert pids(encoder)[1] == ids[1]
    assert_gone(ids[:1])


def test_a_model_that_is_gone_is_a_model_error_and_then_it_is_back(tmp_path: Path, folders: dict[str, Path]) -> None:
    """One that runs padded; few texts need one process."""
    folder, texts = tmp_path / "model", TEXTS[:20]
    shutil.copytree(folders["mpnet"], folder)
    one, encoder = Transformer.load(str(folder)), spread_over(str(folder))
    expected = one.embed(texts)
    (folder / "model.safetensors").rename(tmp_path / "weights")
    with pytest.raises(ModelError, match="transformers can't load this model"):
        encoder.embed(texts[:2])
    (tmp_path / "weights").rename(folder / "model.safetensors")
    np.testing.assert_allclose(encoder.embed(texts), expected, atol=CLOSE)
    assert encoder.usage.padding == one.usage.padding > 0
    ids = pids(encoder)
    assert len(ids) == 1
    stopped = encoder.vectors(encoder.prepare(chunks()), range(len(SPANS)))
    next(stopped)
    del encoder, stopped  # with batches on their way
    assert_gone(ids)


PARENT = """
import os, sys
from encoders.transformer import Transformer
if __name__ == "__main__":
    encoder = Transformer.load(sys.argv[1])
    encoder.embed([f"{n} " + "Salt marshes keep a record of storms. " * 15 for n in range(40)])
    print(*encoder._passes.pids, "encoders._network" in sys.modules, flush=True)
    encoder.embed([f"{n} " + "The keeper wrote it down. " * 20 for n in range(100_000)])
"""


def test_workers_end_with_their_parent(tmp_path: Path, folders: dict[str, Path]) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, VARIABLE: "cpu,cpu", "PYTHONPATH": str(drill.ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(folders["bert"])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=drill.ROOT, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        *ids, loaded = parent.stdout.readline().split()
        assert (len(ids), loaded) == (2, "False")  # the parent has no network
        parent.kill()
        assert_gone([int(pid) for pid in ids])
        assert parent.stderr.read() == ""


def running_with(variable: str, value: str) -> list[str]:
    """Command lines of the processes that inherited it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(variable) == value:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:  # gone, or another user's
            continue
    return found


def test_an_ingest_stores_the_same_rows_and_leaves_no_process(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, store = drill.ROOT / "examples" / "corpus", place.folder / "spread"
    place.ingest(corpus)
    monkeypatch.setenv(VARIABLE, "cpu,cpu")
    monkeypatch.setenv("STARTED_BY", str(place.folder))
    done = drill.run("ingest", corpus, "--store", store, "--encoder", place.model, "--quiet")
    assert (done.returncode, done.stderr) == (3, "")  # the corpus has a broken document
    assert running_with("STARTED_BY", str(place.folder)) == []
    drill.assert_same(store, place.store)


def test_a_process_that_dies_ends_the_run_and_blames_no_document(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.notes(6)
    monkeypatch.setenv(VARIABLE, "cpu,cpu")
    monkeypatch.setenv(fault.VARIABLE, "kill@encode.process")  # read by new processes alone
    with pytest.raises(ServiceError, match="ended by SIGKILL"):
        place.ingest()
    monkeypatch.delenv(fault.VARIABLE)
    report = place.ingest()
    assert (report["outcomes"]["ok"], report["problems"]) == (6, [])
    place.assert_clean()


def test_two_passes_in_flight_give_what_one_gives(folders: dict[str, Path]) -> None:
    """As on one GPU; the model's rotary frequencies are state that passes must not share."""
    folder = read_folder(folders["nomic-dynamic"], profile(str(folders["nomic-dynamic"])))
    here = InProcess(folder, setups()[0], name="nomic")
    batches = [[list(range(1000, 1000 + length + n)) for n in range(3)] for length in (9, 200, 70, 3, 130, 64) * 4]

    def run(batch: list[list[int]]) -> Any:
        return pooled(here._network, (batch, [[Cut(0, len(ids), ("mean",))] for ids in batch]), name="nomic")

    before = torch.get_num_threads()
    found = [list(spread(iter(batches), run, Split(workers, 1))) for workers in (1, 2)]
    torch.set_num_threads(before)
    for (batch, expected), (same, mine) in zip(*found, strict=True):
        assert batch is same
        np.testing.assert_allclose(mine, expected, atol=CLOSE)


def test_parcels_open_as_they_were_packed() -> None:
    sequences = [[3, 1, 2], [7], [9, 9]]
    cuts = [[Cut(0, 2, ("mean",)), Cut(1, 3)], [], [Cut(0, 2, ("max", "cls"))]]
    ids, opened = Parcel.of(sequences, cuts).opened()
    assert [own.tolist() for own in ids] == sequences
    assert opened == cuts
    vectors = [[np.arange(4, dtype=np.float32), np.ones(4, dtype=np.float32)], [], [np.zeros(8, dtype=np.float32)]]
    found = Answer.of(vectors).pooled()
    assert [[vector.tolist() for vector in own] for own in found] == [[v.tolist() for v in own] for own in vectors]


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("gpu0", "names 'gpu0'; it takes"),
        ("cuda", "names 'cuda'; it takes"),
        ("cpu,", "names ''; it takes"),
        ("cuda:0,cpu", "one kind of device"),
    ],
)
def test_nonsense_is_told_before_any_work(devices: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        spread_over("minilm", devices)
    assert "\n" not in str(caught.value)


def test_a_daemon_process_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = spread_over("minilm")
    assert encoder.devices == 2
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]  # else only from birth
    assert encoder.devices == 1


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch says that there are three GPUs, the second of another model."""
    names = {0: "GPU A", 1: "GPU B", 2: "GPU A"}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: names[device.index])
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)


@pytest.mark.usefixtures("gpus")
def test_all_gpus_of_the_first_ones_model(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = setups()
    assert [str(setup.device) for setup in found] == ["cuda:0", "cuda:2"]
    assert {setup.name for setup in found} == {setups(named=["cuda:2"])[0].name}
    assert found[0].dtype == torch.bfloat16
    assert caplog.messages[:1] == ["encoding on 2 of GPU A; left out: cuda:1 (GPU B)"]
    assert [str(setup.device) for setup in setups("int8")] == ["cpu"]


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(
    ("devices", "precision", "message"),
    [
        (["cuda:3"], "auto", "names cuda:3, torch finds 3 GPUs"),
        (["cuda:0", "cuda:1"], "auto", "names GPU A, GPU B"),
        (["cuda:0"], "int8", "int8 runs on the processor"),
    ],
)
def test_devices_that_can_not_be_had(devices: list[str], precision: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        setups(precision, devices)
