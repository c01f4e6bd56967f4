"""A folder of documents and a store beside it, ingested in this process: what the tests of whole runs share."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymupdf

from pipeline.backfill import Backfilled, Wanted, backfill
from pipeline.ingest import ingest
from pipeline.plan import Request
from pipeline.verify import verify
from pipeline.views import encoder_of, live_of
from quarry.settings import Effective, load
from search.search import search
from stores.collection import Collection
from stores.lance import Store
from stores.rows import ChunkRow, DocumentRow

AGE_S = 60
"""How old a written file looks: one that was changed just before it was hashed is hashed again by the next run."""


@dataclass(frozen=True)
class Place:
    """`docs` and `store` below one folder; reports come back as the records that the command line prints."""

    folder: Path
    model: Path

    @property
    def docs(self) -> Path:
        return self.folder / "docs"

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def collection(self) -> Collection:
        return Store.open(str(self.store)).collection("default")

    def write(self, path: str, content: str | bytes) -> Path:
        """Below `docs`, as if it had been there for a minute."""
        file = self.docs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return aged(file)

    def notes(self, count: int, *, folder: str = "") -> None:
        """So many small Markdown files, each with words of its own."""
        for number in range(count):
            self.write(
                f"{folder}note{number}.md", f"# Note {number}\n\nThe lighthouse number{number} of {folder}salt.\n"
            )

    def effective(self, *assignments: str, **options: Any) -> Effective:
        """Settings with `--set` assignments; keyword options by dotted name with `__` for the dot."""
        own = {"store": str(self.store), "encoder.profile": str(self.model), "ingest.workers": 1, "ingest.wait_s": 5}
        own |= {name.replace("__", "."): value for name, value in options.items()}
        return load(assignments=assignments, options=own, environ={})

    def ingest(self, *sources: str | Path, settings: Sequence[str] = (), **request: Any) -> dict[str, Any]:
        """The report of a run over `sources`, `docs` without any; `settings` are `--set` assignments."""
        chosen = tuple(str(source) for source in sources or (self.docs,))
        return ingest(self.effective(*settings), Request(chosen, **request)).record()

    def retry(self, *paths: str, settings: Sequence[str] = ()) -> dict[str, Any]:
        """The report of a run over these documents alone."""
        ids = tuple(row.doc_id for row in self.documents().values() if row.path in paths)
        return ingest(self.effective(*settings), Request(retry=ids)).record()

    def documents(self) -> dict[str, DocumentRow]:
        """By path."""
        return {row.path: row for row in self.collection.documents()}

    def chunks(self, *paths: str) -> list[ChunkRow]:
        """Of these documents, of all without any."""
        collection = self.collection
        rows = sorted(collection.all_chunks(live_of(collection)), key=lambda row: (row.provenance.path, row.position))
        return [row for row in rows if not paths or row.provenance.path in paths]

    def found(self, query: str, *, where: str | None = None) -> list[str]:
        """Paths of what a search for these words finds."""
        hits = search(self.collection, query, encoder=encoder_of, mode="text", where=where)
        return [hit.row.provenance.path for hit in hits]

    def assert_clean(self) -> None:
        """Every law of the store holds."""
        assert verify(self.collection) == []


def aged(file: Path, *, seconds: float = AGE_S) -> Path:
    """Changed so long ago."""
    then = time.time() - seconds
    os.utime(file, (then, then))
    return file


def counted(record: dict[str, Any]) -> dict[str, int]:
    """What happened to documents, without what didn't happen."""
    return {name: count for name, count in record["documents"].items() if count}


def pdf(*paragraphs: str, password: str = "") -> bytes:
    """One page, a paragraph every 40 points."""
    with pymupdf.open() as document:
        page = document.new_page()
        for number, text in enumerate(paragraphs):
            page.insert_text((72, 100 + 40 * number), text, fontsize=11)
        locked = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": password} if password else {}
        return bytes(document.tobytes(**locked))


def ids_of(rows: Iterable[ChunkRow]) -> set[str]:
    return {row.chunk.id for row in rows}


def settings(place: Place, *assignments: str) -> Effective:
    """Without a word about the encoder: a run takes what made the live generation."""
    options: dict[str, Any] = {"store": str(place.store), "ingest.workers": 1, "ingest.wait_s": 5}
    return load(assignments=assignments, options=options, environ={})


def filled(place: Place, **wanted: Any) -> Backfilled:
    """A backfill of the wished fields of `Wanted`."""
    return backfill(settings(place), Wanted(**wanted))
