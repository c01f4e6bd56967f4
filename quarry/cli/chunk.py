"""`quarry chunk`: chunks as JSON lines, from files or from `quarry parse` lines on stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

import click

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command
from quarry.errors import SourceError
from quarry.records import chunk_record, document_from
from quarry.settings import Effective
from quarry.types import Document, Outcome

PROBLEMS = 3


@quarry_command("chunk")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--chunker", metavar="NAME", help="Strategy or profile.")
@click.option("--encoder", metavar="NAME", help="Whose tokens are counted.")
def command(call: Call, paths: tuple[str, ...], chunker: str | None, encoder: str | None) -> int:
    """Cut documents into chunks; uses no store. Without a PATH: `quarry parse` lines on stdin."""
    from pipeline.recipe import recipe_of

    effective = call.settings(chunker__kind=chunker, encoder__profile=encoder)
    recipe = recipe_of(effective)
    recipe.check()
    problems = 0
    for document in _documents(effective, paths):
        if document.outcome not in (Outcome.OK, Outcome.PARTIAL):
            problems += 1
            call.output.say(f"{document.origin.uri}: {document.outcome.value}: {document.reason or ''}")
            continue
        chunks = recipe.chunker.chunk(document, tokens=recipe.tokens, embedder=recipe.encoder)
        call.output.records(chunk_record(chunk) for chunk in chunks)
    return PROBLEMS if problems else 0


def _documents(effective: Effective, paths: Sequence[str]) -> Iterator[Document]:
    if paths and paths != ("-",):
        from pipeline.reading import read_documents

        yield from read_documents(effective, paths)
        return
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            yield _document(line, number)


def _document(line: str, number: int) -> Document:
    try:
        return document_from(json.loads(line))
    except json.JSONDecodeError as error:
        raise SourceError(f"stdin line {number} is no JSON: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"stdin line {number} is no line of `quarry parse`: {error!r}") from error
