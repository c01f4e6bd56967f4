"""Settings from YAML files, the environment and the command line; each value knows where it came from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from quarry.errors import ConfigError, unknown
from quarry.registry import first_problem

FREE = ("parsers", "chunker", "sources")
"""Sections whose keys belong to the folder of that name or to the user, and are checked there."""
RESERVED = ("QUARRY_CONFIG", "QUARRY_FAULT", "QUARRY_FAULT_LOG", "QUARRY_ENCODER_WORKERS", "QUARRY_ENCODER_DEVICES")
"""Variables that are no settings."""
NONE = "none"
Layer = tuple[str, Mapping[str, Any]]
"""Where values came from, and the values."""


class Section(BaseModel):
    """A group of settings: typed, frozen, unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Precision = Literal["auto", "float32", "bfloat16", "int8"]


class EncoderSettings(Section):
    profile: str
    dim: int | None = Field(default=None, gt=0)
    dtype: Literal["float32", "float16", "binary"] = "float32"
    precision: Precision = "auto"
    """What the network computes in. int8 makes vectors of its own and is part of a generation; the others make the same
    ones, so they are the machine's matter, which is tested before it writes.
    """

    @property
    def deciding(self) -> dict[str, Any]:
        """What decides a vector: stored with a generation."""
        return self.model_dump(exclude=None if self.precision == "int8" else {"precision"})

    @property
    def computing(self) -> Precision:
        """What this machine computes in where the generation doesn't say."""
        return "auto" if self.precision == "int8" else self.precision


class LimitSettings(Section):
    """Of one document in its worker process."""

    max_mb: float = Field(gt=0)
    timeout_s: float = Field(gt=0)
    timeout_per_mb_s: float = Field(ge=0)
    memory_mb: float = Field(gt=0)


class IngestSettings(Section):
    workers: int | None = Field(default=None, ge=1, le=64)
    batch_rows: int = Field(gt=0)
    batch_seconds: float = Field(gt=0)
    max_delete: float = Field(ge=0, le=1)
    wait_s: float = Field(ge=0)
    max_attempts: int = Field(gt=0)

    @property
    def processes(self) -> int:
        return self.workers or min(4, os.cpu_count() or 1)


class SearchSettings(Section):
    """What `quarry search` does where its options don't say."""

    k: int = Field(gt=0, le=1000)
    """Results."""
    mode: Literal["hybrid", "vector", "text"]
    group_by: Literal["document"] | None
    """The best chunk of each document only."""
    expand: tuple[str, ...]
    """What of the text around each hit is given with it: kinds of `search.expand`, also as one text with commas."""
    expand_tokens: int = Field(gt=0)
    """Most tokens of a widened hit."""
    rerank: str | None
    """Profile or folder of the cross-encoder that orders the best results anew."""
    rerank_pool: int = Field(gt=0, le=1000)
    """How many different passages it reads."""

    @field_validator("group_by", "rerank", mode="before")
    @classmethod
    def _switched_off(cls, value: Any) -> Any:
        """`none` is null: so an option can switch off what a file sets."""
        return None if value == NONE else value

    @field_validator("expand", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if value in (None, NONE):
            return ()
        return [kind.strip() for kind in value.split(",")] if isinstance(value, str) else value


class IndexSettings(Section):
    vector_from_rows: int = Field(gt=0)
    vector_kind: Literal["IVF_SQ", "IVF_RQ"]


class UpkeepSettings(Section):
    """When tables are compacted, and how long old versions stay readable."""

    fragments: int = Field(gt=1)
    versions: int = Field(gt=0)
    keep_hours: float = Field(ge=0)


class GenerationSettings(Section):
    """Of promotions and of what is kept after them."""

    error_budget: float = Field(ge=0, le=1)
    finalize_days: float = Field(ge=0)
    keep: int = Field(ge=0)
    keep_days: float = Field(ge=0)


class SourceSettings(Section):
    """One declared source."""

    path: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class Settings(Section):
    """All settings, validated. `parsers` and `chunker` are checked by their folders when they are built."""

    store: str
    collection: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    parsers: dict[str, dict[str, Any]]
    chunker: dict[str, Any]
    encoder: EncoderSettings
    limits: LimitSettings
    ingest: IngestSettings
    search: SearchSettings
    index: IndexSettings
    upkeep: UpkeepSettings
    generations: GenerationSettings
    sources: dict[str, SourceSettings]


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings of a run and, by dotted name, where each value came from."""

    settings: Settings
    origins: Mapping[str, str]


def config_dir() -> Path:
    """The checkout's `config/`, or its copy inside the installed package."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "config"
    return checkout if (checkout / "defaults.yaml").is_file() else package / "config_files"


def load(
    file: str | None = None,
    *,
    assignments: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Effective:
    """Defaults, then config/sources.yaml, `file`, environment, `--set` assignments, options; later ones win.

    `options` are command line options by dotted name; None means not given.
    Raises ConfigError for an unknown name, a wrong type or an unreadable file.
    """
    env = os.environ if environ is None else environ
    layers = [_file_layer(config_dir() / name) for name in ("defaults.yaml", "sources.yaml")]
    chosen = file or env.get("QUARRY_CONFIG")
    if chosen:
        layers.append(_file_layer(Path(chosen)))
    layers.extend(_environment(env))
    given = [
        (key.endswith(".kind"), f"--{key.rpartition('.')[2]}", _nested(key, value))
        for key, value in (options or {}).items()
        if value is not None
    ]
    # A strategy's name comes before the settings that --set gives it: a new name drops those of the former one.
    layers.extend((origin, layer) for strategy, origin, layer in given if strategy)
    layers.extend((f"--set {text}", _assignment(text)) for text in assignments)
    layers.extend((origin, layer) for strategy, origin, layer in given if not strategy)
    return _effective(layers)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; empty for an empty file. ConfigError names the file and the line."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}", path=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}", path=str(path)) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold settings by name, it holds a {type(content).__name__}", path=str(path))
    return content


