"""One Prefect server and one worker for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.flows.loopback import Loopback


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with ExitStack() as running:
        found = Loopback(tmp_path_factory.mktemp("prefect"), running)
        found.command("work-pool", "create", "local", "--type", "process")
        found.command("deploy", "--all")
        found.start_worker()
        yield found
