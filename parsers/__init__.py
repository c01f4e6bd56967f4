"""Bytes -> `Document`: one parser a file; `parser.build({"kind": ..., ...})` makes one."""

from __future__ import annotations

from typing import ClassVar, Protocol

from quarry.registry import Registry
from quarry.types import Document, Origin


class Parser(Protocol):
    """One family of formats. Runs in a worker process: no torch, lancedb or prefect below it."""

    kind: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    """What it takes, as `parsers._media.media_type` decides by content."""
    extensions: ClassVar[tuple[str, ...]]
    """Lower case with dot: which files a source lists by default."""
    revision: ClassVar[int]
    """Raised whenever the same bytes give another document: part of the parse fingerprint."""

    def parse(self, data: bytes, origin: Origin) -> Document:
        """EncryptedError, RefusedError or FailedError say why there is no document."""


parser: Registry[Parser] = Registry("parsers")
