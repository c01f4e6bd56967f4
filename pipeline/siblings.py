"""Generations of the same model with longer vectors or finer numbers: a change of those alone computes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np

from encoders import load_encoder
from pipeline.recipe import Recipe
from quarry.encoding import Job
from stores.collection import Collection
from stores.rows import GenerationRow, Vector


def siblings_of(collection: Collection, recipe: Recipe, generation: GenerationRow) -> tuple[str, ...]:
    """Embed fingerprints of the generations whose vectors give this one's by cutting or rounding."""
    found = dict.fromkeys(
        row.embed_fingerprint
        for row in collection.every_generation()
        if _gives(row, generation) and _is_like(row, recipe)
    )
    return tuple(found)


def _gives(finer: GenerationRow, wanted: GenerationRow) -> bool:
    """Half precision that is cut and normalised again would be rounded twice."""
    if finer.embed_fingerprint == wanted.embed_fingerprint:
        return False
    if finer.dtype == "float32":
        return finer.dim >= wanted.dim
    return wanted.dtype != "float32" and finer.dim == wanted.dim


def _is_like(row: GenerationRow, recipe: Recipe) -> bool:
    """This recipe's encoder with the other's dimension and number type is the other's encoder."""
    if json.loads(row.encoder)["identity"]["weights"] != recipe.encoder.identity.weights:
        return False
    like = load_encoder(**{**recipe.encoder_settings, "dim": row.dim, "dtype": row.dtype})
    return like.fingerprint == row.embed_fingerprint


def cut_from(collection: Collection, siblings: Iterable[str], jobs: Sequence[Job], *, dim: int) -> dict[str, Vector]:
    """By `embed_key`, what the siblings' vectors give: the first `dim` numbers, normalised."""
    found: dict[str, Vector] = {}
    for fingerprint in siblings:
        asked = {job.key_by(fingerprint): job.key for job in jobs if job.key not in found}
        stored = collection.vectors(fingerprint, asked)
        found |= {asked[theirs]: _unit(vector[:dim]) for theirs, vector in stored.items()}
    return found


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
