"""Encoder on the sentence-transformers package, for models whose modules or code transformers alone can't run.

It pads where `transformer` packs, so take it only where that one refuses. Code that comes with a model is run only
where the profile says so and pins the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from encoders import encoder
from encoders._folder import most_tokens, prompts_of, read_json
from encoders._pooling import Array
from encoders._weights import weights_hash
from encoders._whole import Text, WholeTexts, whole_dim
from encoders.profiles import Profile, resolve
from encoders.tokens import Tokens
from quarry.encoding import EncoderIdentity
from quarry.errors import ConfigError, EncodeError, ModelError
from quarry.fingerprint import digest
from quarry.settings import Precision

_PICKLED = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_READ = (".json", ".py", ".safetensors", ".txt", ".model")
"""Endings of the files that decide a vector."""


@encoder
@dataclass(frozen=True, slots=True, kw_only=True)
class WithSentenceTransformers:
    """Settings."""

    trust_remote_code: bool = False
    """Runs Python files of the model; the profile must then pin `revision`."""
    batch_texts: int = 32
    batch_tokens: int = 4096

    def load(
        self,
        chosen: Profile,
        *,
        dim: int | None,
        dtype: str,
        precision: Precision = "auto",  # noqa: ARG002  # the package chooses it
    ) -> WholeTexts:
        """ModelError where the model is missing or has pickled weights; torch is imported at the first text."""
        if self.trust_remote_code and chosen.place == "hub" and not chosen.revision:
            raise ConfigError(
                f"encoder {chosen.name!r}: trust_remote_code needs revision, the commit whose code you read"
            )
        if chosen.layers:
            raise ConfigError(f"encoder {chosen.name!r}: layers is for `backend: transformer`")
        kept = whole_dim(chosen.name, chosen.dim, dim=dim, dtype=dtype)
        folder = resolve(chosen)
        network = _tokenizer_folder(folder)
        limit = most_tokens(network, read_json(network / "config.json"), chosen)
        document, query = prompts_of(read_json(folder / "config_sentence_transformers.json"), chosen)
        tokens = Tokens.from_folder(network, max_tokens=limit, prompt=document)
        query_tokens = Tokens.from_folder(network, max_tokens=limit, prompt=query)
        identity = self._identity(chosen, folder, tokens, query, dim=kept, dtype=dtype)
        model = _Model(folder, identity, whole=chosen.dim or kept, trusted=self.trust_remote_code)
        sizes = (self.batch_texts, self.batch_tokens)
        return WholeTexts(
            model, tokens=tokens, query_tokens=query_tokens, identity=identity, sizes=sizes, setup=_setup()
        )

    def _identity(
        self, chosen: Profile, folder: Path, tokens: Tokens, query: str, *, dim: int, dtype: str
    ) -> EncoderIdentity:
        known: dict[str, Any] = {
            "weights": weights_hash(_files(folder)),
            "tokenizer": tokens.fingerprint,
            "pooling": "modules",
            "document_prompt": tokens.prompt,
            "query_prompt": query,
            "max_tokens": tokens.max_tokens,
            "dim": dim,
            "dtype": dtype,
        }
        made_by = digest("embed-sentence-transformers", known, self.trust_remote_code)
        return EncoderIdentity(
            name=chosen.name, model=chosen.model, revision=chosen.revision, fingerprint=made_by, **known
        )


def _setup() -> str:
    """Device and libraries, without importing them. ModelError where the package is missing."""
    try:
        versions = [f"{name} {version(name)}" for name in ("sentence-transformers", "transformers", "torch")]
    except PackageNotFoundError as error:
        raise ModelError(
            "`backend: sentence_transformers` needs a package: pip install 'quarry-rag[sentence-transformers]'"
        ) from error
    return f"cpu, {', '.join(versions)}"


def _files(folder: Path) -> list[Path]:
    """Everything that decides a vector, in a fixed order. ModelError for weights that only a pickle holds."""
    every = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in every:
        if path.suffix in _PICKLED and not any(path.parent.glob("*.safetensors")):
            raise ModelError(f"{path} is a pickle, which Quarry never opens: save it as safetensors", path=str(path))
    return [path for path in every if path.suffix in _READ]


def _tokenizer_folder(folder: Path) -> Path:
    """Of the first module that has one; the nearest to the top."""
    found = sorted(folder.rglob("tokenizer.json"), key=lambda path: (len(path.parts), str(path)))
    if not found:
        raise ModelError(f"{folder} has no tokenizer.json; Quarry counts tokens with it", path=str(folder))
    return found[0].parent


class _Model:
    """Fits `encoders._whole.TextModel`; loaded at the first text."""

    def __init__(self, folder: Path, identity: EncoderIdentity, *, whole: int, trusted: bool) -> None:
        self._folder, self._identity, self._whole, self._trusted = folder, identity, whole, trusted
        self._loading = threading.Lock()

    @cached_property
    def _loaded(self) -> Any:
        with self._loading:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging as transformers_logging

            transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # not annotated there
            try:
                model = SentenceTransformer(
                    str(self._folder),
                    device="cpu",
                    trust_remote_code=self._trusted,
                    local_files_only=True,
                    model_kwargs={"use_safetensors": True},
                )
            except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
                what = " ".join(str(error).split())[:200]
                raise ModelError(f"{self._folder}: sentence-transformers can't load this model: {what}") from error
            model.max_seq_length = self._identity.max_tokens
            return model.eval()

    def documents(self, batches: Sequence[Sequence[Text]]) -> Iterator[tuple[int, Array]]:
        for number, batch in enumerate(batches):
            texts = [text.text for text in batch]
            yield number, self._encoded(texts, task="document", prompt=self._identity.document_prompt)

    def query(self, text: Text) -> Array:
        vector: Array = self._encoded([text.text], task="query", prompt=self._identity.query_prompt)[0]
        return vector

    def _encoded(self, texts: list[str], *, task: str, prompt: str) -> Array:
        model = self._loaded
        encode = model.encode_query if task == "query" else model.encode_document
        try:
            found = encode(texts, prompt=prompt, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True)
        except (RuntimeError, IndexError) as error:
            what = " ".join(str(error).split())[:200]
            raise EncodeError(f"{self._identity.name} broke on {len(texts)} texts: {what}") from error
        vectors = np.asarray(found, dtype=np.float32)
        if vectors.shape != (len(texts), self._whole):
            raise ModelError(
                f"{self._identity.name} gave vectors of {vectors.shape[-1]} numbers; correct dim in its profile"
            )
        return vectors
