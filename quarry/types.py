"""The values that flow through the pipeline: frozen, located by spans into one text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from quarry.fingerprint import digest
from quarry.layout import BBox, Layout, Region
from quarry.span import Span

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "BBox",
    "Cell",
    "Chunk",
    "Component",
    "Document",
    "Element",
    "ElementType",
    "EmbeddedChunk",
    "Encoder",
    "EncoderIdentity",
    "Job",
    "Layout",
    "Link",
    "Mixture",
    "Origin",
    "Outcome",
    "Prepared",
    "Region",
    "SentenceEmbedder",
    "Span",
    "Table",
    "TokenCounter",
    "Usage",
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


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """A chunk with its vector."""

    chunk: Chunk
    vector: np.ndarray[Any, np.dtype[np.float32]]
    """`(dim,)` float32, L2-normalised."""
    embed_key: str
    """Hash of the embed fingerprint, the token ids of each contributing window and the token ranges pooled."""


Use = tuple[int, int, int]
"""(window, first state, last state + 1)."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a chunk's vector is the weighted sum of: unit vectors, each from another reading of the chunk.

    A weight of 0 leaves a reading out; so does a chunk that has none of it (no context, no whole token). The plain
    one stands in where nothing is left but the heading.
    """

    plain: float = 1.0
    """Its own text after its context."""
    sentences: float = 0.0
    """The mean over the vectors of its sentences, each read on its own."""
    heading: float = 0.0
    """Its context, read on its own."""
    late: float = 0.0
    """Each mean over its token states in windows of the document's text (Günther et al. 2024)."""
    windows: tuple[int, ...] = ()
    """Tokens of text in the windows of each `late` reading; empty for one with the model profile's own."""
    unit: int = 80
    """Most tokens of a sentence; longer ones are read in parts."""

    def __post_init__(self) -> None:
        weights = {name: getattr(self, name) for name in ("plain", "sentences", "heading", "late")}
        if min(weights.values()) < 0 or not self.plain + self.sentences + self.late:
            raise ValueError(f"weights must not be negative, and plain, sentences or late positive: {weights}")
        if self.unit < 1 or min(self.windows, default=2) < 2:
            raise ValueError(f"unit must be positive, windows 2 at least: unit={self.unit}, windows={self.windows}")


@dataclass(frozen=True, slots=True)
class Component:
    """One reading in a chunk's vector; its own vector has unit length before it is weighted."""

    weight: float
    uses: tuple[Use, ...]
    plain: bool
    """Each use is a text in itself, pooled in the model's own way, and the vector the mean of theirs. Else it is the
    mean over all these states of longer windows."""


@dataclass(frozen=True, slots=True)
class Job:
    """A chunk's vector to be computed: which states of which model inputs it is pooled from."""

    chunk: Chunk
    key: str
    """Its `embed_key`: equal keys are equal vectors."""
    content: tuple[Any, ...]
    """What the key is made of besides the encoder's fingerprint, so that `key_by` finds it under another one."""
    components: tuple[Component, ...]

    def key_by(self, fingerprint: str) -> str:
        """What another encoder's key of the same content is."""
        return digest(fingerprint, *self.content)

    def moved(self, places: Sequence[int]) -> Job:
        """The same where window n stands at `places[n]`."""
        moved = tuple(
            replace(part, uses=tuple((places[window], first, last) for window, first, last in part.uses))
            for part in self.components
        )
        return replace(self, components=moved)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Tokenised work for many chunks, of one document or several."""

    jobs: tuple[Job, ...] = ()
    windows: tuple[tuple[int, ...], ...] = ()
    """Token ids of each model input, special tokens and prompt included; no two are equal."""

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(job.key for job in self.jobs)

    def needed(self, indexes: Iterable[int]) -> list[int]:
        """Windows of these jobs, ascending."""
        parts = (part for index in indexes for part in self.jobs[index].components)
        return sorted({window for part in parts for window, _, _ in part.uses})

    def tokens(self, indexes: Iterable[int]) -> int:
        """Tokens of the model inputs that these jobs need."""
        return sum(len(self.windows[window]) for window in self.needed(indexes))

    @classmethod
    def joined(cls, parts: Iterable[Prepared]) -> Prepared:
        """One after another, so that windows of many documents share batches and equal ones are run once."""
        jobs: list[Job] = []
        windows: dict[tuple[int, ...], int] = {}
        for part in parts:
            places = [windows.setdefault(ids, len(windows)) for ids in part.windows]
            jobs += part.jobs if places == list(range(len(places))) else (job.moved(places) for job in part.jobs)
        return cls(tuple(jobs), tuple(windows))


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """What a vector depends on; its `fingerprint` goes into every generation."""

    name: str
    """Profile name."""
    model: str
    """Hub id or folder."""
    revision: str | None
    weights: str
    """Hex SHA-256 over the weight files."""
    tokenizer: str
    """Hex SHA-256 of tokenizer.json."""
    pooling: str
    document_prompt: str
    query_prompt: str
    max_tokens: int
    """Including special tokens and prompt."""
    dim: int
    dtype: str
    """Stored number type: float32 or float16."""
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens run so far."""

    encoded: int
    padding: int


