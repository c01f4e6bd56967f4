"""What is compared: chunker specs as typed (`semantic:size=120`), profiles, and spans from elsewhere."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from chunkers import Chunker, chunker
from evaluation.given import GivenSpans, Splitter
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.errors import ConfigError
from quarry.settings import chunker_spec, config_dir, read_yaml
from quarry.span import Span
from quarry.types import Document

_COMMA = re.compile(r",(?![^\[]*\])")
"""Between settings, not inside a list."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to cut documents."""

    name: str
    """As it is shown: the spec that was typed, or the name of a splitter of others."""
    settings: Mapping[str, Any] = field(hash=False)
    """`{"kind": ..., **settings}`: what goes into the generation's row."""
    given: GivenSpans | None = None
    named: bool = True
    """Asked for by name: an encoder that can't give its vectors is an error. Else the strategy is left out there."""

    def build(self) -> Chunker:
        return self.given or chunker.build(self.settings)


def strategy(spec: str) -> Strategy:
    """`NAME` or `NAME:key=value,...`; a dot in a key goes into a group (`late:boundaries.kind=semantic`).
    A value may be a list (`late:windows=[126,254]`).

    ConfigError for an unknown name, setting or value.
    """
    name, _, rest = spec.partition(":")
    settings: dict[str, Any] = {"kind": name.strip()}
    for part in filter(None, map(str.strip, _COMMA.split(rest))):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"a strategy is NAME or NAME:key=value,..., {spec!r} has {part!r} in it")
        _put(settings, key.strip().split("."), _value(value))
    full = chunker_spec(settings)
    chunker.build(full)
    return Strategy(spec, full)


def given(name: str, made_by: str, split: Splitter) -> Strategy:
    """A splitter that isn't ours. `made_by` names its version and settings."""
    spans = GivenSpans(name, made_by, split)
    return Strategy(name, {"kind": spans.kind, "name": name, "made_by": made_by}, spans)


def from_file(name: str, file: Path) -> Strategy:
    """Spans as JSON lines `{"document", "start", "end"}` (`corpus` for `document` as well), in the order of the file.

    ConfigError names the line that is none.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"can't read {file}: {error.strerror}") from error
    spans: dict[str, list[Span]] = defaultdict(list)
    for number, line in enumerate(content.decode().splitlines(), start=1):
        try:
            row = json.loads(line)
            spans[row.get("document") or row["corpus"]].append(Span(int(row["start"]), int(row["end"])))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ConfigError(f"{file} line {number} is no span: {error!r}") from error

    def split(document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> Iterable[Span]:  # noqa: ARG001
        path = document.origin.path
        return next((spans[key] for key in (path, Path(path).name, Path(path).stem) if key in spans), ())

    return given(name, sha256(content).hexdigest(), split)


def built_in() -> list[Strategy]:
    """Every kind with its defaults, then the profiles of config/chunkers.yaml that are something else; none by name."""
    names = [*chunker.names(), *read_yaml(config_dir() / "chunkers.yaml")]
    found: list[Strategy] = []
    for made in map(strategy, dict.fromkeys(names)):
        if all(made.build() != known.build() for known in found):
            found.append(replace(made, named=False))
    return found


def _put(settings: dict[str, Any], path: list[str], value: Any) -> None:
    for group in path[:-1]:
        settings = settings.setdefault(group, {})
    settings[path[-1]] = value


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{text!r} is no value: {' '.join(str(error).split())}") from error
