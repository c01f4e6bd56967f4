"""Chunks -> vectors: those that the store has already are used again, the rest is encoded, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chunkers import sentence_parts, top_sections
from pipeline.recipe import Recipe
from pipeline.sentinel import admit
from pipeline.session import Session
from pipeline.siblings import cut_from
from quarry.encoding import EmbeddedChunk, Mixture, Prepared
from quarry.errors import BusyError, EncodeError
from quarry.span import Span
from quarry.types import Chunk, Document
from stores.rows import Vector


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of several documents, and what they cost."""

    chunks: tuple[tuple[EmbeddedChunk, ...], ...]
    """By document, in the order given."""
    encoded: int = 0
    """Chunks whose vectors were computed."""
    tokens: int = 0
    """Tokens of the model inputs that were run."""
    reused: int = 0
    """Tokens that would have been."""


class StoppedError(BusyError):
    """The run is ending; nothing is wrong with the documents."""


def prepare(recipe: Recipe, document: Document, chunks: Sequence[Chunk]) -> Prepared:
    """Tokenised, with the key of each vector; loads no model. EncodeError where the model can't take it."""
    encoder, mixture = recipe.encoder, recipe.mixture
    if mixture == Mixture():
        return encoder.prepare(chunks)
    parts: Sequence[Sequence[Span]] = ()
    if mixture.sentences:
        parts = sentence_parts(document, chunks, tokens=recipe.tokens, unit=mixture.unit)
    return encoder.prepare_mixed(document.text, chunks, mixture, sections=top_sections(document), parts=parts)


def embed(session: Session, documents: Sequence[Prepared]) -> Embedded:
    """All documents' model inputs in shared batches. EncodeError where the model gives no usable vector,
    HeldBackError where this machine would give others than the generation holds.
    """
    every = Prepared.joined(documents)
    vectors = known(session, every)
    wanted = first_of_each(every.keys, vectors)
    if wanted:
        admit(session, prepare)
        for batch in session.recipe.encoder.vectors(every, wanted):
            if session.stop.is_set():
                raise StoppedError("the run was stopped")
            vectors.update((every.jobs[index].key, vector) for index, vector in batch)
    tokens = every.tokens(wanted)
    embedded = iter([EmbeddedChunk(job.chunk, vectors[job.key], job.key) for job in every.jobs])
    return Embedded(
        tuple(tuple(next(embedded) for _ in document.jobs) for document in documents),
        encoded=len(wanted),
        tokens=tokens,
        reused=max(0, every.tokens(range(len(every.jobs))) - tokens),
    )


def known(session: Session, prepared: Prepared) -> dict[str, Vector]:
    """By `embed_key`, what the store has, as it is or as a longer or finer vector of the same model."""
    found = session.collection.vectors(session.generation.embed_fingerprint, prepared.keys)
    fresh = [job for job in prepared.jobs if job.key not in found]
    return found | cut_from(session.collection, session.siblings if fresh else (), fresh, dim=session.generation.dim)


def embed_apart(session: Session, documents: Sequence[Prepared]) -> list[Embedded | EncodeError]:
    """One by one, so that a document whose vectors are broken harms no other."""
    found: list[Embedded | EncodeError] = []
    for document in documents:
        try:
            found.append(embed(session, [document]))
        except EncodeError as error:
            found.append(error)
    return found


def first_of_each(keys: Sequence[str], vectors: Mapping[str, Vector]) -> list[int]:
    """Places of the keys that have no vector, each key once."""
    seen = set(vectors)
    wanted = []
    for index, key in enumerate(keys):
        if key not in seen:
            seen.add(key)
            wanted.append(index)
    return wanted
