"""Does a model do what its profile says, and how near to the machine's limit? Loads it and asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psutil

from encoders import encoder_of
from encoders._flops import flops_per_token, layer_matrices, machine_flops
from encoders._folder import ModelFolder, read_folder
from encoders._pooling import Array
from encoders.profiles import DEFAULT_BACKEND, Profile, resolve
from encoders.reranker import Reranker
from encoders.transformer import Transformer
from quarry.encoding import LATE, Encoder
from quarry.errors import ConfigError, EncodeError
from quarry.span import Span
from quarry.types import Chunk

PROSE = (
    "The harbour master keeps a record of every vessel that enters the bay: its length, its draught, the cargo it "
    "carries and the port from which it sailed. In winter the entries are few; storms close the channel for days, and "
    "the pilots wait by the stove. When the ice breaks in March, colliers, trawlers and a mail steamer come in on one "
    "tide, and 14 berths are filled by noon. An old rule says that salt is unloaded first, since rain would spoil it. "
)
TEXTS = 64
MEAN, SIGMA, LEAST, MOST = 200, 0.6, 16, 512
"""Tokens of a text: log-normal, as the chunks of real corpora are."""
LONGEST_TRIED = 8192
QUERIES = ("What is unloaded first, and why?", "How many berths are filled by noon?")
LOCAL, SERVED = 2e-5, 5e-3
"""Largest difference of equal vectors: float32 sums in another order; a server may compute in half precision."""

Wide = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Of texts with the lengths of real chunks, all handed over at once."""

    texts: int
    tokens: int
    """Special tokens and prompts included."""
    wall_s: float
    cpu_s: float
    """Of all threads; of a served model, this machine's share alone."""
    flops_per_token: float | None
    machine_flops: float | None
    """Per CPU second; None where the model's files don't say what it computes."""

    @property
    def tokens_per_cpu_s(self) -> float:
        return self.tokens / self.cpu_s

    @property
    def percent(self) -> float | None:
        """Of the limit that the machine's matrix products set."""
        if self.flops_per_token is None or self.machine_flops is None:
            return None
        return 100 * self.tokens_per_cpu_s * self.flops_per_token / self.machine_flops


def checks(chosen: Profile) -> Iterator[Check]:
    """One after another, as they are done. Loads the model; ModelError where it is missing."""
    encoder = encoder_of(chosen)
    texts = sample(encoder, 12)
    close = LOCAL if chosen.backend.get("kind") != "http" else SERVED
    together = _afresh(encoder, texts)
    yield _finite(together, encoder)
    alone = np.concatenate([_afresh(encoder, [text]) for text in texts])
    yield _same("a text has the same vector alone and in company", together, alone, close)
    yield _same("other company changes nothing", together[::-3], _afresh(encoder, texts[::-3]), close)
    yield _prompts(encoder, chosen, texts[0], close)
    yield _longest(encoder)
    if isinstance(encoder, Transformer):
        yield _pooled(encoder, texts[:4], read_folder(resolve(chosen), chosen))
        yield _late(encoder, texts[0])


