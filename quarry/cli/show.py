"""`quarry show`: a chunk with its provenance and neighbours; its boxes drawn on the page."""

from __future__ import annotations

import click

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command
from quarry.records import Record

SHOWN = 160
"""Characters of a neighbour in the terminal."""


@quarry_command("show")
@click.argument("chunk_id")
@click.option("--image", type=click.Path(dir_okay=False, writable=True), metavar="FILE.png", help="Draw its boxes.")
def command(call: Call, chunk_id: str, image: str | None) -> None:
    """Show a chunk, or a parent that a search gave back: text, provenance and its neighbours. CHUNK_ID may be a
    beginning of the id.
    """
    from pipeline.views import chunk_of, live_of, open_collection, provenance_record
    from search.expand import Expander
    from search.parents import Texts

    settings = call.settings().settings
    collection = open_collection(settings)
    live = live_of(collection)
    row = chunk_of(collection, chunk_id)
    texts = Texts(collection, live)
    before, after = Expander(collection, live, texts=texts).neighbours(row)
    record = provenance_record(row)
    record["previous"], record["next"] = (step.id if step else None for step in (before, after))
    if image is not None:
        from pipeline.picture import draw

        page = draw(row, settings, image)
        call.output.say(f"page {page} of {row.provenance.path} with the chunk's boxes: {image}")
    if call.output.json:
        call.output.record(record)
        return
    document = texts.of(row)
    text = document.text if document else ""
    near = (" ".join(step.span.of(text).split())[:SHOWN] if step else "" for step in (before, after))
    _show(call.output, record, *near)


def _show(output: Output, record: Record, before: str, after: str) -> None:
    shown = ("uri", "title", "pages", "heading_path", "start", "end", "tokens", "strategy", "sha256", "parser")
    made = ("encoder", "run_id", "ingested_at", "generation", "id", "parent_id", "previous", "next")
    for name in (*shown, *made):
        text = " > ".join(record["heading_path"]) if name == "heading_path" else record.get(name)
        if name != "parent_id" or text:
            output.results.print(f"{name:13}{text}", markup=False, soft_wrap=True)
    for region in record["regions"]:
        box = ", ".join(f"{value:.1f}" for value in region["bbox"])
        output.results.print(f"{'box':13}page {region['page']} [{box}]", markup=False)
    for label, text in (("before", before), ("text", record["text"]), ("after", after)):
        if text:
            output.results.print(f"\n--- {label}\n{text}", markup=False, soft_wrap=True)
