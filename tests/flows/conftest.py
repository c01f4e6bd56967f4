"""One Prefect server and one worker for all tests of a file, and an empty place for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.loopback import Loopback
from tests.pipeline.drill import cut_model
from tests.pipeline.place import Place


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with ExitStack() as running:
        found = Loopback(tmp_path_factory.mktemp("prefect"), running)
        found.command("work-pool", "create", "local", "--type", "process")
        found.command("deploy", "--all")
        found.start_worker()
        yield found


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def place(tmp_path: Path, model: Path) -> Place:
    found = Place(tmp_path, model)
    found.docs.mkdir()
    return found
