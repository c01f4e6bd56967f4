"""How a run tells whoever watches it how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from the run's own threads."""

    def planned(self, documents: int, /) -> None:
        """So many documents need work."""

    def parsed(self, uri: str, /) -> None:
        """One more document is parsed, or has failed."""

    def stored(self, documents: int, chunks: int, tokens: int, /) -> None:
        """A batch is committed; so many tokens were encoded for it."""


class Silent:
    """Tells nobody."""

    def planned(self, _documents: int, /) -> None:
        return

    def parsed(self, _uri: str, /) -> None:
        return

    def stored(self, _documents: int, _chunks: int, _tokens: int, /) -> None:
        return
