"""Documents and chunks as the JSON records that users' scripts read, and back."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from quarry.layout import BBox, Layout, Region
from quarry.span import Span
from quarry.types import Cell, Chunk, Document, Element, ElementType, Link, Origin, Outcome, Table

Record = dict[str, Any]
_COLUMNS: dict[str, Literal["i", "f"]] = {"starts": "i", "ends": "i", "pages": "i", "lines": "i", "boxes": "f"}


def document_record(document: Document) -> Record:
    """The `document` record of `quarry parse`; optional fields are left out where they are unknown."""
    origin = document.origin
    return _known(
        id=origin.id,
        uri=origin.uri,
        source=origin.source,
        path=origin.path,
        media_type=document.media_type,
        sha256=origin.sha256,
        title=document.title,
        author=document.author,
        created=document.created,
        language=document.language,
        canonical=document.canonical,
        metadata=dict(origin.metadata) or None,
        pages=document.pages,
        text=document.text,
        outcome=document.outcome.value,
        reason=document.reason,
        parser=document.parser,
        elements=[element_record(element) for element in document.elements],
        layout=_layout_record(document.layout),
        model_pages=list(document.model_pages) or None,
        page_labels=list(document.page_labels) or None,
    ) | {"warnings": list(document.warnings)}


def document_from(record: Mapping[str, Any]) -> Document:
    """The inverse of `document_record`. KeyError or ValueError where the record is not one of ours."""
    origin = Origin(
        id=record["id"],
        uri=record["uri"],
        source=record["source"],
        path=record["path"],
        sha256=record["sha256"],
        metadata=record.get("metadata") or {},
    )
    return Document(
        origin=origin,
        media_type=record["media_type"],
        text=record["text"],
        elements=tuple(_element(item) for item in record["elements"]),
        parser=record["parser"],
        pages=record["pages"],
        title=record.get("title"),
        author=record.get("author"),
        created=record.get("created"),
        language=record.get("language"),
        canonical=record.get("canonical"),
        outcome=Outcome(record["outcome"]),
        reason=record.get("reason"),
        layout=_layout(record.get("layout")),
        warnings=tuple(record.get("warnings", ())),
        model_pages=tuple(record.get("model_pages", ())),
        page_labels=tuple(record.get("page_labels", ())),
    )


def at(document: Document, origin: Origin) -> Document:
    """The same content found at another place: equal files share one parse."""
    return replace(document, origin=origin)


def element_record(element: Element) -> Record:
    regions = element.regions
    return _known(
        id=element.id,
        type=element.type.value,
        start=element.span.start,
        end=element.span.end,
        page=element.page,
        bbox=list(regions[0].bbox) if regions else None,
        regions=_regions_record(regions) if len(regions) > 1 else None,
        css_path=element.css_path,
        anchor=element.anchor,
        level=element.level,
        parent=element.parent,
        table=_table_record(element.table) if element.table else None,
        captions=list(element.captions) or None,
        links=[{"start": n.span.start, "end": n.span.end, "url": n.url} for n in element.links] or None,
        flags=list(element.flags) or None,
    )


def chunk_record(chunk: Chunk) -> Record:
    """The `chunk` record of `quarry chunk`."""
    return _known(
        id=chunk.id,
        document_id=chunk.document_id,
        uri=chunk.uri,
        start=chunk.span.start,
        end=chunk.span.end,
        text=chunk.text,
        context=chunk.context,
        context_spans=[_pair(span) for span in chunk.context_spans] or None,
        tokens=chunk.tokens,
        heading_path=list(chunk.heading_path),
        pages=list(chunk.pages),
        regions=_regions_record(chunk.regions),
        elements=list(chunk.elements),
        parent_id=chunk.parent_id,
        topic=chunk.topic,
        strategy=chunk.strategy,
    )


def chunk_from(record: Mapping[str, Any]) -> Chunk:
    """The inverse of `chunk_record`."""
    return Chunk(
        id=record["id"],
        document_id=record["document_id"],
        uri=record["uri"],
        span=Span(record["start"], record["end"]),
        text=record["text"],
        context=record["context"],
        tokens=record["tokens"],
        strategy=record["strategy"],
        heading_path=tuple(record["heading_path"]),
        pages=tuple(record["pages"]),
        regions=tuple(_region(item) for item in record["regions"]),
        elements=tuple(record["elements"]),
        context_spans=tuple(_span(item) for item in record.get("context_spans") or ()),
        parent_id=record.get("parent_id"),
        topic=record.get("topic"),
    )


def _known(**fields: Any) -> Record:
    return {name: value for name, value in fields.items() if value is not None}


def _pair(span: Span) -> Record:
    return {"start": span.start, "end": span.end}


def _span(record: Mapping[str, Any]) -> Span:
    return Span(record["start"], record["end"])


def _regions_record(regions: tuple[Region, ...]) -> list[Record]:
    return [{"page": region.page, "bbox": list(region.bbox)} for region in regions]


def _region(record: Mapping[str, Any]) -> Region:
    return Region(record["page"], BBox(*record["bbox"]))


def _table_record(table: Table) -> Record:
    record: Record = {"rows": [[_cell_record(cell) for cell in row] for row in table.rows], "html": table.html}
    if table.row_spans:
        record["row_spans"] = [_pair(span) for span in table.row_spans]
    return record


def _cell_record(cell: Cell) -> Record:
    return _known(
        text=cell.text,
        row=cell.row,
        col=cell.col,
        rowspan=cell.rowspan,
        colspan=cell.colspan,
        header=cell.header,
        bbox=list(cell.bbox) if cell.bbox else None,
        span=_pair(cell.span) if cell.span else None,
    )


def _table(record: Mapping[str, Any]) -> Table:
    return Table(
        rows=tuple(tuple(_cell(cell) for cell in row) for row in record["rows"]),
        html=record["html"],
        row_spans=tuple(_span(item) for item in record.get("row_spans", ())),
    )


def _cell(record: Mapping[str, Any]) -> Cell:
    return Cell(
        text=record["text"],
        row=record["row"],
        col=record["col"],
        rowspan=record["rowspan"],
        colspan=record["colspan"],
        header=record["header"],
        bbox=BBox(*record["bbox"]) if "bbox" in record else None,
        span=_span(record["span"]) if "span" in record else None,
    )


def _element(record: Mapping[str, Any]) -> Element:
    single = [{"page": record["page"], "bbox": record["bbox"]}] if "bbox" in record else []
    return Element(
        id=record["id"],
        type=ElementType(record["type"]),
        span=Span(record["start"], record["end"]),
        page=record.get("page"),
        regions=tuple(_region(item) for item in record.get("regions", single)),
        css_path=record.get("css_path"),
        anchor=record.get("anchor"),
        level=record.get("level"),
        parent=record.get("parent"),
        table=_table(record["table"]) if "table" in record else None,
        captions=tuple(record.get("captions", ())),
        links=tuple(Link(_span(item), item["url"]) for item in record.get("links", ())),
        flags=tuple(record.get("flags", ())),
    )


def _layout_record(layout: Layout) -> Record | None:
    if not len(layout):
        return None
    record: Record = {name: getattr(layout, name).tolist() for name in _COLUMNS}
    record["boxes"] = [round(value, 2) for value in record["boxes"]]
    return record


def _layout(record: Mapping[str, Any] | None) -> Layout:
    if not record:
        return Layout()
    return Layout(**{name: array(code, record[name]) for name, code in _COLUMNS.items()})
