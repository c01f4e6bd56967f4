"""`quarry models`: encoders and rerankers by profile; `quarry models check NAME` loads one and tries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command

if TYPE_CHECKING:
    from encoders.catalogue import Card
    from encoders.selftest import Check, Speed


@quarry_command("models")
@click.argument("action", required=False, type=click.Choice(["check"]), metavar="[check")
@click.argument("name", required=False, metavar="NAME]")
@click.option("--no-speed", is_flag=True, help="check: the self-test alone.")
def command(call: Call, action: str | None, name: str | None, no_speed: bool) -> int:
    """List encoder and reranker profiles, and which are on this machine.

    `check NAME` loads an encoder, prints how fast it is beside this machine's limit, and tests itself: vectors of
    length 1, the same in any batch, pooled as the model's files say, queries with their prompt, nothing cut.
    """
    if action is None:
        _list(call)
        return 0
    if name is None:
        raise click.UsageError("check takes the NAME of an encoder, a profile's YAML file or a model folder")
    return _check(call, name, timed=not no_speed)


def _list(call: Call) -> None:
    from encoders.catalogue import cards

    found = cards()
    if call.output.json:
        call.output.records(asdict(card) for card in found)
        return
    table = Table("profile", "model", "here", "context", "dim", "pooling", "late", "cut to", "licence", "size")
    for card in found:
        table.add_row(*_row(card))
    call.output.results.print(table)
    for card in found:
        if card.found and card.problem:
            call.output.say(card.problem)
    if any(not card.found for card in found):
        call.output.say("`hf download MODEL` fetches one that is not here; nothing is ever fetched by itself")


def _row(card: Card) -> tuple[str, ...]:
    here = card.place if card.present else "broken" if card.found else "no"
    shown = (card.context, card.dim, card.pooling, "yes" if card.late else "no")
    size = f"{card.bytes / 1e6:,.0f} MB" if card.bytes else ""
    cut = ", ".join(map(str, card.matryoshka))
    return (card.name, card.model, here, *("" if v is None else str(v) for v in shown), cut, card.licence or "", size)


def _check(call: Call, name: str, *, timed: bool) -> int:
    from encoders.profiles import profile
    from encoders.selftest import checks, speed

    chosen = profile(name)
    found: list[Check] = []
    for check in checks(chosen):
        found.append(check)
        if not call.output.json:
            mark = "ok    " if check.passed else "FAILED"
            call.output.results.print(f"{mark} {check.name} ({check.detail})", soft_wrap=True)
    measured = speed(chosen) if timed else None
    passed = all(check.passed for check in found)
    if call.output.json:
        speeds = _speed_record(measured) if measured else None
        call.output.record(
            {"name": chosen.name, "passed": passed, "checks": [asdict(check) for check in found], "speed": speeds}
        )
    elif measured:
        call.output.results.print(_said(measured), soft_wrap=True)
    return 0 if passed else 1


def _speed_record(measured: Speed) -> Mapping[str, Any]:
    own = {"tokens_per_cpu_s": measured.tokens_per_cpu_s, "tokens_per_s": measured.tokens / measured.wall_s}
    return {**asdict(measured), **own, "percent": measured.percent}


def _said(measured: Speed) -> str:
    rate = f"{measured.tokens / measured.wall_s:,.0f} tokens/s, {measured.tokens_per_cpu_s:,.0f} per CPU second"
    said = f"speed  {rate} ({measured.texts} texts, {measured.tokens:,} tokens)"
    if measured.percent is None or measured.flops_per_token is None or measured.machine_flops is None:
        return said
    per_token, limit = measured.flops_per_token / 1e6, measured.machine_flops / 1e9
    return (
        f"{said}; {per_token:,.1f} MFLOP a token, {measured.percent:.0f} % of {limit:,.0f} GFLOP/s of matrix products"
    )
