"""The second engine: pages read by PDFium (BSD and Apache licences), in the same shapes as MuPDF's."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from ctypes import byref, c_double, c_float, c_int, c_uint, create_string_buffer
from importlib import import_module
from typing import Any, NamedTuple, Self

from parsers._pdf_lines import Line, Page, Style, Word, clean, turn_box
from quarry.errors import EncryptedError, RefusedError

GAP = 2.5
"""Times the size: a wider gap parts two pieces of a line."""
LIFT = 0.5
"""Times the size: another baseline."""
SAMPLES = 40
"""Characters of a page whose direction is looked at."""
_FONT_BYTES = 128
_BOLD_WEIGHT = 600
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|consol|typewriter|cmtt|menlo", re.IGNORECASE)
_PASSWORD_ERROR = 4


class Glyph(NamedTuple):
    """One character; in reading coordinates, see `Page.turn`."""

    x0: float
    y0: float
    x1: float
    y1: float
    baseline: float
    text: str
    place: int
    """Its number on the page."""


class PdfiumDocument:
    """An open file. Use as a context manager; not for threads."""

    def __init__(self, data: bytes, passwords: Sequence[str] = ()) -> None:
        """EncryptedError, RefusedError where it can't be opened."""
        import pypdfium2

        self._raw = pypdfium2.raw
        self._opened = _open(pypdfium2, data, passwords)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def version(self) -> str:
        """Of the library."""
        return str(import_module("pypdfium2").PYPDFIUM_INFO.version)

    @property
    def page_count(self) -> int:
        return len(self._opened)

    @property
    def metadata(self) -> dict[str, str]:
        """`Title`, `Author`, `CreationDate` ..."""
        return dict(self._opened.get_metadata_dict(skip_empty=True))

    def toc(self) -> Iterator[tuple[int, str, int]]:
        """Level from 1, title, page from 1."""
        for mark in self._opened.get_toc(max_depth=8):
            target = mark.get_dest()
            page = target.get_index() if target else None
            if page is not None:
                yield mark.level + 1, mark.get_title(), page + 1

    def letters(self, number: int) -> int:
        """Characters of a page that are no white space, cheaply: to compare engines."""
        page = self._opened[number - 1]
        text = page.get_textpage()
        try:
            return len("".join(text.get_text_range().split()))
        finally:
            text.close()
            page.close()

    def read(self, number: int) -> Page:
        """Lines as pieces between wide gaps, in the file's order; text that runs another way is left as `aside`."""
        page = self._opened[number - 1]
        text = page.get_textpage()
        try:
            shown = page.get_size()
            angle = _angle(self._raw, text)
            turn = (360 - page.get_rotation() - angle) % 360
            width, height = shown if turn % 180 == 0 else shown[::-1]
            glyphs = _glyphs(self._raw, page, text, turn)
            lines = [_line(self._raw, text, number, piece, angle=angle) for piece in _pieces(glyphs)]
            kept = tuple(line for line in lines if line.words)
            covered = not kept and _covered(self._raw, page, *shown)
            return Page(number, width, height, turn, kept, covered)
        finally:
            text.close()
            page.close()


def _open(pypdfium2: Any, data: bytes, passwords: Sequence[str]) -> Any:
    for password in (None, *passwords):
        try:
            opened = pypdfium2.PdfDocument(data, password=password)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == _PASSWORD_ERROR:
                continue
            raise RefusedError(f"damaged: {' '.join(str(error).split())[:120]}") from error
        if not len(opened):
            raise RefusedError("damaged: no page can be read")
        return opened
    tried = f"none of the {len(passwords)} given opens it" if passwords else "give it in parsers.pdf.passwords"
    raise EncryptedError(f"needs a password; {tried}")


