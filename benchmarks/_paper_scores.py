"""Measures of parsed papers against the publisher's XML: text, whole and unbroken paragraphs, headings and levels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree  # type: ignore[import-untyped]  # no stubs are published
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

LONG = 80
"""Letters of a paragraph that is looked for."""
ALIKE, FOUND, HEADING = 90, 95, 85
"""Per cent of likeness of an element, of a stretch of the text and of a heading."""
_SKIPPED = frozenset({"fn", "tex-math", "graphic", "alternatives"})
_NESTED = frozenset(
    [
        "list",
        "list-item",
        "disp-quote",
        "boxed-text",
        "def-list",
        "def-item",
        "def",
        "fig",
        "table-wrap",
        "caption",
        "fig-group",
        "table",
        "thead",
        "tbody",
    ]
)
_SIGNS = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\u200b": None, "\u00ad": None}
)


class Part(NamedTuple):
    """An element of a reader: `heading`, `edge` (a running head or foot) or `text`."""

    kind: str
    text: str
    level: int | None = None


class Truth(NamedTuple):
    """Body text of a paper."""

    text: str
    paragraphs: tuple[str, ...]
    headings: tuple[tuple[int, str], ...]
    ignored: frozenset[str]
    """Headings that the XML has elsewhere: the title, the references."""


class Scores(NamedTuple):
    """Of one paper, or added up over several by `total`."""

    text: float
    whole: float
    contiguous: float
    headings: tuple[int, int, int, int]
    """Right, in the truth, found, with the right level."""


def normal(text: str) -> str:
    """White space, quotes and dashes of one kind."""
    return " ".join(unicodedata.normalize("NFKC", text or "").translate(_SIGNS).split())


def key_of(heading: str) -> str:
    """Without numbers and signs."""
    text = normal(re.sub(r"[*_`#]+", "", heading)).lower()
    return re.sub(r"[^\w ]+", "", re.sub(r"^(?:v?\d+(?:\.\d+)*|[ivx]+|[a-z])[.):]?\s+", "", text)).strip()


def truth_of(file: Path) -> Truth | None:
    """From JATS; None for a paper without a body or headings."""
    root = etree.parse(file, etree.XMLParser(recover=True, load_dtd=False, no_network=True)).getroot()
    body = root.find(".//body")
    if body is None:
        return None
    parts = list(_walked(body, 0))
    title = root.find(".//article-title")
    ignored = {key_of(_text(title)) if title is not None else "", "references"}
    headings = tuple((level, text) for kind, level, text in parts if kind == "heading")
    paragraphs = tuple(text for kind, _, text in parts if kind == "p")
    every = "\n".join(text for _, _, text in parts)
    return Truth(every, paragraphs, headings, frozenset(ignored)) if headings else None


def _walked(node: Any, level: int) -> Iterator[tuple[str, int, str]]:
    for child in node:
        if not isinstance(child.tag, str) or child.tag in ("title", "label", "disp-formula", "graphic"):
            continue
        if child.tag == "sec":
            title = child.find("title")
            if title is not None:
                yield "heading", level + 1, _text(title)
            yield from _walked(child, level + 1)
        elif child.tag in _NESTED:
            yield from _walked(child, level)
        elif text := _text(child):
            yield "p" if child.tag == "p" else "other", level, text


def _text(node: Any) -> str:
    return normal("".join(_pieces(node)))


def _pieces(node: Any) -> Iterator[str]:
    if isinstance(node.tag, str) and node.tag not in _SKIPPED:
        yield node.text or ""
        for child in node:
            yield from _pieces(child)
            yield child.tail or ""


def scored(truth: Truth, parts: Sequence[Part]) -> Scores:
    """Running heads and feet are left out; headings are compared in whatever order."""
    body = [part for part in parts if part.kind != "edge" and part.text]
    full = "\n".join(part.text for part in body)
    flat, texts = normal(full), [normal(part.text) for part in body]
    long = [text for text in map(normal, truth.paragraphs) if len(text) >= LONG]
    whole = [any(_same(text, found) for found in texts) for text in long]
    unbroken = [fuzz.partial_ratio(text, flat, score_cutoff=FOUND) >= FOUND for text in long]
    likeness = Indel.normalized_similarity(normal(truth.text), normal(_trimmed(full, truth.headings[0][1])))
    found = [(part.level, part.text) for part in parts if part.kind == "heading"]
    shown = [(level, text) for level, text in found if key_of(text) not in truth.ignored]
    return Scores(likeness, _share(whole), _share(unbroken), _headings(truth.headings, shown))


def _same(text: str, found: str) -> bool:
    return abs(len(found) - len(text)) <= 0.2 * len(text) and bool(fuzz.ratio(text, found, score_cutoff=ALIKE))


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


def _trimmed(text: str, first: str) -> str:
    """From the first heading to the references: the body is what the XML has."""
    lines = text.split("\n")
    keys = [key_of(line) for line in lines]
    start = next((number for number, key in enumerate(keys) if key and key == key_of(first)), 0)
    end = next((number for number in reversed(range(len(keys))) if keys[number] == "references"), len(lines))
    return "\n".join(lines[start : end if end > start else len(lines)])


def _headings(truth: Sequence[tuple[int, str]], found: Sequence[tuple[int | None, str]]) -> tuple[int, int, int, int]:
    """Levels count with the best constant shift: some readers begin at the title."""
    used: set[int] = set()
    pairs: list[tuple[int, int | None]] = []
    for level, text in truth:
        likeness = [
            (fuzz.ratio(key_of(text), key_of(other)), -n) for n, (_, other) in enumerate(found) if n not in used
        ]
        best = max(likeness, default=(0.0, 0))
        if best[0] >= HEADING:
            used.add(-best[1])
            pairs.append((level, found[-best[1]][0]))
    known = [(mine, theirs) for mine, theirs in pairs if theirs is not None]
    right = max((sum(theirs - mine == shift for mine, theirs in known) for shift in range(-5, 6)), default=0)
    return len(pairs), len(truth), len(found), right


def total(scores: Sequence[Scores]) -> dict[str, float]:
    """Means over the papers; headings pooled."""
    count = max(1, len(scores))
    right, wanted, found, level = (sum(score.headings[place] for score in scores) for place in range(4))
    precision, recall = right / max(1, found), right / max(1, wanted)
    return {
        "text": sum(score.text for score in scores) / count,
        "whole": sum(score.whole for score in scores) / count,
        "contiguous": sum(score.contiguous for score in scores) / count,
        "heading F1": 2 * precision * recall / (precision + recall) if right else 0.0,
        "heading level": level / max(1, right),
    }
