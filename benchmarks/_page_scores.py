"""Measures of what was read from a page: text by 4-grams, tables by neighbouring cells, the rest by its text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lxml import etree, html  # type: ignore[import-untyped]  # lxml ships no types
from rapidfuzz import fuzz

GRAM = 4
_SAME_HEADING = 85
_KEY = 80
_QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\u200b": "", "\u00ad": ""}
)
_NUMBERING = re.compile(r"^(?:v?\d+(?:\.\d+)*|[ivx]+|[a-z])[.):]?\s+")
_BOXES = frozenset(
    {
        "p",
        "div",
        "ul",
        "ol",
        "table",
        "pre",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "li",
        "figure",
    }
)
_ALONE = re.compile(r"\s*(?:#{1,6}|[*+-]|\d+\.)\s+")
_UNSEEN = frozenset({"script", "style", "noscript", "template"})


class Part(NamedTuple):
    """One element of a page, as the truth or a parser has it."""

    kind: str
    """`heading`, `text`, `list`, `table` or `code`."""
    text: str
    level: int | None = None
    cells: tuple[tuple[int, int, int, int, str], ...] = ()
    """First row, last row, first column, last column, text."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Found and right, in the truth, found."""

    right: int = 0
    wanted: int = 0
    found: int = 0

    def __add__(self, other: Hits) -> Hits:
        return Hits(self.right + other.right, self.wanted + other.wanted, self.found + other.found)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        return harmonic(self.precision, self.recall)


def harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def text_hits(truth: Sequence[Part], found: Sequence[Part]) -> Hits:
    """Word 4-grams of all the text, in order within a part list."""
    return _shared(_grams(truth), _grams(found))


def kind_hits(kind: str, truth: Sequence[Part], found: Sequence[Part]) -> Hits:
    """Parts of one kind with the same text: letters and digits of its first 80."""
    return _shared(
        *(Counter(_key(part.text)[:_KEY] for part in parts if part.kind == kind) for parts in (truth, found))
    )


def table_hits(truth: Sequence[Part], found: Sequence[Part]) -> Hits:
    """Adjacency relations of cells with text, as in the ICDAR 2013 table competition."""
    return _shared(*(sum((_neighbours(part.cells) for part in parts), Counter()) for parts in (truth, found)))


def heading_hits(truth: Sequence[Part], found: Sequence[Part]) -> Hits:
    """Each heading of the truth is matched with the most similar one not yet taken, at a ratio of 85 of 100."""
    wanted = [_heading_key(part.text) for part in truth if part.kind == "heading"]
    free = [_heading_key(part.text) for part in found if part.kind == "heading"]
    total, right = len(free), 0
    for key in wanted:
        best = max(free, key=lambda other: fuzz.ratio(key, other), default=None)
        if best is not None and fuzz.ratio(key, best) >= _SAME_HEADING:
            free.remove(best)
            right += 1
    return Hits(right, len(wanted), total)


def _shared(truth: Counter[Any], found: Counter[Any]) -> Hits:
    return Hits((truth & found).total(), truth.total(), found.total())


def normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_QUOTES).split())


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def _heading_key(text: str) -> str:
    plain = normal(re.sub(r"[*_`#]+", "", text)).lower()
    return re.sub(r"[^\w ]+", "", _NUMBERING.sub("", plain)).strip()


def _grams(parts: Iterable[Part]) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", normal("\n".join(part.text for part in parts)).lower())
    return Counter(tuple(words[at : at + GRAM]) for at in range(max(1, len(words) - GRAM + 1))) if words else Counter()


