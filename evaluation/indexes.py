"""One store for an evaluation: each document parsed once, a generation for each strategy and encoder beside the others.

A generation is made by the product's own steps, from stored elements, and shares every vector that is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from chunkers import Chunker
from encoders import load_encoder
from evaluation.given import CuttingEncoder
from evaluation.questions import Text
from evaluation.strategies import Strategy
from pipeline.generations import behind, catch_up
from pipeline.ingest import ingest
from pipeline.known import SEARCHABLE
from pipeline.plan import Request
from pipeline.recipe import Recipe, recipe_of
from pipeline.report import Report
from pipeline.session import Session
from quarry.encoding import Encoder
from quarry.errors import StoreError
from quarry.fingerprint import digest
from quarry.settings import Effective
from quarry.span import Span
from stores.collection import Collection, spans_by_parent
from stores.lance import Store
from stores.rows import GenerationRow

NEVER = 10**12
"""Rows from which there would be a vector index: an evaluation reads all vectors, so that it measures no index."""
KEPT = 10**4
"""Retired generations, and days: every one is as good as the live one here."""
COSTS = "costs.json"
COLLECTION = "evaluation"
"""The same for every folder: ids, and with them the order of equal scores, don't depend on where the corpus is."""


@dataclass(frozen=True)
class Variant(Recipe):
    """A recipe with its chunker and its loaded encoder, which many share."""

    own_chunker: Chunker
    own_encoder: Encoder

    @cached_property
    def chunker(self) -> Chunker:
        return self.own_chunker

    @cached_property
    def encoder(self) -> Encoder:
        return self.own_encoder


@dataclass(frozen=True, slots=True)
class Cost:
    """Of making an index from parsed documents when nothing of it is there yet."""

    vector_tokens: int
    """Tokens of the model inputs that the vectors come from."""
    reading_tokens: int
    """Tokens that the strategy itself encodes to find its boundaries."""
    bytes: int
    """On disk, full-text index included."""

    @property
    def tokens(self) -> int:
        return self.vector_tokens + self.reading_tokens


@dataclass(frozen=True, slots=True)
class Index:
    """A generation to search."""

    strategy: str
    encoder: str
    generation: GenerationRow
    spans: Mapping[str, frozenset[Span]]
    """Of what a search gives back (chunks, or their parents where they have some), by SHA-256 of the document; equal
    files once."""
    chunks: int
    """Rows, each with a vector."""
    mean_characters: float
    """Of what a search gives back."""
    mean_tokens: float
    """Context included."""
    longest_tokens: int
    cut: int
    """Chunks longer than the encoder reads: only those of other splitters can be."""
    cost: Cost | None
    """None where the cache has the generation but not what it cost."""


