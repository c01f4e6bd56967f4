"""Rows as values <-> rows as Arrow takes them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from quarry.layout import BBox, Region
from quarry.records import document_from, document_record
from quarry.span import Span
from quarry.types import Chunk, Document
from stores._escape import loaded, stored
from stores._metadata import flat
from stores._schema import BITS, number_type
from stores._tables import Row
from stores.digests import COLUMN, check_of, chunk_check
from stores.rows import Bits, ChunkRow, DocumentRow, LedgerRow, Provenance, Vector

T = TypeVar("T")
_PROVENANCE = tuple(item.name for item in fields(Provenance))


def row_of(value: Any) -> Row:
    """The fields of a row dataclass, strings made storable, with the row's hash."""
    row = {item.name: _stored(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, DocumentRow):
        row["scope"] = value.scope
    if isinstance(value, LedgerRow):
        row["key"] = value.key
    return {**row, COLUMN: check_of(row)}


def value_of(kind: type[T], row: Mapping[str, Any]) -> T:
    """The inverse of `row_of`; columns that were not read keep the field's default."""
    names = {item.name for item in fields(kind)}  # type: ignore[arg-type]  # a dataclass, always
    return kind(**{name: _loaded(value) for name, value in row.items() if name in names})


def document_row(key: str, document: Document) -> Row:
    """The document as zstd-compressed JSON."""
    text = json.dumps(document_record(document), separators=(",", ":")).encode()
    row = {"key": key, "size": len(text), "record": pa.compress(text, codec="zstd", asbytes=True)}
    return {**row, COLUMN: check_of(row)}


def document_of(row: Mapping[str, Any]) -> Document:
    text = pa.decompress(row["record"], decompressed_size=row["size"], codec="zstd", asbytes=True)
    return document_from(json.loads(text))


def chunk_row(row: ChunkRow, *, dtype: str) -> Row:
    chunk, made = row.chunk, row.provenance
    assert row.vector is not None
    heads = " > ".join(chunk.heading_path)
    stored_row = {
        "chunk_id": chunk.id,
        "doc_id": chunk.document_id,
        "position": row.position,
        "text": stored(chunk.text),
        "context": stored(chunk.context),
        "search_text": stored("\n".join(part for part in (made.title, heads, chunk.text) if part)),
        "about": stored(row.about),
        "start": chunk.span.start,
        "end": chunk.span.end,
        "tokens": chunk.tokens,
        "strategy": chunk.strategy,
        "heading_path": [stored(heading) for heading in chunk.heading_path],
        "pages": list(chunk.pages),
        "page_first": min(chunk.pages, default=None),
        "page_last": max(chunk.pages, default=None),
        "regions": [{"page": region.page, "bbox": _floats(region.bbox)} for region in chunk.regions],
        "elements": list(chunk.elements),
        "context_spans": [{"start": span.start, "end": span.end} for span in chunk.context_spans],
        "parent_id": chunk.parent_id,
        "topic": chunk.topic,
        "uri": stored(chunk.uri),
        **_provenance(made),
        "embed_key": row.embed_key,
        "vector": row.vector.astype(number_type(dtype)),
    }
    if dtype == "binary":
        stored_row[BITS] = signs(row.vector)
    return {**stored_row, COLUMN: chunk_check(stored_row)}


@lru_cache(maxsize=8)
def _provenance(made: Provenance) -> Row:
    """The same for all chunks of a document, which come one after another."""
    metadata = flat(made.metadata)
    return {
        **{name: _stored(getattr(made, name)) for name in _PROVENANCE},
        "metadata_numbers": list(metadata.numbers.items()),
        "metadata_texts": list(metadata.texts.items()),
        "metadata_terms": metadata.terms,
    }


def signs(vector: Vector) -> Bits:
    """One bit a number, eight a byte: set where it is above zero."""
    return np.packbits(vector > 0)


def _floats(bbox: BBox) -> list[float]:
    """As float32 holds them: what is hashed is what is read again."""
    return list(struct.unpack("4f", struct.pack("4f", *bbox)))


def chunk_of(row: Mapping[str, Any]) -> ChunkRow:
    """The inverse of `chunk_row`; without a `vector` column the vector is None."""
    chunk = Chunk(
        id=row["chunk_id"],
        document_id=row["doc_id"],
        uri=loaded(row["uri"]),
        span=Span(row["start"], row["end"]),
        text=loaded(row["text"]),
        context=loaded(row["context"]),
        tokens=row["tokens"],
        strategy=row["strategy"],
        heading_path=tuple(loaded(heading) for heading in row["heading_path"]),
        pages=tuple(row["pages"]),
        regions=tuple(_region(region) for region in row["regions"]),
        elements=tuple(row["elements"]),
        context_spans=tuple(Span(span["start"], span["end"]) for span in row["context_spans"]),
        parent_id=row["parent_id"],
        topic=row["topic"],
    )
    vector = row.get("vector")
    return ChunkRow(
        chunk,
        row["position"],
        row["embed_key"],
        Provenance(**{name: _loaded(row[name]) for name in _PROVENANCE}),
        None if vector is None else np.asarray(vector, dtype=np.float32),
        loaded(row["about"]),
    )


def _region(row: Mapping[str, Any]) -> Region:
    return Region(row["page"], BBox(*(round(value, 2) for value in row["bbox"])))


def _stored(value: Any) -> Any:
    return stored(value) if isinstance(value, str) else value


def _loaded(value: Any) -> Any:
    return loaded(value) if isinstance(value, str) else value
