"""A one-layer encoder for the whole session, and an empty place for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.drill import cut_model
from tests.pipeline.place import Place


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def place(tmp_path: Path, model: Path) -> Place:
    found = Place(tmp_path, model)
    found.docs.mkdir()
    return found
