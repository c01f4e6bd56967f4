"""One page of a PDF as lines of words with their style, in the direction in which the page is read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from statistics import median
from typing import Any

from parsers._pdf_actual import replaced
from parsers._pdf_lines import Line, Page, Style, clean, turn_box
from parsers._pdf_links import targets
from parsers._pdf_ocr import Ocr
from parsers._pdf_tags import is_tagged, tag_at, tagged_lines

_BOLD_NAME = re.compile(r"bold|black|heavy|demi|cmbx|cmssbx", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"italic|oblique|slanted|cmti|cmsl", re.IGNORECASE)
_MONO_NAME = re.compile(r"mono|courier|consol|typewriter|cmtt|menlo|\bcode", re.IGNORECASE)
_HTML_LINE = re.compile(r'<p style="top:([-\d.]+)pt;left:[-\d.]+pt;line-height:([-\d.]+)pt">(.*?)</p>\n', re.DOTALL)
_HTML_SPAN = re.compile(
    r'([^"]*)<span style="font-family:([^;"]*);font-size:([-\d.]+)pt(?:;color:#(\w{6}))?[^>]*>(.*?)</span>', re.DOTALL
)
_INVISIBLE = re.compile(rb"\s[37]\s+Tr\b")
_TRANSPARENT = re.compile(r"/ca 0?\.?0*(?=[/>\s])")
_WHITE = 0xF5
"""Least red, green and blue of what counts as white."""


class Reader:
    """Reads pages of one open document with one `TextPage` each; images are decoded for OCR alone."""

    def __init__(self, pymupdf: Any, document: Any, ocr: Ocr | None = None) -> None:
        self._ocr = ocr
        self._pymupdf = pymupdf
        self._document = document
        self._flags = (
            pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES & ~pymupdf.TEXT_PRESERVE_LIGATURES
        ) | pymupdf.TEXT_MEDIABOX_CLIP
        self._hiding_objects: dict[int, bool] = {}
        self._replacing_objects: dict[int, bool] = {}
        self._tagged = is_tagged(document)

    def read(self, page: Any) -> Page:
        """Styles come from MuPDF's HTML writer, in C and 5 times cheaper than `dict`; `dict` only where a page may
        hide text or turn it, for opacity and direction stand there alone."""
        textpage = page.get_textpage(flags=self._flags)
        content = page.read_contents() or b""
        raw: Sequence[Any] = textpage.extractWORDS()
        if raw and self._replacing(page, content):
            text = textpage.extractText()
            textpage = page.get_textpage(flags=self._flags | self._pymupdf.TEXT_IGNORE_ACTUALTEXT)
            raw = replaced(textpage.extractWORDS(), text)
        pieces = [list(words) for _, words in groupby(raw, key=lambda word: (word[5], word[6]))]
        strokes = content.count(b" re") + content.count(b" l\n") + content.count(b" l ")
        number, rect = page.number + 1, page.rect
        if not pieces:
            covered = self._covered(page)
            if covered and self._ocr:
                return self._recognised(page)
            return Page(number, rect.width, rect.height, 0, (), covered, strokes)
        styles = None
        if not page.rotation and not _upended(pieces) and not self._may_hide(page, content):
            styles = _html_styles(textpage.extractHTML(), len(pieces))
        if styles is not None:
            lines = [_line(number, words, style) for words, style in zip(pieces, styles, strict=True)]
            turn = 0
        else:
            lines, turn = self._turned(page, textpage, pieces)
        if self._tagged and not turn:
            lines = self._tags(page, lines)
        width, height = (rect.width, rect.height) if turn % 180 == 0 else (rect.height, rect.width)
        shown = [_placed(line, width, height) for line in lines if line.text]
        kept = tuple(self._flagged(page, shown))
        return Page(number, width, height, turn, kept, False, strokes, targets(self._pymupdf, page))

    def _recognised(self, page: Any) -> Page:
        """A scanned page by OCR. Its lines are flagged `ocr`; one on which no text is found stays a picture."""
        assert self._ocr is not None
        number, rect = page.number + 1, page.rect
        textpage = self._ocr.textpage(page, self._flags)
        pieces = [list(words) for _, words in groupby(textpage.extractWORDS(), key=lambda word: (word[5], word[6]))]
        read, turn = self._turned(page, textpage, pieces) if pieces else ([], 0)
        width, height = (rect.width, rect.height) if turn % 180 == 0 else (rect.height, rect.width)
        lines = tuple(_plain(read))
        return Page(number, width, height, turn, lines, not lines)

    def _replacing(self, page: Any, content: bytes) -> bool:
        return b"ActualText" in content or any(self._replaces(xref[0]) for xref in page.get_xobjects())

    def _replaces(self, xref: int) -> bool:
        if xref not in self._replacing_objects:
            self._replacing_objects[xref] = b"ActualText" in (self._document.xref_stream(xref) or b"")
        return self._replacing_objects[xref]

    def _tags(self, page: Any, lines: Sequence[Line]) -> list[Line]:
        matrix = page.rotation_matrix
        shown = []
        for held in tagged_lines(self._pymupdf, page):
            box = self._pymupdf.Rect(held[:4]) * matrix
            shown.append(held._replace(x0=box.x0, y0=box.y0, x1=box.x1, y1=box.y1))
        return [
            line._replace(tag=tag_at(shown, (line.first.x0 + line.first.x1) / 2, (line.y0 + line.y1) / 2))
            if line.text
            else line
            for line in lines
        ]

    def _turned(self, page: Any, textpage: Any, pieces: Sequence[Sequence[Any]]) -> tuple[list[Line], int]:
        """Lines of a page whose text may be invisible or run in any direction."""
        found = _dict_lines(textpage.extractDICT())
        matrix, rect = page.rotation_matrix, page.rect
        turns: list[int] = []
        for words in pieces:
            direction = found.get((words[0][5], words[0][6]), _UNSEEN)[1]
            x, y = direction[0] * matrix.a + direction[1] * matrix.c, direction[0] * matrix.b + direction[1] * matrix.d
            turns.append((0 if x > 0 else 180) if abs(x) >= abs(y) else (90 if y < 0 else 270))
        weight = {turn: sum(len(p) for p, t in zip(pieces, turns, strict=True) if t == turn) for turn in set(turns)}
        turn = max(sorted(weight), key=lambda item: weight[item])
        lines = []
        for words, own in zip(pieces, turns, strict=True):
            style, _, flag = found.get((words[0][5], words[0][6]), _UNSEEN)
            boxes = [(self._pymupdf.Rect(word[:4]) * matrix, word[4]) for word in words]
            turned = [(*turn_box(tuple(box), turn, rect.width, rect.height), text) for box, text in boxes]
            line = _line(page.number + 1, turned, (style, max((word[3] for word in turned), default=0.0)))
            lines.append(line._replace(flag=flag, aside=own != turn))
        return lines, turn

    def _may_hide(self, page: Any, content: bytes) -> bool:
        if _INVISIBLE.search(content):
            return True
        kind, value = self._document.xref_get_key(page.xref, "Resources/ExtGState")
        if kind != "null" and b" gs" in content and self._transparent(value):
            return True
        return any(self._hides(xref[0]) for xref in page.get_xobjects())

    def _transparent(self, value: str) -> bool:
        """True where a graphics state of that resource entry makes fills fully transparent."""
        texts = [value] + [self._document.xref_object(int(n), compressed=True) for n in re.findall(r"(\d+) 0 R", value)]
        texts += [self._document.xref_object(int(n), compressed=True) for t in texts[1:] for n in _references(t)]
        return any(_TRANSPARENT.search(text) for text in texts)

    def _hides(self, xref: int) -> bool:
        if xref not in self._hiding_objects:
            stream = self._document.xref_stream(xref) or b""
            resources = self._document.xref_get_key(xref, "Resources/ExtGState")[1]
            self._hiding_objects[xref] = bool(_INVISIBLE.search(stream)) or self._transparent(resources)
        return self._hiding_objects[xref]

    def _covered(self, page: Any) -> bool:
        """True where an image covers at least half of the page."""
        area = page.rect.width * page.rect.height
        boxes = [box for kind, box in page.get_bboxlog() if kind == "fill-image"]
        return any((x1 - x0) * (y1 - y0) >= 0.5 * area for x0, y0, x1, y1 in boxes)

    def _flagged(self, page: Any, lines: Sequence[Line]) -> Iterable[Line]:
        covered = any(line.flag == "hidden:invisible" for line in lines) and self._covered(page)
        painted: Callable[[Line], bool] | None = None
        for line in lines:
            if line.flag == "hidden:outside":
                yield line
            elif line.flag == "hidden:invisible":
                yield line._replace(flag="ocr") if covered else line
            elif line.size < 1:
                yield line._replace(flag="hidden:tiny")
            elif _white(line.style.colour):
                painted = painted or _backgrounds(page)
                yield line if painted(line) else line._replace(flag="hidden:white")
            else:
                yield line


def _plain(read: Sequence[Line]) -> Iterator[Line]:
    """Recognised lines: specks go, sizes that are nearly the usual one are it, and no face is told from another."""
    kept = [line for line in read if any(letter.isalnum() for letter in line.text)]
    usual = median([line.size for line in kept]) if kept else 0.0
    for line in kept:
        size = usual if abs(line.size - usual) < 0.25 * usual else line.size
        yield line._replace(flag="ocr", style=Style(size, bold=False, mono=False, colour=0))


def _placed(line: Line, width: float, height: float) -> Line:
    """Flagged where it stands outside the page: nobody sees it."""
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return line if 0 <= x <= width and 0 <= y <= height else line._replace(flag="hidden:outside")


def _line(page: int, words: Sequence[Any], styled: tuple[Style, float]) -> Line:
    kept = words if "".join([word[4] for word in words]).isprintable() else _cleaned(words)
    if not kept:
        return Line(page, (), 0, 0, 0, 0, 0, styled[0])
    x0, y0, x1, y1, *_ = zip(*kept, strict=True)
    return Line(page, kept, min(x0), min(y0), max(x1), max(y1), styled[1], styled[0])


def _cleaned(words: Sequence[Any]) -> list[Any]:
    made = [(*word[:4], clean(word[4])) for word in words]
    return [word for word in made if word[4]]


def _upended(pieces: Sequence[Sequence[Any]]) -> bool:
    """True where a piece is so much taller than wide that it must run up or down the page."""
    for words in pieces:
        first, last = words[0], words[-1]
        letters = sum(len(word[4]) for word in words)
        if letters >= 4 and last[3] - first[1] > 1.5 * (last[2] - first[0]):
            return True
        if letters >= 4 and first[3] - last[1] > 1.5 * max(last[2] - first[0], 1):
            return True
        if last[0] < first[0] - 1:
            return True
    return False


@lru_cache(maxsize=1024)
def _face(font: str) -> tuple[bool, bool, bool]:
    """Whether a font's name says that it is bold, of a typewriter and slanted."""
    return bool(_BOLD_NAME.search(font)), bool(_MONO_NAME.search(font)), bool(_ITALIC_NAME.search(font))


