"""`quarry embed`: JSON lines of text to JSON lines of vectors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from quarry.cli.options import Call
from quarry.cli.options import command as quarry_command
from quarry.errors import SourceError

if TYPE_CHECKING:
    from encoders.outputs import Dtype

BATCH = 256


@quarry_command("embed")
@click.option("--encoder", metavar="NAME", help="Encoder profile or model folder.")
@click.option(
    "--dtype", type=click.Choice(["float32", "float16", "int8", "binary"]), default="float32", help="Of the numbers."
)
@click.option("--query", is_flag=True, help="With the query prompt instead of the document prompt.")
def command(call: Call, encoder: str | None, dtype: Dtype, query: bool) -> None:
    """Turn JSON lines {"id","text"} on stdin into {"id","vector"}; uses no store.

    int8 numbers are to be compared by cosine; binary gives one number of 0 to 255 for eight signs.
    """
    import numpy as np

    from encoders.outputs import as_dtype
    from pipeline.recipe import recipe_of

    model = recipe_of(call.settings(encoder__profile=encoder)).encoder
    lines = _lines()
    while batch := list(islice(lines, BATCH)):
        if query:
            vectors = np.stack([model.encode_query(line["text"]) for line in batch])
        else:
            vectors = model.embed([line["text"] for line in batch])
        for line, vector in zip(batch, as_dtype(vectors, dtype), strict=True):
            call.output.record({"id": line["id"], "vector": vector.tolist()})


def _lines() -> Iterator[dict[str, Any]]:
    for number, raw in enumerate(sys.stdin, start=1):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
        except json.JSONDecodeError as error:
            raise SourceError(f"stdin line {number} is no JSON: {error}") from error
        if not isinstance(line, dict) or not isinstance(line.get("text"), str) or "id" not in line:
            raise SourceError(f'stdin line {number} needs "id" and "text"')
        yield line
