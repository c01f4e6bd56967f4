"""The store against its sources: content read and parsed again, texts, elements and boxes compared."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from parsers._pdf_proof import Probe
from pipeline.known import SEARCHABLE
from pipeline.parsing import NOWHERE
from pipeline.recipe import stored_recipe, with_private
from pipeline.verify import Finding, Repair
from pipeline.workers import Limits, ParseJob, ParserPool
from quarry.errors import DocumentError, RefusedError
from quarry.records import at
from quarry.settings import Effective
from quarry.types import Document, Origin
from sources import Input
from sources.folder import stat_of
from sources.reading import hash_content
from stores.collection import Collection
from stores.rows import DocumentRow, GenerationRow

GROUP = 32
"""Documents that are compared at once."""


def verify_sources(effective: Effective, collection: Collection) -> list[Finding]:
    """Every searchable document that has a file. Files are opened in worker processes only."""
    live = collection.live()
    if live is None:
        return []
    rows = [row for row in collection.documents() if row.outcome in SEARCHABLE and row.uri.startswith("file://")]
    settings = with_private(stored_recipe(live).parsers, effective.settings.parsers)
    limits = Limits(**effective.settings.limits.model_dump())
    found: list[Finding] = []
    with ParserPool(workers=effective.settings.ingest.processes, limits=limits, settings=settings) as pool:
        for first in range(0, len(rows), GROUP):
            found += _group(collection, live, rows[first : first + GROUP], pool=pool, limits=limits)
    return found


def _group(
    collection: Collection, live: GenerationRow, rows: Sequence[DocumentRow], *, pool: ParserPool, limits: Limits
) -> Iterator[Finding]:
    stored = collection.store.get_elements([row.element_key for row in rows if row.element_key])
    waiting = []
    for row in rows:
        what = _content(row, limits=limits)
        if what:
            yield _finding(row, "content", what)
        else:
            origin = Origin("", "", "", row.path, row.sha256 or "")
            probes = tuple(_probes(collection, live, row, stored.get(row.element_key or "")))
            job = ParseJob(origin=origin, media_type=row.media_type, path=_file(row), probes=probes)
            waiting.append((row, pool.submit(job)))
    for row, answer in waiting:
        try:
            result = answer.result()
            parsed = result.document
        except DocumentError as error:
            yield _finding(row, "content", f"can't be parsed any more: {error}")
            continue
        neutral = at(parsed, replace(NOWHERE, sha256=row.sha256 or ""))
        if not _same(neutral, stored.get(row.element_key or "")):
            yield _finding(row, "elements", "gives other elements than are stored")
        yield from _boxes(collection, live, row, parsed)
        if result.misplaced:
            names = ", ".join(result.misplaced[:3])
            yield _finding(
                row, "boxes", f"has other text in the boxes of {len(result.misplaced)} of its parts: {names}"
            )


def _same(parsed: Document, known: Document | None) -> bool:
    """But for the warnings: a library gives some of them once a process."""
    return known is not None and replace(parsed, warnings=()) == replace(known, warnings=())


def _content(row: DocumentRow, *, limits: Limits) -> str | None:
    """What is wrong with the bytes; None where they are those that were ingested."""
    file = _file(row)
    try:
        item = Input(row.source, row.path, row.uri, file, stat_of(file.stat(follow_symlinks=False)))
        content = hash_content(item, max_bytes=limits.max_mb * 1e6)
    except RefusedError as error:
        return str(error)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return None if content.sha256 == row.sha256 else "has other bytes than were ingested"


def _boxes(collection: Collection, live: GenerationRow, row: DocumentRow, document: Document) -> Iterator[Finding]:
    for chunk in (found.chunk for found in collection.chunks_of(live, row.doc_id)):
        if document.layout.regions(chunk.span) not in ((), chunk.regions):
            yield _finding(row, "boxes", f"has the words of chunk {chunk.id} in other boxes than are stored")
            return


def _probes(
    collection: Collection, live: GenerationRow, row: DocumentRow, document: Document | None
) -> Iterator[Probe]:
    """Elements and chunks that have boxes: what stands in them is read back from the file."""
    for element in document.elements if document else ():
        if element.regions and not element.hidden and document is not None:
            yield Probe(f"element {element.id}", element.span.of(document.text), element.regions)
    for found in collection.chunks_of(live, row.doc_id):
        if found.chunk.regions:
            yield Probe(f"chunk {found.chunk.id}", found.chunk.text, found.chunk.regions)


def _finding(row: DocumentRow, law: str, what: str) -> Finding:
    return Finding(law, "documents", f"{row.uri} {what}", Repair.REDO, row.doc_id, row.uri)


def _file(row: DocumentRow) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(row.uri).path)))
