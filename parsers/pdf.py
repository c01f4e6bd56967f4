"""PDF on PyMuPDF: layout-tagged elements from one text pass a page, without a model and without decoding images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from parsers import parser
from parsers._pdf_blocks import Block, Body, blocks, body_of, footnotes, sampled
from parsers._pdf_captions import tied
from parsers._pdf_facts import Facts, mupdf_facts, pdfium_facts
from parsers._pdf_furniture import Furniture, furniture
from parsers._pdf_headings import mark_headings
from parsers._pdf_join import join
from parsers._pdf_layout import engine
from parsers._pdf_lines import Line, Page, Style, Word
from parsers._pdf_links import linked
from parsers._pdf_ocr import ocr_of
from parsers._pdf_order import columns
from parsers._pdf_page import Reader
from parsers._pdf_second import seconded
from parsers._pdf_sheets import Mode, Sheet, sheets
from parsers._pdf_table_grid import Grid
from parsers._pdf_table_join import joined
from parsers._pdf_tables import Ruled, ruled, unruled
from parsers._pdf_writer import Writer, compounds
from parsers._pdf_zones import refine
from parsers._pdfium import PdfiumDocument
from quarry.errors import EncryptedError, RefusedError
from quarry.types import Document, ElementType, Origin, Outcome

_JUNK = re.compile(
    r"untitled|microsoft |^\s*$|\.(?:docx?|indd|tex|dvi|qxd|pptx?|xlsx?)$|^title$|^document\d*$", re.IGNORECASE
)
TURN = 1000
"""Pages that are read from one opening of a file."""
BLANK_BYTES = 10_000_000
"""Decoded content of a page that shows nothing."""
_MARK = "\x00table"
"""Word that stands for a table among the lines of its page, so that reading order takes it along."""


_WRITTEN = Block(ElementType.PAGE_BREAK, [])


@parser
@dataclass(frozen=True, slots=True)
class Pdf:
    kind: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]] = ("application/pdf",)
    extensions: ClassVar[tuple[str, ...]] = (".pdf",)
    revision: ClassVar[int] = 2
    private: ClassVar[tuple[str, ...]] = ("passwords", "max_pages")

    mode: Mode = "auto"
    """`fast` reads by rules alone. `layout` lets PyMuPDF's layout and table models see every page. `auto` lets them see
    the pages where the rules are in doubt: a table without lines whose cells are not mostly numbers, or with gaps;
    lines that enclose more columns than they part; words in columns that may be a table or not. On journal papers that
    is less than one page in ten; the pages are listed in the document's `model_pages`."""
    engine: Literal["mupdf", "pdfium"] = "mupdf"
    """`pdfium` (BSD and Apache licences) reads text, styles, bookmarks and borderless tables; ruled lines, models,
    tags, links and hidden text are MuPDF's alone. With `mupdf`, pages without text are read by PDFium as well, and
    but for `fast` the page with the least text is compared: a warning tells where the two are far apart."""
    ocr: str = "eng"
    """Tesseract's languages for scanned pages (`deu+eng`), used where their data is installed (by the system, or where
    TESSDATA_PREFIX says); empty for none. Without it scanned pages are listed in the outcome's reason."""
    passwords: tuple[str, ...] = ()
    """Tried in turn on encrypted files."""
    max_pages: int = 20_000
    """A document with more is refused before a page is read."""

    def parse(self, data: bytes, origin: Origin) -> Document:
        return self._by_pdfium(data, origin) if self.engine == "pdfium" else self._by_mupdf(data, origin)

    def _by_pdfium(self, data: bytes, origin: Origin) -> Document:
        with PdfiumDocument(data, self.passwords) as opened:
            self._check_pages(opened.page_count)
            pages = [opened.read(number) for number in range(1, opened.page_count + 1)]
            tables = {page.number: unruled(page) for page in pages}
            return _document(None, pdfium_facts(opened), pages, tables, origin, mode="fast")

    def _check_pages(self, count: int) -> None:
        if count > self.max_pages:
            raise RefusedError(f"size: {count} pages, parsers.pdf.max_pages allows {self.max_pages}")

    def _by_mupdf(self, data: bytes, origin: Origin) -> Document:
        pymupdf = engine()
        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        pymupdf.TOOLS.reset_mupdf_warnings()
        opened = _open(pymupdf, data, self.passwords)
        self._check_pages(opened.page_count)
        try:
            with opened:
                pages, found, second = self._read(pymupdf, opened, data)
                empty = [page.number for page in pages if not page.lines]
                facts = mupdf_facts(opened, pages, version=pymupdf.__version__)
                made = _document(opened, facts, pages, found, origin, mode=self.mode)
                if made.reason == "blank" and opened.is_repaired:
                    raise RefusedError("damaged: it had to be repaired, and no text is left")
                made = _without_bombs(made, opened, empty)
                told = _warnings(pymupdf, repaired=opened.is_repaired)
                return replace(made, warnings=(*made.warnings, *second, *told))
        except (RuntimeError, pymupdf.mupdf.FzErrorBase) as error:
            raise RefusedError(f"damaged: {' '.join(str(error).split())[:120]}") from error

    def _read(self, pymupdf: Any, opened: Any, data: bytes) -> tuple[list[Page], dict[int, Ruled], list[str]]:
        pages: list[Page] = []
        tables: dict[int, Ruled] = {}
        for reader, page in self._in_turns(pymupdf, opened, data):
            read = reader.read(page)
            pages.append(read)
            tables[read.number] = ruled(page, read)
        again, told = seconded(pages, data, self.passwords, compare=self.mode != "fast")
        tables |= {page.number: unruled(page) for page, before in zip(again, pages, strict=True) if page is not before}
        return [page._replace(lines=tables[page.number].lines) for page in again], tables, told

    def _in_turns(self, pymupdf: Any, opened: Any, data: bytes) -> Iterator[tuple[Reader, Any]]:
        """Every page. A long file is opened anew now and then, for MuPDF keeps each object that it has read."""
        ocr = ocr_of(self.ocr) if self.ocr else None
        if opened.page_count <= TURN:
            reader = Reader(pymupdf, opened, ocr)
            yield from ((reader, page) for page in opened)
            return
        for start in range(0, opened.page_count, TURN):
            with _open(pymupdf, data, self.passwords) as again:
                reader = Reader(pymupdf, again, ocr)
                for number in range(start, min(start + TURN, opened.page_count)):
                    yield reader, again[number]


