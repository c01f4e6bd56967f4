"""What a generation is made by: parsers, chunker and encoder, with their fingerprints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from chunkers import Chunker, Mixes, chunker
from encoders import load_encoder
from parsers import parser
from quarry.encoding import Encoder, Mixture, TokenCounter
from quarry.errors import MismatchError
from quarry.fingerprint import digest, settings_of
from quarry.settings import Effective, Precision, chunker_spec
from stores.rows import GenerationRow, generation_id

DEFAULTS = "defaults.yaml"


@dataclass(frozen=True)
class Recipe:
    """The makers of a generation. Building one reads no weights but their hash and imports no torch."""

    parsers: Mapping[str, Mapping[str, Any]]
    """Settings by parser kind."""
    chunker_settings: Mapping[str, Any]
    """`{"kind": ..., **settings}`."""
    encoder_settings: Mapping[str, Any]
    """`quarry.settings.EncoderSettings.deciding`."""
    precision: Precision = field(default="auto", kw_only=True)
    """What the network computes in where the settings don't say: this machine's matter, never stored."""

    @cached_property
    def parse_fingerprints(self) -> dict[str, str]:
        """By parser kind: its revision and settings, the private ones as they are by default."""
        found: dict[str, str] = {}
        for kind in parser.names():
            own = without_private({kind: self.parsers.get(kind, {})})[kind]
            built = parser.build({"kind": kind, **own})
            found[kind] = digest("parse", kind, built.revision, settings_of(built))
        return found

    def element_key(self, sha256: str, *, kind: str, media_type: str) -> str:
        """Key of a stored parse: the content and what parses it."""
        return digest("elements", sha256, media_type, self.parse_fingerprints[kind])

    @cached_property
    def chunker(self) -> Chunker:
        return chunker.build(self.chunker_settings)

    @cached_property
    def encoder(self) -> Encoder:
        """ModelError here, before the first parse, where the model is missing."""
        return load_encoder(**{"precision": self.precision, **self.encoder_settings})

    @cached_property
    def tokens(self) -> TokenCounter:
        return self.encoder.tokens

    @cached_property
    def mixture(self) -> Mixture:
        """What its vectors are made of: those of a chunker that has no say in it are plain."""
        return self.chunker.mixture if isinstance(self.chunker, Mixes) else Mixture()

    def check(self) -> None:
        """ConfigError where the encoder can't give what the chunker asks for; else every document would fail of it."""
        self.encoder.check(self.mixture)

    @cached_property
    def chunk_fingerprint(self) -> str:
        return self.chunker.fingerprint(tokens=self.tokens, embedder=self.encoder)

    def generation(self, collection: str, *, state: str = "live") -> GenerationRow:
        """The row of the generation that this recipe makes in `collection`. ConfigError as `check`."""
        self.check()
        # Kinds that were not there when the recipe was written down are no change of it.
        parse = digest({kind: made for kind, made in self.parse_fingerprints.items() if kind in self.parsers})
        identity = self.encoder.identity
        return GenerationRow(
            id=generation_id(collection, parse, self.chunk_fingerprint, identity.fingerprint, dtype=identity.dtype),
            collection=collection,
            state=state,
            parse_settings=json.dumps(self.parsers, sort_keys=True),
            parse_fingerprint=parse,
            chunker=json.dumps(self.chunker_settings, sort_keys=True),
            chunk_fingerprint=self.chunk_fingerprint,
            encoder=json.dumps({"identity": asdict(identity), "settings": self.encoder_settings}, sort_keys=True),
            embed_fingerprint=identity.fingerprint,
            dim=identity.dim,
            dtype=identity.dtype,
            created=datetime.now(UTC),
            live_since=datetime.now(UTC) if state == "live" else None,
        )


def recipe_of(effective: Effective) -> Recipe:
    """From the settings alone: for a new collection, and for what uses no store."""
    settings = effective.settings
    return Recipe(
        parsers=without_private({**{kind: {} for kind in parser.names()}, **settings.parsers}),
        chunker_settings=chunker_spec(settings.chunker),
        encoder_settings=settings.encoder.deciding,
        precision=settings.encoder.computing,
    )


def _private(kind: str) -> frozenset[str]:
    """Settings of a parser that change no document that it can read: passwords. Never stored."""
    return frozenset(getattr(parser.strategy(kind), "private", ()))