def _angle(raw: Any, text: Any) -> int:
    """Degrees of most of some characters' direction in the page's own space, in quarters of a turn."""
    count = text.count_chars()
    places = range(0, count, max(1, count // SAMPLES))
    quarters = Counter(_quarter(raw, text, place) for place in places)
    return 90 * quarters.most_common(1)[0][0] if quarters else 0


def _quarter(raw: Any, text: Any, place: int) -> int:
    return round(math.degrees(raw.FPDFText_GetCharAngle(text, place)) / 90) % 4


def _glyphs(raw: Any, page: Any, text: Any, turn: int) -> Iterator[Glyph]:
    """User space of the page -> the displayed page -> reading coordinates."""
    left, bottom, right, top = page.get_cropbox() or page.get_mediabox()
    plain, rotation, shown = (right - left, top - bottom), page.get_rotation(), page.get_size()
    rect, x, y = raw.FS_RECTF(), c_double(), c_double()
    for place in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, place)
        character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        if not raw.FPDFText_GetLooseCharBox(text, place, byref(rect)):
            continue
        box = (rect.left - left, top - rect.top, rect.right - left, top - rect.bottom)
        if rotation or turn:
            box = turn_box(turn_box(box, rotation, *plain), turn, *shown)
            yield Glyph(*box, box[3], character, place)
        else:
            raw.FPDFText_GetCharOrigin(text, place, byref(x), byref(y))
            yield Glyph(*box, top - y.value, character, place)


def _pieces(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """Characters between line ends, jumps to another baseline and wide gaps."""
    piece: list[Glyph] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if glyph.text in "\r\n":
            if piece:
                yield piece
            piece, last = [], None
            continue
        if last is not None and _jumps(last, glyph):
            yield piece
            piece = []
        piece.append(glyph)
        if glyph.text.strip():
            last = glyph
    if piece:
        yield piece


def _jumps(last: Glyph, glyph: Glyph) -> bool:
    if not glyph.text.strip():
        return False
    size = max(1.0, last.y1 - last.y0)
    apart = glyph.x0 - last.x1 > GAP * size or glyph.x0 < last.x0 - GAP * size
    return apart or abs(glyph.baseline - last.baseline) > LIFT * size


def _line(raw: Any, text: Any, page: int, piece: Sequence[Glyph], *, angle: int) -> Line:
    words = tuple(_words(piece))
    first = next((glyph for glyph in piece if glyph.text.strip()), piece[0])
    style = _style(raw, text, first)
    aside = 90 * _quarter(raw, text, first.place) != angle
    if not words:
        return Line(page, (), 0, 0, 0, 0, 0, style)
    x0, y0, x1, y1, _ = zip(*words, strict=True)
    baseline = sorted(glyph.baseline for glyph in piece)[len(piece) // 2]
    return Line(page, words, min(x0), min(y0), max(x1), max(y1), baseline, style, aside=aside)


def _words(piece: Sequence[Glyph]) -> Iterator[Word]:
    run: list[Glyph] = []
    for glyph in (*piece, None):
        if glyph is not None and glyph.text.strip():
            run.append(glyph)
            continue
        word = clean("".join("-" if g.text in "\x02\ufffe" else g.text for g in run))
        if word:
            yield Word(min(g.x0 for g in run), min(g.y0 for g in run), run[-1].x1, max(g.y1 for g in run), word)
        run = []


def _style(raw: Any, text: Any, glyph: Glyph) -> Style:
    size = float(raw.FPDFText_GetFontSize(text, glyph.place))
    name, flags = create_string_buffer(_FONT_BYTES), c_int()
    raw.FPDFText_GetFontInfo(text, glyph.place, name, _FONT_BYTES, byref(flags))
    font = name.value.decode("utf-8", "replace")
    bold = bool(_BOLD.search(font)) or raw.FPDFText_GetFontWeight(text, glyph.place) >= _BOLD_WEIGHT
    red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
    raw.FPDFText_GetFillColor(text, glyph.place, byref(red), byref(green), byref(blue), byref(alpha))
    colour = red.value << 16 | green.value << 8 | blue.value
    return Style(
        _scaled(raw, text, glyph, size), bold=bold, mono=bool(flags.value & 1 or _MONO.search(font)), colour=colour
    )


def _scaled(raw: Any, text: Any, glyph: Glyph, size: float) -> float:
    """Points: the font's size is often 1 and the matrix of the text does the rest."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(text, glyph.place, byref(matrix)):
        return size
    factor = (matrix.b**2 + matrix.d**2) ** 0.5
    return round(size * factor, 2) if factor else size


def _covered(raw: Any, page: Any, width: float, height: float) -> bool:
    """True where an image covers at least half of the page."""
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
        if raw.FPDFPageObj_GetBounds(item, byref(left), byref(bottom), byref(right), byref(top)):
            area = (right.value - left.value) * (top.value - bottom.value)
            if area >= 0.5 * width * height:
                return True
    return False
