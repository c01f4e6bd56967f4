"""Parts -> PDF by typst, with the page on which each part begins as typst itself reports it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf
import typst

from benchmarks.rendering.source import Part
from benchmarks.rendering.templates import Template

STAMP = 1_735_689_600


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF and the 1-based page on which each of its parts begins."""

    data: bytes
    parts: tuple[Part, ...]
    pages: tuple[int, ...]
    title: str


def typeset(parts: Sequence[Part], template: Template, *, title: str) -> Rendered:
    source = "\n".join([*_setup(template, title), *_body(parts, template), _PLACES])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "document.typ"
        file.write_text(source, encoding="utf-8")
        data = typst.compile(file, format="pdf", timestamp=STAMP, ignore_system_fonts=True)
        found = json.loads(typst.query(file, "<places>", field="value", one=True, ignore_system_fonts=True))
    pages: dict[int, int] = {}
    for number, page in found["parts"]:  # those in a table's header are there again on each of its pages
        pages.setdefault(number, page)
    headings = [number for number, part in enumerate(parts) if part.kind == "heading"]
    pages.update(zip(headings, found["headings"], strict=True))
    data = bytes(data) if template.tagged else _without_tags(bytes(data))
    if template.turned:
        data = _turned(data)
    return Rendered(data, tuple(parts), tuple(pages[number] for number in range(len(parts))), title)


_PLACES = """
#context [#metadata((parts: query(<part>).map(m => (m.value, m.location().page())),
headings: query(heading).map(h => h.location().page()))) <places>]
"""


def _setup(template: Template, title: str) -> Iterator[str]:
    yield f"#set document(title: {_string(title)})"
    flipped = ", flipped: true" if template.turned else ""
    page = f'paper: "{template.paper}", columns: {template.columns}{flipped}, margin: (x: 2.2cm, y: 2.6cm)'
    yield f"#set page({page}, header: {_head(template, title)}, footer: {_foot(template)})"
    hyphenate = f'lang: "en", hyphenate: {_flag(template.justify)}'
    yield f'#set text(font: "{template.font}", size: {template.size}pt, {hyphenate})'
    spacing = "spacing: 0.65em, first-line-indent: 1.4em" if template.indent else "spacing: 1.2em"
    yield f"#set par(justify: {_flag(template.justify)}, {spacing})"
    yield f"#set heading(bookmarked: {_flag(template.bookmarks)})"
    yield f"#set table(stroke: {'0.5pt' if template.table == 'grid' else 'none'}, inset: 4pt)"
    yield "#show figure: set block(breakable: true)"
    for level in range(1, 7):
        scale = template.headings[min(level, len(template.headings)) - 1]
        weight = "bold" if template.bold else "regular"
        style = "italic" if level >= template.italic_from else "normal"
        look = f'size: {scale * template.size}pt, weight: "{weight}", style: "{style}"'
        yield f"#show heading.where(level: {level}): set text({look})"
        yield f"#show heading.where(level: {level}): set block(above: 1.5em, below: 0.8em)"
        if level <= template.capitals:
            yield f"#show heading.where(level: {level}): it => upper(it)"
    heading = f'#align(center, text(size: {2.2 * template.size}pt, weight: "bold")[#{_string(title)}])'
    yield f'#place(top + center, scope: "parent", float: true)[{heading}]' if template.columns > 1 else heading
    if template.contents:
        fill = "repeat([.], gap: 0.15em)" if template.contents == "leaders" else "none"
        yield f'#text(size: 1.4em, weight: "bold")[Contents]\n#set outline.entry(fill: {fill})'
        yield "#outline(title: none)\n#pagebreak()"


def _head(template: Template, title: str) -> str:
    if template.head == "title":
        return f"[#{_string(title)} #h(1fr) Draft]"
    if template.head == "section":
        return "context { let h = query(selector(heading).before(here())); if h.len() > 0 { emph(h.last().body) } }"
    return "none"


def _foot(template: Template) -> str:
    number = "#counter(page).display()"
    shown = {"number": f"[{number}]", "of": f"[Page {number} of #counter(page).final().first()]"}
    return f"context align(center, {shown[template.foot]})" if template.foot else "none"


def _body(parts: Sequence[Part], template: Template) -> Iterator[str]:
    for number, part in enumerate(parts):
        mark = f"#metadata({number})<part>"
        note = f"#footnote[#{_string(part.note)}]" if part.note else ""
        if part.kind != "item":
            yield ""
        if part.kind == "heading":
            yield f"#heading(level: {part.level}, [#{_string(part.text)}])"
        elif part.kind == "item":
            sign = f"{part.number}." if part.ordered else "-"
            yield f"{'   ' * (part.level - 1)}{sign} {mark}#{_string(part.text)}"
        elif part.kind == "code":
            yield f"#block[{mark}#raw({_string(part.text)}, block: true)]"
        elif part.kind == "table":
            yield from _table(part, mark, template)
        elif part.kind == "caption":
            box = "rect(width: 60%, height: 2.5cm, fill: luma(220))"
            yield f"#figure({box}, caption: [{mark}#{_string(part.text)}])"
        else:
            yield f"{mark}#{_string(part.text)}{note}"


def _table(part: Part, mark: str, template: Template) -> Iterator[str]:
    width = max(len(row) for row in part.rows)
    cells = [f"[#{_string(text)}]" for row in part.rows for text in (*row, *[""] * (width - len(row)))]
    head, rest = cells[:width], cells[width:]
    head[0] = f"[{mark}#{head[0][2:]}"
    rules = "table.hline(stroke: 0.7pt)," if template.table == "rules" else ""
    header = f"table.header({', '.join(head)})"
    body = "".join(f"{cell}, " for cell in rest)
    yield f"#table(columns: {width}, {rules} {header}, {rules} {body}{rules})"


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _without_tags(data: bytes) -> bytes:
    with pymupdf.open(stream=data, filetype="pdf") as document:
        catalog = document.pdf_catalog()
        for key in ("StructTreeRoot", "MarkInfo"):
            document.xref_set_key(catalog, key, "null")
        return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))


def _turned(data: bytes) -> bytes:
    """Each page drawn sideways, with the rotation that shows it upright again."""
    with pymupdf.open(stream=data, filetype="pdf") as source, pymupdf.open() as target:
        for page in source:
            sheet = target.new_page(width=page.rect.height, height=page.rect.width)
            sheet.show_pdf_page(sheet.rect, source, page.number, rotate=90)
            sheet.set_rotation(90)
        return bytes(target.tobytes(garbage=3, deflate=True, no_new_id=True))
