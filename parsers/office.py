"""Word, PowerPoint, Excel, e-mail, EPUB and the rest, through unstructured's partitioners for whatever is installed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any, ClassVar, NamedTuple

from parsers import parser
from parsers._elements import Draft, elements_of
from parsers._html_types import library, version
from parsers._media import ENCRYPTED_OFFICE, media_type
from parsers._office_meta import Meta, mail_meta, package_meta
from parsers._office_table import table_of
from quarry.errors import EncryptedError, RefusedError
from quarry.span import Span
from quarry.types import Document, ElementType, Origin, Outcome

OOXML = "application/vnd.openxmlformats-officedocument"


class Format(NamedTuple):
    """One of unstructured's partitioners."""

    module: str
    extension: str
    needs: str
    """What to install for it; empty where nothing is needed."""
    depths: bool = True
    """False where its depths say nothing about headings."""


_OFFICE, _PANDOC = "quarry-rag[office]", "quarry-rag[pandoc]"
FORMATS = {
    f"{OOXML}.wordprocessingml.document": Format("docx", ".docx", _OFFICE),
    f"{OOXML}.presentationml.presentation": Format("pptx", ".pptx", _OFFICE),
    f"{OOXML}.spreadsheetml.sheet": Format("xlsx", ".xlsx", _OFFICE),
    "text/csv": Format("csv", ".csv", _OFFICE),
    "text/tab-separated-values": Format("tsv", ".tsv", _OFFICE),
    "message/rfc822": Format("email", ".eml", ""),
    "application/epub+zip": Format("epub", ".epub", _PANDOC),
    "application/vnd.oasis.opendocument.text": Format("odt", ".odt", _PANDOC),
    "application/rtf": Format("rtf", ".rtf", _PANDOC),
    "text/x-rst": Format("rst", ".rst", _PANDOC),
    "text/org": Format("org", ".org", _PANDOC),
}
ZIPS = tuple(media for media, kind in FORMATS.items() if kind.extension in (".docx", ".pptx", ".xlsx", ".epub", ".odt"))
UNPACKED = 1_000_000_000
"""Bytes that a packed document may unfold to."""
_DAMAGED = (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, SyntaxError, RuntimeError)
"""What the libraries below raise for broken bytes; lxml's errors are SyntaxErrors."""


@parser
@dataclass(frozen=True, slots=True)
class Office:
    """Elements as unstructured gives them, with levels, tables and page or slide numbers where the format has them."""

    media_types: ClassVar[tuple[str, ...]] = (*FORMATS, ENCRYPTED_OFFICE)
    extensions: ClassVar[tuple[str, ...]] = tuple(kind.extension for kind in FORMATS.values())
    revision: ClassVar[int] = 1

    def parse(self, data: bytes, origin: Origin) -> Document:
        """RefusedError names what is missing to read the format, or says that the file is damaged."""
        media = media_type(data, name=origin.path)
        if media == ENCRYPTED_OFFICE:
            raise EncryptedError("needs a password; office documents with one can't be read")
        form = FORMATS[media]
        if media in ZIPS:
            _check_package(data)
        found = _partition(form, data)
        text, drafts = _written(found, form)
        pages = max((draft.page or 0 for draft in drafts), default=0)
        meta = mail_meta(found) if form.module == "email" else package_meta(data) if media in ZIPS else Meta()
        return Document(
            origin=origin,
            media_type=media,
            text=text,
            elements=elements_of(drafts, content_sha256=origin.sha256),
            parser=f"office/{self.revision} unstructured/{version()}",
            pages=pages,
            title=meta.title or _first_title(drafts, text),
            author=meta.author,
            created=meta.created,
            language=meta.language,
            outcome=Outcome.OK if text else Outcome.EMPTY,
            reason=None if text else "blank",
        )


def _check_package(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            size = sum(item.file_size for item in package.infolist())
            secret = any(item.flag_bits & 1 for item in package.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise RefusedError(f"damaged: {' '.join(str(error).split())[:120]}") from error
    if secret:
        raise EncryptedError("needs a password; packed documents with one can't be read")
    if size > UNPACKED:
        raise RefusedError(f"size: it unfolds to {size / 1e6:.0f} MB, {UNPACKED / 1e6:.0f} MB may be")


def _partition(form: Format, data: bytes) -> list[Any]:
    library()  # its stand-in for the model that would be downloaded
    try:
        partition = getattr(import_module(f"unstructured.partition.{form.module}"), f"partition_{form.module}")
    except ImportError as error:
        raise _missing(form, error) from error
    try:
        return list(partition(file=BytesIO(data), languages=[""]))
    except ImportError as error:
        raise _missing(form, error) from error
    except _DAMAGED as error:
        if "pandoc" in str(error).lower() and "no pandoc" in str(error).lower():
            raise _missing(form, error) from error
        raise RefusedError(f"damaged: {type(error).__name__}: {' '.join(str(error).split())[:120]}") from error


def _missing(form: Format, error: Exception) -> RefusedError:
    need = f"`pip install '{form.needs}'`, then `quarry retry`" if form.needs else "reinstall unstructured"
    return RefusedError(f"type: nothing is installed that reads {form.extension} ({error}); {need}")


def _written(found: Iterable[Any], form: Format) -> tuple[str, list[Draft]]:
    """The elements' texts one after another, a blank line between them."""
    parts: list[str] = []
    drafts: list[Draft] = []
    length = 0
    for draft, text in _body_first(found, form):
        start = length + 2 if parts else 0
        parts.append(text)
        length = start + len(text)
        drafts.append(draft.moved(start))
    return "\n\n".join(parts), drafts


def _body_first(found: Iterable[Any], form: Format) -> Iterator[tuple[Draft, str]]:
    """Headers and footers stand at the end, as in every document."""
    made = [piece for element in found if (piece := _draft(element, form)) is not None]
    yield from (piece for piece in made if piece[0].type not in (ElementType.HEADER, ElementType.FOOTER))
    yield from (piece for piece in made if piece[0].type in (ElementType.HEADER, ElementType.FOOTER))


def _draft(element: Any, form: Format) -> tuple[Draft, str] | None:
    """Counted from 0; None for an element without text."""
    kind = _type(str(element.category))
    about = element.metadata
    page = getattr(about, "page_number", None)
    if kind is ElementType.TABLE and about.text_as_html:
        found = table_of(str(about.text_as_html))
        return None if found is None else (Draft(kind, Span(0, len(found[0])), table=found[1], page=page), found[0])
    text = str(element.text).strip()
    if not text:
        return None
    depth = getattr(about, "category_depth", None)
    level = (depth or 0) + 1 if kind in (ElementType.TITLE, ElementType.LIST_ITEM) and form.depths else None
    return Draft(kind, Span(0, len(text)), level=level, page=page), text


def _type(category: str) -> ElementType:
    try:
        return ElementType(category)
    except ValueError:
        return ElementType.UNCATEGORIZED_TEXT


def _first_title(drafts: Iterable[Draft], text: str) -> str | None:
    first = next((draft for draft in drafts if draft.type is ElementType.TITLE), None)
    return " ".join(first.span.of(text).split())[:300] if first else None
