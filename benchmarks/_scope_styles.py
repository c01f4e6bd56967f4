"""Reports as HTML of divisions, as Markdown, and as PDF by MuPDF's HTML layout, in looks of their own."""

from __future__ import annotations

import io
from html import escape

import pymupdf

from benchmarks._scope_reports import Block, Report

STYLES = (
    (
        "body{font-family:serif;font-size:9.5pt} table{width:100%} td,th{padding:2px;text-align:right} "
        "th{border-bottom:1px solid black} td.l,th.l{text-align:left}"
    ),
    (
        "body{font-family:sans-serif;font-size:10pt} table{border-collapse:collapse} td,th{padding:3px;"
        "border-bottom:0.5px solid gray;text-align:right} td.l,th.l{text-align:left}"
    ),
    (
        "body{font-family:sans-serif;font-size:9pt} table{border-collapse:collapse} td,th{border:0.5px solid black;"
        "padding:3px;text-align:right} td.l,th.l{text-align:left}"
    ),
)


def html_styled(report: Report) -> bytes:
    head = f"<!doctype html><html><head><meta charset='utf-8'><title>{escape(report.company)}</title></head>"
    return f"{head}<body><div id='content'>{_body(report)}</div></body></html>".encode()


def pdf_styled(report: Report) -> bytes:
    """No tags, no bookmarks; one of three looks by the report's name."""
    story = pymupdf.Story(html=_body(report), user_css=STYLES[sum(map(ord, report.name)) % len(STYLES)])
    stream, box, more = io.BytesIO(), pymupdf.paper_rect("a4"), 1
    writer = pymupdf.DocumentWriter(stream)
    while more:
        device = writer.begin_page(box)
        more, _ = story.place(pymupdf.Rect(56, 64, box.x1 - 56, box.y1 - 64))
        story.draw(device)
        writer.end_page()
    writer.close()
    return stream.getvalue()


def markdown(report: Report) -> bytes:
    return "\n\n".join(_marked(block) for block in report.blocks).encode()


def _marked(block: Block) -> str:
    match block.kind:
        case "heading":
            return f"{'#' * (block.level + 1)} {block.text}"
        case "title":
            return f"**{block.text}**"
        case "note" | "centre":
            return f"*{block.text}*"
        case "table":
            head, *rows = block.rows
            lines = [head, ("---",) * len(head), *rows]
            return "\n".join("| " + " | ".join(row) + " |" for row in lines)
    return block.text


def _body(report: Report) -> str:
    return "".join(_block(block, plain=report.name[-1] in "13579") for block in report.blocks)


def _block(block: Block, *, plain: bool) -> str:
    text = escape(block.text)
    match block.kind:
        case "heading":
            return f"<h{block.level + 1}>{text}</h{block.level + 1}>"
        case "title":
            return f"<p><b>{text}</b></p>" if plain else f"<p>{text}</p>"
        case "right" | "centre":
            side = "right" if block.kind == "right" else "center"
            return f"<p style='text-align:{side}'><i>{text}</i></p>"
        case "note":
            return f"<p><small>{text}</small></p>"
        case "table":
            return _table(block)
    return f"<p>{text}</p>"


def _table(block: Block) -> str:
    """The first column to the left, all others to the right."""
    lines: list[str] = []
    for number, row in enumerate(block.rows):
        tag = "td" if number else "th"
        left = f"<{tag} class='l'>{escape(row[0])}</{tag}>"
        cells = left + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row[1:])
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"