class Laboratory:
    """A corpus folder and the store in which its generations are made."""

    def __init__(self, effective: Effective, corpus: Path, *, cache: Path) -> None:
        settings = effective.settings
        self._parsers = recipe_of(effective).parsers
        self._corpus = corpus.resolve()
        place = cache / digest(str(self._corpus), self._parsers, length=12)
        place.mkdir(parents=True, exist_ok=True)
        changed: dict[str, Any] = {
            "store": str(place / "store"),
            "collection": COLLECTION,
            "index": settings.index.model_copy(update={"vector_from_rows": NEVER}),
            "ingest": settings.ingest.model_copy(update={"max_delete": 1.0}),
            "generations": settings.generations.model_copy(update={"keep": KEPT, "keep_days": KEPT}),
        }
        self._effective = Effective(settings.model_copy(update=changed), effective.origins)
        self._store = Store.open(str(place / "store"), create=True)
        self._costs = place / COSTS
        self._encoders: dict[str, Encoder] = {}
        self.collection: Collection = self._store.collection(COLLECTION)

    def encoder(self, name: str) -> Encoder:
        """By profile name or model folder, loaded once. Dimension and number type are those of the settings."""
        if name not in self._encoders:
            precision = self._effective.settings.encoder.computing
            self._encoders[name] = load_encoder(**{"precision": precision, **self._encoder_settings(name)})
        return self._encoders[name]

    def variant(self, chosen: Strategy, encoder: str) -> Variant:
        """What makes the generation of a strategy and an encoder."""
        own = self.encoder(encoder)
        return Variant(
            self._parsers,
            chosen.settings,
            self._encoder_settings(encoder),
            chosen.build(),
            CuttingEncoder(own) if chosen.given else own,
        )

    def _encoder_settings(self, name: str) -> dict[str, Any]:
        given = self._effective.settings.encoder
        return {**given.deciding, "profile": name, "dim": given.dim if name == given.profile else None}

    def texts(self) -> list[Text]:
        """The searchable documents of the corpus; parsed and indexed by `index` before."""
        rows = [row for row in self.collection.documents() if row.outcome in SEARCHABLE]
        stored = self._store.get_elements(row.element_key for row in rows if row.element_key)
        return [
            Text(row.path, row.sha256 or "", stored[row.element_key].text, row.pages)
            for row in rows
            if row.element_key in stored
        ]

    def unread(self) -> dict[str, str]:
        """Why documents of the corpus are not searchable, by path."""
        rows = (row for row in self.collection.documents() if row.outcome not in SEARCHABLE)
        return {row.path: f"{row.outcome}: {row.reason or ''}" for row in rows}

    def index(self, chosen: Strategy, encoder: str, *, first: bool = False) -> Index:
        """The generation of a strategy and an encoder, made or brought up to date. The `first` one of a run lists the
        corpus as well. StoreError where a document can't be cut or encoded that way.
        """
        variant = self.variant(chosen, encoder)
        row = variant.generation(self.collection.name, state="live" if first else "building")
        row = next((known for known in self.collection.generations() if known.id == row.id), row)
        session = self._session(variant, row)
        self.collection.put_generation(row)
        variant.own_encoder.forget()
        before, used = self.collection.count(row), variant.own_encoder.usage.encoded
        report = self._list(session) if first else self._catch_up(session)
        used = variant.own_encoder.usage.encoded - used
        self.collection.ensure_indexes(row, session.settings.index)
        self.collection.index_all(row)
        if not before:
            self._remember(row, report, used)
        return self._index(chosen, encoder, row, limit=variant.tokens.limit)

    def _session(self, variant: Variant, row: GenerationRow) -> Session:
        started = datetime.now(UTC)
        run_id = digest("evaluation", row.id, started.isoformat(), length=16)
        return Session(self._effective.settings, self._store, self.collection, variant, row, run_id, started)

    def _list(self, session: Session) -> Report:
        """Brings the collection in line with the corpus folder, into this generation."""
        self.collection.point_at(session.generation)
        request = Request(sources=(f"corpus={self._corpus}",))
        done = ingest(self._effective, request, session=session)
        broken = [problem for problem in done.report.problems if problem.stage in ("chunk", "encode")]
        if broken:
            raise StoreError(f"{len(broken)} documents failed, the first is {broken[0].uri}: {broken[0].reason}")
        return done.report

    def _catch_up(self, session: Session) -> Report:
        report = catch_up(session, behind(self.collection, session.generation))
        left = behind(self.collection, session.generation)
        if left.documents:
            reasons = [problem.reason for problem in report.problems]
            raise StoreError(f"{left.documents} documents failed: {reasons[0] if reasons else 'see quarry documents'}")
        return report

    def _remember(self, row: GenerationRow, report: Report, used: int) -> None:
        tokens = report.tokens
        (stats,) = self.collection.table_stats([row.table])
        cost = Cost(tokens.encoded + tokens.reused, max(0, used - tokens.encoded), stats.bytes)
        self._costs.write_text(json.dumps({**self._remembered(), self._cost_key(row): asdict(cost)}, indent=1))

    def _remembered(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._costs.read_text()) if self._costs.is_file() else {}
        return found

    def _cost_key(self, row: GenerationRow) -> str:
        contents = sorted(mark.sha256 for mark in self.collection.ledger(row.id).values())
        return f"{row.id} {digest(contents, length=12)}"

    def _index(self, chosen: Strategy, encoder: str, row: GenerationRow, *, limit: int) -> Index:
        columns = self.collection.chunk_columns(row, ("sha256", "parent_id", "start", "end", "tokens"))
        tokens = columns["tokens"].to_numpy()
        if not len(tokens):
            raise StoreError("no chunk came of it")
        spans: dict[str, set[Span]] = {}
        lengths: list[int] = []
        for content, span in _results(columns):
            spans.setdefault(content, set()).add(span)
            lengths.append(len(span))
        known = self._remembered().get(self._cost_key(row))
        return Index(
            strategy=chosen.name,
            encoder=encoder,
            generation=row,
            spans={content: frozenset(found) for content, found in spans.items()},
            chunks=len(tokens),
            mean_characters=sum(lengths) / len(lengths),
            mean_tokens=float(tokens.mean()),
            longest_tokens=int(tokens.max()),
            cut=int((tokens > limit).sum()),
            cost=Cost(**known) if known else None,
        )


def _results(columns: pa.Table) -> Iterator[tuple[str, Span]]:
    """What a search can give back: document content and place."""
    alone, units = (columns.filter(test(columns["parent_id"])) for test in (pc.is_null, pc.is_valid))
    for row in alone.select(["sha256", "start", "end"]).to_pylist():
        yield row["sha256"], Span(row["start"], row["end"])
    contents = dict(zip(units["parent_id"].to_pylist(), units["sha256"].to_pylist(), strict=True))
    for parent, span in spans_by_parent(units).items():
        yield contents[parent], span