def _html_styles(source: str, pieces: int) -> list[tuple[Style, float]] | None:
    """Style and baseline of each line with text; None where MuPDF's writers count the lines differently."""
    styles: list[tuple[Style, float]] = []
    for top, height, inner in _HTML_LINE.findall(source):
        runs = []
        for tags, font, size, colour, text in _HTML_SPAN.findall(inner):
            bold, mono, slanted = _face(font)
            bold, mono, slanted = bold or "<b>" in tags, mono or "<tt>" in tags, slanted or "<i>" in tags
            runs.append((len(text.strip()), float(size), bold, mono, int(colour or "0", 16), slanted))
        if any(run[0] for run in runs) and html.unescape(re.sub(r"<[^>]*>", "", inner)).strip():
            styles.append((_dominant(runs), float(top) + 0.8 * float(height)))
    return styles if len(styles) == pieces else None


@lru_cache(maxsize=1024)
def _style(size: float, bold: bool, mono: bool, colour: int, italic: bool) -> Style:
    """One value for all lines that look the same."""
    return Style(size, bold, mono, colour, italic)


def _dominant(runs: Sequence[tuple[int, float, bool, bool, int, bool]]) -> Style:
    if len(runs) == 1:
        return _style(*runs[0][1:])
    sizes: dict[float, int] = {}
    colours: dict[int, int] = {}
    for letters, size, _, _, colour, _ in runs:
        sizes[size] = sizes.get(size, 0) + letters
        colours[colour] = colours.get(colour, 0) + letters
    inked = [run for run in runs if run[0]] or list(runs)
    total = sum(run[0] for run in inked) or 1
    bold = sum(run[0] for run in inked if run[2]) >= 0.95 * total
    mono = sum(run[0] for run in inked if run[3]) >= 0.95 * total
    italic = sum(run[0] for run in inked if run[5]) >= 0.95 * total
    return _style(max(sizes, key=lambda s: sizes[s]), bold, mono, max(colours, key=lambda c: colours[c]), italic)


