"""`quarry eval`: strategies, encoders and retrievers compared on a corpus with questions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from quarry.cli.options import Call, Output, json_line
from quarry.cli.options import command as quarry_command
from quarry.errors import ConfigError
from quarry.settings import Effective

if TYPE_CHECKING:
    from evaluation.evaluate import Asked, Evaluation, Row
    from evaluation.strategies import Strategy

FOLDERS = ("corpora", "corpus")
"""Where an evaluation folder has its documents."""
DEFAULT_RETRIEVERS = ("dense", "hybrid")
OUTPUTS = (".svg", ".png", ".json", ".jsonl")


@quarry_command("eval")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--strategy", "specs", multiple=True, metavar="SPEC", help="NAME or NAME:key=value,...; repeatable.")
@click.option(
    "--spans", multiple=True, metavar="NAME=FILE", help="Chunks of another splitter: JSON lines document, start, end."
)
@click.option("--encoder", "encoders", multiple=True, metavar="NAME", help="Profile or model folder; repeatable.")
@click.option(
    "--retriever", "retrievers", multiple=True, metavar="NAME", help="dense, bm25, hybrid or rrf; repeatable."
)
@click.option(
    "--questions",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Questions (default: questions_df.csv, questions.jsonl or questions.csv in DIR).",
)
@click.option("-k", type=click.IntRange(1, 100), default=5, metavar="N", help="Chunks of recall and precision (5).")
@click.option("--by-document", is_flag=True, help="A table for each document too.")
@click.option("--against", metavar="SPEC", help="The strategy that the others are compared with.")
@click.option("--pairs", is_flag=True, help="With --json: differences between all pairs.")
@click.option("--cache", metavar="DIR", type=click.Path(file_okay=False, path_type=Path), help="Keep vectors here.")
@click.option("--out", multiple=True, metavar="FILE", help="Plots (.svg, .png) or every question (.json, .jsonl).")
@click.option("--advise", is_flag=True, help="Compare the built-in strategies and say which to take.")
def command(
    call: Call,
    folder: Path,
    specs: tuple[str, ...],
    spans: tuple[str, ...],
    encoders: tuple[str, ...],
    retrievers: tuple[str, ...],
    questions: Path | None,
    k: int,
    by_document: bool,
    against: str | None,
    pairs: bool,
    cache: Path | None,
    out: tuple[str, ...],
    advise: bool,
) -> None:
    """Ask the questions of DIR of its corpus and score what is found. DIR has the folder `corpora` or `corpus` and
    questions_df.csv, questions.jsonl or questions.csv. Vectors are made once and kept in --cache.
    """
    from evaluation.evaluate import Asked, evaluate
    from evaluation.questions import questions_file
    from evaluation.rankings import retriever

    effective = call.settings()
    _check_outputs(out)
    ranked = retrievers or (_own_retriever(effective),) if advise else retrievers or DEFAULT_RETRIEVERS
    asked = Asked(
        corpus=_corpus(folder),
        questions=questions or questions_file(folder),
        strategies=_strategies(effective, specs, spans, advise=advise),
        encoders=encoders or (effective.settings.encoder.profile,),
        retrievers=tuple(map(retriever, ranked)),
        k=k,
    )
    compared = _compared(asked, against)
    with _cached(cache) as place, _status(call.output) as told:
        found = evaluate(effective, asked, cache=place, told=told)
    _write(found, out)
    _say_left_out(call.output, found)
    if advise:
        _advise(call.output, found)
    else:
        _show(call.output, found, _row(found, compared), by_document=by_document, pairs=pairs)


def _strategies(
    effective: Effective, specs: Sequence[str], spans: Sequence[str], *, advise: bool
) -> tuple[Strategy, ...]:
    from evaluation.strategies import Strategy, built_in, from_file, strategy
    from quarry.settings import chunker_spec

    chosen = [strategy(spec) for spec in specs]
    if advise and not specs:
        chosen = built_in()
    for text in spans:
        name, equals, file = text.partition("=")
        if not equals:
            raise ConfigError(f"--spans takes NAME=FILE, it got {text!r}")
        chosen.append(from_file(name, Path(file)))
    if not chosen:
        own = effective.settings.chunker
        chosen = [Strategy(str(own["kind"]), chunker_spec(own))]
    return tuple({found.name: found for found in chosen}.values())


def _own_retriever(effective: Effective) -> str:
    """What a search with these settings does."""
    return {"vector": "dense", "text": "bm25"}.get(effective.settings.search.mode, "hybrid")


def _corpus(folder: Path) -> Path:
    found = next((folder / name for name in FOLDERS if (folder / name).is_dir()), None)
    if found is None:
        raise ConfigError(f"{folder} has no folder {' or '.join(FOLDERS)} with the documents")
    return found


def _compared(asked: Asked, against: str | None) -> str:
    names = [chosen.name for chosen in asked.strategies]
    if against is not None and against not in names:
        raise ConfigError(f"--against {against!r} is none of the strategies of this run: {', '.join(names)}")
    return against or names[0]


def _check_outputs(files: Sequence[str]) -> None:
    """Before hours of work."""
    for name in files:
        if Path(name).suffix not in OUTPUTS:
            raise ConfigError(f"--out {name}: the ending must be one of {', '.join(OUTPUTS)}")
        if not Path(name).resolve().parent.is_dir():
            raise ConfigError(f"--out {name}: there is no folder {Path(name).resolve().parent}")


@contextmanager
def _cached(cache: Path | None) -> Iterator[Path]:
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        yield cache
        return
    with TemporaryDirectory(prefix="quarry-eval-") as folder:
        yield Path(folder)


class _Told:
    """The step in hand, on a terminal."""

    def __init__(self, output: Output) -> None:
        self.status = output.messages.status("reading the corpus")

    def __call__(self, step: str) -> None:
        self.status.update(step)


@contextmanager
def _status(output: Output) -> Iterator[_Told]:
    told = _Told(output)
    if output.quiet or not output.messages.is_terminal:
        yield told
        return
    with told.status:
        yield told


def _say_left_out(output: Output, found: Evaluation) -> None:
    for name, reason in found.failed.items():
        output.say(f"{name} is left out: {reason}")
    for path, reason in found.unread.items():
        output.say(f"{path} is not searchable: {reason}")
    if found.left_out:
        first = found.left_out[0]
        number = f"{len(found.left_out)} of {len(found.left_out) + len(found.questions)} questions"
        output.say(f"{number} can't be scored; the first: {first.text!r}: {first.reason}")


def _row(found: Evaluation, name: str) -> Row:
    return next((row for row in found.rows if row.strategy == name), found.rows[0])


def _show(output: Output, found: Evaluation, against: Row, *, by_document: bool, pairs: bool) -> None:
    from evaluation.evaluate import ALL, records
    from evaluation.tables import differences_table, scores_table

    if output.json:
        output.records(records(found, against=against, pairs=pairs))
        return
    groups = list(found.groups) if by_document and len(found.groups) > 2 else [ALL]
    for group in reversed(groups):
        output.results.print(scores_table(found, group=group), markup=True)
    if len(found.rows) > 1:
        output.results.print(differences_table(found, against, found.rows), markup=True)


def _advise(output: Output, found: Evaluation) -> None:
    from evaluation.advice import advice_records, advice_table, advise, verdict

    advice = advise(found)
    if output.json:
        output.records(advice_records(advice))
        return
    output.results.print(advice_table(advice), markup=True)
    output.results.print(verdict(advice))


def _write(found: Evaluation, files: Sequence[str]) -> None:
    from evaluation.evaluate import question_records, records
    from evaluation.plot import png, svg

    for name in files:
        file = Path(name)
        if file.suffix == ".svg":
            file.write_text(svg(found), encoding="utf-8")
            continue
        if file.suffix == ".png":
            file.write_bytes(png(svg(found)))
            continue
        lines = [*records(found, pairs=len(found.rows) <= 12), *question_records(found)]
        whole = json.dumps(lines, ensure_ascii=False) if file.suffix == ".json" else "".join(map(json_line, lines))
        file.write_text(whole, encoding="utf-8")
