"""`quarry export`: chunk rows with vectors as Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quarry.cli.options import Call, json_line
from quarry.cli.options import command as quarry_command
from quarry.errors import ConfigError
from quarry.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 1000


@quarry_command("export")
@click.argument("file", type=click.Path(dir_okay=False))
def command(call: Call, file: str) -> None:
    """Write the chunk rows with vectors and provenance to FILE (.parquet or .jsonl)."""
    target = Path(file)
    if target.suffix not in (".parquet", ".jsonl"):
        raise ConfigError(f"export writes .parquet or .jsonl, {target.name} is neither")
    from pipeline.views import export_record, live_of, open_collection

    collection = open_collection(call.settings().settings)
    rows = map(export_record, collection.all_chunks(live_of(collection)))
    count = _jsonl(target, rows) if target.suffix == ".jsonl" else _parquet(target, rows)
    if call.output.json:
        call.output.record({"file": str(target), "rows": count})
    else:
        call.output.say(f"{count} rows in {target}")


def _jsonl(target: Path, rows: Iterator[Record]) -> int:
    count = 0
    with target.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json_line(row))
            count += 1
    return count


def _parquet(target: Path, rows: Iterator[Record]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count = _schema(), 0
    with pq.ParquetWriter(target, schema) as writer:
        while batch := list(islice(rows, BATCH)):
            flat = [{**row, "metadata": json_line(row["metadata"]).strip()} for row in batch]
            writer.write_table(pa.Table.from_pylist(flat, schema=schema))
            count += len(batch)
    return count


def _schema() -> pa.Schema:
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    span = pa.struct([("start", number), ("end", number)])
    region = pa.struct([("page", number), ("bbox", pa.list_(pa.float64()))])
    maker = pa.struct([("kind", text), ("fingerprint", text)])
    model = pa.struct([("name", text), ("revision", text), ("weights", text)])
    columns = {
        **dict.fromkeys(("id", "document_id", "uri"), text),
        **dict.fromkeys(("start", "end"), number),
        **dict.fromkeys(("text", "context"), text),
        "context_spans": pa.list_(span),
        "tokens": number,
        "heading_path": pa.list_(text),
        "pages": pa.list_(number),
        "regions": pa.list_(region),
        "elements": pa.list_(text),
        **dict.fromkeys(("parent_id", "strategy"), text),
        "topic": number,
        "vector": pa.list_(pa.float32()),
        **dict.fromkeys(("title", "source", "path", "media_type", "metadata", "sha256", "parser"), text),
        "chunker": maker,
        "encoder": model,
        **dict.fromkeys(("run_id", "ingested_at", "generation"), text),
    }
    return pa.schema(list(columns.items()))
