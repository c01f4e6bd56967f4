"""Parts -> PDF by MuPDF's HTML layout: another producer, with the page of each part as its layout reports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import BytesIO
from itertools import count
from typing import Any

import pymupdf

from benchmarks.rendering.source import Part
from benchmarks.rendering.templates import Template
from benchmarks.rendering.typeset import Rendered

_FAMILIES = {"Helvetica": "sans-serif", "Times": "serif"}
_EDGE, _GUTTER = 64.0, 20.0
_FACES = {"Helvetica": "helv", "Times": "tiro"}


def told(parts: Sequence[Part], template: Template, *, title: str) -> Rendered:
    """Headings at the foot of a page stay there: the layout knows no `break-after`.

    MuPDF loses what comes after some rows that don't fit on a page; then the pages end a little higher up.
    """
    for spared in range(0, 200, 8):
        made = _placed(parts, template, title=title, spared=spared)
        if _is_whole(made):
            return made
    raise ValueError(f"{template.name}: MuPDF loses text of this volume wherever the pages end")


def _is_whole(made: Rendered) -> bool:
    with pymupdf.open(stream=made.data) as document:
        placed = sum(len("".join(page.get_text().split())) for page in document)
    texts = (text for part in made.parts for text in (part.text, *(cell for row in part.rows for cell in row)))
    return placed >= 0.95 * sum(len("".join(text.split())) for text in texts)


def _placed(parts: Sequence[Part], template: Template, *, title: str, spared: float) -> Rendered:
    story = pymupdf.Story(html="".join(_html(parts, title)), user_css=_css(template))
    sheet = pymupdf.paper_rect(template.paper)
    pages: dict[int, int] = {}
    tops: dict[int, float] = {}
    target = BytesIO()
    writer = pymupdf.DocumentWriter(target)
    more = True
    for page in count(1):
        if not more:
            break
        device = writer.begin_page(sheet)
        for area in _areas(sheet, template.columns, spared):
            if more:
                more, _ = story.place(area)
                story.element_positions(_noting(page, pages, tops))
                story.draw(device)
        writer.end_page()
    writer.close()
    data = _finished(target.getvalue(), parts, template, title=title, pages=pages, tops=tops)
    return Rendered(data, tuple(parts), tuple(pages.get(number, 0) for number in range(len(parts))), title)


def _noting(page: int, pages: dict[int, int], tops: dict[int, float]) -> Callable[[Any], None]:
    def note(place: Any) -> None:
        if place.id and place.id.startswith("part-") and place.open_close & 1:
            number = int(place.id.removeprefix("part-"))
            pages.setdefault(number, page)
            tops.setdefault(number, place.rect[1])

    return note


def _areas(sheet: Any, columns: int, spared: float) -> Iterator[Any]:
    width = (sheet.width - 2 * _EDGE - (columns - 1) * _GUTTER) / columns
    for column in range(columns):
        left = _EDGE + column * (width + _GUTTER)
        yield pymupdf.Rect(left, _EDGE, left + width, sheet.height - _EDGE - spared)


def _css(template: Template) -> str:
    rules = [f"body {{ font-family: {_FAMILIES[template.font]}; font-size: {template.size}pt; }}"]
    rules.append(f"p.title {{ font-size: {2.2 * template.size}pt; font-weight: bold; }}")
    if template.table == "grid":
        rules.append("td { border: 0.5pt solid black; padding: 2pt; }")
    for level in range(1, 7):
        scale = template.headings[min(level, len(template.headings)) - 1]
        weight = "bold" if template.bold else "normal"
        rules.append(f"h{level} {{ font-size: {scale * template.size}pt; font-weight: {weight}; }}")
    return "\n".join(rules)


def _html(parts: Sequence[Part], title: str) -> Iterator[str]:
    yield f"<p class='title'>{escape(title)}</p>"
    depth: list[str] = []
    for number, part in enumerate(parts):
        wanted = part.level if part.kind == "item" else 0
        while len(depth) > wanted or (depth and len(depth) == wanted and depth[-1] != ("ol" if part.ordered else "ul")):
            yield f"</li></{depth.pop()}>"
        if part.kind == "item":
            yield from _item(part, depth, number)
        elif part.kind == "heading":
            level = min(part.level, 6)
            yield f"<h{level} id='part-{number}'>{escape(part.text)}</h{level}>"
        elif part.kind == "code":
            yield f"<pre id='part-{number}'>{escape(part.text)}</pre>"
        elif part.kind == "table":
            yield f"<table id='part-{number}'>{''.join(map(_row, part.rows))}</table>"
        else:
            yield f"<p id='part-{number}'>{escape(part.text)}</p>"
    for tag in reversed(depth):
        yield f"</li></{tag}>"


def _item(part: Part, depth: list[str], number: int) -> Iterator[str]:
    if len(depth) == part.level:
        yield "</li>"
    while len(depth) < part.level:
        depth.append("ol" if part.ordered else "ul")
        yield f"<{depth[-1]}{f' start={part.number}' if part.ordered else ''}>" + (
            "<li>" if len(depth) < part.level else ""
        )
    yield f"<li id='part-{number}'>{escape(part.text)}"


def _row(row: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>"


def _finished(
    data: bytes,
    parts: Sequence[Part],
    template: Template,
    *,
    title: str,
    pages: dict[int, int],
    tops: dict[int, float],
) -> bytes:
    """With running head and foot, and with bookmarks that point at their headings."""
    with pymupdf.open(stream=data, filetype="pdf") as document:
        face = _FACES[template.font]
        for page in document:
            feet = {"number": f"{page.number + 1}", "of": f"Page {page.number + 1} of {document.page_count}", "": ""}
            if template.head:
                page.insert_text((_EDGE, 40), title, fontname=face, fontsize=8)
            page.insert_text((page.rect.width / 2 - 10, page.rect.height - 36), feet[template.foot], fontname=face)
        if template.bookmarks:
            document.set_toc(
                [
                    [part.level, part.text, pages[n], {"kind": 1, "to": pymupdf.Point(_EDGE, tops[n])}]
                    for n, part in enumerate(parts)
                    if part.kind == "heading"
                ]
            )
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))
