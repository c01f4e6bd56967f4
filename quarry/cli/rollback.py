"""`quarry rollback`: back to the generation that was live before the last promotion."""

from __future__ import annotations

import click

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command
from quarry.cli.promote import show_promoted


@quarry_command("rollback")
@click.option("--force", multiple=True, metavar="GATE", help="Override this gate; may be given several times.")
def command(call: Call, force: tuple[str, ...]) -> None:
    """Make the previous generation live again. Nothing is lost: ingests write both until the promotion is final."""
    from pipeline.promote import rollback

    show_promoted(call.output, rollback(call.settings(), force=force))
