"""`quarry config`: the settings in effect and where each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command


@quarry_command("config")
def command(call: Call) -> None:
    """Show the settings in effect and where each came from."""
    effective = call.settings()
    rows = [
        (name, value, _origin(name, effective.origins))
        for name, value in _leaves(effective.settings.model_dump(mode="json"), "")
    ]
    if call.output.json:
        call.output.records({"name": name, "value": value, "origin": origin} for name, value, origin in rows)
        return
    table = Table("setting", "value", "from")
    for name, value, origin in rows:
        table.add_row(name, repr(value), origin)
    call.output.results.print(table)


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _origin(name: str, origins: Mapping[str, str]) -> str:
    return next((origins[key] for key in sorted(origins, reverse=True) if name.startswith(key)), "defaults")
