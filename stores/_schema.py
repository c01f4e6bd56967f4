"""The tables' columns. A change here raises FORMAT and needs a step in `stores/_migrations.py`."""

from __future__ import annotations

import json
from dataclasses import fields

import pyarrow as pa

from stores.digests import COLUMN
from stores.rows import GenerationRow

FORMAT = 4
"""Version of everything below. A newer store is refused, an older one migrated."""

BITS = "bits"
"""Column of a binary generation's chunk table: the signs of each vector."""

ABOUT = b"quarry.generation"
"""Schema metadata of a chunk table: its generation's row as JSON."""

_KEY = {"lance-schema:unenforced-primary-key:position": "1"}
_TIME = pa.timestamp("us", tz="UTC")
_SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32())])
_REGION = pa.struct([("page", pa.int32()), ("bbox", pa.list_(pa.float32(), 4))])


def _table(key: str, /, **columns: pa.DataType) -> pa.Schema:
    """`key` is non-null and declared as primary key at creation, so no writer ever meets the table without it.

    LanceDB's merge_insert lets two writers insert the same new key twice otherwise (lance issue 4585). `check` is the
    row's own hash.
    """
    fields = [pa.field(key, pa.string(), nullable=False, metadata=_KEY), *columns.items()]
    return pa.schema([*fields, (COLUMN, pa.string())])


STORE = _table("name", value=pa.string())

DOCUMENTS = _table(
    "doc_id",
    scope=pa.string(),
    collection=pa.string(),
    source=pa.string(),
    path=pa.string(),
    uri=pa.string(),
    sha256=pa.string(),
    size=pa.int64(),
    mtime_ns=pa.int64(),
    ctime_ns=pa.int64(),
    inode=pa.uint64(),
    etag=pa.string(),
    hashed_at_ns=pa.int64(),
    media_type=pa.string(),
    title=pa.string(),
    metadata=pa.string(),
    outcome=pa.string(),
    reason=pa.string(),
    stage=pa.string(),
    attempts=pa.int32(),
    first_seen=_TIME,
    last_seen=_TIME,
    first_try=_TIME,
    last_try=_TIME,
    next_try=_TIME,
    pages=pa.int32(),
    element_key=pa.string(),
)

ELEMENTS = _table("key", size=pa.int64(), record=pa.large_binary())
"""`record` is a document record as zstd-compressed JSON; `size` its bytes before compression."""

LEDGER = _table(
    "key",
    doc_id=pa.string(),
    collection=pa.string(),
    generation=pa.string(),
    sha256=pa.string(),
    element_key=pa.string(),
    chunk_fingerprint=pa.string(),
    embed_fingerprint=pa.string(),
    chunks=pa.int32(),
    digest=pa.string(),
    outcome=pa.string(),
    run_id=pa.string(),
    committed_at=_TIME,
)

GENERATIONS = _table(
    "id",
    collection=pa.string(),
    state=pa.string(),
    parse_settings=pa.string(),
    parse_fingerprint=pa.string(),
    chunker=pa.string(),
    chunk_fingerprint=pa.string(),
    encoder=pa.string(),
    embed_fingerprint=pa.string(),
    dim=pa.int32(),
    dtype=pa.string(),
    created=_TIME,
    live_since=_TIME,
    retired_at=_TIME,
)

COLLECTIONS = _table(
    "name",
    live=pa.string(),
    previous=pa.string(),
    counter=pa.int64(),
    sources=pa.string(),
    changed_at=_TIME,
)

RUNS = _table(
    "run_id",
    kind=pa.string(),
    collection=pa.string(),
    started=_TIME,
    ended=_TIME,
    report=pa.string(),
    settings=pa.string(),
)

CATALOGUE: dict[str, pa.Schema] = {
    "documents": DOCUMENTS,
    "elements": ELEMENTS,
    "ledger": LEDGER,
    "generations": GENERATIONS,
    "collections": COLLECTIONS,
    "runs": RUNS,
    "store": STORE,
}
"""Every table but the chunks, in the order of creation: `store`, which makes it a store, comes last."""


def chunks(dim: int, dtype: str) -> pa.Schema:
    """Of one generation. Pages stand flat beside the regions: filters can't reach into a list of structs.

    A binary one is searched by its vectors' signs, as bits; the vectors stand beside them and rank what was found.
    """
    numbers = {"float32": pa.float32(), "float16": pa.float16()}
    bits = {BITS: pa.list_(pa.uint8(), dim // 8)} if dtype == "binary" else {}
    return _table(
        "chunk_id",
        doc_id=pa.string(),
        position=pa.int32(),
        text=pa.large_string(),
        context=pa.string(),
        search_text=pa.large_string(),
        about=pa.large_string(),
        start=pa.int32(),
        end=pa.int32(),
        tokens=pa.int32(),
        strategy=pa.string(),
        heading_path=pa.list_(pa.string()),
        pages=pa.list_(pa.int32()),
        page_first=pa.int32(),
        page_last=pa.int32(),
        regions=pa.list_(_REGION),
        elements=pa.list_(pa.string()),
        context_spans=pa.list_(_SPAN),
        parent_id=pa.string(),
        topic=pa.int32(),
        uri=pa.string(),
        source=pa.string(),
        path=pa.string(),
        sha256=pa.string(),
        title=pa.string(),
        media_type=pa.string(),
        metadata=pa.string(),
        metadata_numbers=pa.map_(pa.string(), pa.float64()),
        metadata_texts=pa.map_(pa.string(), pa.string()),
        metadata_terms=pa.list_(pa.string()),
        parser=pa.string(),
        chunk_fingerprint=pa.string(),
        encoder=pa.string(),
        revision=pa.string(),
        weights=pa.string(),
        run_id=pa.string(),
        ingested_at=_TIME,
        generation=pa.string(),
        embed_key=pa.string(),
        vector=pa.list_(numbers[number_type(dtype)], dim),
        **bits,
    )


def number_type(dtype: str) -> str:
    """In which the vectors of a generation are stored."""
    return "float16" if dtype == "binary" else dtype


def described(generation: GenerationRow) -> pa.Schema:
    """The chunk table of a generation, with that generation's row in its metadata: a lost catalogue is made from it."""
    about = {item.name: getattr(generation, item.name) for item in fields(generation)}
    return chunks(generation.dim, generation.dtype).with_metadata({ABOUT: json.dumps(about, default=str)})
