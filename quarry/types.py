"""The values that flow through the pipeline: frozen, located by spans into one text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any

from quarry.layout import BBox, Layout, Region
from quarry.span import Span

__all__ = [
    "BBox",
    "Cell",
    "Chunk",
    "Document",
    "Element",
    "ElementType",
    "Layout",
    "Link",
    "Origin",
    "Outcome",
    "Region",
    "Span",
    "Table",
]


class ElementType(StrEnum):
    """unstructured's element names."""

    TITLE = "Title"
    NARRATIVE_TEXT = "NarrativeText"
    LIST_ITEM = "ListItem"
    TABLE = "Table"
    IMAGE = "Image"
    FIGURE_CAPTION = "FigureCaption"
    HEADER = "Header"
    FOOTER = "Footer"
    FOOTNOTE = "Footnote"
    FORMULA = "Formula"
    CODE_SNIPPET = "CodeSnippet"
    PAGE_BREAK = "PageBreak"
    ADDRESS = "Address"
    EMAIL_ADDRESS = "EmailAddress"
    UNCATEGORIZED_TEXT = "UncategorizedText"


HIDDEN = "hidden"
"""Flag of what is left out of chunks; another one, `hidden:<reason>` or `clutter:<reason>`, says why."""
FURNITURE = frozenset({ElementType.HEADER, ElementType.FOOTER, ElementType.PAGE_BREAK})
"""What belongs to the page, not to the text: stored with its place, never chunked."""


class Outcome(StrEnum):
    """How a document ended. `ok` and `partial` are searchable; all but `ok` are problems."""

    OK = "ok"
    PARTIAL = "partial"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document's bytes came from: everything about it that is not in the bytes."""

    id: str
    """Hash of (collection, source name, path): `quarry.fingerprint.document_id`."""
    uri: str
    """Absolute `file://` URI, or the id that the user gave a JSON line."""
    source: str
    """Name of the source."""
    path: str
    """Relative to the source's root, `/` between parts; undecodable bytes as surrogate escapes."""
    sha256: str
    """Hex SHA-256 of the bytes."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What the user handed in; never anything of ours."""


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink on a stretch of the text."""

    span: Span
    url: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell at its top left grid position; `row` and `col` count from 0."""

    text: str
    row: int
    col: int
    rowspan: int = 1
    colspan: int = 1
    header: bool = False
    bbox: BBox | None = None
    span: Span | None = None
    """Where the cell's text stands in `Document.text`; None for an empty cell."""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table, row by row, and the same as HTML."""

    rows: tuple[tuple[Cell, ...], ...]
    html: str
    row_spans: tuple[Span, ...] = ()
    """Where each row stands in `Document.text`: rows are the places at which a long table may be cut."""

    def moved(self, by: int) -> Table:
        """The same so many characters further on."""
        rows = tuple(
            tuple(replace(cell, span=cell.span.shift(by)) if cell.span else cell for cell in row) for row in self.rows
        )
        return Table(rows, self.html, tuple(span.shift(by) for span in self.row_spans))


@dataclass(frozen=True, slots=True)
class Element:
    """A typed, located stretch of the text."""

    id: str
    """`quarry.fingerprint.element_id`: equal files have equal element ids."""
    type: ElementType
    span: Span
    page: int | None = None
    """1-based page on which it starts; None without pages."""
    regions: tuple[Region, ...] = ()
    """Its box on each page and column it stands in; empty without pages."""
    css_path: str | None = None
    """HTML: selector of the node it came from."""
    anchor: str | None = None
    """HTML: nearest `id` for a deep link."""
    level: int | None = None
    """Title: 1 is the top. ListItem: nesting depth from 1."""
    parent: str | None = None
    """Id of the heading that it stands under; for a heading, the one above it."""
    table: Table | None = None
    captions: tuple[str, ...] = ()
    """Table, Image: ids of the elements that explain it (caption, line of units, notes), in text order."""
    links: tuple[Link, ...] = ()
    flags: tuple[str, ...] = ()
    """`hidden:<reason>` (left out of chunks), `ocr`, `ordered`, `language:<code language>` ..."""

    def __reduce__(self) -> tuple[Any, ...]:
        """As in `Span`."""
        return Element, _ELEMENT_VALUES(self)

    @property
    def hidden(self) -> bool:
        return any(flag.startswith(HIDDEN) for flag in self.flags)

    @property
    def in_body(self) -> bool:
        """True for what chunkers read: neither page furniture nor hidden text."""
        return self.type not in FURNITURE and not (self.flags and self.hidden)


_ELEMENT_VALUES: attrgetter[tuple[Any, ...]] = attrgetter(*(item.name for item in fields(Element)))


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: one text and the elements that tile it.

    Laws: elements are in text order and don't overlap; each span is non-empty and inside `text`; between two elements
    stands nothing but markup or white space. Elements that are not `in_body` (running heads, feet, hidden text) stand
    together at the end of `text`, so a paragraph that runs over a page break is contiguous and no chunk holds a footer.
    """

    origin: Origin
    media_type: str
    text: str
    elements: tuple[Element, ...]
    parser: str
    """`name/revision`, of our own parser; then its library: `pdf/1 pymupdf/2.0`."""
    pages: int = 0
    """Number of pages; 0 where the format has none."""
    title: str | None = None
    author: str | None = None
    created: str | None = None
    """ISO 8601."""
    language: str | None = None
    """BCP 47."""
    canonical: str | None = None
    """The address that a web page gives for itself."""
    outcome: Outcome = Outcome.OK
    reason: str | None = None
    """Why it is not `ok`: `scanned`, `blank`, `limit: ...`."""
    layout: Layout = field(default_factory=Layout)
    """Where each word stands on its page; empty without pages."""
    warnings: tuple[str, ...] = ()
    model_pages: tuple[int, ...] = ()
    """Pages, 1-based and ascending, that a layout model read; the others were read by rules alone."""
    page_labels: tuple[str, ...] = ()
    """What the file itself calls each page (`iv`, `A-3`); empty where it doesn't."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One span of a document, with everything needed to show where it came from.

    Law: `document.text[span.start:span.end] == text`.
    """

    id: str
    """`quarry.fingerprint.chunk_id`."""
    document_id: str
    uri: str
    span: Span
    text: str
    context: str
    """What is embedded before the text: heading path, table header. Empty, or ends with a line break."""
    tokens: int
    """Encoder tokens of context + text, without special tokens and prompt."""
    strategy: str
    """Kind of the chunker."""
    heading_path: tuple[str, ...] = ()
    """Headings above the chunk's start, outermost first; one that it starts with is the last of them."""
    pages: tuple[int, ...] = ()
    """Every page it touches, ascending."""
    regions: tuple[Region, ...] = ()
    """Boxes that hold its words and nothing else's."""
    elements: tuple[str, ...] = ()
    """Ids of the elements it touches, in text order."""
    context_spans: tuple[Span, ...] = ()
    """Where in the document the parts of `context` were taken from."""
    parent_id: str | None = None
    topic: int | None = None
    """Equal for chunks of a document that speak of the same, wherever they stand; None where nothing looked for it."""

    @property
    def embedded_text(self) -> str:
        """What the encoder reads after its prompt."""
        return self.context + self.text
