"""Ids and fingerprints: hashes of content and position, the same on every machine and in every order."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

from quarry.span import Span


def digest(*parts: Any, length: int = 32) -> str:
    """First `length` hex digits of the SHA-256 over the parts in canonical JSON, so joining parts never collides."""
    return sha256(_CANONICAL.encode(parts).encode()).hexdigest()[:length]


def settings_of(value: Any) -> dict[str, Any]:
    """The fields of a strategy's settings dataclass by name."""
    return {item.name: getattr(value, item.name) for item in fields(value)}


def document_id(collection: str, source: str, path: str) -> str:
    """`path` is relative to the source's root, as it is on disk."""
    return digest("document", collection, source, path)


def element_id(content_sha256: str, kind: str, span: Span) -> str:
    return digest("element", content_sha256, kind, span.start, span.end, length=16)


def chunk_id(document: str, chunking: str, span: Span, text: str) -> str:
    """`chunking` is the chunking fingerprint; a model change alone leaves ids as they are."""
    return digest("chunk", document, chunking, span.start, span.end, text)


def parent_id(document: str, chunking: str, span: Span) -> str:
    """Of what a search gives back in place of the small units that it found: a run of them over `span`."""
    return digest("parent", document, chunking, span.start, span.end)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **settings_of(value)}
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical form: {value!r}")


_CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_plain)