class TokenCounter(Protocol):
    """The encoder's own tokenizer, without its weights: no torch is imported to count."""

    @property
    def fingerprint(self) -> str:
        """Hash of the tokenizer's definition."""

    @property
    def limit(self) -> int:
        """Most tokens that context + text of one chunk may have: model maximum less special tokens and prompt."""

    def count(self, text: str) -> int: ...

    def offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """`(start, end)` code points of each token of `text`, special tokens left out."""


class PartCounter(Protocol):
    """Counts parts of one text by its tokens."""

    @property
    def starts(self) -> Sequence[int]:
        """First code point of each token, never falling."""

    def count(self, span: Span, *, context: str = "") -> int:
        """What `TokenCounter.count` says of context + part."""

    def find(self, part: str, *, after: int) -> Span | None:
        """A place of a part of the text, at `after` or behind it."""


@runtime_checkable
class Divisible(Protocol):
    """A `TokenCounter` that may know the tokens of parts from those of the whole."""

    def parts(self, text: str) -> PartCounter | None: ...


class SentenceEmbedder(Protocol):
    """What a chunker that compares sentences is given."""

    @property
    def fingerprint(self) -> str:
        """Hash of what its vectors depend on: part of the chunking fingerprint of strategies that embed."""

    def embed(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """`(len(texts), dim)` float32, rows L2-normalised."""


class Encoder(SentenceEmbedder, Protocol):
    """Text to vectors, by one model."""

    @property
    def tokens(self) -> TokenCounter: ...

    @property
    def identity(self) -> EncoderIdentity: ...

    @property
    def usage(self) -> Usage: ...

    @property
    def setup(self) -> str:
        """What computes: device, number type and libraries, or a server. One that a generation doesn't know is tested.

        May load the model.
        """

    def encode(self, chunks: Sequence[Chunk]) -> list[EmbeddedChunk]:
        """Embed each chunk's prompt + context + text on its own; order kept."""

    def encode_late(self, text: str, chunks: Sequence[Chunk], *, sections: Iterable[Span]) -> list[EmbeddedChunk]:
        """Pool each chunk from the token states of long windows over `text`; no window crosses a section's bounds.

        Raises EncodeError where the model is not mean-pooled (Günther et al. 2024, §3.1).
        """

    def prepare(self, chunks: Sequence[Chunk]) -> Prepared:
        """The work of `encode`, tokenised; loads no model."""

    def prepare_mixed(
        self,
        text: str,
        chunks: Sequence[Chunk],
        mixture: Mixture,
        *,
        sections: Iterable[Span],
        parts: Sequence[Sequence[Span]] = (),
    ) -> Prepared:
        """The work of vectors that are mixtures, tokenised; loads no model.

        `parts` are the sentences of each chunk, for a mixture that has some weight on them. Raises EncodeError as
        `encode_late`.
        """

    def vectors(
        self, prepared: Prepared, wanted: Collection[int]
    ) -> Iterator[list[tuple[int, np.ndarray[Any, np.dtype[np.float32]]]]]:
        """Run what the `wanted` jobs (by index) need; after each batch those that are done, with their vectors.

        Each vector is `(dim,)` float32, L2-normalised.
        """

    def encode_query(self, query: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        """`(dim,)` float32, L2-normalised, with the query prompt."""