def without_private(parsers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parser settings by kind, as they may be stored."""
    known = set(parser.names())
    return {
        kind: {name: value for name, value in own.items() if kind not in known or name not in _private(kind)}
        for kind, own in parsers.items()
    }


def with_private(
    parsers: Mapping[str, Mapping[str, Any]], asked: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """`parsers` with the private settings of `asked` put in."""
    merged = {kind: dict(own) for kind, own in parsers.items()}
    for kind, own in asked.items():
        if kind in parser.names():
            secrets = {name: value for name, value in own.items() if name in _private(kind)}
            merged[kind] = {**merged.get(kind, {}), **secrets}
    return merged


def stored_recipe(row: GenerationRow) -> Recipe:
    """As the generation was made."""
    return Recipe(
        parsers=json.loads(row.parse_settings),
        chunker_settings=json.loads(row.chunker),
        encoder_settings=json.loads(row.encoder)["settings"],
    )


def live_recipe(effective: Effective, live: GenerationRow) -> Recipe:
    """The generation's own recipe: what the user did not set counts as the generation has it.

    Raises MismatchError where the user set something else than what made the generation.
    """
    stored, asked = stored_recipe(live), recipe_of(effective)
    for section, mine, theirs in (
        ("parsers", asked.parsers, {**{kind: {} for kind in asked.parsers}, **stored.parsers}),
        ("chunker", asked.chunker_settings, stored.chunker_settings),
        ("encoder", _with_precision(asked, stored), stored.encoder_settings),
    ):
        if mine != theirs and _is_set(section, effective):
            raise MismatchError(_mismatch(section, mine, theirs, live=live))
    changed = stored.generation(live.collection)
    if changed.id != live.id:
        raise MismatchError(_outgrown(changed, live))
    return stored if asked.precision == stored.precision else replace(stored, precision=asked.precision)


def _with_precision(asked: Recipe, stored: Recipe) -> Mapping[str, Any]:
    """The encoder's settings as asked for; `auto` takes the int8 of a generation."""
    chosen = stored.encoder_settings.get("precision")
    if chosen is None or "precision" in asked.encoder_settings:
        return asked.encoder_settings
    return {**asked.encoder_settings, "precision": chosen if asked.precision == "auto" else asked.precision}


def _is_set(section: str, effective: Effective) -> bool:
    """True where a layer above the defaults speaks of the section."""
    keys = [key for key in effective.origins if key == section or key.startswith(f"{section}.")]
    return any(not effective.origins[key].endswith(DEFAULTS) for key in keys)


def _mismatch(section: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], *, live: GenerationRow) -> str:
    names = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
    said = ", ".join(f"{section}.{name} is {mine.get(name)!r}, there {theirs.get(name)!r}" for name in names)
    return (
        f"collection {live.collection!r} was made with other settings: {said}. Leave them out to go on as it is; "
        f"to change a live index: {backfill_command(section, mine, names, collection=live.collection)}"
    )


def backfill_command(section: str, mine: Mapping[str, Any], names: Sequence[str], *, collection: str) -> str:
    """What to type for a new generation with these settings."""
    call = "quarry backfill" + (f" --collection {collection}" if collection != "default" else "")
    if section == "parsers":
        return f"{call} --parser"
    if section == "encoder":
        flags = {
            "profile": "--encoder ",
            "dim": "--dim ",
            "dtype": "--dtype ",
            "precision": "--set encoder.precision=",
        }
        return " ".join([call, *(f"{flags[name]}{mine[name]}" for name in names if mine.get(name) is not None)])
    own = [f"--set chunker.{name}={mine[name]}" for name in names if name != "kind" and name in mine]
    return " ".join([call, f"--chunker {mine['kind']}", *own])


def _outgrown(now: GenerationRow, live: GenerationRow) -> str:
    parts = {
        "parser": now.parse_fingerprint != live.parse_fingerprint,
        "chunker": now.chunk_fingerprint != live.chunk_fingerprint,
        "encoder": now.embed_fingerprint != live.embed_fingerprint,
    }
    changed = " and ".join(name for name, differs in parts.items() if differs) or "number type"
    return (
        f"collection {live.collection!r} was made by another version of its {changed}; nothing is mixed into it. "
        f"Make a new generation of it: quarry backfill{' --parser' if parts['parser'] else ''}"
    )
