"""Words, lines and pages as they are read: values that stay small, for a document may have millions of words."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

from parsers._pdf_links import Target
from parsers._pdf_tags import Tag

SOFT_HYPHEN = "\u00ad"
_KEPT_FORMAT = "\u200c\u200d"  # joiners change the shape of Persian, Indic and emoji words


class Word(NamedTuple):
    """A run of characters without white space; its box in reading coordinates (see `Page.turn`)."""

    x0: float
    y0: float
    x1: float
    y1: float
    text: str


class Style(NamedTuple):
    """What most of a line's characters look like."""

    size: float
    """Points."""
    bold: bool
    """True where all letters are bold."""
    mono: bool
    """True where all letters are of a typewriter face."""
    colour: int
    """0xRRGGBB."""
    italic: bool = False
    """True where all letters are slanted."""


class _Fields(NamedTuple):
    page: int
    text: str
    boxes: array[float]
    x0: float
    y0: float
    x1: float
    y1: float
    baseline: float
    style: Style
    flag: str
    cells: tuple[int, ...]
    aside: bool
    tag: Tag | None


class Line(_Fields):
    """Words on one baseline. First a piece as MuPDF cuts it, later all such pieces of a column's line.

    `page` is 1-based; `text` is the words with a blank between them, `boxes` x0, y0, x1, y1 of each in turn. `flag` is
    `hidden:<reason>`, `ocr` or nothing; `cells` are indexes of words before which a wide gap stands, as in a row of a
    table; `aside` is true where it runs in another direction than the page's text; `tag` is what the structure tree
    of a tagged file says that it is.
    """

    __slots__ = ()

    def __new__(
        cls,
        page: int,
        words: Sequence[Word],
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        baseline: float,
        style: Style,
        flag: str = "",
        cells: tuple[int, ...] = (),
        aside: bool = False,
        tag: Tag | None = None,
    ) -> Self:
        text, boxes = packed(words)
        return cls._make((page, text, boxes, x0, y0, x1, y1, baseline, style, flag, cells, aside, tag))

    @property
    def words(self) -> tuple[Word, ...]:
        sides = self.boxes.tolist()
        texts = self.text.split(" ") if self.text else []
        return tuple(map(Word, sides[::4], sides[1::4], sides[2::4], sides[3::4], texts))

    @property
    def first(self) -> Word:
        x0, y0, x1, y1 = self.boxes[:4]
        return Word(x0, y0, x1, y1, self.text.split(" ", 1)[0])

    @property
    def last(self) -> str:
        """Text of the last word."""
        return self.text[self.text.rfind(" ") + 1 :]

    @property
    def size(self) -> float:
        return self.style.size

    def _replace(self, **fields: Any) -> Line:
        """Also takes `words` for `text` and `boxes`."""
        if "words" in fields:
            fields["text"], fields["boxes"] = packed(fields.pop("words"))
        return super()._replace(**fields)


def packed(words: Iterable[Sequence[Any]]) -> tuple[str, array[float]]:
    """The texts and the boxes of words (x0, y0, x1, y1, text)."""
    held = list(words)
    return " ".join([word[4] for word in held]), array("f", [value for word in held for value in word[:4]])


class Page(NamedTuple):
    """What was read from one page. `width` and `height` are those of the reading direction."""

    number: int
    width: float
    height: float
    turn: int
    """Degrees clockwise by which the displayed page must be turned to read its text: 0, 90, 180 or 270."""
    lines: tuple[Line, ...]
    image_only: bool = False
    """True where it has no text and an image covers most of it."""
    strokes: int = 0
    """Rectangles and straight lines drawn by the page's own content: what a ruled table is made of."""
    links: tuple[Target, ...] = ()


def turn_box(box: Any, turn: int, width: float, height: float) -> tuple[float, float, float, float]:
    """A box of the displayed page (`width` x `height`) in coordinates in which its text runs left to right."""
    x0, y0, x1, y1 = box
    if turn == 90:
        return (height - y1, x0, height - y0, x1)
    if turn == 180:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 270:
        return (y0, width - x1, y1, width - x0)
    return (x0, y0, x1, y1)


def clean(text: str) -> str:
    """Without control, bidi, zero-width and tag characters and soft hyphens (but for one at the end, which breaks the
    word over two lines) and without lone surrogates."""
    kept = [c for c in text if c.isprintable() or c in _KEPT_FORMAT or "\ue000" <= c <= "\uf8ff"]
    return "".join(kept) + (SOFT_HYPHEN if text.endswith(SOFT_HYPHEN) and kept else "")