def _neighbours(cells: Sequence[tuple[int, int, int, int, str]]) -> Counter[tuple[str, str, str]]:
    """(text, text, direction) of each cell with text and the nearest ones to its right and below."""
    own = {
        (row, col): number
        for number, (top, bottom, left, right, text) in enumerate(cells)
        if _key(text)
        for row in range(top, bottom + 1)
        for col in range(left, right + 1)
    }
    rows, cols = max((row for row, _ in own), default=-1) + 1, max((col for _, col in own), default=-1) + 1
    pairs: set[tuple[int, int, str]] = set()
    for number, (top, bottom, left, right, _) in enumerate(cells):
        if number not in own.values():
            continue
        for row in range(top, bottom + 1):
            near = next((own[row, col] for col in range(right + 1, cols) if (row, col) in own), None)
            pairs |= {(number, near, "right")} if near is not None else set()
        for col in range(left, right + 1):
            near = next((own[row, col] for row in range(bottom + 1, rows) if (row, col) in own), None)
            pairs |= {(number, near, "below")} if near is not None else set()
    return Counter((_key(cells[a][4]), _key(cells[b][4]), way) for a, b, way in pairs)


def parts_of_html(source: str) -> list[Part]:
    """Of HTML that holds nothing but the main content: each innermost block is a part."""
    try:
        root = html.fromstring(source)
    except (etree.ParserError, ValueError):
        return []
    return list(_walked(root))


def _walked(node: Any) -> Iterator[Part]:
    tag = node.tag
    if not isinstance(tag, str) or tag in _UNSEEN:
        return
    if re.fullmatch(r"h[1-6]|head", tag):
        yield Part("heading", node.text_content(), int(tag[1]) if tag != "head" else 2)
    elif tag == "table":
        yield Part("table", normal(node.text_content()), cells=tuple(_cells(node)))
    elif tag == "pre":
        yield Part("code", node.text_content())
    elif not any(child.tag in _BOXES for child in node.iterdescendants(etree.Element)):
        if normal(node.text_content()):
            yield Part("list" if tag == "li" else "text", node.text_content())
    else:
        yield from _loose(node.text)
        for child in node:
            yield from _walked(child)
            yield from _loose(child.tail)


def _loose(text: str | None) -> Iterator[Part]:
    if text and normal(text):
        yield Part("text", text)


def _cells(table: Any) -> Iterator[tuple[int, int, int, int, str]]:
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(table.iter("tr")):
        col = 0
        for cell in line.iterchildren("td", "th"):
            while (row, col) in taken:
                col += 1
            down, across = (int(cell.get(name) or 1) for name in ("rowspan", "colspan"))
            taken |= {(row + i, col + j) for i in range(down) for j in range(across)}
            yield row, row + down - 1, col, col + across - 1, cell.text_content()


def parts_of_markdown(source: str) -> list[Part]:
    """Of Markdown with pipe tables and fenced code, block by block."""
    parts: list[Part] = []
    for fenced, block in _blocks(source):
        lines = block.splitlines()
        if fenced:
            parts.append(Part("code", block))
        elif lines[0].startswith("|"):
            rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
            rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
            cells = ((r, r, c, c, text) for r, row in enumerate(rows) for c, text in enumerate(row))
            parts.append(Part("table", "\n".join(" ".join(row) for row in rows), cells=tuple(cells)))
        elif heading := re.match(r"\s*(#{1,6})\s+(.*)", block):
            parts.append(Part("heading", heading[2], len(heading[1])))
        elif item := re.match(r"\s*(?:[*+-]|\d+\.)\s+(.*)", block):
            parts.append(Part("list", item[1]))
        else:
            parts.append(Part("text", block.replace("`", "").replace("\n", " ")))
    return parts


def _blocks(source: str) -> Iterator[tuple[bool, str]]:
    """(fenced, text): fences, tables and paragraphs as a whole; headings and items line by line."""
    kept: list[str] = []
    kind = ""
    for line in [*source.splitlines(), ""]:
        fence = line.lstrip().startswith("```")
        if kind == "code" and not fence:
            kept.append(line)
            continue
        now = "" if fence or not line.strip() else "table" if line.startswith("|") else "text"
        if kept and (now != kind or _ALONE.match(line) or _ALONE.match(kept[0])):
            yield kind == "code", "\n".join(kept)
            kept = []
        kind = "code" if fence and kind != "code" else now
        kept += [line] if now else []
