"""What is known of a profile without loading its model: for listings. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from encoders import encoder_of
from encoders._folder import ModelFolder, read_folder, read_json
from encoders.profiles import DEFAULT_BACKEND, Kind, Profile, profile, profiles, resolve
from quarry.errors import ConfigError, unknown

CROSS_ENCODER = "cross-encoder"
SERVED = "http"


@dataclass(frozen=True, slots=True)
class Card:
    """A profile, with its files' word where they are here."""

    name: str
    kind: Kind
    backend: str
    place: str
    model: str
    revision: str | None
    found: bool
    """Its folder is on this machine; of a served model that is the tokenizer's."""
    present: bool
    """Found, and what is needed is in it."""
    problem: str | None
    """Why it is not present, and what to do."""
    context: int | None
    """Most tokens of one input, special tokens and prompt included."""
    dim: int | None
    pooling: str | None
    late: bool
    late_reason: str | None
    """Why late chunking does not fit."""
    matryoshka: tuple[int, ...]
    licence: str | None
    bytes: int | None
    """Of the weights on this machine."""


def find(name: str) -> tuple[Kind, Profile]:
    """An encoder or a reranker by profile name, profile's YAML file or model folder; a folder's files say which it is.

    ConfigError for a name that is none of them, with the nearest of both.
    """
    encoders, rerankers = profiles(), profiles(kind="rerankers")
    if name in rerankers and name not in encoders:
        return "rerankers", rerankers[name]
    if name not in encoders and not Path(name).expanduser().exists():
        raise unknown(name, {**encoders, **rerankers}, place="`quarry models`, and it is no folder and no YAML file")
    found = profile(name)
    return ("rerankers" if found.place == "folder" and _is_cross_encoder(Path(found.model)) else "encoders"), found


def _is_cross_encoder(folder: Path) -> bool:
    networks = read_json(folder / "config.json").get("architectures") or ()
    return any(str(network).endswith("ForSequenceClassification") for network in networks)


def cards() -> list[Card]:
    """Of all encoders, then of all rerankers."""
    encoders = [card(found) for found in profiles().values()]
    return encoders + [_reranker(found) for found in profiles(kind="rerankers").values()]


def card(chosen: Profile) -> Card:
    """Of an encoder."""
    found = _declared(chosen, "encoders")
    try:
        folder = resolve(chosen)
    except ConfigError as error:
        return replace(found, found=False, present=False, problem=str(error))
    try:
        if found.backend == DEFAULT_BACKEND:
            found = _of_folder(found, read_folder(folder, chosen), chosen)
        else:
            size = None if found.backend == SERVED else _bytes(folder)
            found = replace(found, context=encoder_of(chosen).identity.max_tokens, bytes=size)
    except ConfigError as error:
        return replace(found, present=False, problem=str(error))
    queries = card(chosen.query) if chosen.query else found
    return replace(found, present=queries.present, problem=queries.problem)


def _declared(chosen: Profile, kind: Kind) -> Card:
    backend = str(chosen.backend.get("kind"))
    found = Card(
        name=chosen.name,
        kind=kind,
        backend=backend,
        place=SERVED if backend == SERVED else chosen.place,
        model=str(chosen.backend.get("model") or chosen.model),
        revision=chosen.revision,
        found=True,
        present=True,
        problem=None,
        context=chosen.context,
        dim=chosen.dim,
        pooling=chosen.pooling,
        late=False,
        late_reason=None,
        matryoshka=chosen.matryoshka,
        licence=chosen.licence,
        bytes=None,
    )
    if kind == "rerankers":
        return replace(found, pooling=CROSS_ENCODER, late_reason="a reranker gives no vectors")
    if backend != DEFAULT_BACKEND:
        return replace(found, late_reason="no token states come from this back end")
    return _with_late(found, chosen)


def _with_late(found: Card, chosen: Profile) -> Card:
    if chosen.late is None and found.pooling is None:
        return replace(found, late_reason="its pooling is not known before its files are here")
    fits = chosen.late_fits(found.pooling or "")
    return replace(found, late=fits, late_reason=None if fits else f"{found.pooling}-pooled: only that was trained")


def _of_folder(found: Card, folder: ModelFolder, chosen: Profile) -> Card:
    files = replace(
        found,
        context=folder.max_tokens,
        dim=folder.truncate_dim or folder.dim,
        pooling="+".join(folder.pooling),
        bytes=sum(file.stat().st_size for file in folder.weights),
    )
    return _with_late(files, chosen)


def _reranker(chosen: Profile) -> Card:
    from encoders.reranker import Reranker

    found = _declared(chosen, "rerankers")
    try:
        folder = resolve(chosen)
    except ConfigError as error:
        return replace(found, found=False, present=False, problem=str(error))
    try:
        return replace(found, context=Reranker(chosen).max_tokens, bytes=_bytes(folder))
    except ConfigError as error:
        return replace(found, present=False, problem=str(error))


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
