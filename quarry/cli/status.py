"""`quarry status`: what the collection holds and how it is."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command


@quarry_command("status")
def command(call: Call) -> None:
    """Show counts, the live generation, problems, index state, sizes and the last runs."""
    from pipeline.views import open_collection, status_record

    record = status_record(open_collection(call.settings().settings))
    if call.output.json:
        call.output.record(record)
        return
    _show(call.output, record)


def _show(output: Output, record: dict[str, Any]) -> None:
    live, out = record["generation"], output.results
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(record["outcomes"].items()))
    out.print(f"collection  {record['collection']} in {record['store']}", markup=False, soft_wrap=True)
    out.print(f"live        generation {live['id']}: {live['chunker']['kind']}, {live['encoder']} ({live['dim']} dims)")
    out.print(f"documents   {record['documents']}: {outcomes}")
    out.print(f"chunks      {record['chunks']}")
    for name, root in record["sources"].items():
        out.print(f"source      {name} = {root}", markup=False, soft_wrap=True)
    table = Table("table", "rows", "MB", "versions", "fragments", "not indexed")
    for row in record["tables"]:
        late = ", ".join(f"{name} {count}" for name, count in row["unindexed"].items())
        size = f"{row['bytes'] / 1e6:.2f}"
        table.add_row(row["name"], str(row["rows"]), size, str(row["versions"]), str(row["fragments"]), late)
    out.print(table)
    runs = Table("run", "started", "seconds", "added", "changed", "deleted", "problems")
    for run in record["runs"]:
        documents = run["documents"] or {}
        counts = [str(documents.get(name, "")) for name in ("added", "changed", "deleted")]
        runs.add_row(run["run_id"], run["started"][:19], f"{run['seconds'] or 0:.1f}", *counts, str(run["problems"]))
    out.print(runs)
