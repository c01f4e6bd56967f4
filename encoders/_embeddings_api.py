"""Client of the OpenAI-compatible `/embeddings` call: retries, rate limits, several requests at a time."""

from __future__ import annotations

import binascii
import os
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import islice
from random import SystemRandom
from typing import Any

import httpx
import numpy as np

from encoders._pooling import Array
from encoders._whole import Text
from quarry.errors import EncodeError, ModelError, QuarryError, ServiceError

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that say nothing about the request itself."""
FIRST_WAIT_S = 0.5
SHOWN = 200
"""Characters of a server's message."""
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and how."""

    url: str
    """Up to `/v1`, without `/embeddings`."""
    model: str
    key_env: str | None
    """Name of the environment variable that holds the key: the key itself is kept nowhere."""
    dim: int
    """Numbers of each vector that comes back."""
    ask_dimensions: bool
    base64: bool
    document_prompt: str
    query_prompt: str
    timeout_s: float
    retries: int
    longest_wait_s: float
    concurrency: int


class Pace:
    """Requests and tokens per minute, spread evenly over it; shared by threads."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._request_s = 60 / requests_per_minute if requests_per_minute else 0.0
        self._token_s = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._free = 0.0
        self._lock = threading.Lock()

    def reserve(self, tokens: int) -> float:
        """Seconds to wait before a request of so many tokens may be sent."""
        with self._lock:
            now = time.monotonic()
            start = max(now, self._free)
            self._free = start + max(self._request_s, self._token_s * tokens)
            return start - now


