"""PyMuPDF's layout and table models, which come in its wheel: zones of a page with their class, and tables as grids."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import Any, NamedTuple

from parsers._pdf_lines import Line, Page, Word
from parsers._pdf_table_grid import Box, Grid, GridCell, joined_lines, packed
from parsers._pdf_table_words import within
from quarry.errors import ModelError

MISSING = (
    "parsers.pdf.mode: layout needs PyMuPDF's models and onnxruntime ({error}); "
    "install them with `pip install --force-reinstall pymupdf onnxruntime`, or set mode to fast"
)

_UNNEEDED = ("pymupdf.layout", "pymupdf4llm")
MAX_PIECES = 5_000
"""Pieces of text on a page that the models are asked about; they take minutes for more."""


class Zone(NamedTuple):
    """A part of a page as the model sees it."""

    kind: str
    """`text`, `title`, `section-header`, `list-item`, `table`, `picture`, `caption`, `formula`, `footnote`,
    `page-header` or `page-footer`."""
    box: Box


class Seen(NamedTuple):
    """What the models say about one page."""

    zones: tuple[Zone, ...]
    grids: tuple[Grid, ...]

    def of(self, kind: str) -> list[Box]:
        return [zone.box for zone in self.zones if zone.kind == kind]


def engine() -> Any:
    """PyMuPDF without what its package loads when it is imported and the rules don't need: its models, at 0.8 s and
    75 MB for each process, and its Markdown writer with numpy, at 0.13 s."""
    if "pymupdf" not in sys.modules:
        held = [name for name in _UNNEEDED if name not in sys.modules]
        sys.modules |= dict.fromkeys(held)  # type: ignore[arg-type]  # None says that it can't be imported
        try:
            import_module("pymupdf")
        finally:
            for name in held:
                del sys.modules[name]
        # As that writer sets it: boxes keep the ascent and descent of their fonts, which our figures are made with.
        sys.modules["pymupdf"].TOOLS.unset_quad_corrections(True)
    return sys.modules["pymupdf"]


def load() -> None:
    """Loads the models, once per process; raises ModelError where they can't be.

    They get one thread each: pages are spread over processes, and the threads of onnxruntime that wait for one another
    take more time than they save (2.8 times the CPU and twice the time for a page, on 4 cores).
    """
    engine()
    try:
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions

        def single() -> Any:
            made = options()
            made.intra_op_num_threads = 1
            made.add_session_config_entry("session.intra_op.allow_spinning", "0")
            return made

        runtime.SessionOptions = single
        try:
            import_module("pymupdf.layout").activate()
        finally:
            runtime.SessionOptions = options
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(MISSING.format(error=" ".join(str(error).split())[:120])) from error


def _failures() -> tuple[type[Exception], ...]:
    """What the models' code may raise on a page that it was not made for: its own faults, not the document's."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return (ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, state.Fail, state.InvalidArgument,
            state.RuntimeException)  # fmt: skip


@contextmanager
def _quiet(pymupdf: Any) -> Iterator[None]:
    """The models' code prints to standard output, where our records go."""
    held = io.StringIO()
    pymupdf.set_messages(stream=held)
    try:
        with redirect_stdout(held):
            yield
    finally:
        pymupdf.set_messages(stream=sys.stderr)


def look(page: Any, read: Page) -> Seen | None:
    """Zones and tables of a page in reading coordinates; None for one without text, with more pieces of it than
    MAX_PIECES, or on which the models' code fails. The page is changed so that its text stands upright, which is all
    that the models can read: nothing may be read from it otherwise afterwards."""
    if not 0 < len(read.lines) <= MAX_PIECES:
        return None
    if page.rotation or read.turn:
        page.set_rotation((page.rotation + read.turn) % 360)
        page.remove_rotation()
    try:
        with _quiet(engine()):
            page.get_layout(return_raw=True)
            found = page.layout_information or []
            tables = page.find_tables(union=True, refine=True)
    except _failures():
        return None
    zones = tuple(Zone(group["class_name"], _box(group["group_bbox"])) for group in found if group["group_bbox"])
    grids = []
    lines: Sequence[Line] = read.lines
    for table in tables.tables if tables is not None else ():
        grid, lines = _grid(table, lines)
        if grid is not None:
            grids.append(grid)
    return Seen(zones, tuple(grids))


