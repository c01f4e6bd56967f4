"""User metadata laid flat beside its JSON, so that filters can compare its numbers, texts and list members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from quarry.errors import StoreError
from stores._escape import stored

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Flat:
    """The leaves of a metadata object by dotted path; lists give terms only."""

    numbers: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    terms: list[str] = field(default_factory=list)


def flat(metadata: str) -> Flat:
    """StoreError where `metadata` is no JSON object."""
    try:
        value = json.loads(metadata)
    except ValueError as error:
        raise StoreError(f"metadata must be a JSON object, it is {metadata[:80]!r}") from error
    if not isinstance(value, dict):
        raise StoreError(f"metadata must be a JSON object, it is {metadata[:80]!r}")
    found = Flat()
    for path, leaf, single in _leaves(value, ""):
        found.terms.append(term(path, leaf))
        if single and isinstance(leaf, str):
            found.texts[stored(path)] = stored(leaf)
        elif single and isinstance(leaf, int | float) and not isinstance(leaf, bool):
            found.numbers[stored(path)] = _number(leaf)
    return found


def term(path: str, leaf: Scalar | None) -> str:
    """`path=JSON` of one leaf: 2024 and 2024.0 are one term."""
    if isinstance(leaf, float) and leaf.is_integer():
        leaf = int(leaf)
    return f"{stored(path)}={json.dumps(leaf)}"


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer over 1e308: it still compares as the largest
        return float("inf") if value > 0 else float("-inf")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any, bool]]:
    """(path, leaf, True where it is no list member)."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        yield from ((path, inner, False) for inner in value if not isinstance(inner, dict | list))
    else:
        yield path, value, True