def _open(pymupdf: Any, data: bytes, passwords: Sequence[str]) -> Any:
    try:
        opened = pymupdf.open(stream=data, filetype="pdf")
        shut = opened.needs_pass and not any(opened.authenticate(password) for password in passwords)
        pages = 0 if shut else opened.page_count
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise RefusedError(f"damaged: {' '.join(str(error).split())[:120]}") from error
    if shut:
        tried = f"none of the {len(passwords)} given opens it" if passwords else "give it in parsers.pdf.passwords"
        raise EncryptedError(f"needs a password; {tried}")
    if not opened.is_pdf or pages == 0:
        raise RefusedError("damaged: no page can be read")
    return opened


def _without_bombs(made: Document, opened: Any, empty: Sequence[int]) -> Document:
    """A page with megabytes of content that shows nothing is not blank: something of it is lost."""
    heavy = [number for number in empty if len(opened[number - 1].read_contents() or b"") > BLANK_BYTES]
    if not heavy:
        return made
    reason = f"damaged: pages {_numbers(heavy)} have megabytes of content and show nothing"
    if made.outcome is Outcome.EMPTY:
        raise RefusedError(reason)
    return replace(made, outcome=Outcome.PARTIAL, reason="; ".join(filter(None, (made.reason, reason))))


def _document(
    opened: Any, facts: Facts, pages: list[Page], tables: dict[int, Ruled], origin: Origin, *, mode: Mode
) -> Document:
    sample = [line for page in sampled(pages) for line in page.lines]
    ready = sheets(opened, pages, tables, furniture(pages, body_size=body_of(sample).size), mode=mode)
    edges = ready.edges
    outside = edges.head | edges.foot
    body = body_of(line for line in sample if id(line) not in outside and not line.aside and not line.flag)
    found, repeated = joined(_blocks(ready.sheets, body=body), {page.number: page.height for page in pages})
    mark_headings(found, facts.marks, body=body, pages=len(pages))
    refine(found, {sheet.page.number: sheet.zones for sheet in ready.sheets})
    outcome, reason = _outcome(pages, found)
    title = _title(facts.title, found)
    writer = Writer(origin.sha256, [page._replace(lines=()) for page in pages], compounds(pages))
    rest = [*repeated, *_furniture_blocks(pages, edges)]
    models = tuple(sheet.page.number for sheet in ready.sheets if sheet.modelled)
    links = {page.number: page.links for page in pages if page.links}
    del sample
    for held in (pages, tables, ready.sheets):  # a long document's lines go as they are written
        held.clear()
    _write(writer, found, rest)
    layout = writer.layout
    return Document(
        origin=origin,
        media_type="application/pdf",
        text=writer.text,
        elements=tied(linked(writer.elements, layout, links), writer.text),
        parser=f"pdf/{Pdf.revision} {facts.library}",
        pages=facts.pages,
        title=title,
        author=facts.author,
        created=facts.created,
        language=facts.language,
        outcome=outcome,
        reason=reason,
        layout=layout,
        page_labels=facts.labels,
        warnings=ready.warnings,
        model_pages=models,
    )