class EmbeddingsApi:
    """Fits `encoders._whole.TextModel`."""

    def __init__(self, endpoint: Endpoint, pace: Pace) -> None:
        self._at, self._pace = endpoint, pace

    def documents(self, batches: Sequence[Sequence[Text]]) -> Iterator[tuple[int, Array]]:
        stop, left = threading.Event(), iter(enumerate(batches))
        running: dict[Future[Array], int] = {}
        with self._client() as client:
            pool = ThreadPoolExecutor(self._at.concurrency, thread_name_prefix="quarry-encode-http")
            try:
                while True:
                    for number, batch in islice(left, self._at.concurrency - len(running)):
                        call = pool.submit(self._embed, client, batch, prompt=self._at.document_prompt, stop=stop)
                        running[call] = number
                    if not running:
                        return
                    for call in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(call), call.result()
            finally:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def query(self, text: Text) -> Array:
        with self._client() as client:
            found = self._embed(client, [text], prompt=self._at.query_prompt, stop=threading.Event())
        vector: Array = found[0]
        return vector

    def _client(self) -> httpx.Client:
        limits = httpx.Limits(max_connections=self._at.concurrency)
        return httpx.Client(headers=self._headers(), timeout=self._at.timeout_s, limits=limits, verify=_trusted())

    def _headers(self) -> dict[str, str]:
        key = self._key()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _key(self) -> str | None:
        if self._at.key_env is None:
            return None
        key = os.environ.get(self._at.key_env)
        if not key:
            raise ModelError(
                f"the environment variable {self._at.key_env} is not set; it holds the key of {self._at.url}"
            )
        return key.strip()

    def _embed(self, client: httpx.Client, batch: Sequence[Text], *, prompt: str, stop: threading.Event) -> Array:
        body: dict[str, Any] = {"model": self._at.model, "input": [prompt + text.text for text in batch]}
        if self._at.ask_dimensions:
            body["dimensions"] = self._at.dim
        body["encoding_format"] = "base64" if self._at.base64 else "float"
        answer = self._answered(client, body, tokens=sum(text.tokens for text in batch), stop=stop)
        return self._vectors(answer, len(batch))

    def _answered(self, client: httpx.Client, body: Any, *, tokens: int, stop: threading.Event) -> httpx.Response:
        """Tried again with waits that double, each drawn from its upper half so that clients don't come in step."""
        for attempt in range(self._at.retries + 1):
            self._wait(self._pace.reserve(tokens), stop)
            asked_s = 0.0
            try:
                response = client.post(f"{self._at.url}/embeddings", json=body)
            except httpx.RequestError as error:
                failure = f"{type(error).__name__} {error}".strip()
            else:
                if response.status_code == httpx.codes.OK:
                    return response
                if response.status_code not in RETRIED:
                    raise self._refusal(response)
                failure, asked_s = self._told(response), _retry_after(response)
            if asked_s > self._at.longest_wait_s:
                raise ServiceError(f"{self._at.url} asks to wait {asked_s:.0f} s ({failure}); run again later")
            if attempt < self._at.retries:
                own_s = min(self._at.longest_wait_s, FIRST_WAIT_S * 2**attempt)
                self._wait(max(asked_s, _random.uniform(own_s / 2, own_s)), stop)
        raise ServiceError(
            f"{self._at.url} failed {self._at.retries + 1} times, last with {failure}; see that the server runs, then "
            "run again"
        )

    def _wait(self, seconds: float, stop: threading.Event) -> None:
        if stop.wait(seconds) if seconds > 0 else stop.is_set():
            raise ServiceError("stopped while waiting for the embedding server")

    def _refusal(self, response: httpx.Response) -> QuarryError:
        told = self._told(response)
        if response.status_code in (401, 403):
            where = f"the key in {self._at.key_env}" if self._at.key_env else "a request without a key (set key_env)"
            return ModelError(f"{self._at.url} refuses {where}: {told}")
        if response.status_code == 404:
            return ModelError(
                f"{self._at.url}/embeddings has no model {self._at.model!r}: {told}; correct url or model"
            )
        if response.is_redirect:
            return ModelError(f"{self._at.url} has moved to {response.headers.get('location')}; correct url")
        return EncodeError(f"{self._at.url} does not take these texts: {told}")

    def _told(self, response: httpx.Response) -> str:
        """Status and message; a server may repeat the key in it."""
        try:
            found = response.json()
            found = found.get("error", found.get("message", found)) if isinstance(found, dict) else found
            text = found.get("message", found) if isinstance(found, dict) else found
        except ValueError:
            text = response.text
        said = " ".join(str(text).split())
        key = self._key()
        said = said.replace(key, "***") if key else said
        return f"{response.status_code} {said[:SHOWN]}".strip()

    def _vectors(self, response: httpx.Response, texts: int) -> Array:
        """In the order of the texts, whatever the order of the answer."""
        try:
            entries = response.json()["data"]
            found = {
                int(entry.get("index", number)): _numbers(entry["embedding"]) for number, entry in enumerate(entries)
            }
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise ModelError(
                f"{self._at.url} does not answer as an embeddings API: {type(error).__name__} {error}"
            ) from error
        if len(entries) != texts or sorted(found) != list(range(texts)):
            raise ModelError(
                f"{self._at.url} gave {len(entries)} vectors for {texts} texts, with index {sorted(found)[:9]}"
            )
        lengths = {len(vector) for vector in found.values()}
        if lengths != {self._at.dim}:
            raise ModelError(
                f"{self._at.url} gave vectors of {sorted(lengths)} numbers; the profile says {self._at.dim}"
            )
        return np.stack([found[number] for number in range(texts)])


def _numbers(embedding: Any) -> Array:
    """A list, or little-endian float32 in base64: some servers give one where the other was asked for."""
    if isinstance(embedding, str):
        return np.frombuffer(b64decode(embedding, validate=True), dtype="<f4").astype(np.float32)
    found = np.asarray(embedding, dtype=np.float32)
    if found.ndim != 1:
        raise ValueError(f"an embedding of {found.ndim} dimensions: token vectors, not a text's")
    return found


def _retry_after(response: httpx.Response) -> float:
    """Seconds; the header holds them or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes longer than a request."""
    return httpx.create_ssl_context()
