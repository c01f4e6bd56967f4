"""`docs/cli.md` from the commands' own help: `python -m quarry.cli.manual > docs/cli.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from quarry.cli.main import COMMANDS, cli

WIDTH = 100
HEAD = """# The command line

Made from the commands' own help by `python -m quarry.cli.manual`; a test says when it is stale. `quarry COMMAND --help`
prints the same.
"""


def manual() -> str:
    """Markdown, a section for each command in the order of `quarry --help`."""
    return "\n".join([HEAD, *map(_section, COMMANDS)])


def options() -> Iterator[tuple[str, click.Option]]:
    """(command, option) of every option that there is."""
    for name in COMMANDS:
        for parameter in _command(name).params:
            if isinstance(parameter, click.Option):
                yield name, parameter


def _command(name: str) -> click.Command:
    found = cli.get_command(_root(), name)
    assert found is not None  # it is in COMMANDS
    return found


def _root() -> click.Context:
    return click.Context(cli, info_name="quarry", **cli.context_settings)


def _section(name: str) -> str:
    command = _command(name)
    context = click.Context(command, info_name=name, parent=_root(), terminal_width=WIDTH, max_content_width=WIDTH)
    return f"## quarry {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(manual())
