"""Indexes of a chunk table, and the searches that use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lancedb.index import FTS, IvfFlat, IvfRq, IvfSq
from lancedb.query import FullTextQuery, MatchQuery
from lancedb.table import Table

from quarry.settings import IndexSettings
from stores._codec import signs
from stores._escape import loaded
from stores._schema import BITS
from stores.rows import Named, Scored, TableStats, Vector

TEXT_COLUMN, VECTOR_COLUMN = "search_text", "vector"
ABOUT = "about"
WORDS = (TEXT_COLUMN, ABOUT)
"""Columns of words, each with a full-text index."""
REFINE = 10
"""Times k candidates are ranked again by their full vectors; quantised distances alone lose recall."""
PROBES = 20
RESCORED = 100
"""Times k nearest by their bits are ranked again by their vectors."""


def ensure(table: Table, settings: IndexSettings) -> bool:
    """Built after the data is in: an index on an empty table ranks wrongly. True where one was made."""
    rows = table.count_rows()
    if not rows:
        return False
    missing = wanted(table, settings) - indexed(table)
    for column in sorted(missing):
        build(table, column, settings)
    return bool(missing)


def wanted(table: Table, settings: IndexSettings) -> set[str]:
    """Columns that are to have an index at this size."""
    large = table.count_rows() >= settings.vector_from_rows
    words = set(WORDS) & set(table.schema.names)
    return words | {searched(table)} if large else words


def searched(table: Table) -> str:
    """The column that vector searches read first."""
    return BITS if BITS in table.schema.names else VECTOR_COLUMN


def kinds(table: Table) -> dict[str, str]:
    """Column -> LanceDB's name of the kind of its index."""
    return {column: str(index.index_type) for index in table.list_indices() for column in index.columns}


def restore(table: Table, kinds: Mapping[str, str]) -> None:
    """After a table was written anew, which leaves it without: the full-text index always, the others as they were."""
    if not table.count_rows():
        return
    for column in sorted(set(WORDS) & set(table.schema.names)):
        build_words(table, column)
    if BITS in kinds:
        _build_bits(table)
    vector = {"IvfSq": IvfSq, "IvfRq": IvfRq}.get(kinds.get(VECTOR_COLUMN, ""))
    if vector is not None:
        table.create_index(VECTOR_COLUMN, config=vector(distance_type="cosine"))


def build_words(table: Table, column: str) -> None:
    """A full-text index, whatever was there."""
    table.create_index(column, config=FTS(language="English", stem=True, remove_stop_words=True))


def _build_bits(table: Table) -> None:
    table.create_index(BITS, config=IvfFlat(distance_type="hamming"))


def build(table: Table, column: str, settings: IndexSettings) -> None:
    """Anew, whatever was there."""
    if column in WORDS:
        build_words(table, column)
        return
    if column == BITS:
        _build_bits(table)
        return
    chosen = {"IVF_SQ": IvfSq, "IVF_RQ": IvfRq}[settings.vector_kind]
    table.create_index(VECTOR_COLUMN, config=chosen(distance_type="cosine"))


def drop(table: Table) -> None:
    """All of them."""
    for index in table.list_indices():
        table.drop_index(index.name)


def indexed(table: Table) -> set[str]:
    """Columns that have an index."""
    return {column for index in table.list_indices() for column in index.columns}


def nearest(table: Table, vector: Vector, *, k: int, where: str | None, exact: bool = False) -> list[Scored]:
    if not exact and searched(table) == BITS:
        return _nearest_by_bits(table, vector, k=k, where=where)
    query = table.search(vector, vector_column_name=VECTOR_COLUMN, query_type="vector").distance_type("cosine").limit(k)
    if exact:
        query = query.bypass_vector_index()
    elif any(VECTOR_COLUMN in index.columns for index in table.list_indices()):
        query = query.nprobes(PROBES).refine_factor(REFINE)
    if where:
        query = query.where(where, prefilter=True)
    rows = query.select(["chunk_id", "doc_id", "_distance"]).to_list()
    return [Scored(row["chunk_id"], 1.0 - row["_distance"], row["doc_id"]) for row in rows]


def _nearest_by_bits(table: Table, vector: Vector, *, k: int, where: str | None) -> list[Scored]:
    """Hamming distance finds, the vectors of what was found rank."""
    query = table.search(signs(vector), vector_column_name=BITS, query_type="vector").distance_type("hamming")
    if BITS in indexed(table):
        query = query.nprobes(PROBES)
    if where:
        query = query.where(where, prefilter=True)
    found = query.limit(k * RESCORED).select(["chunk_id", "doc_id", VECTOR_COLUMN, "_distance"]).to_arrow()
    if not found.num_rows:
        return []
    flat = found[VECTOR_COLUMN].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = flat.astype(np.float32).reshape(found.num_rows, -1)
    scores = vectors @ vector / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector))
    names, documents = found["chunk_id"].to_pylist(), found["doc_id"].to_pylist()
    return [Scored(names[n], float(scores[n]), documents[n]) for n in np.argsort(-scores, kind="stable")[:k]]


def matching(table: Table, query: str, *, k: int, where: str | None) -> list[Scored]:
    """By BM25 over title, headings and text in one field. In fields of their own they find no more by both rankings
    together, and much less by words alone (docs/retrieval.md).
    """
    if TEXT_COLUMN not in indexed(table):
        return []
    rows = _matching(table, MatchQuery(query, TEXT_COLUMN), k=k, where=where, columns=["chunk_id", "doc_id"])
    return [Scored(row["chunk_id"], row["_score"], row["doc_id"]) for row in rows]


def named(table: Table, query: str, *, k: int) -> list[Named]:
    """Documents by BM25 over what they are; none in a table that doesn't hold that."""
    if ABOUT not in indexed(table):
        return []
    rows = _matching(table, MatchQuery(query, ABOUT), k=k, where=None, columns=["doc_id", ABOUT])
    return [Named(row["doc_id"], row["_score"], loaded(row[ABOUT])) for row in rows]


def _matching(
    table: Table, query: FullTextQuery, *, k: int, where: str | None, columns: Sequence[str]
) -> list[dict[str, Any]]:
    found = table.search(query, query_type="fts").limit(k)
    if where:
        found = found.where(where, prefilter=True)
    rows: list[dict[str, Any]] = found.select([*columns, "_score"]).to_list()
    return rows


def missing(table: Table) -> set[str]:
    """Columns of words that have no index."""
    return set(WORDS) & set(table.schema.names) - indexed(table)


def stats(table: Table, *, uri: str) -> TableStats:
    found = table.stats()
    fragments = found["fragment_stats"]
    unindexed = {}
    for index in table.list_indices():
        about = table.index_stats(index.name)
        unindexed[index.name] = about.num_unindexed_rows if about else 0
    return TableStats(
        table=table.name,
        rows=table.count_rows(),
        fragments=fragments["num_fragments"],
        small_fragments=fragments["num_small_fragments"],
        versions=len(table.list_versions()),
        bytes=_size(Path(uri.removeprefix("file://")) / f"{table.name}.lance") or found["total_bytes"],
        unindexed=unindexed,
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
