"""Everything Quarry raises on purpose.

QuarryError
├── ConfigError            the settings or the command line are wrong: fix and run again (exit 2)
│   ├── MismatchError      settings differ from the live generation's: nothing is mixed silently
│   └── ModelError         a model is missing or unusable: install it or choose another profile
├── SourceError            a source can't be listed or read: its documents are left as they are
├── DocumentError          this document only; the run goes on. `outcome` says how it is recorded
│   ├── EncryptedError     needs a password
│   ├── RefusedError       not a document we take: type, size, damaged, unreadable
│   └── FailedError        parsing or encoding broke: timeout, memory, crash, error
├── HeldBackError          a gate is shut: nothing was changed; look, or override it by name (exit 5)
├── ErrorBudgetError       a run did its work, but more documents failed than may: its flow run fails
├── ServiceError           an embedding server or an encoder's process is gone: look at it, run again; nothing is lost
├── EncodeError            the encoder can't read a text: it is too long, or no usable vector comes of it
└── StoreError             LanceDB's tables are missing, damaged or of another version
    └── BusyError          another run holds the lock: wait or try again (exit 4)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar


class QuarryError(Exception):
    """Base class. `retryable` is what the flow's retry condition reads; `exit_code` what the command line ends with."""

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **context: Any) -> None:
        super().__init__(message)
        self.context = context

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), str(self), self.context))


class ConfigError(QuarryError):
    """Wrong settings or usage."""

    exit_code = 2


class MismatchError(ConfigError):
    """The settings of this run differ from those that made the live generation."""


class ModelError(ConfigError):
    """A model is missing or can't be used."""


class SourceError(QuarryError):
    """A source as a whole can't be listed or read."""


class DocumentError(QuarryError):
    """One document can't be taken; the message is the reason that is recorded."""

    outcome: ClassVar[str] = "failed"


class EncryptedError(DocumentError):
    """The document needs a password that we were not given."""

    outcome = "encrypted"


class RefusedError(DocumentError):
    """The document is not what we take; the reason starts with type, size, damaged or unreadable."""

    outcome = "refused"


class FailedError(DocumentError):
    """Work on the document broke; the reason starts with timeout, memory, crash or error."""

    retryable = True


class HeldBackError(QuarryError):
    """Something was not done because it may be wrong; `context` says what was found."""

    exit_code = 5


class ErrorBudgetError(QuarryError):
    """More documents failed than may."""


class ServiceError(QuarryError):
    """A server or process that the run needs is down, overloaded or slow; the documents are not at fault."""

    retryable = True


class EncodeError(QuarryError):
    """The encoder can't read a text."""


class StoreError(QuarryError):
    """The store's tables are missing, damaged or of another version."""


class BusyError(StoreError):
    """Another run holds the lock."""

    retryable = True
    exit_code = 4


def unknown(name: str, known: Iterable[str], *, place: str) -> ConfigError:
    """The error for a name that `place` doesn't have: it lists the known names and guesses the one that was meant."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return ConfigError(f"no {name!r} in {place} (there are: {', '.join(names)}){guess}", name=name, known=names)


def _rebuild(kind: type[QuarryError], message: str, context: dict[str, Any]) -> QuarryError:
    return kind(message, **context)
