"""What a PDF says of itself beside its text: title, author, dates, bookmarks, labels; the same from either engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from parsers._pdf_labels import labels_of
from parsers._pdf_lines import Page
from parsers._pdf_outline import Bookmark, bookmarks_of
from parsers._pdfium import PdfiumDocument

_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?")


class Facts(NamedTuple):
    library: str
    """`pymupdf/2.0`: what read it."""
    pages: int
    marks: list[Bookmark]
    title: str = ""
    author: str | None = None
    created: str | None = None
    """ISO 8601."""
    language: str | None = None
    labels: tuple[str, ...] = ()


def mupdf_facts(opened: Any, pages: Sequence[Page], *, version: str) -> Facts:
    meta = opened.metadata or {}
    return Facts(
        library=f"pymupdf/{version}",
        pages=opened.page_count,
        marks=bookmarks_of(opened, pages),
        title=" ".join((meta.get("title") or "").split()),
        author=(meta.get("author") or "").strip() or None,
        created=date_of(meta.get("creationDate")),
        language=getattr(opened, "language", None) or None,
        labels=labels_of(opened),
    )


def pdfium_facts(opened: PdfiumDocument) -> Facts:
    meta = opened.metadata
    return Facts(
        library=f"pypdfium2/{opened.version}",
        pages=opened.page_count,
        marks=[Bookmark(level, title, page) for level, title, page in opened.toc() if title.strip()],
        title=" ".join(meta.get("Title", "").split()),
        author=meta.get("Author", "").strip() or None,
        created=date_of(meta.get("CreationDate")),
    )


def date_of(value: str | None) -> str | None:
    """`D:20240131120000` -> `2024-01-31T12:00:00`."""
    match = _DATE.match(value or "")
    if not match:
        return None
    year, month, day, hour, minute, second = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}" if day and hour else date
