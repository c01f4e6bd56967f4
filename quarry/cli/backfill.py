"""`quarry backfill`: a new generation beside the live one, from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.cli.progress import progress_bar

if TYPE_CHECKING:
    from pipeline.backfill import Backfilled, Estimate

LEFT = 5


@quarry_command("backfill")
@click.option("--encoder", metavar="NAME", help="Encoder profile or model folder of the new generation.")
@click.option("--chunker", metavar="NAME", help="Strategy or profile of the new generation.")
@click.option("--parser", "parsers", is_flag=True, help="Parse again, with the parser settings of now.")
@click.option("--dim", type=click.IntRange(1), metavar="N", help="Keep the first N dimensions (Matryoshka).")
@click.option("--dtype", type=click.Choice(["float32", "float16", "binary"]), help="Number type that is stored.")
@click.option("--dry-run", is_flag=True, help="Say what it would cost, measured on a few documents; write nothing.")
@click.option("--promote", "then_promote", is_flag=True, help="Promote it at the end, through the gates.")
@click.option("--wait", type=click.FloatRange(0), metavar="S", help="Wait for another run (60 s), then exit 4.")
def command(
    call: Call,
    encoder: str | None,
    chunker: str | None,
    parsers: bool,
    dim: int | None,
    dtype: str | None,
    dry_run: bool,
    then_promote: bool,
    wait: float | None,
) -> int:
    """Make a new generation from the stored documents, beside the live one, which stays as it is and searchable.
    Nothing is parsed again but with --parser; vectors that are the same are copied. Stop it and start it again as you
    like: it goes on where it was.
    """
    from pipeline.backfill import Wanted, backfill, estimate

    effective = call.settings(ingest__wait_s=wait, chunker__kind=chunker)
    spec = dict(effective.settings.chunker) if chunker or _sets_chunker(call) else None
    wanted = Wanted(encoder=encoder, dim=dim, dtype=dtype, chunker=spec, parsers=parsers)
    if dry_run:
        return _show_estimate(call.output, estimate(effective, wanted))
    with progress_bar(call.output) as progress:
        done = backfill(effective, wanted, progress=progress)
    _show(call.output, done)
    if done.left and not then_promote:
        return LEFT
    if then_promote:
        from pipeline.promote import promote
        from quarry.cli.promote import show_promoted

        show_promoted(call.output, promote(effective, done.generation.id))
    return 0


def _sets_chunker(call: Call) -> bool:
    return any(text.startswith("chunker.") for text in call.assignments)


def _show_estimate(output: Output, found: Estimate) -> int:
    record = {name: getattr(found, name) for name in ("documents", "chunks", "tokens", "bytes", "seconds")}
    if output.json:
        output.record(record)
    else:
        output.results.print(
            f"{found.documents} documents, about {found.chunks} chunks, {found.tokens} tokens, "
            f"{found.bytes / 1e6:.0f} MB, {found.seconds / 60:.1f} minutes; nothing was written"
        )
    return 0


def _show(output: Output, done: Backfilled) -> None:
    record = done.record()
    if output.json:
        output.record(record)
        return
    tokens, work = record["tokens"], record["work"]
    output.results.print(
        f"generation {done.generation.id}: {sum(record['outcomes'].values())} documents, "
        f"{record['chunks']['added']} chunks, {work['parsed']} parsed, {work['encoded']} vectors computed, "
        f"{tokens['encoded']} tokens encoded, {tokens['reused']} not again, {record['seconds']['total']:.1f} s"
    )
    if done.left:
        output.say(f"{done.left} documents could not be brought in; `quarry documents` and another run say more")
    output.say(f"`quarry promote {done.generation.id}` makes it the one that searches read")