_UNSEEN = (Style(10.0, bold=False, mono=False, colour=0), (1.0, 0.0), "hidden:outside")
"""What is said of lines that the library's `dict` leaves out: they stand outside the page."""


def _dict_lines(page: dict[str, Any]) -> dict[tuple[int, int], tuple[Style, tuple[float, float], str]]:
    """Style, direction and flag by (block, line) as `extractWORDS` counts them."""
    found = {}
    for block_number, block in enumerate(page["blocks"]):
        for line_number, line in enumerate(block.get("lines", ())):
            runs, opaque = [], False
            for span in line["spans"]:
                letters, flags, font = len(span["text"].strip()), span["flags"], span["font"]
                bold, mono, slanted = _face(font)
                bold, mono, slanted = bold or bool(flags & 16), mono or bool(flags & 8), slanted or bool(flags & 2)
                runs.append((letters, span["size"], bold, mono, span["color"], slanted))
                opaque = opaque or bool(letters and span["alpha"])
            flag = "" if opaque else "hidden:invisible"
            found[block_number, line_number] = (_dominant(runs), tuple(line["dir"]), flag)
    return found


def _references(text: str) -> list[str]:
    return re.findall(r"(\d+) 0 R", text)[:64]


def _white(colour: int) -> bool:
    return min(colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF) >= _WHITE


def _backgrounds(page: Any) -> Callable[[Line], bool]:
    """Tells whether something that is not white was painted where a line stands."""
    boxes = [tuple(box) for kind, box in page.get_bboxlog() if kind in ("fill-image", "fill-shade", "fill-imgmask")]
    for drawing in page.get_cdrawings():
        fill = drawing.get("fill")
        if fill is not None and min(fill) < _WHITE / 255:
            boxes.append(tuple(drawing["rect"]))
    turned = page.rotation != 0

    def painted(line: Line) -> bool:
        x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
        return any(turned or (x0 <= x <= x1 and y0 <= y <= y1) for x0, y0, x1, y1 in boxes)

    return painted
