"""One picture: a bar with its interval for each row, and recall over the characters that were retrieved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from evaluation.evaluate import Evaluation, Row
from evaluation.metrics import CURVE

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#222222")
"""Tol's bright scheme: told apart by colour-blind readers."""
REST = "#bbbbbb"
MOST_LINES = len(COLOURS)
WIDTH = 920
LEFT, RIGHT = 290, 70
BAR, GAP = 16, 8
CURVE_HEIGHT = 300
LINES = {"grid": ("#e4e4e4", 1.0), "mark": ("#222222", 1.2)}
"""Colour and width."""
TEXTS = {"": 'fill="#222222"', "title": 'fill="#222222" font-weight="600" font-size="14"', "light": 'fill="#777777"'}
"""Attributes, not a style sheet: many programs that show SVG read no CSS."""


def png(drawing: str) -> bytes:
    """An SVG of `svg` at twice its size."""
    import pymupdf

    with pymupdf.open(stream=drawing.encode(), filetype="svg") as document:
        picture: bytes = document[0].get_pixmap(dpi=144).tobytes("png")
    return picture


def svg(found: Evaluation) -> str:
    """By the main metric, the best row first."""
    metric = found.main_metric
    rows = sorted(found.rows, key=lambda row: -found.mean(row, metric))
    bars = list(_bars(found, rows, metric))
    height = 90 + len(rows) * (BAR + GAP)
    drawn = [row for row in rows if len(row.curve)][:MOST_LINES]
    lines = list(_curves(drawn, top=height + 30)) if drawn else []
    whole = height + (CURVE_HEIGHT + 110 if drawn else 0)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{whole}" viewBox="0 0 {WIDTH} {whole}">'
        f'<rect width="{WIDTH}" height="{whole}" fill="#ffffff"/>'
        '<g font-family="Helvetica, Arial, sans-serif" font-size="12">'
    )
    return "\n".join([head, *bars, *lines, "</g></svg>", ""])


def _text(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {TEXTS[kind]}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, *, kind: str) -> str:
    """Level or upright, as a filled box: some programs draw no SVG lines."""
    colour, width = LINES[kind]
    x, y, wide, high = x1 - width / 2, y1 - width / 2, x2 - x1 + width, y2 - y1 + width
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{colour}"/>'


def _label(row: Row, *, encoders: bool) -> str:
    return f"{row.strategy}, {row.encoder}, {row.retriever}" if encoders else f"{row.strategy}, {row.retriever}"


def _bars(found: Evaluation, rows: Sequence[Row], metric: str) -> Iterator[str]:
    plot, encoders = WIDTH - LEFT - RIGHT, len({row.encoder for row in rows}) > 1
    bottom = 76 + len(rows) * (BAR + GAP)
    title = f"{metric} in percent, with 95 % intervals ({len(found.questions)} questions)"
    yield _text(16, 24, title, kind="title")
    for tick in range(0, 101, 20):
        x = LEFT + plot * tick / 100
        yield _line(x, 62, x, bottom, kind="grid")
        yield _text(x, 56, str(tick), anchor="middle", kind="light")
    for number, row in enumerate(rows):
        y, value = 68 + number * (BAR + GAP), found.mean(row, metric)
        low, high = found.interval(row, metric)
        middle = y + BAR / 2
        name = _label(row, encoders=encoders)
        yield _text(LEFT - 8, middle + 4, name if len(name) < 46 else name[:44] + "…", anchor="end")
        colour = COLOURS[number] if number < MOST_LINES else REST
        yield f'<rect x="{LEFT}" y="{y}" width="{plot * value:.1f}" height="{BAR}" fill="{colour}" opacity=".75"/>'
        yield _line(LEFT + plot * low, middle, LEFT + plot * high, middle, kind="mark")
        yield from (_line(LEFT + plot * x, middle - 4, LEFT + plot * x, middle + 4, kind="mark") for x in (low, high))
        yield _text(LEFT + plot * high + 6, middle + 4, f"{100 * value:.1f}")


def _curves(rows: Sequence[Row], *, top: float) -> Iterator[str]:
    """Of the rows whose bars are coloured, in the same colours."""
    left, plot, base = 60.0, WIDTH - 60.0 - 300.0, top + 20 + CURVE_HEIGHT
    yield _text(16, top, "Recall in percent over retrieved characters, the best rows", kind="title")
    for tick in range(0, 101, 20):
        y = base - CURVE_HEIGHT * tick / 100
        yield _line(left, y, left + plot, y, kind="grid")
        yield _text(left - 8, y + 4, str(tick), anchor="end", kind="light")
    for characters in range(0, CURVE[-1] + 1, 2000):
        yield _text(left + plot * characters / CURVE[-1], base + 18, f"{characters:,}", anchor="middle", kind="light")
    encoders = len({row.encoder for row in rows}) > 1
    for number, row in enumerate(rows):
        points = [(0, 0.0), *zip(CURVE, row.curve.tolist(), strict=True)]
        places = (f"{left + plot * x / CURVE[-1]:.1f},{base - CURVE_HEIGHT * y:.1f}" for x, y in points)
        yield f'<polyline fill="none" stroke-width="2" stroke="{COLOURS[number]}" points="{" ".join(places)}"/>'
        y = top + 40 + number * 20
        yield f'<rect x="{left + plot + 24:.1f}" y="{y - 9:.1f}" width="12" height="12" fill="{COLOURS[number]}"/>'
        yield _text(left + plot + 42, y + 1, _label(row, encoders=encoders)[:44])
