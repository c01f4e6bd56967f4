"""Kinds of vector index and number types tried on the vectors of a table: what each costs and finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfFlat, IvfHnswSq, IvfPq, IvfRq, IvfSq
from lancedb.table import Table

from stores._indexes import PROBES, REFINE, RESCORED

Matrix = np.ndarray[Any, np.dtype[np.float32]]
EQUAL = 1e-5
"""Scores closer than this are a tie."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One kind on all vectors."""

    name: str
    recall: float
    """Recall@k against the exact search in float32."""
    build_cpu: float
    """Seconds."""
    query_cpu_ms: float
    bytes: int
    """Of the index, or of the column where there is none."""


def trials(
    table: Table, folder: str, *, dim: int, probes: int, k: int, queries: Matrix | None = None
) -> Iterator[Trial]:
    """Exact search first, which is what the others are measured against. `queries` are unit vectors.

    IVF_SQ and IVF_RQ are built as a reindex builds them, with LanceDB's own number of lists.
    """
    vectors = _vectors(table, dim)
    queries = _queries(vectors, probes) if queries is None else queries
    database = lancedb.connect(folder)
    exact = [_as_good(vectors @ query, k) for query in queries]
    copy = _copy(database, "float32", vectors.astype(np.float32), dim)
    yield _tried("exact float32", copy, queries, exact, build=None, k=k, folder=folder)
    half = _copy(database, "float16", vectors.astype(np.float16), dim)
    yield _tried("exact float16", half, queries, exact, build=None, k=k, folder=folder)
    lists = max(1, round(len(vectors) / 4096))
    kinds: dict[str, Any] = {
        "IVF_FLAT": IvfFlat(distance_type="cosine", num_partitions=lists),
        "IVF_SQ (int8)": IvfSq(distance_type="cosine"),
        "IVF_RQ": IvfRq(distance_type="cosine"),
        "IVF_HNSW_SQ": IvfHnswSq(distance_type="cosine", num_partitions=1),
    }
    if len(vectors) >= 256:
        kinds["IVF_PQ"] = IvfPq(distance_type="cosine", num_partitions=lists, num_sub_vectors=max(1, dim // 8))
    for name, config in kinds.items():
        build = _builder(copy, config)
        yield _tried(f"{name}, refine {REFINE}", copy, queries, exact, build=build, k=k, folder=folder)
    yield _binary(database, vectors, queries, exact, k=k, folder=folder)


def _vectors(table: Table, dim: int) -> Matrix:
    found = table.search().select(["vector"]).to_arrow()["vector"].combine_chunks()
    flat: Matrix = found.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, dim)
    unit: Matrix = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return unit


def _queries(vectors: Matrix, probes: int) -> Matrix:
    """Stored vectors moved a little: a query is like a text, and never equal to it."""
    places = np.unique(np.linspace(0, len(vectors) - 1, probes).astype(int))
    noise = np.random.default_rng(0).normal(size=(len(places), vectors.shape[1])).astype(np.float32)
    moved = vectors[places] + 0.3 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    normed: Matrix = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return normed


def _copy(database: lancedb.DBConnection, name: str, vectors: np.ndarray[Any, Any], dim: int) -> Table:
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    return database.create_table(name, pa.table({"row": pa.array(range(len(vectors))), "vector": column}))


def _builder(table: Table, config: Any) -> Callable[[], None]:
    def build() -> None:
        table.create_index("vector", config=config, replace=True)

    return build


def _tried(
    name: str,
    table: Table,
    queries: Matrix,
    exact: list[set[int]],
    *,
    build: Callable[[], None] | None,
    k: int,
    folder: str,
) -> Trial:
    began = time.process_time()
    if build is not None:
        build()
    built = time.process_time() - began
    hits, began = [], time.process_time()
    for query in queries:
        search = table.search(query, vector_column_name="vector", query_type="vector").distance_type("cosine").limit(k)
        search = search.bypass_vector_index() if build is None else search.nprobes(PROBES).refine_factor(REFINE)
        hits.append({row["row"] for row in search.select(["row", "_distance"]).to_list()})
    spent = time.process_time() - began
    return Trial(
        name, _recall(hits, exact, k=k), built, 1e3 * spent / len(queries), _size(table, folder, index=bool(build))
    )


def _binary(
    database: lancedb.DBConnection, vectors: Matrix, queries: Matrix, exact: list[set[int]], *, k: int, folder: str
) -> Trial:
    """Signs as bits, hamming distance, then the best by their full vectors."""
    bits = np.packbits(vectors > 0, axis=1)
    table = _copy(database, "binary", bits, bits.shape[1])
    hits, began = [], time.process_time()
    for query in queries:
        asked = np.packbits(query > 0)
        search = table.search(asked, vector_column_name="vector", query_type="vector").distance_type("hamming")
        near = [row["row"] for row in search.limit(k * RESCORED).select(["row", "_distance"]).to_list()]
        scores = vectors[near] @ query
        hits.append({near[n] for n in np.argsort(-scores)[:k]})
    spent = time.process_time() - began
    size = _size(table, folder, index=False)
    return Trial(f"binary, {RESCORED}x rescored", _recall(hits, exact, k=k), 0.0, 1e3 * spent / len(queries), size)


def _as_good(scores: Matrix, k: int) -> set[int]:
    """The k best rows and those that score like the last of them: of many equal texts any is as right as another."""
    last = np.partition(scores, -k)[-k] if k <= len(scores) else scores.min()
    return set(np.flatnonzero(scores >= last - EQUAL).tolist())


def _recall(found: list[set[int]], exact: list[set[int]], *, k: int) -> float:
    shares = [min(k, len(a & b)) / max(1, min(k, len(b))) for a, b in zip(found, exact, strict=True)]
    return float(np.mean(shares))


def _size(table: Table, folder: str, *, index: bool) -> int:
    """Of the newest index, or of the data."""
    home = Path(folder) / f"{table.name}.lance" / ("_indices" if index else "data")
    places = sorted(home.iterdir(), key=lambda path: path.stat().st_mtime) if home.is_dir() else []
    chosen = places[-1:] if index else places
    files = [file for place in chosen for file in ([place] if place.is_file() else place.rglob("*"))]
    return sum(file.stat().st_size for file in files if file.is_file())
