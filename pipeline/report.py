"""What a run did: counts that add up over shards, and every problem by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from quarry.types import Outcome


@dataclass(frozen=True, slots=True)
class Problem:
    """An input that is not `ok`."""

    uri: str
    outcome: Outcome
    stage: str
    reason: str
    attempts: int
    new: bool
    """True where this run met it first, or met it changed."""


class _Adds:
    """Field by field addition."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))  # type: ignore[arg-type]  # a dataclass, always


@dataclass(frozen=True, slots=True)
class DocumentCounts(_Adds):
    """Inputs by what happened to them; `seen` is the sum of the outcomes."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    deleted: int = 0
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class ChunkCounts(_Adds):
    added: int = 0
    deleted: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class TokenCounts(_Adds):
    """`encoded` includes special tokens and prompts; `padding` is what the batches carried on top of them."""

    encoded: int = 0
    reused: int = 0
    truncated: int = 0
    padding: int = 0


@dataclass(frozen=True, slots=True)
class WorkCounts(_Adds):
    """What was really done: documents that were parsed, vectors that were computed."""

    parsed: int = 0
    encoded: int = 0


@dataclass(frozen=True, slots=True)
class Seconds(_Adds):
    """Time by stage. The stages overlap, so they may add up to more than `total`; `parse` adds up over the workers."""

    total: float = 0.0
    discover: float = 0.0
    parse: float = 0.0
    chunk: float = 0.0
    encode: float = 0.0
    store: float = 0.0


@dataclass(frozen=True, slots=True)
class Report(_Adds):
    """The ingest report without its run's names."""

    documents: DocumentCounts = field(default_factory=DocumentCounts)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    pages: int = 0
    chunks: ChunkCounts = field(default_factory=ChunkCounts)
    tokens: TokenCounts = field(default_factory=TokenCounts)
    work: WorkCounts = field(default_factory=WorkCounts)
    seconds: Seconds = field(default_factory=Seconds)
    problems: tuple[Problem, ...] = ()
    commits: Counter[str] = field(default_factory=Counter)
    """Data commits by kind of table; the row in `runs` and compactions aside."""
    held_back: tuple[str, ...] = ()
    """Deletes that were not done, one sentence a source."""

    def __add__(self, other: Report) -> Report:
        counts = [(item.name, getattr(self, item.name), getattr(other, item.name)) for item in fields(self)]
        merged = {name: mine + theirs for name, mine, theirs in counts if name != "outcomes"}
        both = {o: self.outcomes.get(o, 0) + other.outcomes.get(o, 0) for o in Outcome}
        return Report(outcomes={o: count for o, count in both.items() if count}, **merged)

    @property
    def new_problems(self) -> int:
        return sum(problem.new for problem in self.problems)

    def record(self, *, run_id: str, collection: str, generation: str) -> dict[str, Any]:
        """The `ingest report` record; `held_back` stands in it only where deletes were."""
        held_back = {"held_back": list(self.held_back)} if self.held_back else {}
        return {
            "run_id": run_id,
            "collection": collection,
            "generation": generation,
            "documents": asdict(self.documents),
            "outcomes": {outcome.value: self.outcomes.get(outcome, 0) for outcome in Outcome},
            "pages": self.pages,
            "chunks": asdict(self.chunks),
            "tokens": asdict(self.tokens),
            "work": {**asdict(self.work), "commits": dict(sorted(self.commits.items()))},
            "seconds": {name: round(value, 3) for name, value in asdict(self.seconds).items()},
            "problems": [asdict(problem) | {"outcome": problem.outcome.value} for problem in self.problems],
            **held_back,
        }


def markdown(record: Mapping[str, Any]) -> str:
    """A page about a run for people: the counts in words, each problem in a row."""
    documents, chunks, tokens = record["documents"], record["chunks"], record["tokens"]
    lines = [
        f"# Ingest of {record['collection']}",
        "",
        f"Run `{record['run_id']}` into generation `{record['generation']}`, {record['seconds']['total']:.1f} s.",
        "",
        f"- {documents['seen']} documents: {_listed(documents)}",
        f"- {chunks['added']} chunks added, {chunks['deleted']} removed, {chunks['kept']} kept",
        f"- {tokens['encoded']} tokens encoded, {tokens['reused']} not again, {tokens['truncated']} truncated",
    ]
    if record["problems"]:
        lines += ["", "| document | outcome | reason | attempts | new |", "|---|---|---|---|---|"]
        lines += [
            "| {} | {} | {} | {} | {} |".format(
                _cell(p["uri"]), p["outcome"], _cell(p["reason"]), p["attempts"], "yes" if p["new"] else ""
            )
            for p in record["problems"]
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def _listed(documents: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in documents.items() if name != "seen")
