"""`quarry retry`: another try at documents that failed, without waiting for the rule."""

from __future__ import annotations

import click

from quarry.cli.ingest import show_report
from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command
from quarry.cli.progress import progress_bar
from quarry.errors import ConfigError

AGAIN = ("failed",)


@quarry_command("retry")
@click.argument("uris", nargs=-1, metavar="[URI]...")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Parser processes.")
@click.option("--wait", type=click.FloatRange(0), metavar="S", help="Wait for another run (60 s), then exit 4.")
def command(call: Call, uris: tuple[str, ...], workers: int | None, wait: float | None) -> int:
    """Try documents again now: those named by URI or path, whatever their outcome (after a password was given, say);
    without a name all that failed.
    """
    effective = call.settings(ingest__workers=workers, ingest__wait_s=wait)
    from pipeline.ingest import ingest
    from pipeline.plan import Request
    from pipeline.views import live_of, open_collection

    collection = open_collection(effective.settings)
    live_of(collection)
    rows = collection.documents()
    chosen = [row for row in rows if (row.uri in uris or row.path in uris if uris else row.outcome in AGAIN)]
    unknown = set(uris) - {row.uri for row in chosen} - {row.path for row in chosen}
    if unknown:
        raise ConfigError(f"no document {min(unknown)!r}; `quarry documents` lists them")
    if not chosen:
        call.output.say("no document failed; name one to try it all the same")
        return 0
    with progress_bar(call.output) as progress:
        done = ingest(effective, Request(retry=tuple(row.doc_id for row in chosen)), progress=progress)
    return show_report(call.output, done.record(), strict=False)
