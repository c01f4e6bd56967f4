"""Pages made ready to be cut into blocks: tables found, columns ordered, models asked where rules are in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from parsers._pdf_furniture import Furniture
from parsers._pdf_layout import Seen, Zone, chosen, load, look
from parsers._pdf_lines import Line, Page
from parsers._pdf_table_grid import Grid
from parsers._pdf_tables import Ruled, Worded, worded
from quarry.errors import ModelError

Mode = Literal["fast", "auto", "layout"]

EDGE = 0.12
"""Share of the page's height at its top and foot in which the model may find running heads and feet."""


class Sheet(NamedTuple):
    """One page."""

    page: Page
    grids: Sequence[Grid]
    lines: Sequence[Line]
    """Pieces of the body that stand in no table."""
    zones: tuple[Zone, ...] = ()
    """What the model saw; empty where it was not asked."""
    modelled: bool = False


class Sheets(NamedTuple):
    sheets: list[Sheet]
    edges: Furniture
    warnings: tuple[str, ...] = ()


def sheets(opened: Any, pages: Sequence[Page], found: Mapping[int, Ruled], edges: Furniture, *, mode: Mode) -> Sheets:
    """Raises ModelError where the mode is `layout` and the models are missing; `auto` goes on without, and says so."""
    words = {page.number: _words(page, found[page.number], edges) for page in pages}
    if mode == "layout":
        wanted = [page.number for page in pages]
    else:
        wanted = [n for n, item in words.items() if item.doubt or found[n].doubt] if mode == "auto" else []
    seen, warnings = _looked(opened, {page.number: page for page in pages}, found, wanted, mode=mode)
    edges = _with_edges(edges, pages, seen)
    made = []
    for page in pages:
        ruled, own = found[page.number], words[page.number]
        if page.number in seen:
            kept = _kept(ruled.every, edges)
            grids, lines = chosen(seen[page.number], ruled.grids, kept)
            made.append(Sheet(page, grids, lines, seen[page.number].zones, modelled=True))
        else:
            made.append(Sheet(page, [*ruled.grids, *own.grids], own.lines))
    return Sheets(made, edges, warnings)


def _words(page: Page, ruled: Ruled, edges: Furniture) -> Worded:
    return worded(_kept(page.lines, edges), ruled.rules)


def _kept(lines: Sequence[Line], edges: Furniture) -> list[Line]:
    """What belongs to the body and can be seen."""
    outside = edges.head | edges.foot
    return [n for n in lines if id(n) not in outside and not n.aside and not n.flag.startswith("hidden")]


def _looked(
    opened: Any, pages: Mapping[int, Page], found: Mapping[int, Ruled], wanted: Sequence[int], *, mode: Mode
) -> tuple[dict[int, Seen], tuple[str, ...]]:
    if not wanted:
        return {}, ()
    try:
        load()
    except ModelError as error:
        if mode == "layout":
            raise
        count = "1 page was" if len(wanted) == 1 else f"{len(wanted)} pages were"
        return {}, (f"{count} read without the layout models: {error}",)
    seen: dict[int, Seen] = {}
    warnings: list[str] = []
    for number in wanted:
        whole = pages[number]._replace(lines=found[number].every)
        saw = look(opened[number - 1], whole)
        if saw is not None:
            seen[number] = saw
        elif whole.lines:
            warnings.append(f"page {number}: the layout models could not read it; it was read by rules alone")
    return seen, tuple(warnings[:20])


def _with_edges(edges: Furniture, pages: Sequence[Page], seen: Mapping[int, Seen]) -> Furniture:
    """Running heads and feet that the model found at the edge of the page, besides those that repeat."""
    head, foot = set(edges.head), set(edges.foot)
    for page in pages:
        if page.number not in seen:
            continue
        for line in page.lines:
            if line.y1 < EDGE * page.height and _stands(line, seen[page.number], "page-header"):
                head.add(id(line))
            elif line.y0 > (1 - EDGE) * page.height and _stands(line, seen[page.number], "page-footer"):
                foot.add(id(line))
    return Furniture(frozenset(head), frozenset(foot))


def _stands(line: Line, seen: Seen, kind: str) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in seen.of(kind))
