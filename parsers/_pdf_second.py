"""A second opinion: pages on which MuPDF finds no text are read by PDFium, and one page a document is compared."""

from __future__ import annotations

from collections.abc import Sequence

from parsers._pdf_lines import Page
from parsers._pdfium import PdfiumDocument
from quarry.errors import DocumentError

APART = 2.0
"""Times as many letters: one of the two lost some."""
SOME = 200
"""Letters that make a difference."""


def seconded(
    pages: Sequence[Page], data: bytes, passwords: Sequence[str], *, compare: bool
) -> tuple[list[Page], list[str]]:
    """The pages, those that were empty as PDFium reads them if it finds text; and what is to be told about them."""
    empty = [page for page in pages if not page.lines]
    probe = min((page for page in pages if page.lines), key=_letters, default=None) if compare else None
    if not empty and probe is None:
        return list(pages), []
    try:
        with PdfiumDocument(data, passwords) as opened:
            found = {page.number: again for page in empty if (again := _again(opened, page)).lines}
            told = _compared(opened, probe) if probe else []
    except DocumentError:  # what one engine opens the other may not
        return list(pages), []
    if found:
        told.append(f"pages {', '.join(map(str, found))}: MuPDF finds no text, they were read by PDFium")
    return [found.get(page.number, page) for page in pages], told


def _again(opened: PdfiumDocument, page: Page) -> Page:
    return opened.read(page.number) if page.number <= opened.page_count else page


def _compared(opened: PdfiumDocument, page: Page) -> list[str]:
    """The page with the least text: where some is lost, it is there."""
    if page.number > opened.page_count:
        return []
    mine, theirs = _letters(page), opened.letters(page.number)
    if max(mine, theirs) <= APART * min(mine, theirs) or abs(mine - theirs) < SOME:
        return []
    return [f"page {page.number}: MuPDF reads {mine} letters, PDFium {theirs}; look whether text is missing"]


def _letters(page: Page) -> int:
    return sum(len(line.text) - line.text.count(" ") for line in page.lines)
