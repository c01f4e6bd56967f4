"""`quarry purge`: erase what deleted documents have left in the store."""

from __future__ import annotations

import click

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command


@quarry_command("purge")
@click.option("--now", is_flag=True, help="Drop old versions at once; a search that is going on may fail.")
def command(call: Call, now: bool) -> None:
    """Erase deleted documents' text from elements, deleted rows, indexes and old versions, and say from when on the
    last trace is gone.
    """
    effective = call.settings()
    from pipeline.purge import purge

    done = purge(effective.settings, now=now)
    record = {
        "elements": done.elements,
        "rewritten": list(done.rewritten),
        "gone_at": done.gone_at.isoformat(timespec="seconds"),
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
    }
    if call.output.json:
        call.output.record(record)
        return
    size = f"{done.bytes_before / 1e6:.1f} MB before, {done.bytes_after / 1e6:.1f} MB now"
    call.output.say(f"{done.elements} parsed documents dropped, {len(done.rewritten)} tables rewritten; {size}")
    if now:
        call.output.say("deleted text is gone from the store")
    else:
        call.output.say(
            f"old versions hold deleted text until {record['gone_at']}; run `quarry purge` after that, "
            "or now with --now"
        )
