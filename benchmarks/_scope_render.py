"""Generated reports as HTML and, through Typst, as PDF, in several looks."""

from __future__ import annotations

from html import escape

import pymupdf
import typst

from benchmarks._scope_reports import Block, Report

STAMP = 1_735_689_600
"""Creation time in all files."""
LOOKS = ("ruled", "booktabs", "bare")
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\#$*_`<>@[]~=-+/'\""})


def html(report: Report) -> bytes:
    """Captions as `<caption>` in every second report, else as paragraphs."""
    even = sum(map(ord, report.name)) % 2 == 0
    body: list[str] = []
    pending = ""
    for block in report.blocks:
        if block.kind == "title" and even:
            pending = f"<caption>{escape(block.text)}</caption>"
        elif block.kind == "table":
            body.append(_html_table(block, pending))
            pending = ""
        else:
            body.append(_html_block(block))
    inner = "\n".join(body)
    head = f"<title>{escape(report.blocks[0].text)}</title>"
    top = f"<!doctype html><html><head><meta charset='utf-8'>{head}</head>"
    return f"{top}<body><main>{inner}</main></body></html>".encode()


def _html_block(block: Block) -> str:
    if block.kind == "heading":
        return f"<h{block.level + 1}>{escape(block.text)}</h{block.level + 1}>"
    if block.kind == "title":
        return f"<p><strong>{escape(block.text)}</strong></p>"
    return f"<p>{escape(block.text)}</p>"


def _html_table(block: Block, caption: str) -> str:
    head, *rows = block.rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table>{caption}<thead><tr>{cells}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def pdf(report: Report, look: str) -> bytes:
    """Untagged, as most PDFs are; a page break before each chapter but the second."""
    source = "\n\n".join([_page(report, look), *(_typst(block, look) for block in report.blocks)])
    made = typst.compile(source.encode(), format="pdf", timestamp=STAMP, ignore_system_fonts=True)
    with pymupdf.open(stream=made, filetype="pdf") as document:
        for key in ("StructTreeRoot", "MarkInfo"):
            document.xref_set_key(document.pdf_catalog(), key, "null")
        data: bytes = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    return data


def _page(report: Report, look: str) -> str:
    head = _safe(f"{report.company} {report.running_head}".strip())
    size = {"ruled": "10.5pt", "booktabs": "11pt", "bare": "10pt"}[look]
    return (
        f'#set page(paper: "a4", margin: 2.3cm, header: text(size: 8pt)[{head}], footer: context align(center)'
        f"[#text(size: 8pt)[#counter(page).display()]])\n#set text(size: {size})\n"
        f"#set par(justify: {str(look != 'bare').lower()})"
    )


def _safe(text: str) -> str:
    return text.translate(_SPECIAL)


def _typst(block: Block, look: str) -> str:
    text = _safe(block.text)
    match block.kind:
        case "heading" if block.level == 0:
            return f'#text(size: 22pt, weight: "bold")[{text}]\n#v(1cm)'
        case "heading":
            size = {1: 16, 2: 13}[block.level]
            return f'#v(0.5cm)\n#text(size: {size}pt, weight: "bold")[{text}]\n#v(0.2cm)'
        case "title":
            return (
                f'#block(sticky: true)[#text(weight: "bold")[{text}]]'
                if look != "bare"
                else f"#v(0.3cm)\n#block(sticky: true)[_{text}_]"
            )
        case "line":
            return f"#block(sticky: true)[#text(size: 9pt)[{text}]]"
        case "note":
            return f"#text(size: 8.5pt)[{text}]"
        case "table":
            return _typst_table(block, look)
    return text


def _typst_table(block: Block, look: str) -> str:
    head, *rows = block.rows
    stroke = {"ruled": "0.5pt", "booktabs": "none", "bare": "none"}[look]
    lines = "table.hline(), " if look == "booktabs" else ""
    cells = "".join(f"[{_safe(cell)}], " for row in rows for cell in row)
    header = f"table.header({', '.join(f'[*{_safe(cell)}*]' if cell else '[]' for cell in head)}), "
    return (
        f"#table(columns: {len(head)}, stroke: {stroke}, inset: 5pt, "
        f"align: (c, r) => if c == 0 {{ left }} else {{ right }}, "
        f"{lines}{header}{lines}{cells}{lines})"
    )
