"""What a model folder says about itself, read without torch: sentence-transformers folders and plain models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from encoders.profiles import Profile
from quarry.errors import ModelError

MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
_OLD_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU")
_NOISE = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "architectures", "use_cache")
"""Keys of config.json that change no vector."""
_SIZES = {
    "hidden": ("hidden_size", "dim", "d_model", "n_embd"),
    "layers": ("num_hidden_layers", "n_layers", "num_layers", "n_layer"),
    "heads": ("num_attention_heads", "n_heads", "num_heads", "n_head"),
}
_LENGTH_FILES = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")
"""Model types whose positions begin after the padding index."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear layer after the pooling."""

    weights: Path
    in_features: int
    out_features: int
    bias: bool
    activation: str


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Everything that decides a vector but the weights themselves."""

    network: Path
    """Folder of config.json, tokenizer.json and the weights."""
    config: Mapping[str, Any]
    pooling: tuple[str, ...]
    """Several are concatenated."""
    include_prompt: bool
    dense: tuple[Dense, ...]
    document_prompt: str
    query_prompt: str
    max_tokens: int
    truncate_dim: int | None
    hidden: int
    weights: tuple[Path, ...]
    layers: int | None = None
    """The first so many are run; None runs all."""

    @property
    def dim(self) -> int:
        """Length of a vector before any truncation."""
        return self.dense[-1].out_features if self.dense else self.hidden * len(self.pooling)

    @property
    def architecture(self) -> Mapping[str, Any]:
        """Of config.json, what changes vectors."""
        kept = {key: value for key, value in self.config.items() if key not in _NOISE}
        return {**kept, "layers": self.layers} if self.layers else kept


def read_folder(folder: Path, profile: Profile) -> ModelFolder:
    """ModelError says what in the folder can't be used, or where it contradicts the profile."""
    modules = _modules(folder)
    network = folder / modules[0][1]
    config = read_json(network / "config.json", required=True)
    st = read_json(folder / "config_sentence_transformers.json")
    pooling, include_prompt = _pooling(folder, modules, profile)
    _check_similarity(folder, st, modules)
    document, query = prompts_of(st, profile)
    found = ModelFolder(
        network=network,
        config=config,
        pooling=pooling,
        include_prompt=include_prompt,
        dense=tuple(_dense(folder / path) for kind, path in modules if kind == "Dense"),
        document_prompt=document,
        query_prompt=query,
        max_tokens=most_tokens(network, config, profile),
        truncate_dim=st.get("truncate_dim"),
        hidden=size_of(config, "hidden"),
        weights=(*_weights(network), *(_weights(folder / path)[0] for kind, path in modules if kind == "Dense")),
        layers=_layers(config, profile),
    )
    _check(found, profile)
    return found


def _check(found: ModelFolder, profile: Profile) -> None:
    if profile.dim and profile.dim != found.dim:
        raise ModelError(
            f"encoder {profile.name!r}: its profile says {profile.dim} dimensions, its files {found.dim}; correct it"
        )
    if not found.include_prompt and "weightedmean" in found.pooling and (found.document_prompt or found.query_prompt):
        raise ModelError(
            f"encoder {profile.name!r}: weightedmean pooling without the prompt; set `backend: sentence_transformers`"
        )


def _layers(config: Mapping[str, Any], profile: Profile) -> int | None:
    """ModelError where the model has not so many."""
    if profile.layers is None:
        return None
    there = size_of(config, "layers")
    if profile.layers > there:
        raise ModelError(f"encoder {profile.name!r}: its profile takes {profile.layers} layers, the model has {there}")
    return profile.layers if profile.layers != there else None


def read_json(file: Path, *, required: bool = False) -> Any:
    if not file.is_file():
        if required:
            raise ModelError(f"{file.parent} is no model folder: it has no {file.name}", path=str(file.parent))
        return {}
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is damaged: {error}; copy the model again", path=str(file)) from error


def _modules(folder: Path) -> list[tuple[str, str]]:
    """`(kind, path)` of each module; the kind is the last part of its class, since the packages have moved."""
    entries = sorted(read_json(folder / "modules.json") or [], key=lambda entry: entry["idx"])
    modules = [(str(entry["type"]).rpartition(".")[2], str(entry["path"])) for entry in entries]
    kinds = [kind for kind, _ in modules] or ["Transformer"]
    tail = kinds[2:-1] if kinds[-1] == "Normalize" else kinds[2:]
    if kinds[0] != "Transformer" or kinds[1:2] not in ([], ["Pooling"]) or set(tail) - {"Dense"}:
        raise ModelError(
            f"{folder}: modules {', '.join(kinds)}; Quarry reads Transformer, Pooling, Dense, Normalize in that order; "
            "a profile with `backend: sentence_transformers` takes any",
            path=str(folder),
        )
    return modules or [("Transformer", "")]


