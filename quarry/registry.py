"""A folder is a registry: `chunkers/sliding_window.py` is `kind: sliding_window`, imported when it is first built.

A strategy is a frozen dataclass under the folder's decorator; its fields are its settings. Files whose names start with
an underscore are shared by the others and are no strategies.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from quarry.errors import ConfigError, unknown

T = TypeVar("T")
C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True)
class Registry(Generic[T]):
    """The strategies of one folder, by file name."""

    folder: str
    """Name of the top-level package."""
    shared: frozenset[str] = frozenset()
    """Modules without an underscore that are no strategies either."""

    def __call__(self, cls: C) -> C:
        """Decorator of a strategy: its settings refuse unknown names and wrong types."""
        cls.__pydantic_config__ = ConfigDict(extra="forbid", strict=False)  # type: ignore[attr-defined]  # read by pydantic
        cls.kind = cls.__module__.rpartition(".")[2]  # type: ignore[attr-defined]  # declared by each Protocol
        return cls

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in _files(self.folder) if name not in self.shared)

    def strategy(self, kind: str) -> type[T]:
        """The class in `folder/kind.py`. ConfigError for a name without a file."""
        if kind not in self.names():
            raise unknown(kind, self.names(), place=f"{self.folder}/")
        module = importlib.import_module(f"{self.folder}.{kind}")
        found = [v for v in vars(module).values() if isinstance(v, type) and getattr(v, "kind", None) == kind]
        if len(found) != 1:
            raise ConfigError(
                f"{self.folder}/{kind}.py must hold one @{self.folder.rstrip('s')} class, it has {len(found)}"
            )
        return found[0]

    def build(self, spec: Mapping[str, Any]) -> T:
        """`{"kind": name, **settings}` as an instance. ConfigError names the setting and those there are."""
        settings = dict(spec)
        kind = settings.pop("kind", None)
        if not isinstance(kind, str):
            raise ConfigError(f"a {self.folder} setting needs a kind (there are: {', '.join(self.names())})")
        cls: Any = self.strategy(kind)
        known = [item.name for item in fields(cls)]
        for name in settings:
            if name not in known:
                raise unknown(str(name), known or ["none"], place=f"the settings of {self.folder}.{kind}")
        try:
            built: T = _adapter(cls).validate_python(settings)
        except ValidationError as error:
            raise ConfigError(f"{self.folder}.{kind}: {first_problem(error)}", kind=kind) from error
        return built


@lru_cache(maxsize=64)
def _files(folder: str) -> tuple[str, ...]:
    """Public modules, in order; looked for once, since parsers are built for each document (2 % of a web page)."""
    found = (module.name for module in pkgutil.iter_modules(importlib.import_module(folder).__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


@lru_cache(maxsize=64)
def _adapter(cls: type[T]) -> TypeAdapter[T]:
    """Building one takes milliseconds, and parsers are built for each document."""
    return TypeAdapter(cls)


def first_problem(error: ValidationError) -> str:
    """The first of pydantic's findings in one line: place, message, value."""
    found = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in found["loc"])
    return f"{place + ': ' if place else ''}{found['msg']} (it is {found['input']!r})"
