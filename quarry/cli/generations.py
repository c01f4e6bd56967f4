"""`quarry generations`: the catalogue."""

from __future__ import annotations

from rich.table import Table

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command


@quarry_command("generations")
def command(call: Call) -> None:
    """List the generations of the collection: what made each, its state, how many documents it holds."""
    from pipeline.views import generation_records, live_of, open_collection

    collection = open_collection(call.settings().settings)
    live_of(collection)
    records = generation_records(collection)
    if call.output.json:
        call.output.records(records)
        return
    table = Table("generation", "state", "chunker", "encoder", "dims", "type", "documents", "chunks", "live since")
    for record in records:
        shown = [record[name] for name in ("id", "state", "chunker", "encoder", "dim", "dtype", "documents", "chunks")]
        table.add_row(*map(str, shown), str(record["live_since"] or "")[:16])
    call.output.results.print(table)
