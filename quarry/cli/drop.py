"""`quarry drop`: retire a generation that is neither live nor previous."""

from __future__ import annotations

import click

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command


@quarry_command("drop")
@click.argument("generation")
@click.option("--now", is_flag=True, help="Without the grace time; a search that reads it fails.")
def command(call: Call, generation: str, now: bool) -> None:
    """Retire GENERATION. Its table goes when no search can be reading it any more (upkeep.keep_hours)."""
    from pipeline.promote import drop

    effective = call.settings()
    done = drop(effective, generation, now=now)
    hours = effective.settings.upkeep.keep_hours
    when = "gone" if now else f"its table goes with the first run after {hours:g} hours"
    if call.output.json:
        call.output.record({"generation": done.id, "state": done.state})
    else:
        call.output.say(f"generation {done.id} is {done.state}; {when}")
