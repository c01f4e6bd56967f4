"""The sentinel test: a machine may write into a generation where it makes the vectors that are stored there.

The compute precision (but int8), the device and the libraries are no part of a fingerprint: they change the last digits
only, if all is well. So a setup that a generation doesn't know encodes a few of its stored chunks again before it adds
any.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipeline.recipe import Recipe
from pipeline.session import Session
from quarry.encoding import Prepared
from quarry.errors import HeldBackError
from quarry.types import Chunk, Document

LEAST = 0.9999
"""Cosine of each stored vector with the one that this machine makes."""
DOCUMENTS = 4
SAMPLES = 16
Prepare = Callable[[Recipe, Document, Sequence[Chunk]], Prepared]


def admit(session: Session, prepare: Prepare) -> None:
    """Do nothing for a setup that is known; else test it and record it. Loads the model.

    HeldBackError where a vector differs: nothing was written. The first setup of a generation has nothing to equal.
    """
    setup = session.recipe.encoder.setup
    file = session.store.side_folder("_admitted") / f"{session.generation.embed_fingerprint}.json"
    known = _known(file)
    if setup in known:
        return
    worst = min(_cosines(session, prepare), default=1.0)
    if worst < LEAST:
        raise HeldBackError(
            f"this machine ({setup}) makes other vectors than generation {session.generation.id} holds: cosine "
            f"{worst:.5f}, at least {LEAST} is needed. Set encoder.precision=float32, run where it was made "
            f"({'; '.join(known) or 'not recorded'}), or make a new collection here",
            generation=session.generation.id,
        )
    _record(file, {**known, setup: {"cosine": round(worst, 7), "at": datetime.now(UTC).isoformat()}})


def _cosines(session: Session, prepare: Prepare) -> Iterator[float]:
    """Of up to SAMPLES stored vectors of a few documents with what is computed here."""
    collection, generation = session.collection, session.generation
    marks = collection.ledger_columns(generation.id, ["doc_id", "element_key", "chunks"])
    rows = sorted((row for row in marks.to_pylist() if row["chunks"]), key=lambda row: (row["chunks"], row["doc_id"]))
    chosen = rows[:: max(1, len(rows) // DOCUMENTS)][:DOCUMENTS]
    documents = session.store.get_elements([row["element_key"] for row in chosen])
    left = SAMPLES
    for row in chosen:
        if row["element_key"] in documents and left > 0:
            found = list(_compared(session, prepare, documents[row["element_key"]], row["doc_id"], left))
            left -= len(found)
            yield from found


def _compared(session: Session, prepare: Prepare, document: Document, doc_id: str, most: int) -> Iterator[float]:
    """Where the keys are equal the vectors must be: they were made of the same model inputs."""
    stored = session.collection.chunks_of(session.generation, doc_id, vectors=True)
    prepared = prepare(session.recipe, document, [row.chunk for row in stored])
    same = [n for n, (key, row) in enumerate(zip(prepared.keys, stored, strict=True)) if key == row.embed_key]
    for batch in session.recipe.encoder.vectors(prepared, same[:most]):
        for index, vector in batch:
            there = np.asarray(stored[index].vector, dtype=np.float32)
            yield float(vector @ there / (np.linalg.norm(vector) * np.linalg.norm(there)))


def _known(file: Path) -> dict[str, dict[str, object]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return dict(content["setups"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none yet, or damaged: test again
        return {}


def _record(file: Path, setups: dict[str, dict[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"setups": setups}, indent=1), encoding="utf-8")
    part.replace(file)
