"""`quarry promote`: make a generation the one that searches read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.promote import Promoted


@quarry_command("promote")
@click.argument("generation", required=False, metavar="[GENERATION]")
@click.option("--force", multiple=True, metavar="GATE", help="Override this gate; may be given several times.")
@click.option("--questions", type=click.Path(path_type=Path), metavar="FILE", help="CSV: question, document, page.")
@click.option("--finalize", is_flag=True, help="Make the last promotion final: no way back, one write less.")
def command(call: Call, generation: str | None, force: tuple[str, ...], questions: Path | None, finalize: bool) -> int:
    """Promote GENERATION: it catches up, shows that it is whole, and becomes live in one step; searches that run read
    the old one to their end. `quarry rollback` goes back, until the promotion is final.
    """
    from pipeline.promote import finalize as make_final
    from pipeline.promote import promote

    effective = call.settings()
    if finalize:
        given_up = make_final(effective)
        call.output.say(f"final; {given_up.id} is no longer written to" if given_up else "nothing was to be finalised")
        return 0
    if generation is None:
        raise ConfigError("which generation? `quarry generations` lists them")
    show_promoted(call.output, promote(effective, generation, force=force, questions=questions))
    return 0


def show_promoted(output: Output, done: Promoted) -> None:
    """The gates with their figures, and what searches read now."""
    if output.json:
        gates = [{"name": gate.name, "passed": gate.passed, "figure": gate.figure} for gate in done.gates]
        output.record({"live": done.live.id, "previous": done.previous.id, "gates": gates})
        return
    table = Table("gate", "", "figure")
    for gate in done.gates:
        table.add_row(gate.name, "passed" if gate.passed else "overridden", gate.figure)
    output.results.print(table)
    output.say(f"live: {done.live.id}; before: {done.previous.id}, which `quarry rollback` brings back")
