"""Generations beside the live one: what each lacks, and how it catches up from stored elements."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from parsers._media import kind_of
from pipeline.batch import committing
from pipeline.journal import Journal
from pipeline.marks import newest_marks
from pipeline.plan import Change, Work
from pipeline.progress import Progress, Silent
from pipeline.recipe import Recipe, stored_recipe
from pipeline.report import Report
from pipeline.session import Session
from pipeline.shard import run_shard
from quarry.errors import ConfigError, HeldBackError, RefusedError
from quarry.fingerprint import digest
from quarry.settings import Settings
from quarry.types import Origin
from sources import Input, Stat
from stores.collection import Collection
from stores.rows import DocumentRow, GenerationRow, LedgerRow

GROUP = 500
"""Documents of one look at what is behind."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a generation lacks against the newest content that is searchable anywhere."""

    works: tuple[LedgerRow, ...] = ()
    """The marks whose content it doesn't hold."""
    surplus: tuple[str, ...] = ()
    """Documents that it has and that are gone."""

    @property
    def documents(self) -> int:
        return len(self.works) + len(self.surplus)


def behind(collection: Collection, generation: GenerationRow) -> Behind:
    """Compared by content: a document that was only moved has moved in every generation."""
    newest = newest_marks(collection)
    mine = collection.ledger(generation.id)
    lacking = [
        mark for document, mark in newest.items() if document not in mine or mine[document].sha256 != mark.sha256
    ]
    return Behind(tuple(sorted(lacking, key=lambda mark: mark.doc_id)), tuple(sorted(mine.keys() - newest.keys())))


def session_for(session_or: Session | None, settings: Settings, collection: Collection, row: GenerationRow) -> Session:
    """A run that writes into `row`, by that generation's own recipe."""
    started = datetime.now(UTC)
    run_id = session_or.run_id if session_or else digest("run", collection.name, row.id, started.isoformat(), length=16)
    recipe = replace(stored_recipe(row), precision=settings.encoder.computing)
    return Session(settings, collection.store, collection, recipe, row, run_id, started)


@contextmanager
def journalled(session: Session, sources: Sequence[str]) -> Iterator[None]:
    """One journal for all that a generation is catching up with."""
    file = session.store.side_folder("_journal") / f"generation-{session.generation.id}.jsonl"
    with Journal(file) as journal:
        journal.open()
        for source in sources:
            session.journals[source] = journal
        yield


def catch_up(
    session: Session,
    found: Behind,
    *,
    progress: Progress | None = None,
    shard: Callable[[Session, Sequence[Work], Progress], Report] = run_shard,
) -> Report:
    """Bring in what the generation lacks, from stored elements; parses only where the generation's parser differs."""
    collection = session.collection
    report = Report()
    shown = progress or Silent()
    if found.surplus:
        with committing(session):
            collection.replace_chunks(session.generation, found.surplus, ())
            collection.drop_marks(session.generation.id, found.surplus)
    for first in range(0, len(found.works), GROUP):
        marks = found.works[first : first + GROUP]
        rows = collection.documents_by_id(mark.doc_id for mark in marks)
        works = [work for mark in marks if mark.doc_id in rows and (work := _work(session, rows[mark.doc_id], mark))]
        with journalled(session, sorted({work.item.source for work in works})):
            report += shard(session, works, shown)
    return report


def _work(session: Session, row: DocumentRow, mark: LedgerRow) -> Work | None:
    """None where no parser takes it any more."""
    media_type = row.media_type or ""
    kind = kind_of(media_type)
    if kind is None:
        return None
    key = session.element_key(mark.sha256, kind=kind, media_type=media_type)
    metadata: Mapping[str, Any] = json.loads(row.metadata)
    title = row.title if row.sha256 == mark.sha256 else None
    file = _file(row)
    body = None if file else _nothing(row.uri)
    item = Input(row.source, row.path, row.uri, file, Stat(), body, media_type, title, metadata)
    origin = Origin(row.doc_id, row.uri, row.source, row.path, mark.sha256, metadata)
    return Work(item, origin, media_type, key, row, row, Change.REDONE)


def _file(row: DocumentRow) -> Path | None:
    """Where the source has it; its hash is checked when it is parsed."""
    if not row.uri.startswith("file://"):
        return None
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(row.uri).path)))


def _nothing(uri: str) -> Callable[[], bytes]:
    def body() -> bytes:
        raise RefusedError(f"unreadable: {uri} came on stdin; ingest it again")

    return body


def target_recipe(
    live: GenerationRow,
    *,
    encoder: Mapping[str, Any],
    chunker: Mapping[str, Any] | None,
    parsers: Mapping[str, Mapping[str, Any]] | None,
) -> Recipe:
    """The live generation's recipe with what is to change."""
    stored = stored_recipe(live)
    changed = {**stored.encoder_settings, **{name: value for name, value in encoder.items() if value is not None}}
    if encoder.get("profile") not in (None, stored.encoder_settings.get("profile")):
        changed = {"dim": None, "dtype": "float32", **{n: v for n, v in encoder.items() if v is not None}}
    if changed.get("precision") != "int8":
        changed.pop("precision", None)  # the machine's matter
    return replace(
        stored,
        encoder_settings=changed,
        chunker_settings=chunker or stored.chunker_settings,
        parsers=parsers if parsers is not None else stored.parsers,
    )


def check_differs(live: GenerationRow, target: GenerationRow) -> None:
    """ConfigError where there is nothing to do."""
    if live.id == target.id:
        raise ConfigError(
            f"the live generation {live.id} is made by exactly these settings; name another --encoder, --chunker, "
            "--parser, --dim or --dtype"
        )


def bring_up(session: Session) -> Report:
    """The live and the previous generation, but for the one that this run wrote. One whose model is gone is stale."""
    row, report = session.collection.row(), Report()
    for generation in session.collection.generations():
        others = (row.live, row.previous) if row else ()
        if generation.id not in others or generation.id == session.generation.id or generation.state == "stale":
            continue
        other = session_for(session, session.settings, session.collection, generation)
        try:
            done = catch_up(other, behind(session.collection, generation))
        except (ConfigError, HeldBackError):  # its model is gone, or another by now; or this machine is not admitted
            session.collection.put_state(replace(generation, state="stale"))
            continue
        report += Report(tokens=done.tokens, work=done.work, seconds=done.seconds)
    return report
