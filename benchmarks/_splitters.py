"""Splitters of others, as functions from a document to spans: all count tokens by the evaluated encoder's tokenizer.

`pip install semchunk==4.1.1 chonkie==1.7.0 langchain-experimental==0.4.2` gives those that are no dependencies of ours.
Semantic splitters read vectors of the evaluated encoder, so nothing is downloaded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from evaluation.given import Splitter
from evaluation.strategies import Strategy, given
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.span import Span
from quarry.types import Document

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
"""As LangChain's semantic chunker cuts sentences."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A splitter and what must be installed for it."""

    name: str
    package: str
    settings: str
    split: Splitter

    def strategy(self) -> Strategy | None:
        """None where its package is not installed."""
        if find_spec(self.package.replace("-", "_")) is None:
            return None
        try:
            made_by = f"{self.package} {version(self.package)} {self.settings}"
        except PackageNotFoundError:
            made_by = self.settings
        return given(self.name, made_by, self.split)


def located(text: str, pieces: Iterable[str]) -> Iterator[Span]:
    """Places of pieces that stand in `text` one after another. ValueError where one doesn't."""
    start = 0
    for piece in pieces:
        start = text.index(piece, start)
        yield Span(start, start + len(piece))
        start += len(piece)


def fixed(size: int, overlap: int) -> Splitter:
    """Windows of tokens, wherever they end."""

    def split(document: Document, tokens: TokenCounter, _embedder: SentenceEmbedder) -> Iterator[Span]:
        offsets = tokens.offsets(document.text)
        for first in range(0, len(offsets), size - overlap):
            window = offsets[first : first + size]
            yield Span(window[0][0], window[-1][1])
            if first + size >= len(offsets):
                return

    return split


def langchain_recursive(size: int) -> Splitter:
    def split(document: Document, tokens: TokenCounter, _embedder: SentenceEmbedder) -> Iterator[Span]:
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0, length_function=tokens.count)
        yield from located(document.text, splitter.split_text(document.text))

    return split


def semchunk(size: int) -> Splitter:
    def split(document: Document, tokens: TokenCounter, _embedder: SentenceEmbedder) -> Iterator[Span]:
        chunks = import_module("semchunk").chunkerify(tokens.count, size)
        _, offsets = chunks(document.text, offsets=True)
        yield from (Span(int(start), int(end)) for start, end in offsets)

    return split


def chonkie(kind: str, size: int) -> Splitter:
    """`recursive`, `sentence` or `semantic`."""

    def split(document: Document, tokens: TokenCounter, embedder: SentenceEmbedder) -> Iterator[Span]:
        library: Any = import_module("chonkie")
        makers: dict[str, Callable[[], Any]] = {
            "recursive": lambda: library.RecursiveChunker(tokens.count, chunk_size=size),
            "sentence": lambda: library.SentenceChunker(tokens.count, chunk_size=size, chunk_overlap=0),
            "semantic": lambda: library.SemanticChunker(_chonkie_embeddings(tokens, embedder), chunk_size=size),
        }
        yield from located(document.text, (chunk.text for chunk in makers[kind]().chunk(document.text)))

    return split


def _chonkie_embeddings(tokens: TokenCounter, embedder: SentenceEmbedder) -> Any:
    base: Any = import_module("chonkie.embeddings").BaseEmbeddings

    class Ours(base):  # type: ignore[misc]  # chonkie may not be installed where types are checked
        """The evaluated encoder."""

        def embed(self, text: str) -> Any:
            return embedder.embed([text])[0]

        def embed_batch(self, texts: list[str]) -> list[Any]:
            return list(embedder.embed(texts))

        @property
        def dimension(self) -> int:
            return len(self.embed("a"))

        def get_tokenizer(self) -> Any:
            return tokens.count

    return Ours()


def langchain_semantic() -> Splitter:
    """LangChain-experimental's, with its defaults: cuts where neighbours differ more than the 95th percentile."""

    def split(document: Document, _tokens: TokenCounter, embedder: SentenceEmbedder) -> Iterator[Span]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is being sunset
            library: Any = import_module("langchain_experimental.text_splitter")
        chunks = library.SemanticChunker(_langchain_embeddings(embedder)).split_text(document.text)
        yield from _by_sentences(document.text, chunks)

    return split


def _langchain_embeddings(embedder: SentenceEmbedder) -> Any:
    from langchain_core.embeddings import Embeddings

    class Ours(Embeddings):
        """The evaluated encoder."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            found: list[list[float]] = np.asarray(embedder.embed(texts)).tolist()
            return found

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return Ours()


def _by_sentences(text: str, chunks: Sequence[str]) -> Iterator[Span]:
    """The splitter joins sentences by a space, whatever stood between them: their lengths say how many a chunk has."""
    ends = [match.start() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    starts = [0] + [match.end() for match in _SENTENCE_END.finditer(text)]
    sentence = 0
    for chunk in chunks:
        first, length = sentence, ends[sentence] - starts[sentence]
        while length < len(chunk):
            sentence += 1
            length += 1 + ends[sentence] - starts[sentence]
        yield Span(starts[first], ends[sentence])
        sentence += 1


PEERS = (
    Peer("LangChain recursive 200", "langchain-text-splitters", "recursive 200", langchain_recursive(200)),
    Peer("fixed 250/125", "tokenizers", "windows 250/125", fixed(250, 125)),
    Peer("fixed 200", "tokenizers", "windows 200/0", fixed(200, 0)),
    Peer("semchunk 200", "semchunk", "200", semchunk(200)),
    Peer("chonkie recursive 200", "chonkie", "recursive 200", chonkie("recursive", 200)),
    Peer("chonkie sentence 200", "chonkie", "sentence 200", chonkie("sentence", 200)),
    Peer("chonkie semantic 200", "chonkie", "semantic 200", chonkie("semantic", 200)),
    Peer("LangChain-experimental semantic", "langchain-experimental", "percentile", langchain_semantic()),
)
