"""What holds for every test: hypothesis without a clock, since machines are noisy, and the same examples on CI; a model
and an empty place for those that run the whole pipeline.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.pipeline.place import Place

settings.register_profile("quarry", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("quarry")


SLOW_FOLDERS = ("flows", "pipeline", "cli")
"""Their files start processes and wait for them: begun last, they would leave the other workers idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in SLOW_FOLDERS)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer encoder."""
    from tests.pipeline.drill import cut_model  # LanceDB and more: only where a test asks for it

    return cut_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def place(tmp_path: Path, model: Path) -> Place:
    from tests.pipeline.place import Place

    found = Place(tmp_path, model)
    found.docs.mkdir()
    return found
