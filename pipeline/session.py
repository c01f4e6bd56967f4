"""A run's settings, store and recipe, resolved once and before anything is read from a source."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from parsers import _media as media
from parsers import parser
from pipeline.journal import Journal
from pipeline.recipe import Recipe, live_recipe, recipe_of, with_private, without_private
from pipeline.report import Report
from pipeline.siblings import siblings_of
from quarry import memory
from quarry.fingerprint import digest, document_id
from quarry.settings import Effective, Settings
from stores.collection import Collection
from stores.lance import Store
from stores.rows import DocumentRow, GenerationRow, RunRow


@dataclass(slots=True)
class Begun:
    """What a try of a shard had stored when it broke: another try leaves that out, and its report goes on from here."""

    documents: set[str] = field(default_factory=set)
    report: Report = field(default_factory=Report)


@dataclass(frozen=True)
class Session:
    """What every step of a run is handed."""

    settings: Settings
    store: Store
    collection: Collection
    recipe: Recipe
    generation: GenerationRow
    run_id: str
    started: datetime
    journals: dict[str, Journal] = field(default_factory=dict)
    """By source name, of the sources whose lock this run holds."""
    begun: Begun = field(default_factory=Begun)

    @property
    def stop(self) -> threading.Event:
        """Set when the run is to end: what computes in another thread looks at it between two steps."""
        return self.store.stop

    def source_roots(self) -> dict[str, str]:
        """Name -> root of the sources that the collection has had so far."""
        return self.collection.sources()

    @cached_property
    def siblings(self) -> tuple[str, ...]:
        """Embed fingerprints whose vectors give this generation's without a model."""
        return siblings_of(self.collection, self.recipe, self.generation)

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """What the parsers claim: a source's default include."""
        return tuple(sorted(media.extensions()))

    @cached_property
    def parser_settings(self) -> dict[str, dict[str, Any]]:
        """As the generation was made, with what is no part of a fingerprint (passwords) from this run's settings."""
        return with_private(self.recipe.parsers, self.settings.parsers)

    def parser_for(self, media_type: str, *, name: str) -> str | None:
        """Kind of the parser that takes it. An empty file goes to the parser of its name."""
        if media_type == media.EMPTY:
            return next((k for k in parser.names() if name.lower().endswith(parser.strategy(k).extensions)), None)
        return media.kind_of(media_type)

    def element_key(self, sha256: str, *, kind: str, media_type: str) -> str:
        """Key of a stored parse: the content and what parses it."""
        return self.recipe.element_key(sha256, kind=kind, media_type=media_type)

    def documents_by_path(self, source: str, paths: Iterable[str]) -> dict[str, DocumentRow]:
        """By path, of those that the collection has."""
        ids = (document_id(self.settings.collection, source, path) for path in paths)
        return {row.path: row for row in self.collection.documents_by_id(ids).values()}

    def record_run(self, report: Mapping[str, Any], *, kind: str = "ingest") -> None:
        """Keep the report and the settings of this run, secrets aside."""
        self.collection.record_run(
            RunRow(
                run_id=self.run_id,
                kind=kind,
                collection=self.settings.collection,
                started=self.started,
                ended=datetime.now(UTC),
                report=json.dumps(report),
                settings=_public(self.settings),
            )
        )


def open_session(effective: Effective) -> Session:
    """Store, collection and recipe for an ingest; makes the store and the collection's first generation.

    Raises ConfigError, ModelError, MismatchError or StoreError before any source is read.
    """
    memory.share_heaps()
    settings = effective.settings
    started = datetime.now(UTC)
    store = Store.open(settings.store, create=True)
    store.check_files()
    collection = store.collection(settings.collection)
    live = collection.live()
    if live is None:
        recipe = recipe_of(effective)
        live = collection.create_generation(recipe.generation(settings.collection))
    else:
        recipe = live_recipe(effective, live)
    run_id = digest("run", settings.collection, started.isoformat(), os.getpid(), length=16)
    return Session(settings, store, collection, recipe, live, run_id, started)


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """Canonical JSON of what the user handed in."""
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _public(settings: Settings) -> str:
    return settings.model_copy(update={"parsers": without_private(settings.parsers)}).model_dump_json()
