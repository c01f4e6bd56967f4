"""`quarry parse`: documents as JSON lines, Markdown or HTML."""

from __future__ import annotations

import sys
from html import escape

import click

from quarry.cli.options import Call, json_line
from quarry.cli.options import command as quarry_command
from quarry.cli.page_view import DPI, page_view
from quarry.identity import identity_of
from quarry.records import document_record
from quarry.types import Document, Element, ElementType, Outcome

PROBLEMS = 3


@quarry_command("parse")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "markdown", "html"]), default="jsonl", help="Output form."
)
def command(call: Call, paths: tuple[str, ...], form: str) -> int:
    """Turn files, folders or globs into documents; uses no store. What can't be read says why. HTML shows the pages of
    a PDF as pictures, with a labelled box round each element.
    """
    from pipeline.reading import read_results

    writers = {"jsonl": _jsonl, "markdown": _markdown, "html": _html}
    form = "jsonl" if call.output.json else form
    problems = 0
    for result in read_results(call.settings(), paths, dpi=DPI if form == "html" else 0):
        document = result.document
        sys.stdout.write(page_view(document, result.pictures) if result.pictures else writers[form](document))
        if document.outcome is not Outcome.OK:
            problems += 1
            call.output.say(f"{document.origin.uri}: {document.outcome.value}: {document.reason or ''}")
    return PROBLEMS if problems else 0


def _jsonl(document: Document) -> str:
    return json_line({**document_record(document), **identity_of(document).record()})


def _markdown(document: Document) -> str:
    parts = [_markdown_element(element, document.text) for element in document.elements if element.in_body]
    return "\n\n".join([f"<!-- {document.origin.uri} -->", *parts]) + "\n\n"


def _markdown_element(element: Element, text: str) -> str:
    body = element.span.of(text)
    if element.type is ElementType.TITLE:
        return f"{'#' * min(element.level or 1, 6)} {' '.join(body.split())}"
    if element.type is ElementType.LIST_ITEM:
        return f"{'  ' * ((element.level or 1) - 1)}- {body}"
    if element.type is ElementType.CODE_SNIPPET:
        return f"```\n{body}\n```"
    return element.table.html if element.table else body


def _html(document: Document) -> str:
    title = escape(document.title or document.origin.path)
    parts = [_html_element(element, document.text) for element in document.elements if element.in_body]
    head = f'<!doctype html>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    return head + "\n".join(parts) + "\n"


def _html_element(element: Element, text: str) -> str:
    body = escape(element.span.of(text), quote=False)
    place = f' data-page="{element.page}"' if element.page else ""
    if element.table:
        return element.table.html
    tag = "p"
    if element.type is ElementType.TITLE:
        tag = f"h{min(element.level or 1, 6)}"
    elif element.type is ElementType.CODE_SNIPPET:
        tag = "pre"
    elif element.type is ElementType.LIST_ITEM:
        tag = "li"
    return f'<{tag} data-type="{element.type.value}"{place}>{body}</{tag}>'
