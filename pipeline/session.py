"""A run's settings, store and recipe, resolved once and before anything is read from a source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from parsers import _media as media
from parsers import parser
from pipeline.recipe import Recipe, live_recipe, recipe_of
from quarry.fingerprint import digest
from quarry.settings import Effective, Settings
from quarry.types import Document
from stores.collection import Collection
from stores.lance import Store
from stores.rows import DocumentRow, GenerationRow, LedgerRow, RunRow


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

    @cached_property
    def source_roots(self) -> dict[str, str]:
        """Name -> root of the sources that the collection has had so far."""
        row = self.collection.row()
        found: dict[str, str] = json.loads(row.sources) if row else {}
        return found

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """What the parsers claim: a source's default include."""
        return tuple(sorted(media.extensions()))

    def parser_for(self, media_type: str, *, name: str) -> str | None:
        """Kind of the parser that takes it. An empty file goes to the parser of its name."""
        if media_type == media.EMPTY:
            return next((k for k in parser.names() if name.lower().endswith(parser.strategy(k).extensions)), None)
        return media.kind_of(media_type)

    def element_key(self, sha256: str, *, kind: str, media_type: str) -> str:
        """Key of a stored parse: the content and what parses it."""
        return digest("elements", sha256, media_type, self.recipe.parse_fingerprints[kind])

    def documents(self, source: str) -> list[DocumentRow]:
        return self.collection.documents(source=source)

    def ledger(self) -> dict[str, LedgerRow]:
        """By document id, of the live generation."""
        return self.collection.ledger(self.generation.id)

    def record_run(self, report: Mapping[str, Any]) -> None:
        """Keep the report and the settings of this run."""
        self.collection.record_run(
            RunRow(
                run_id=self.run_id,
                kind="ingest",
                collection=self.settings.collection,
                started=self.started,
                ended=datetime.now(UTC),
                report=json.dumps(report),
                settings=self.settings.model_dump_json(),
            )
        )

    def stored_elements(self, keys: Sequence[str]) -> dict[str, Document]:
        return self.store.get_elements(keys)


def open_session(effective: Effective) -> Session:
    """Store, collection and recipe for an ingest; makes the store and the collection's first generation.

    Raises ConfigError, ModelError, MismatchError or StoreError before any source is read.
    """
    settings = effective.settings
    started = datetime.now(UTC)
    store = Store.open(settings.store, create=True)
    collection = store.collection(settings.collection)
    live = collection.live()
    if live is None:
        recipe = recipe_of(effective)
        live = collection.create_generation(recipe.generation(settings.collection))
    else:
        recipe = live_recipe(effective, live)
    run_id = digest("run", settings.collection, started.isoformat(), length=16)
    return Session(settings, store, collection, recipe, live, run_id, started)


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """Canonical JSON of what the user handed in."""
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
