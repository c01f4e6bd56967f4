"""`quarry ingest`: bring the collection in line with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.table import Column, Table

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.cli.progress import progress_bar

if TYPE_CHECKING:
    from pipeline.plan import Plan

NEW_PROBLEMS, HELD_BACK = 3, 5


@quarry_command("ingest")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--chunker", metavar="NAME", help="Strategy or profile; for a new collection.")
@click.option("--encoder", metavar="NAME", help="Encoder profile or model folder; for a new collection.")
@click.option("--include", multiple=True, metavar="GLOB", help="Take only these paths; may be given several times.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these paths out; may be given several times.")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Parser processes.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--keep-missing", is_flag=True, help="Don't delete what is gone from a source.")
@click.option("--max-delete", type=click.FloatRange(0, 1), metavar="SHARE", help="Hold deletes of more back (0.3).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Look at the first N inputs only.")
@click.option("--checksum", is_flag=True, help="Hash every file, whatever its times say.")
@click.option("--wait", type=click.FloatRange(0), metavar="S", help="Wait for another run (60 s), then exit 4.")
@click.option("--flow", is_flag=True, help="Run as a Prefect flow.")
@click.option("--strict", is_flag=True, help="Exit 3 for standing problems too.")
def command(
    call: Call,
    sources: tuple[str, ...],
    chunker: str | None,
    encoder: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    workers: int | None,
    dry_run: bool,
    keep_missing: bool,
    max_delete: float | None,
    limit: int | None,
    checksum: bool,
    wait: float | None,
    flow: bool,
    strict: bool,
) -> int:
    """Bring the collection in line with its sources: parse, chunk, embed and store what is new or changed, delete what
    is gone. SOURCE is a folder, file or glob, each also as NAME=PATH, or - for JSON lines; without one: all of
    config/sources.yaml.
    """
    from pipeline.ingest import dry_run as plan_only
    from pipeline.plan import Request

    effective = call.settings(
        chunker__kind=chunker,
        encoder__profile=encoder,
        ingest__workers=workers,
        ingest__max_delete=max_delete,
        ingest__wait_s=wait,
    )
    request = Request(sources, include, exclude, keep_missing=keep_missing, limit=limit, checksum=checksum)
    if dry_run:
        return _show_plan(call.output, plan_only(effective, request)[1])
    if flow:
        from flows.ingest import run as run_flow

        record = run_flow(request, config=call.file, settings=call.assigned(effective))
        return show_report(call.output, record, strict=strict)
    from pipeline.ingest import ingest

    with progress_bar(call.output) as progress:
        done = ingest(effective, request, progress=progress)
    return show_report(call.output, done.record(), strict=strict)


def show_report(output: Output, record: dict[str, Any], *, strict: bool) -> int:
    """Prints an ingest report; returns the exit code that it means."""
    if output.json:
        output.record(record)
    elif not output.quiet:
        _tables(output, record)
    held_back, problems = record.get("held_back", ()), record["problems"]
    for sentence in held_back:
        output.say(f"held back: {sentence}")
    if held_back:
        return HELD_BACK
    return NEW_PROBLEMS if any(problem["new"] or strict for problem in problems) else 0


def _tables(output: Output, record: dict[str, Any]) -> None:
    for name in ("documents", "outcomes", "chunks", "tokens", "seconds"):
        values = record[name]
        told = "  ".join(f"{key} {value:g}" for key, value in values.items() if value or key in ("seen", "added"))
        output.results.print(f"{name:10}{told or '-'}")
    if not record["problems"]:
        return
    table = Table(Column("document", overflow="fold"), "outcome", Column("reason", overflow="fold"), "attempts", "")
    for problem in record["problems"]:
        new = "new" if problem["new"] else ""
        what = (problem["uri"], problem["outcome"], problem["reason"])
        table.add_row(*what, str(problem["attempts"]), new)
    output.results.print(table)


def _show_plan(output: Output, plan: Plan) -> int:
    changes = [(work.change.value, work.item.uri) for work in plan.work]
    changes += [("moved" if found.renamed else "changed", found.row.uri) for found in plan.moves]
    changes += [("refused", row.uri) for row, _ in plan.refused]
    changes += [("deleted", row.uri) for row in plan.deleted]
    if output.json:
        output.records({"change": change, "uri": uri} for change, uri in changes)
    else:
        for change, uri in changes:
            output.results.print(f"{change:10}{uri}", markup=False, soft_wrap=True)
        still = sum(plan.unchanged.values()) + len(plan.touched)
        output.say(f"{len(changes)} to do, {still} unchanged, {plan.excluded} excluded; nothing was written")
    for sentence in plan.held_back:
        output.say(f"held back: {sentence}")
    return HELD_BACK if plan.held_back else 0
