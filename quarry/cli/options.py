"""The options that every command takes, and where its output goes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import click
from rich.console import Console

from quarry.settings import Effective, load

P = ParamSpec("P")


@dataclass(frozen=True)
class Output:
    """Results go to stdout, everything else to stderr."""

    json: bool
    quiet: bool
    messages: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    )
    results: Console = field(default_factory=lambda: Console(highlight=False, markup=False))

    def record(self, record: Mapping[str, Any]) -> None:
        """One JSON line. Lone surrogates of odd file names stay readable as escapes."""
        sys.stdout.write(json_line(record))

    def records(self, records: Iterable[Mapping[str, Any]]) -> None:
        for record in records:
            self.record(record)

    def say(self, message: str) -> None:
        if not self.quiet:
            self.messages.print(message, markup=False)


def _value(values: Any, name: str) -> Any:
    for part in name.split("."):
        values = values[part]
    return values


def json_line(record: Mapping[str, Any]) -> str:
    try:
        line = json.dumps(record, ensure_ascii=False, default=str)
        line.encode()
    except UnicodeEncodeError:
        line = json.dumps(record, default=str)
    return line + "\n"


@dataclass(frozen=True)
class Call:
    """What a command is handed: how to read the settings, and the output."""

    output: Output
    file: str | None
    assignments: tuple[str, ...]
    options: Mapping[str, Any]

    def settings(self, **options: Any) -> Effective:
        """The effective settings; keyword options are the command's own, by dotted name with `__` for the dot."""
        own = {name.replace("__", "."): value for name, value in options.items()}
        return load(self.file, assignments=self.assignments, options={**self.options, **own})

    def assigned(self, effective: Effective) -> list[str]:
        """What the command line and its options set, as `section.key=value`: for a process that reads them again."""
        values: dict[str, Any] = effective.settings.model_dump(mode="json")
        options = [name for name, origin in effective.origins.items() if origin.startswith("--")]
        return [f"{name}={json.dumps(_value(values, name))}" for name in options]


def command(name: str, **attributes: Any) -> Callable[[Callable[Concatenate[Call, P], int | None]], click.Command]:
    """A click command whose function gets a `Call` first; what it returns is the exit code."""

    def decorate(function: Callable[Concatenate[Call, P], int | None]) -> click.Command:
        @wraps(function)
        def called(
            store: str | None,
            collection: str | None,
            config: str | None,
            assignments: tuple[str, ...],
            as_json: bool,
            quiet: bool,
            *args: P.args,
            **kwargs: P.kwargs,
        ) -> int:
            options = {"store": store, "collection": collection}
            return function(Call(Output(as_json, quiet), config, assignments, options), *args, **kwargs) or 0

        made: Any = called
        for option in reversed(_COMMON):
            made = option(made)
        decorator: Any = click.command(name, **attributes)
        found: click.Command = decorator(made)
        return found

    return decorate


_COMMON: tuple[Callable[[Any], Any], ...] = (
    click.option("--store", metavar="URI", help="Where the tables are (default: QUARRY_STORE, else ./quarry-store)."),
    click.option("--collection", metavar="NAME", help="Which collection of the store (default: default)."),
    click.option("--config", metavar="FILE", help="YAML file with settings."),
    click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        help="One setting; may be given several times.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Results as JSON, one record a line."),
    click.option("--quiet", is_flag=True, help="No progress and no messages but errors."),
)