def _blocks(ready: Sequence[Sheet], *, body: Body) -> list[Block]:
    """All blocks in reading order, paragraphs joined over columns and pages."""
    found: list[Block] = []
    rights: dict[int, float] = {}
    edges: set[int] = set()
    for sheet in ready:
        page, tables = sheet.page, sheet.grids
        marks = [_mark(grid, page.number, number) for number, grid in enumerate(tables)]
        for lines in columns([*sheet.lines, *marks], edges):
            column = len(rights)
            rights[column] = max(line.x1 for line in lines)
            made = _column(lines, tables, column=column, body=body)
            footnotes(made, page.height, body)
            found += made
    for block in found:
        block.flags += [flag for flag in [block.first.flag] if flag]
    return join(found, rights)


def _column(lines: Sequence[Line], tables: Sequence[Grid], *, column: int, body: Body) -> list[Block]:
    made: list[Block] = []
    run: list[Line] = []
    for line in lines:
        number = int(line.text.removeprefix(_MARK)) if line.text.startswith(_MARK) else None
        if number is None:
            run.append(line)
            continue
        made += blocks(run, body, column=column)
        run = []
        made.append(Block(ElementType.TABLE, [line], column, grid=tables[number]))
    return made + blocks(run, body, column=column)


def _mark(grid: Grid, page: int, number: int) -> Line:
    x0, y0, x1, y1 = grid.box
    word = Word(x0, y0, x1, y1, f"{_MARK}{number}")
    return Line(page, (word,), x0, y0, x1, y1, y1, Style(0.0, bold=False, mono=False, colour=0))


def _write(writer: Writer, found: list[Block], rest: list[Block]) -> None:
    """Lets go of each block when it is written: the lines of a long document and its elements are never all there."""
    for place, block in enumerate(found):
        writer.add(block)
        found[place] = _WRITTEN
    for block in rest:
        writer.add(block, body=False)


def _furniture_blocks(pages: Sequence[Page], edges: Furniture) -> list[Block]:
    """Running heads, feet and hidden text, line by line in the order of the pages."""
    found = []
    for line in (line for page in pages for line in page.lines):
        if line.flag.startswith("hidden"):
            found.append(Block(ElementType.UNCATEGORIZED_TEXT, [line], flags=[line.flag]))
        elif id(line) in edges.head or id(line) in edges.foot or line.aside:
            found.append(Block(ElementType.FOOTER if id(line) in edges.foot else ElementType.HEADER, [line]))
    return found


def _outcome(pages: Sequence[Page], found: Sequence[Block]) -> tuple[Outcome, str | None]:
    scanned = [page.number for page in pages if page.image_only]
    if found:
        if scanned:
            return Outcome.PARTIAL, f"scanned: pages {_numbers(scanned)}"
        return Outcome.OK, None
    return Outcome.EMPTY, f"scanned: pages {_numbers(scanned)}" if scanned else "blank"


def _numbers(pages: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _title(title: str, found: Sequence[Block]) -> str | None:
    """The metadata's title unless it is what a program left there; else the largest text that opens the document."""
    if title and not _JUNK.search(title):
        return title
    first = [block for block in found if block.first.page == 1 and block.grid is None][:12]
    largest = max(first, key=lambda block: block.first.size, default=None)
    if largest is None or largest.type is not ElementType.TITLE:
        return None
    return " ".join(largest.text.split())[:300]


def _warnings(pymupdf: Any, *, repaired: bool) -> tuple[str, ...]:
    told = [line for line in pymupdf.TOOLS.mupdf_warnings().splitlines() if line.strip()]
    return (*(["the file is damaged and was repaired"] if repaired else []), *dict.fromkeys(told[:20]))
