"""`quarry documents`: one row a document, and how it ended."""

from __future__ import annotations

import click
from rich.table import Table

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command
from quarry.errors import unknown
from quarry.types import Outcome


@quarry_command("documents")
@click.option("--outcome", metavar="LIST", help="Only these, separated by commas: failed,encrypted.")
def command(call: Call, outcome: str | None) -> None:
    """List the documents of the collection and how each ended."""
    outcomes = [part.strip() for part in (outcome or "").split(",") if part.strip()]
    for name in outcomes:
        if name not in {item.value for item in Outcome}:
            raise unknown(name, [item.value for item in Outcome], place="--outcome")
    from pipeline.views import live_of, open_collection

    collection = open_collection(call.settings().settings)
    live_of(collection)
    rows = collection.documents(outcomes=outcomes)
    if call.output.json:
        for row in rows:
            call.output.record({name: getattr(row, name) for name in row.__dataclass_fields__})
        return
    table = Table("source", "path", "outcome", "pages", "title", "reason", "tries", "next try")
    for row in rows:
        following = f"{row.next_try:%Y-%m-%d %H:%M}" if row.next_try else ""
        told = (row.source, row.path, row.outcome, str(row.pages or ""), row.title or "", row.reason or "")
        table.add_row(*told, str(row.attempts), following)
    call.output.results.print(table)
