"""docs/cli.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

import pytest

from quarry.cli.main import COMMANDS
from quarry.cli.manual import manual, options


def test_the_manual_is_current() -> None:
    file = Path(__file__).parents[2] / "docs" / "cli.md"
    assert file.read_text(encoding="utf-8") == manual(), "run `python -m quarry.cli.manual > docs/cli.md`"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command: str) -> None:
    own = [option for name, option in options() if name == command]
    assert own
    assert not [option.name for option in own if not option.help]