def reranker_checks(chosen: Profile) -> Iterator[Check]:
    """As `checks`, of a cross-encoder."""
    reranker = Reranker(chosen)
    passages = PROSE.split(". ")
    query, other = QUERIES
    together = reranker.scores(query, passages)
    alone = np.concatenate([reranker.scores(query, [passage]) for passage in passages])
    close = LOCAL * max(1.0, float(np.abs(together).max()))  # of logits, which have no bound
    yield _same("a passage has the same score alone and in company", together, alone, close)
    differs = float(np.abs(together - reranker.scores(other, passages)).max())
    yield Check("another query has other scores", differs > close, f"largest difference {differs:.1e}")
    spread = float(together.max() - together.min())
    yield Check("passages are told apart", spread > close, f"scores {together.min():.3g} to {together.max():.3g}")
    (whole,) = reranker.scores(query, [PROSE * (1 + reranker.max_tokens // 50)])
    yield Check("a passage longer than the model is read in windows", bool(np.isfinite(whole)), f"score {whole:.3g}")


def speed(chosen: Profile) -> Speed:
    """Warm: the model is loaded and has run once before."""
    encoder = encoder_of(chosen)
    texts = sample(encoder, TEXTS)
    several = isinstance(encoder, Transformer) and encoder.devices > 1
    encoder.embed(texts if several else texts[:2])
    encoder.forget()
    before, wall, cpu = encoder.usage.encoded, time.perf_counter(), _cpu_s()
    encoder.embed(texts)
    cpu, wall = _cpu_s() - cpu, time.perf_counter() - wall
    tokens = encoder.usage.encoded - before
    if chosen.backend.get("kind") != DEFAULT_BACKEND:
        return Speed(len(texts), tokens, wall, cpu, None, None)
    folder = read_folder(resolve(chosen), chosen)
    lengths = [encoder.tokens.count(text) for text in texts]
    return Speed(len(texts), tokens, wall, cpu, flops_per_token(folder, lengths), machine_flops(layer_matrices(folder)))


def _cpu_s() -> float:
    """Of this process and of those that it started, an encoder's for each device among them."""
    return time.process_time() + sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children())


def sample(encoder: Encoder, count: int) -> list[str]:
    """Texts of the lengths of real chunks, the same at every call."""
    limit = encoder.tokens.limit
    drawn = np.random.default_rng(7).lognormal(np.log(MEAN) - SIGMA**2 / 2, SIGMA, size=count)
    lengths = np.clip(drawn, LEAST, min(MOST, limit)).astype(int)
    prose = PROSE * (1 + 2 * MOST // max(1, encoder.tokens.count(PROSE)))
    offsets = encoder.tokens.offsets(prose)
    texts = []
    for number, length in enumerate(lengths):
        start = 37 * number % MOST
        text = prose[offsets[start][0] : offsets[start + length - 1][1]].strip()
        texts.append(_within(text, limit, encoder.tokens.count))
    return texts


def _within(text: str, limit: int, count: Callable[[str], int]) -> str:
    """Without words at its end that don't fit: what was cut in the middle may have other tokens."""
    while count(text) > limit:
        text = text.rpartition(" ")[0]
    return text


def _afresh(encoder: Encoder, texts: Sequence[str]) -> Array:
    """What is remembered of earlier texts would be compared with itself."""
    encoder.forget()
    return encoder.embed(texts)


def _finite(vectors: Array, encoder: Encoder) -> Check:
    lengths = np.linalg.norm(vectors, axis=1)
    passed = bool(np.isfinite(vectors).all() and np.abs(lengths - 1).max() < 1e-5)
    return Check(
        "vectors are finite and of length 1", passed, f"{vectors.shape[1]} dimensions, {encoder.identity.dtype}"
    )


def _same(name: str, found: Array, expected: Array, close: float) -> Check:
    difference = float(np.abs(found - expected).max())
    return Check(name, difference <= close, f"largest difference {difference:.1e}, at most {close:.0e}")


def _prompts(encoder: Encoder, chosen: Profile, text: str, close: float) -> Check:
    """Another prompt or model must show in the vector, and nothing else may."""
    identity = encoder.identity
    least = 0.0 if close == LOCAL else close  # the same ids alone give the same bits on one machine
    differs = float(np.abs(encoder.encode_query(text) - encoder.embed([text])[0]).max()) > least
    expected = identity.document_prompt != identity.query_prompt or chosen.query is not None
    said = f"documents {identity.document_prompt!r}, queries {identity.query_prompt!r}"
    return Check("queries and documents have their own prompts", differs == expected, said)


def _longest(encoder: Encoder) -> Check:
    """What fills the limit is taken, one token more is refused. Very long contexts are not run to their end."""
    limit = encoder.tokens.limit
    tried = min(limit, LONGEST_TRIED)
    vector = encoder.embed([_words(encoder, tried)])[0]
    try:
        encoder.prepare([_chunk(_words(encoder, limit + 1))])
        refused = False
    except EncodeError:
        refused = True
    passed = bool(np.isfinite(vector).all()) and refused
    return Check("the longest input is taken, a longer one refused", passed, f"{tried} of {limit} tokens run")


def _words(encoder: Encoder, tokens: int) -> str:
    """A text of so many tokens: a common word is one in every vocabulary, and what is missing is put in singly."""
    words = ["the"] * tokens
    while (over := encoder.tokens.count(" ".join(words)) - tokens) > 0:
        del words[:over]
    return " ".join(words)


def _pooled(encoder: Transformer, texts: Sequence[str], folder: ModelFolder) -> Check:
    """Against the states of one text at a time, pooled here by each mode's definition in float64."""
    chunks = [_chunk(text) for text in texts]
    found = np.stack([item.vector for item in encoder.encode(chunks)])
    left = 0 if folder.include_prompt or not folder.document_prompt else _before(encoder)
    slow = []
    for ids in encoder.prepare(chunks).windows:
        states = encoder.states(ids)[left:].astype(np.float64)
        slow.append(np.concatenate([_by_definition(states, mode) for mode in folder.pooling]))
    check = _same("vectors are pooled as the model's files say", found, encoder.finished(np.stack(slow)), LOCAL)
    return replace(check, detail=f"{encoder.identity.pooling}; {check.detail}")


def _by_definition(states: Wide, mode: str) -> Wide:
    count = len(states)
    weights = {
        "cls": np.eye(1, count),
        "lasttoken": np.eye(1, count, count - 1),
        "mean": np.full((1, count), 1 / count),
        "mean_sqrt_len_tokens": np.full((1, count), count**-0.5),
        "weightedmean": np.arange(1, count + 1)[None] / (count * (count + 1) / 2),
    }
    return states.max(axis=0) if mode == "max" else np.asarray((weights[mode] @ states)[0])


def _late(encoder: Transformer, text: str) -> Check:
    """A text that fits one window: special and prompt tokens are read and not pooled."""
    name = "late chunking of one window is the mean of its states"
    chunk = _chunk(_within(text, encoder.tokens.limit // 3, encoder.tokens.count))
    try:
        encoder.check(LATE)
    except ConfigError as error:
        return Check(name, True, f"refused: {error}")
    prepared = encoder.prepare_mixed(chunk.text, [chunk], LATE, sections=[chunk.span])
    (found,) = encoder.encode_late(chunk.text, [chunk], sections=[chunk.span])
    body = encoder.states(prepared.windows[0])[_before(encoder) :]
    body = body[: len(body) - len(encoder.tokens.suffix)]
    return _same(name, found.vector[None], encoder.finished(body.mean(axis=0, dtype=np.float64)[None]), LOCAL)


def _before(encoder: Transformer) -> int:
    return len(encoder.tokens.prefix) + len(encoder.tokens.prompt_ids)


def _chunk(text: str) -> Chunk:
    return Chunk("selftest", "d", "u", Span(0, len(text)), text, "", 1, "selftest")