def _file_layer(path: Path) -> Layer:
    return str(path), read_yaml(path)


def _environment(env: Mapping[str, str]) -> Iterator[Layer]:
    for name in sorted(env):
        if name.startswith("QUARRY_") and name not in RESERVED:
            key = name.removeprefix("QUARRY_").lower().replace("__", ".")
            _known_section(key.partition(".")[0], place="the environment (QUARRY_...)")
            yield f"environment {name}", _nested(key, _scalar(env[name]))


def _assignment(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set takes section.key=value, it got {text!r}")
    return _nested(key.strip(), _scalar(value))


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{text!r} is no YAML value: {' '.join(str(error).split())}") from error


def _nested(key: str, value: Any) -> dict[str, Any]:
    for part in reversed(key.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def _effective(layers: Sequence[Layer]) -> Effective:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        _check_names(layer, Settings, place=origin)
        _merge(values, layer, origins=origins, origin=origin, prefix="")
    try:
        return Effective(Settings.model_validate(values), origins)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ConfigError(f"{first_problem(error)}, from {_origin_of(place, origins)}") from error


def _check_names(layer: Mapping[str, Any], model: type[BaseModel], *, place: str, prefix: str = "") -> None:
    for name, value in layer.items():
        field = model.model_fields.get(str(name))
        if field is None:
            raise unknown(f"{prefix}{name}", (f"{prefix}{known}" for known in model.model_fields), place=place)
        section = next((t for t in (field.annotation, *get_args(field.annotation)) if _is_section(t)), None)
        if name not in FREE and section is not None:
            if not isinstance(value, Mapping):
                raise ConfigError(f"{prefix}{name} is a group of settings, {place} gives {value!r}")
            _check_names(value, section, place=place, prefix=f"{prefix}{name}.")


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _known_section(name: str, *, place: str) -> None:
    if name not in Settings.model_fields:
        raise unknown(name, Settings.model_fields, place=place)


def _merge(
    values: dict[str, Any], layer: Mapping[str, Any], *, origins: dict[str, str], origin: str, prefix: str
) -> None:
    replaced = layer.get("kind", values.get("kind")) != values.get("kind")
    if replaced:  # another strategy: the settings of the former one mean nothing to it
        values.clear()
        for known in [name for name in origins if name.startswith(prefix)]:
            del origins[known]
    for name, value in layer.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and isinstance(values.setdefault(str(name), {}), dict):
            _merge(values[str(name)], value, origins=origins, origin=origin, prefix=f"{dotted}.")
        else:
            values[str(name)] = value
            origins[dotted] = origin


def _origin_of(place: str, origins: Mapping[str, str]) -> str:
    return next((origins[key] for key in sorted(origins, reverse=True) if place.startswith(key)), "the defaults")


def chunker_spec(section: Mapping[str, Any]) -> dict[str, Any]:
    """The `chunker` section with a profile of config/chunkers.yaml put in for its name, own settings on top."""
    profiles = read_yaml(config_dir() / "chunkers.yaml")
    spec = dict(section)
    profile = profiles.get(str(spec.get("kind")))
    if not isinstance(profile, Mapping):
        return spec
    return {**profile, **{name: value for name, value in spec.items() if name != "kind"}}
