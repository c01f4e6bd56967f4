"""`quarry verify`: does the store hold what was written, and all of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command

if TYPE_CHECKING:
    from pipeline.repair import Repaired
    from pipeline.verify import Finding

FOUND = 5
SHOWN = 50
"""Findings in the table; `--json` gives all."""


@quarry_command("verify")
@click.option("--deep", is_flag=True, help="Also read the sources again: content, text and boxes.")
@click.option("--repair", "mend", is_flag=True, help="Make again what is wrong, and nothing else.")
def command(call: Call, deep: bool, mend: bool) -> int:
    """Check every law of the store on the store itself: files and rows as written, no id twice, no orphan, no chunk
    missing, texts at their spans, fingerprints, vectors, indexes. Exit code 5 where something is wrong.
    """
    effective = call.settings()
    from pipeline.deep import verify_sources
    from pipeline.repair import repair
    from pipeline.verify import verify
    from stores.lance import Store

    collection = Store.damaged(effective.settings.store).collection(effective.settings.collection)
    found = verify(collection)
    if deep and not found:
        found = verify_sources(effective, collection)
    _show(call.output, found)
    if not found:
        call.output.say("everything is as it was written")
        return 0
    if not mend:
        return FOUND
    done = repair(effective, found)
    _told(call.output, done)
    return FOUND if done.left else 0


def _show(output: Output, found: list[Finding]) -> None:
    if output.json:
        for finding in found:
            record = {name: getattr(finding, name) for name in ("law", "table", "what", "document", "uri")}
            output.record({**record, "repair": finding.repair.value})
        return
    if not found:
        return
    table = Table("law", "table", "what is wrong", "repair")
    for finding in found[:SHOWN]:
        table.add_row(finding.law, finding.table, finding.what, finding.repair.value)
    output.results.print(table)
    if len(found) > SHOWN:
        output.say(f"... and {len(found) - SHOWN} more")


def _told(output: Output, done: Repaired) -> None:
    tables = f"rebuilt {', '.join(done.rebuilt)}; " if done.rebuilt else ""
    output.say(f"repair: {tables}{done.redone} documents made again, {len(done.left)} findings left")
    _show(output, list(done.left))
