"""A document's pages as pictures with a labelled box round each element, as one HTML file for a person to look at."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from parsers._pdf_proof import Picture
from quarry.layout import BBox
from quarry.types import Document, Element, ElementType

DPI = 90
_COLOURS = {
    ElementType.TITLE: "#c62828",
    ElementType.NARRATIVE_TEXT: "#1565c0",
    ElementType.LIST_ITEM: "#2e7d32",
    ElementType.TABLE: "#6a1b9a",
    ElementType.FIGURE_CAPTION: "#ef6c00",
    ElementType.FOOTNOTE: "#00838f",
    ElementType.CODE_SNIPPET: "#4e342e",
    ElementType.FORMULA: "#ad1457",
}
_OTHER = "#757575"
_STYLE = """
body { font: 14px system-ui, sans-serif; background: #eee; margin: 1em }
.page { position: relative; background: #fff; margin: 1em auto; box-shadow: 0 1px 4px #0004 }
.page img { width: 100%; display: block }
.box { position: absolute; border: 1.5px solid var(--c); background: color-mix(in srgb, var(--c) 8%, transparent) }
.box b { position: absolute; right: 100%; top: 0; font-size: 9px; color: #fff; background: var(--c); padding: 0 3px;
  white-space: nowrap }
.out { border-style: dashed }
"""


def page_view(document: Document, pictures: Sequence[Picture]) -> str:
    """Elements that are out of the body (running heads, hidden text) have dashed boxes; hovering shows the text."""
    boxes: dict[int, list[str]] = defaultdict(list)
    drawn = {picture.page: picture for picture in pictures}
    for element in document.elements:
        for region in element.regions:
            if region.page in drawn:
                boxes[region.page].append(_box(element, region.bbox, document.text, drawn[region.page]))
    title = escape(document.title or document.origin.path)
    head = (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>\n<h1>{title}</h1>\n'
    )
    return head + "\n".join(_pages(pictures, boxes)) + "\n"


def _pages(pictures: Sequence[Picture], boxes: dict[int, list[str]]) -> Iterator[str]:
    for picture in pictures:
        data = b64encode(picture.png).decode("ascii")
        image = f'<img alt="page {picture.page}" src="data:image/png;base64,{data}">'
        inside = "\n".join(boxes[picture.page])
        place = f'id="page-{picture.page}" style="width:{picture.width * 1.4:.0f}px"'
        yield f'<div class="page" {place}>{image}\n{inside}</div>'


def _box(element: Element, box: BBox, text: str, page: Picture) -> str:
    x, y = 100 / page.width, 100 / page.height
    place = f"left:{box.x0 * x:.2f}%;top:{box.y0 * y:.2f}%;width:{(box.x1 - box.x0) * x:.2f}%;"
    place += f"height:{(box.y1 - box.y0) * y:.2f}%;--c:{_COLOURS.get(element.type, _OTHER)}"
    label = element.type.value + (f" {element.level}" if element.level else "")
    told = escape(" ".join([*element.flags, element.span.of(text)])[:600])
    kind = "box" if element.in_body else "box out"
    return f'<div class="{kind}" data-type="{element.type.value}" style="{place}" title="{told}"><b>{label}</b></div>'
