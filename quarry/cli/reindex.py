"""`quarry reindex`: indexes anew, tables compacted."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command


@quarry_command("reindex")
@click.option(
    "--advise", is_flag=True, help="Try every kind of index on a copy of this store's vectors; change nothing."
)
def command(call: Call, advise: bool) -> None:
    """Make the indexes of the live generation again by the settings, compact the tables and drop old versions; says
    sizes, recall and query time before and after. Searches go on meanwhile.
    """
    effective = call.settings()
    if advise:
        _advise(call)
        return
    from pipeline.reindex import reindex

    done = reindex(effective)
    record = {"generation": done.generation.id, "before": asdict(done.before), "after": asdict(done.after)}
    if call.output.json:
        call.output.record({**record, "seconds": round(done.seconds, 3)})
        return
    table = Table("", "MB", "rows", "not indexed", "recall@10", "query CPU ms")
    for name, state in (("before", done.before), ("after", done.after)):
        numbers = (
            f"{state.bytes / 1e6:.1f}",
            state.rows,
            state.unindexed,
            f"{state.recall:.3f}",
            f"{state.query_ms:.1f}",
        )
        table.add_row(name, *map(str, numbers))
    call.output.results.print(table)


def _advise(call: Call) -> None:
    from pipeline.reindex import advise

    table = Table("kind", "recall@10", "build CPU s", "query CPU ms", "MB")
    for trial in advise(call.settings()):
        if call.output.json:
            call.output.record(asdict(trial))
        numbers = (
            f"{trial.recall:.3f}",
            f"{trial.build_cpu:.1f}",
            f"{trial.query_cpu_ms:.1f}",
            f"{trial.bytes / 1e6:.1f}",
        )
        table.add_row(trial.name, *numbers)
    if not call.output.json:
        call.output.results.print(table)
