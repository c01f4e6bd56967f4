"""`quarry show`: a chunk with its provenance and neighbours; its boxes drawn on the page."""

from __future__ import annotations

import click

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.records import Record


@quarry_command("show")
@click.argument("chunk_id")
@click.option("--image", type=click.Path(dir_okay=False, writable=True), metavar="FILE.png", help="Draw its boxes.")
def command(call: Call, chunk_id: str, image: str | None) -> None:
    """Show a chunk: text, provenance and its neighbours. CHUNK_ID may be a beginning of the id."""
    from pipeline.views import chunk_of, export_record, live_of, open_collection

    settings = call.settings().settings
    collection = open_collection(settings)
    row = chunk_of(collection, chunk_id)
    live = live_of(collection)
    full = collection.chunks(live, [row.chunk.id], vectors=True)[row.chunk.id]
    record = export_record(full)
    record.pop("vector")
    siblings = collection.chunks_of(live, row.chunk.document_id)
    near = {n.position - row.position: n for n in siblings if abs(n.position - row.position) == 1}
    record["previous"] = near[-1].chunk.id if -1 in near else None
    record["next"] = near[1].chunk.id if 1 in near else None
    if image is not None:
        from pipeline.picture import draw

        page = draw(row, settings, image)
        call.output.say(f"page {page} of {row.provenance.path} with the chunk's boxes: {image}")
    if call.output.json:
        call.output.record(record)
        return
    texts = {place: " ".join(found.chunk.text.split())[:160] for place, found in near.items()}
    _show(call.output, record, texts)


def _show(output: Output, record: Record, near: dict[int, str]) -> None:
    shown = ("uri", "title", "pages", "heading_path", "start", "end", "tokens", "strategy", "sha256", "parser")
    made = ("encoder", "run_id", "ingested_at", "generation", "id", "previous", "next")
    for name in (*shown, *made):
        text = " > ".join(record["heading_path"]) if name == "heading_path" else record.get(name)
        output.results.print(f"{name:13}{text}", markup=False, soft_wrap=True)
    for region in record["regions"]:
        box = ", ".join(f"{value:.1f}" for value in region["bbox"])
        output.results.print(f"{'box':13}page {region['page']} [{box}]", markup=False)
    for label, text in (("before", near.get(-1)), ("text", record["text"]), ("after", near.get(1))):
        if text:
            output.results.print(f"\n--- {label}\n{text}", markup=False, soft_wrap=True)
