"""`quarry models`: encoders and rerankers by profile; `quarry models check NAME` loads one and tries it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.errors import QuarryError

if TYPE_CHECKING:
    from encoders.catalogue import Card
    from encoders.profiles import Kind, Profile
    from encoders.selftest import Check, Speed

CHECK = "check"
SPARED = ("cut to", "model", "size", "dim", "licence", "pooling", "context")
"""Columns that a narrow terminal does without, in this order."""


@quarry_command("models")
@click.argument("words", nargs=-1, metavar="[check NAME...]")
@click.option("--no-speed", is_flag=True, help="check: the self-test alone.")
def command(call: Call, words: tuple[str, ...], no_speed: bool) -> int:
    """List encoder and reranker profiles, and which are on this machine.

    `check NAME...` loads each model (a profile, a profile's YAML file, a model folder) and tests it. An encoder:
    vectors of length 1, the same in any batch, pooled as the model's files say, queries with their prompt, nothing cut;
    and how fast it is beside this machine's limit. A reranker: scores by query and passage and by nothing else.
    """
    if not words:
        _list(call.output)
        return 0
    action, *names = words
    if action != CHECK:
        raise click.UsageError(_other_action(action, names))
    if not names:
        raise click.UsageError("check takes the NAME of a model: a profile, a profile's YAML file or a model folder")
    from encoders.catalogue import find

    found = [find(name) for name in dict.fromkeys(names)]
    return max(_check(call.output, kind, chosen, timed=not no_speed, named=len(found) > 1) for kind, chosen in found)


def _other_action(action: str, names: Sequence[str]) -> str:
    meant = names if get_close_matches(action, [CHECK]) else (action, *names)
    call = " ".join(["quarry models check", *meant])
    return f"no {action!r} in `quarry models` (there is: check); did you mean `{call}`?"


def _list(output: Output) -> None:
    from encoders.catalogue import cards

    found = cards()
    if output.json:
        output.records(asdict(card) for card in found)
        return
    rows = [_row(card) for card in found]
    console = output.results
    if not console.is_terminal:  # a file or a pipe has room
        console.width = max(console.width, _width(console, _table(rows)))
    spared = _spared(console, rows)
    console.print(_table(rows, spared))
    for card in found:
        if card.found and card.problem:
            output.say(card.problem)
    if any(not card.found for card in found):
        output.say("`quarry models check NAME` says how to get one that is not here; nothing is ever fetched by itself")
    if spared:
        output.say(f"a wider terminal, or --json, also shows: {', '.join(spared)}")


def _spared(console: Console, rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Columns to leave out so that no name is cut off."""
    number = 0
    while number < len(SPARED) and _width(console, _table(rows, SPARED[:number])) > console.width:
        number += 1
    return SPARED[:number]


def _width(console: Console, table: Table) -> int:
    """That nothing in it has to be cut off for."""
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def _table(rows: Sequence[Mapping[str, str]], spared: Iterable[str] = ()) -> Table:
    names = [name for name in rows[0] if name not in spared]
    table = Table()
    for name in names:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _row(card: Card) -> dict[str, str]:
    shown = {
        "profile": card.name,
        "model": card.model,
        "here": card.place if card.present else "broken" if card.found else "no",
        "context": card.context,
        "dim": card.dim,
        "pooling": card.pooling,
        "late": "yes" if card.late else "no",
        "cut to": ", ".join(map(str, card.matryoshka)),
        "licence": card.licence,
        "size": f"{card.bytes / 1e6:,.0f} MB" if card.bytes else "",
    }
    return {name: "" if value is None else str(value) for name, value in shown.items()}


def _check(output: Output, kind: Kind, chosen: Profile, *, timed: bool, named: bool) -> int:
    """The exit code: a model that is missing or broken ends only its own check."""
    found: list[Check] = []
    measured: Speed | None = None
    problem: QuarryError | None = None
    if named and not output.json:
        output.results.print(chosen.name)
    try:
        for check in _checks(kind, chosen):
            found.append(check)
            if not output.json:
                mark = "ok    " if check.passed else "FAILED"
                output.results.print(f"{mark} {check.name} ({check.detail})", soft_wrap=True)
        if timed and kind == "encoders":
            measured = _speed(output, chosen)
    except QuarryError as error:
        problem = error
        click.echo(f"quarry: {error}", err=True)
    passed = problem is None and all(check.passed for check in found)
    if output.json:
        output.record(
            {
                "name": chosen.name,
                "kind": kind,
                "passed": passed,
                "problem": str(problem) if problem else None,
                "checks": [asdict(check) for check in found],
                "speed": _speed_record(measured) if measured else None,
            }
        )
    return problem.exit_code if problem else 0 if passed else 1


def _checks(kind: Kind, chosen: Profile) -> Iterable[Check]:
    from encoders.selftest import checks, reranker_checks

    return checks(chosen) if kind == "encoders" else reranker_checks(chosen)


def _speed(output: Output, chosen: Profile) -> Speed:
    from encoders.selftest import speed

    measured = speed(chosen)
    if not output.json:
        output.results.print(_said(measured), soft_wrap=True)
    return measured


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