def _pooling(folder: Path, modules: Sequence[tuple[str, str]], profile: Profile) -> tuple[tuple[str, ...], bool]:
    path = next((path for kind, path in modules if kind == "Pooling"), None)
    if path is None:
        return (profile.pooling or "mean",), True
    config = read_json(folder / path / "config.json", required=True)
    named = config.get("pooling_mode") or [mode for key, mode in _OLD_MODES.items() if config.get(key)] or "mean"
    modes = (named,) if isinstance(named, str) else tuple(named)
    if unknown := set(modes) - set(MODES):
        raise ModelError(f"{folder}: pooling {sorted(unknown)} is not one of {', '.join(MODES)}", path=str(folder))
    if profile.pooling and modes != (profile.pooling,):
        raise ModelError(
            f"encoder {profile.name!r}: its profile says pooling {profile.pooling}, its files say {'+'.join(modes)}; "
            "correct the profile"
        )
    return modes, bool(config.get("include_prompt", True))


def _check_similarity(folder: Path, st: Mapping[str, Any], modules: Sequence[tuple[str, str]]) -> None:
    """Vectors are stored with length 1 and compared by cosine: with a Normalize module every similarity ranks so."""
    name = st.get("similarity_fn_name")
    if name not in (None, "cosine") and modules[-1][0] != "Normalize":
        raise ModelError(
            f"{folder}: trained for {name} similarity of vectors whose length counts; Quarry compares by cosine, which "
            "would rank otherwise: choose a model trained for cosine",
            path=str(folder),
        )


def prompts_of(st: Mapping[str, Any], profile: Profile) -> tuple[str, str]:
    """Of documents and of queries: the profile's, the one that is named for it, the model's default one."""
    prompts = st.get("prompts") or {}
    default = prompts.get(st.get("default_prompt_name")) or ""
    found = next((prompts[name] for name in ("document", "passage", "corpus") if prompts.get(name)), default)
    document = found if profile.document_prompt is None else profile.document_prompt
    query = prompts.get("query") or default
    return document, query if profile.query_prompt is None else profile.query_prompt


def _dense(folder: Path) -> Dense:
    config = read_json(folder / "config.json", required=True)
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
    plain = config.get("module_input_name", "sentence_embedding") == "sentence_embedding"
    if activation not in _ACTIVATIONS or config.get("use_residual") or not plain:
        raise ModelError(f"{folder}: a Dense module with {activation} or extras; known are {', '.join(_ACTIVATIONS)}")
    weights = _weights(folder)[0]
    return Dense(weights, config["in_features"], config["out_features"], config.get("bias", True), activation)


def most_tokens(network: Path, config: Mapping[str, Any], profile: Profile) -> int:
    """The profile's word; else as sentence-transformers has it: max_seq_length, else the tokenizer's own limit and
    the number of positions, whichever is less. Never more than the model's table of positions holds."""
    empty: dict[str, Any] = {}
    declared = next((c for name in _LENGTH_FILES if (c := read_json(network / name))), empty).get("max_seq_length")
    text = text_config(config)
    positions = int(text.get("max_position_embeddings") or 0)
    own = int(read_json(network / "tokenizer_config.json").get("model_max_length") or 0)
    chosen = profile.context or declared or min((n for n in (own, positions) if n > 0), default=512)
    if positions and text.get("position_embedding_type", "absolute") == "absolute" and not _rotary(text):
        offset = int(text.get("pad_token_id") or 0) + 1 if text.get("model_type") in _OFFSET_POSITIONS else 0
        return min(int(chosen), positions - offset)
    return int(chosen)


def _rotary(config: Mapping[str, Any]) -> bool:
    return any("rope" in key or "rotary" in key for key in config)


def size_of(config: Mapping[str, Any], what: Literal["hidden", "layers", "heads"]) -> int:
    """By the first name that the architecture has for it. ModelError where it has none."""
    text = text_config(config)
    found = next((text[name] for name in _SIZES[what] if text.get(name)), None)
    if found is None:
        raise ModelError(f"config.json of a {text.get('model_type')} model has none of {', '.join(_SIZES[what])}")
    return int(found)


def text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    inner: Mapping[str, Any] = config.get("text_config") or config
    return inner


def _weights(folder: Path) -> tuple[Path, ...]:
    index = read_json(folder / "model.safetensors.index.json").get("weight_map", {})
    files = [folder / name for name in sorted(set(index.values()))] or [folder / "model.safetensors"]
    if missing := [file for file in files if not file.is_file()]:
        pickled = next(iter(sorted(folder.glob("*.bin"))), None)
        hint = f"; {pickled.name} is a pickle, which Quarry never opens: save it as safetensors" if pickled else ""
        raise ModelError(f"{folder} has no {missing[0].name}{hint}", path=str(folder))
    return tuple(files)