def _grid(table: Any, lines: Sequence[Line]) -> tuple[Grid | None, Sequence[Line]]:
    """The table's cells with our words, and the lines without them."""
    places = _places(table)
    box = _union([place.box for place in places] + [_box(table.bbox)]) if places else _box(table.bbox)
    inside, rest = within(box, lines)
    held: dict[int, list[tuple[Word, ...]]] = {}
    for _, words in inside:
        shares: dict[int, list[Word]] = {}
        for word in words:
            middle = ((word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2)
            nearest = min(range(len(places)), key=lambda n: _distance(places[n].box, middle), default=None)
            if nearest is not None:
                shares.setdefault(nearest, []).append(word)
        for number, share in shares.items():
            held.setdefault(number, []).append(tuple(share))
    cells, rows = packed(
        GridCell(p.row, p.col, p.rowspan, p.colspan, p.box, joined_lines(held.get(number, ())))
        for number, p in enumerate(places)
    )
    if rows < 2 or sum(1 for cell in cells if cell.lines) < 2 or max(c.col + c.colspan for c in cells) < 2:
        return None, lines
    return Grid(box, cells, rows, min(int(table.header_rows), rows - 1)), rest


def _places(table: Any) -> list[GridCell]:
    """The cells of PyMuPDF's refined table, which are listed row by row without the columns that spans take."""
    taken: set[tuple[int, int]] = set()
    made = []
    for row, line in enumerate(table.placements or ()):
        col = 0
        for cell in line:
            while (row, col) in taken:
                col += 1
            taken.update((row + r, col + c) for r in range(cell.rowspan) for c in range(cell.colspan))
            if cell.bbox is not None:
                made.append(GridCell(row, col, cell.rowspan, cell.colspan, _box(cell.bbox), ()))
            col += cell.colspan
    return made


def chosen(seen: Seen, ruled: Sequence[Grid], lines: Sequence[Line]) -> tuple[list[Grid], tuple[Line, ...]]:
    """The page's tables, and the pieces in none: ours where lines enclose what the model takes for tables, the model's
    elsewhere. `lines` are all of the page but its furniture."""
    pictures = seen.of("picture")
    own = [grid for grid in ruled if not any(_share(grid.box, box) > 0.8 for box in pictures) or len(grid.cells) > 24]
    grids: list[Grid] = []
    for grid in seen.grids:
        rivals = [other for other in own if _share(other.box, grid.box) > 0.5 or _share(grid.box, other.box) > 0.5]
        words = sum(len(words) for _, words in within(grid.box, lines)[0])
        covered = sum(len(words) for other in rivals for _, words in within(other.box, lines)[0])
        if rivals and all(other.sure for other in rivals) and covered >= 0.9 * words:
            continue
        own = [other for other in own if other not in rivals]
        grids.append(grid)
    grids = sorted([*own, *grids], key=lambda grid: (grid.box[1], grid.box[0]))
    rest = tuple(lines)
    for grid in grids:
        _, rest = within(grid.box, rest)
    return grids, rest


def _box(values: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (float(value) for value in values[:4])
    return x0, y0, x1, y1


def _union(boxes: Sequence[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _distance(box: Box, point: tuple[float, float]) -> float:
    (x, y), (x0, y0, x1, y1) = point, box
    return max(x0 - x, x - x1, 0.0) + max(y0 - y, y - y1, 0.0)


def _share(box: Box, other: Box) -> float:
    """Part of `box` that lies in `other`."""
    wide = max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
    high = max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
    return wide * high / max(1e-9, (box[2] - box[0]) * (box[3] - box[1]))
