"""Encoder behind an OpenAI-compatible embeddings API: text-embeddings-inference, vLLM, infinity, hosted services.

The tokenizer of the model must be on this machine: chunks are cut and checked by its count, so no server ever has to
truncate. There are no weights to hash: name, revision, tokenizer and prompts make the fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from encoders import encoder
from encoders._pooling import Array
from encoders._whole import Text, WholeTexts, whole_dim
from encoders.profiles import Profile, resolve
from encoders.tokens import Tokens
from quarry.encoding import EncoderIdentity
from quarry.errors import ConfigError
from quarry.fingerprint import digest
from quarry.settings import Precision

if TYPE_CHECKING:
    from encoders._embeddings_api import EmbeddingsApi

CONTEXT = 512
_VARIABLE = re.compile("[A-Z_][A-Z0-9_]*")


@encoder
@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Settings of a server. None of them is part of the fingerprint but `model`: it may move and change its limits."""

    url: str
    """Up to and with `/v1`; `/embeddings` is added."""
    model: str | None = None
    """What the server calls it; None takes the profile's hub id."""
    key_env: str | None = None
    """Name of the environment variable with the API key."""
    batch_texts: int = 32
    batch_tokens: int = 8192
    concurrency: int = 4
    """Requests at a time."""
    timeout_s: float = 60.0
    retries: int = 6
    longest_wait_s: float = 60.0
    """Between two tries; a server that asks for more ends the run."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    base64: bool = False
    """Vectors as bytes instead of decimal numbers: a third of the size."""
    dimensions: bool = False
    """The server cuts vectors to `encoder.dim`; else that is done here."""

    def __post_init__(self) -> None:
        for name in ("batch_texts", "batch_tokens", "concurrency", "timeout_s", "longest_wait_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0: {getattr(self, name)}")
        if min(self.requests_per_minute or 1, self.tokens_per_minute or 1) <= 0 or self.retries < 0:
            raise ValueError("retries must be 0 or more, rates per minute above 0")

    def load(
        self,
        chosen: Profile,
        *,
        dim: int | None,
        dtype: str,
        precision: Precision = "auto",  # noqa: ARG002  # the server chooses it
    ) -> WholeTexts:
        """ModelError where the tokenizer is not on this machine. The server is asked at the first text."""
        self._check()
        whole = chosen.dim
        kept = whole_dim(chosen.name, whole, dim=dim, dtype=dtype)
        folder, limit = resolve(chosen), chosen.context or CONTEXT
        tokens = Tokens.from_folder(folder, max_tokens=limit, prompt=chosen.document_prompt or "")
        query_tokens = Tokens.from_folder(folder, max_tokens=limit, prompt=chosen.query_prompt or "")
        identity = self._identity(chosen, tokens, query_tokens, dim=kept, dtype=dtype)
        model = _Lazy(self, identity, kept if self.dimensions else whole or kept)
        sizes = (self.batch_texts, self.batch_tokens)
        return WholeTexts(
            model, tokens=tokens, query_tokens=query_tokens, identity=identity, sizes=sizes, setup=self._setup(identity)
        )

    def _check(self) -> None:
        at = urlsplit(self.url)
        if at.scheme not in ("http", "https") or not at.hostname or at.username or at.query or at.fragment:
            raise ConfigError("backend.url must be http(s)://HOST[:PORT]/v1, without a user, a key or a query in it")
        if self.key_env is not None and not _VARIABLE.fullmatch(self.key_env):
            raise ConfigError(
                "backend.key_env must be the name of an environment variable (A-Z, 0-9, _), never the key"
            )

    def _setup(self, identity: EncoderIdentity) -> str:
        """Of today: what a server runs under a name may be another model tomorrow, and nothing here would show it."""
        return f"{identity.model} served at {self.url}, {datetime.now(UTC):%Y-%m-%d}"

    def _identity(
        self, chosen: Profile, tokens: Tokens, query_tokens: Tokens, *, dim: int, dtype: str
    ) -> EncoderIdentity:
        model = self.model or chosen.model
        known: dict[str, Any] = {
            "weights": digest("served", model, chosen.revision, length=64),
            "tokenizer": tokens.fingerprint,
            "pooling": "served",
            "document_prompt": tokens.prompt,
            "query_prompt": query_tokens.prompt,
            "max_tokens": tokens.max_tokens,
            "dim": dim,
            "dtype": dtype,
        }
        made_by = digest("embed-served", known, chosen.dim)
        return EncoderIdentity(name=chosen.name, model=model, revision=chosen.revision, fingerprint=made_by, **known)


class _Lazy:
    """The client, made and its library imported at the first text."""

    def __init__(self, settings: Http, identity: EncoderIdentity, dim: int) -> None:
        self._settings, self._identity, self._dim = settings, identity, dim

    @cached_property
    def _api(self) -> EmbeddingsApi:
        from encoders._embeddings_api import EmbeddingsApi, Endpoint, Pace

        given, identity = self._settings, self._identity
        endpoint = Endpoint(
            url=given.url.rstrip("/"),
            model=identity.model,
            key_env=given.key_env,
            dim=self._dim,
            ask_dimensions=given.dimensions,
            base64=given.base64,
            document_prompt=identity.document_prompt,
            query_prompt=identity.query_prompt,
            timeout_s=given.timeout_s,
            retries=given.retries,
            longest_wait_s=given.longest_wait_s,
            concurrency=given.concurrency,
        )
        return EmbeddingsApi(endpoint, Pace(given.requests_per_minute, given.tokens_per_minute))

    def documents(self, batches: Sequence[Sequence[Text]]) -> Iterator[tuple[int, Array]]:
        return self._api.documents(batches)

    def query(self, text: Text) -> Array:
        return self._api.query(text)
