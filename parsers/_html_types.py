"""Element types from unstructured's partition_html, offline: no model, no network, no torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from html import escape
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from quarry.types import ElementType

_LONG_WORDS = 8
"""A paragraph of so many words is narrative: without part-of-speech tags unstructured finds no verb in one sentence."""
_TAGS = {"heading": "h{level}", "li": "li", "dd": "p", "dt": "dt", "address": "address", "p": "p"}
_BY_KIND = {
    "heading": ElementType.TITLE,
    "li": ElementType.LIST_ITEM,
    "pre": ElementType.CODE_SNIPPET,
    "figcaption": ElementType.FIGURE_CAPTION,
    "caption": ElementType.FIGURE_CAPTION,
    "address": ElementType.ADDRESS,
    "table": ElementType.TABLE,
    "img": ElementType.IMAGE,
}


class Piece(NamedTuple):
    """What the type of a block depends on."""

    kind: str
    level: int | None
    text: str


def by_tag(piece: Piece) -> ElementType:
    """The type that the tag alone gives."""
    found = _BY_KIND.get(piece.kind)
    if found is None:
        long = len(piece.text.split(maxsplit=_LONG_WORDS)) >= _LONG_WORDS
        return ElementType.NARRATIVE_TEXT if long else ElementType.UNCATEGORIZED_TEXT
    return found


def by_unstructured(pieces: Sequence[Piece]) -> dict[Piece, ElementType]:
    """Each distinct piece goes in as one flat paragraph, its number in `data-page-number`, and comes back typed."""
    wanted = [piece for piece in dict.fromkeys(pieces) if piece.kind in _TAGS]
    found = _partition(wanted) if wanted else {}
    return {piece: _settled(piece, found.get(number)) for number, piece in enumerate(wanted, 1)}


def version() -> str:
    return str(import_module("unstructured.__version__").__version__)


def _settled(piece: Piece, name: str | None) -> ElementType:
    """Headings and items keep the type of their tag; a text that unstructured leaves open is typed by its length."""
    known = {kind.value: kind for kind in ElementType}
    found = known.get(name or "", ElementType.UNCATEGORIZED_TEXT)
    if found is ElementType.UNCATEGORIZED_TEXT or piece.kind in ("heading", "li"):
        return by_tag(piece)
    # Text in an ordinary paragraph is no heading and no page furniture, whatever its words look like.
    if found in (ElementType.TITLE, ElementType.HEADER, ElementType.FOOTER, ElementType.PAGE_BREAK):
        return by_tag(piece)
    return found


def _partition(pieces: Sequence[Piece]) -> dict[int, str]:
    lines = ["<html><body>"]
    for number, piece in enumerate(pieces, 1):
        tag = _TAGS[piece.kind].format(level=piece.level or 1)
        lines.append(f'<{tag} data-page-number="{number}">{escape(piece.text)}</{tag}>')
    lines.append("</body></html>")
    elements = library().partition_html(text="\n".join(lines), languages=[""])
    return {element.metadata.page_number: element.category for element in elements if element.metadata.page_number}


@lru_cache(maxsize=1)
def library() -> Any:
    """unstructured with spaCy's blank English in the place of the model that it would download."""
    with _without_torch():
        tokenize: ModuleType = import_module("unstructured.nlp.tokenize")
        english = import_module("spacy").blank("en")
        english.add_pipe("sentencizer")
        # One long pre or minified paragraph must not be refused by the length limit of a parser that is not there.
        english.max_length = sys.maxsize
        vars(tokenize)["_load_spacy_model"] = lambda: english
        vars(tokenize)["_get_nlp"].cache_clear()
        return import_module("unstructured.partition.html")


@contextmanager
def _without_torch() -> Iterator[None]:
    """thinc imports torch wherever it is installed; it works without."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        yield
    finally:
        del sys.modules["torch"]
