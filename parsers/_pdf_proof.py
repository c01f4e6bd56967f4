"""Boxes proved by the file itself: the words that stand in them are read back; pages drawn for a person to look at."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from quarry.errors import RefusedError
from quarry.layout import BBox, Region

LEAST, MOST = 0.8, 3
"""Share of a text that must stand in its boxes, and how many times as much may: some of a neighbour's letters are in
the box of a crooked column as well."""
GRAM = 4
"""Letters in a run."""
SOME = 60
"""Letters of neighbours beside a short text."""
_IGNORED = re.compile(r"[\s.\u00b7\u2024-\u2026\u00ad\u2010\-\u200b-\u200f\u2060\ufeff\ufffe\x02]+")


class Probe(NamedTuple):
    """A text and where it is said to stand."""

    name: str
    text: str
    regions: tuple[Region, ...]


class Picture(NamedTuple):
    """A page as it is displayed; `width` and `height` in points, as boxes are."""

    page: int
    width: float
    height: float
    png: bytes


def misplaced(data: bytes, passwords: Sequence[str], probes: Iterable[Probe]) -> tuple[str, ...]:
    """Names of the probes whose boxes hold another text. RefusedError where the file can't be opened."""
    with _opened(data, passwords) as opened:
        words = _Words(opened)
        return tuple(probe.name for probe in probes if not stands_in(probe.text, words.inside(probe.regions)))


def pictures(data: bytes, passwords: Sequence[str], *, dpi: int, pages: int) -> tuple[Picture, ...]:
    """The first pages. RefusedError where the file can't be opened."""
    with _opened(data, passwords) as opened:
        return tuple(_picture(page, dpi) for page in _first(opened, pages))


def stands_in(text: str, found: str) -> bool:
    """By words or by runs of letters, in whatever order: cells and columns may be read in another one, and words that
    are broken over lines are whole in the text.
    """
    wanted, read = bare(text), bare(found)
    if len(read) > MOST * len(wanted) + SOME:
        return False
    size = min(GRAM, len(wanted))
    pairs = ((_grams(wanted, size), _grams(read, size)), (Counter(text.split()), Counter(found.split())))
    return any((mine & theirs).total() >= LEAST * mine.total() for mine, theirs in pairs)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1)) if size else Counter()


def bare(text: str) -> str:
    """Without white space, leaders, hyphens and compatibility forms, which readers of the same page differ in."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text))


class _Words:
    """Words by page, each page read once."""

    def __init__(self, opened: Any) -> None:
        self._opened = opened
        self._pages: dict[int, list[Any]] = defaultdict(list)
        self._read: set[int] = set()

    def inside(self, regions: Sequence[Region]) -> str:
        """Words whose middle is in a box."""
        return " ".join(word[4] for region in regions for word in self._of(region.page) if _in(word, region.bbox))

    def _of(self, page: int) -> list[Any]:
        if page not in self._read:
            self._read.add(page)
            if 0 < page <= self._opened.page_count:
                self._pages[page] = list(_displayed(self._opened[page - 1]))
        return self._pages[page]


def _displayed(page: Any) -> Iterator[Any]:
    """Words with their boxes on the page as it is displayed."""
    import pymupdf

    for word in page.get_text("words"):
        yield (*(pymupdf.Rect(word[:4]) * page.rotation_matrix), *word[4:]) if page.rotation else word


def _in(word: Any, box: BBox) -> bool:
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return bool(box.x0 - 0.5 <= x <= box.x1 + 0.5 and box.y0 - 0.5 <= y <= box.y1 + 0.5)


def _opened(data: bytes, passwords: Sequence[str]) -> Any:
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    try:
        opened = pymupdf.open(stream=data, filetype="pdf")
    except (RuntimeError, ValueError) as error:
        raise RefusedError(f"damaged: {' '.join(str(error).split())[:120]}") from error
    if opened.needs_pass and not any(opened.authenticate(password) for password in passwords):
        raise RefusedError("needs a password; none of those in parsers.pdf.passwords opens it")
    return opened


def _first(opened: Any, pages: int) -> Iterator[Any]:
    return (opened[number] for number in range(min(pages, opened.page_count)))


def _picture(page: Any, dpi: int) -> Picture:
    return Picture(page.number + 1, page.rect.width, page.rect.height, page.get_pixmap(dpi=dpi, alpha=False).tobytes())
