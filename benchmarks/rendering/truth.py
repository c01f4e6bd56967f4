"""How near a parsed document comes to the truth of the rendered one."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cache

from benchmarks.rendering.typeset import Rendered
from quarry.types import Document, Element, ElementType

MIN_LETTERS, KEY_LETTERS = 12, 60
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Measured:
    """Counts, so that documents add up."""

    headings: int = 0
    titles: int = 0
    """Headings that were found, right or wrong."""
    right: int = 0
    level: int = 0
    sought: int = 0
    """Parts long enough to be looked for."""
    found: int = 0
    page: int = 0
    pairs: int = 0
    ordered: int = 0
    blocks: int = 0
    whole: int = 0
    """Paragraphs and items that are one element and nothing else."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    @property
    def rates(self) -> dict[str, float]:
        return {
            "heading F1": 2 * self.right / max(1, self.headings + self.titles),
            "level": self.level / max(1, self.right),
            "found": self.found / max(1, self.sought),
            "order": self.ordered / max(1, self.pairs),
            "page": self.page / max(1, self.found),
            "whole": self.whole / max(1, self.blocks),
        }


@cache
def _letter(character: str) -> str:
    return letters(character)


def letters(text: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def compared(rendered: Rendered, document: Document) -> Measured:
    made = Measured()
    _headings(made, rendered, document)
    _places(made, rendered, document)
    _whole(made, rendered, document)
    return made


def _headings(made: Measured, rendered: Rendered, document: Document) -> None:
    """In order, each truth with the next title of the same letters; levels by the best constant shift."""
    ignored = {letters(rendered.title), "contents"}
    titles = [e for e in document.elements if e.type is ElementType.TITLE and e.in_body]
    found = [(letters(e.span.of(document.text)), e.level or 0) for e in titles]
    found = [item for item in found if item[0] not in ignored]
    wanted = [(letters(part.text), part.level) for part in rendered.parts if part.kind == "heading"]
    made.headings, made.titles = len(wanted), len(found)
    pairs, used, start = [], set[int](), 0
    for key, level in wanted:
        places = [n for n in (*range(start, len(found)), *range(start)) if n not in used and found[n][0] == key]
        if places:
            used.add(places[0])
            start = places[0] + 1
            pairs.append((level, found[places[0]][1], key))
        else:
            made.wrong.append(f"no heading: {key[:60]}")
    made.wrong += [f"extra: {key[:60]}" for n, (key, _) in enumerate(found) if n not in used]
    made.right = len(pairs)
    if pairs:
        shift = max(range(-5, 6), key=lambda s: (sum(b - a == s for a, b, _ in pairs), -abs(s)))
        made.level = sum(b - a == shift for a, b, _ in pairs)
        made.wrong += [f"level {a} read as {b}: {key[:60]}" for a, b, key in pairs if b - a != shift]


def _places(made: Measured, rendered: Rendered, document: Document) -> None:
    """Each part's first letters looked up in the body's letters, from the part before on."""
    body, places = _body_letters(document)
    position, before = 0, -1
    for number, part in enumerate(rendered.parts):
        key = letters(part.text or " ".join(part.rows[0] if part.rows else ()))[:KEY_LETTERS]
        if len(key) < MIN_LETTERS:
            continue
        made.sought += 1
        at = body.find(key, position)
        if at < 0 or at - position > 20_000:
            near = body.rfind(key, 0, position)
            at = near if near >= 0 else at
        if at < 0:
            made.wrong.append(f"not found: {part.kind} {key}")
            continue
        made.found += 1
        page = _page(document, places[at])
        made.page += page == rendered.pages[number]
        if page != rendered.pages[number]:
            made.wrong.append(f"page {rendered.pages[number]} read as {page}: {part.kind} {key[:40]}")
        if before >= 0:
            made.pairs += 1
            made.ordered += at > before
            if at <= before:
                made.wrong.append(f"order: {part.kind} {key[:40]}")
        before = at
        position = at + len(key)


def _body_letters(document: Document) -> tuple[str, list[int]]:
    """The letters of the body, and the offset in the text of each."""
    pieces: list[str] = []
    places: list[int] = []
    for element in document.elements:
        if element.in_body and element.type is not ElementType.FOOTNOTE:
            for offset in range(element.span.start, element.span.end):
                bare = _letter(document.text[offset])
                pieces.append(bare)
                places += [offset] * len(bare)
    return "".join(pieces), places


def _page(document: Document, offset: int) -> int:
    word = bisect_left(document.layout.ends, offset + 1)
    return document.layout.pages[word]


def _whole(made: Measured, rendered: Rendered, document: Document) -> None:
    texts = {letters(text) for text in _texts(document.elements, document.text)}
    for part in rendered.parts:
        if part.kind in ("paragraph", "item") and len(part.text) >= 80:
            made.blocks += 1
            bare = letters(part.text)
            ok = any(bare + mark in texts for mark in ("", *map(str, range(1, 60) if part.note else ())))
            ok = ok or (part.ordered and f"{part.number}{bare}" in texts)
            made.whole += ok
            if not ok:
                made.wrong.append(f"not whole: {part.kind} {bare[:60]}")


def _texts(elements: Iterable[Element], text: str) -> Iterator[str]:
    return (element.span.of(text) for element in elements if element.in_body)
