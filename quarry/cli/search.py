"""`quarry search`: chunks for a query, with the page and box each came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.markup import escape

from quarry.cli.options import Call, Output
from quarry.cli.options import command as quarry_command

if TYPE_CHECKING:
    from quarry.records import Record
    from search.rerank import Rerank
    from search.search import Hit

SHOWN = 400
"""Characters of a chunk in the terminal."""


@quarry_command("search")
@click.argument("query")
@click.option("-k", type=click.IntRange(1, 1000), metavar="N", help="Number of results (10).")
@click.option("--mode", type=click.Choice(["hybrid", "vector", "text"]), help="What ranks (hybrid).")
@click.option("--where", metavar="FILTER", help="For example: page <= 3 and path contains 'report'.")
@click.option("--group-by", type=click.Choice(["document", "none"]), help="The best chunk of each document only.")
@click.option(
    "--expand",
    multiple=True,
    metavar="KIND,...",
    help="Widen hits: next, previous, neighbours, section, parent, table; or none.",
)
@click.option("--expand-tokens", type=click.IntRange(1), metavar="N", help="Of a widened hit (500).")
@click.option(
    "--rerank", metavar="NAME", help="Cross-encoder that orders the best results anew: profile or folder; or none."
)
@click.option("--rerank-pool", type=click.IntRange(1, 1000), metavar="N", help="How many it reads (50).")
def command(
    call: Call,
    query: str,
    k: int | None,
    mode: str | None,
    where: str | None,
    group_by: str | None,
    expand: tuple[str, ...],
    expand_tokens: int | None,
    rerank: str | None,
    rerank_pool: int | None,
) -> None:
    """Find the chunks that answer QUERY. Options come before the section `search` of the settings; `none` switches off
    what is set there.
    """
    settings = call.settings(
        search__k=k,
        search__mode=mode,
        search__group_by=group_by,
        search__expand=",".join(expand) or None,
        search__expand_tokens=expand_tokens,
        search__rerank=rerank,
        search__rerank_pool=rerank_pool,
    ).settings
    from pipeline.views import encoder_of, open_collection
    from search.search import search

    own = settings.search
    hits = search(
        open_collection(settings),
        query,
        encoder=encoder_of,
        mode=own.mode,
        k=own.k,
        where=where,
        group_by=own.group_by,
        expand=own.expand,
        expand_tokens=own.expand_tokens,
        rerank=_reranker(own.rerank, own.rerank_pool),
    )
    if call.output.json:
        call.output.records(map(_record, hits))
        return
    for hit in hits:
        _show(call.output, hit)
    if not hits:
        call.output.say("nothing found")


def _record(hit: Hit) -> Record:
    from pipeline.views import hit_record

    record = {"rank": hit.rank, "score": hit.score, **hit_record(hit.row)}
    if hit.matched is not None:
        span = hit.matched.span
        record["matched"] = {"id": hit.matched.id, "start": span.start, "end": span.end}
    if hit.expanded is not None:
        found = hit.expanded
        record["expanded"] = {
            "start": found.span.start,
            "end": found.span.end,
            "text": found.text,
            "pages": list(found.pages),
            "regions": [{"page": region.page, "bbox": list(region.bbox)} for region in found.regions],
            "chunks": list(found.chunks),
        }
    return record


def _reranker(name: str | None, pool: int) -> Rerank | None:
    if name is None:
        return None
    from encoders.reranker import Reranker
    from search.rerank import Rerank

    return Rerank(Reranker.load(name), pool)


def _show(output: Output, hit: Hit) -> None:
    chunk, made = hit.row.chunk, hit.row.provenance
    pages, regions, text = chunk.pages, chunk.regions, _one_line(chunk.text)[:SHOWN]
    if len(text) == SHOWN:
        text += "..."
    if hit.expanded is not None:
        pages, regions, text = hit.expanded.pages, hit.expanded.regions, _one_line(hit.expanded.text)
    told = f", page {', '.join(map(str, pages))}" if pages else ""
    boxes = [f"p{r.page} [{', '.join(f'{value:.0f}' for value in r.bbox)}]" for r in regions[:3]]
    more = f" and {len(regions) - 3} more" if len(regions) > 3 else ""
    output.results.print(
        f"[bold]{hit.rank}. {escape(made.path)}[/bold]{told}  ({hit.score:.4f})", markup=True, soft_wrap=True
    )
    if chunk.heading_path:
        output.results.print(f"   [dim]{escape(' > '.join(chunk.heading_path))}[/dim]", markup=True, soft_wrap=True)
    output.results.print(f"   {text}", markup=False, soft_wrap=True)
    where = f"box {'; '.join(boxes)}{more}  " if boxes else ""
    what = "chunk" if hit.matched is None else f"found by {hit.matched.id[:12]}, parent"
    output.results.print(f"   {where}{what} {chunk.id}", markup=False, soft_wrap=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())
