"""Hybrid search over documents that say the same: what a query names is asked first, and no word else is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quarry.encoding import EmbeddedChunk
from quarry.fingerprint import digest
from quarry.settings import IndexSettings
from quarry.span import Span
from quarry.types import Chunk
from search.documents import FEW, asked
from search.search import search
from stores.collection import Collection
from stores.lance import Store
from stores.rows import ChunkRow, GenerationRow, Provenance, Vector

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = ("Tarn Works", "Marrow Corp.", "Kestrel AG", "Velmora S.A.", "Ashgrove Inc.", "Lindenhall Group")
YEARS = (2019, 2020, 2021, 2022)
PAGES = ("sales rose", "staff left", "pumps were sold", "tax was paid")
INDEX = IndexSettings(vector_from_rows=10_000, vector_kind="IVF_SQ")


class Words:
    """The vector of a page's words; what else a query says makes no difference."""

    def encode_query(self, query: str) -> Vector:
        return vector_of(query)


def vector_of(text: str) -> Vector:
    found = np.array([float(any(word in text for word in page.split())) for page in PAGES] + [0.1], dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found), dtype=np.float32)


def reports(path: Path, *, about: bool = True) -> Collection:
    """Six companies, four years, four pages each, which differ in nothing but what the document is."""
    collection = Store.open(str(path / "store"), create=True).collection("c")
    generation = GenerationRow("ab" * 6, "c", "live", "{}", "p", "{}", "k", "{}", "e", len(PAGES) + 1, "float32", NOW)
    collection.create_generation(generation)
    rows = [row(name, year, number, about=about) for name in NAMES for year in YEARS for number in range(len(PAGES))]
    collection.replace_chunks(generation, sorted({row.chunk.document_id for row in rows}), rows)
    collection.ensure_indexes(generation, INDEX)
    return collection


def row(name: str, year: int, number: int, *, about: bool) -> ChunkRow:
    path = f"{name}-{year}"
    document, text = digest("document", path), f"In the year {PAGES[number]}."
    chunk = Chunk(
        digest("chunk", document, number), document, f"file:///{path}", Span(0, len(text)), text, "", 3, "late",
        (f"Item {number}",), (number + 1,),
    )  # fmt: skip
    made = Provenance(
        "s", path, digest(path), "Form", "text/plain", "{}", "p/1", "k", "m", None, "w", "r", NOW, "ab" * 6
    )
    words = f"{name} 10-K {year} annual report" if about and not number else None
    return ChunkRow.of(EmbeddedChunk(chunk, vector_of(text), "key"), position=number, provenance=made, about=words)


def first(collection: Collection, query: str, *, documents: bool = True, where: str | None = None) -> tuple[str, str]:
    """Path and text of the best chunk."""
    (hit,) = search(collection, query, encoder=lambda _: Words(), k=1, documents=documents, where=where)
    return hit.row.provenance.path, hit.row.chunk.text


@pytest.mark.parametrize(("name", "year"), [("Kestrel", 2021), ("kestrel", 2019), ("Marrow", 2022), ("Tarn", 2020)])
def test_the_named_document_comes_first(tmp_path: Path, name: str, year: int) -> None:
    collection = reports(tmp_path)
    path, text = first(collection, f"What tax did {name} pay in {year}?")
    assert path.casefold().startswith(name.casefold())
    assert path.endswith(str(year))
    assert text == "In the year tax was paid."


def test_the_page_is_found_in_it(tmp_path: Path) -> None:
    collection = reports(tmp_path)
    hits = search(collection, "Which staff left Velmora in 2021?", encoder=lambda _: Words(), k=3)
    assert hits[0].row.chunk.text == "In the year staff left."
    assert hits[0].row.provenance.path == "Velmora S.A.-2021"
    assert {hit.row.provenance.path.partition("-")[0] for hit in hits} == {"Velmora S.A."}


def test_a_year_alone_names_nothing(tmp_path: Path) -> None:
    collection = reports(tmp_path)
    live = collection.live()
    assert live is not None
    found = asked(collection, live, "What was sold in 2021?")
    assert (found.rest, found.shares, found.best) == ("What was sold in 2021?", {}, ())
    whole = asked(collection, live, "What did Kestrel sell in 2021?")
    assert whole.rest == "What did sell in"
    assert len(whole.best) == 1
    assert whole.shares[whole.best[0]] == max(whole.shares.values())
    company = asked(collection, live, "What did Kestrel sell?")
    assert len(company.best) == len(YEARS) <= FEW


def test_a_query_that_is_nothing_but_a_name(tmp_path: Path) -> None:
    collection = reports(tmp_path)
    path, _ = first(collection, "Kestrel AG 2021")
    assert path == "Kestrel AG-2021"


def test_a_filter_stands_above_what_is_named(tmp_path: Path) -> None:
    collection = reports(tmp_path)
    path, _ = first(collection, "What tax did Kestrel pay in 2021?", where='path contains "Tarn"')
    assert path.startswith("Tarn")


def test_without_what_documents_are(tmp_path: Path) -> None:
    """Rows of an older store, and a search that is told to leave it."""
    older = reports(tmp_path, about=False)
    assert first(older, "What tax did Kestrel pay in 2021?")[1] == "In the year tax was paid."
    live = older.live()
    assert live is not None
    assert asked(older, live, "Kestrel 2021").shares == {}
    assert older.words_without_index(live) == set()
