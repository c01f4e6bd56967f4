"""Cross-encoder: one score for a query and a passage read together (Nogueira and Cho 2019)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from encoders._batches import batches
from encoders._folder import most_tokens, read_json, text_config
from encoders._pooling import Array
from encoders.profiles import Profile, profile, resolve
from encoders.tokens import Tokens
from quarry.errors import EncodeError, ModelError

if TYPE_CHECKING:
    from encoders._pairs import PairNetwork

BATCH_TOKENS = 2048
"""As for texts: the optimum on CPUs."""
ALONE = 10**6
"""Pairs of a batch: tokens limit it alone."""
SHARED = 4
"""A passage that is too long is read in windows that share a quarter of their tokens."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A model input: query and passage, or a window of it, with the special tokens round them."""

    ids: tuple[int, ...]
    types: tuple[int, ...]
    """0 for the query, 1 for the passage, by the tokenizer's own rule."""


@dataclass(frozen=True, slots=True)
class _Template:
    """What the tokenizer puts round two texts."""

    before: Pair
    between: Pair
    after: Pair
    query_type: int
    passage_type: int

    @property
    def size(self) -> int:
        return len(self.before.ids) + len(self.between.ids) + len(self.after.ids)

    def pair(self, query: Sequence[int], passage: Sequence[int]) -> Pair:
        a, b, c = self.before, self.between, self.after
        types = (*a.types, *[self.query_type] * len(query), *b.types, *[self.passage_type] * len(passage), *c.types)
        return Pair((*a.ids, *query, *b.ids, *passage, *c.ids), types)


class Reranker:
    """Loaded at the first scores; safe to share between threads."""

    def __init__(self, chosen: Profile) -> None:
        """ModelError in one line where the model is missing or is no cross-encoder of one score."""
        self.profile = chosen
        self._folder = resolve(chosen)
        self._config = read_json(self._folder / "config.json", required=True)
        self.max_tokens = most_tokens(self._folder, self._config, chosen)
        self._tokens = Tokens.from_folder(self._folder, max_tokens=self.max_tokens)
        self._template = _template(self._tokens.tokenizer)
        self._loading = threading.Lock()

    @classmethod
    def load(cls, name: str) -> Reranker:
        """By profile name of `rerankers.yaml`, a profile's YAML file or model folder."""
        return cls(profile(name, kind="rerankers"))

    def scores(self, query: str, passages: Sequence[str]) -> Array:
        """`(len(passages),)` float32, the model's own logits: higher is better, comparable within one query.

        A passage that doesn't fit is read in windows and has the score of the best (MaxP, Dai and Callan 2019); nothing
        is cut. EncodeError for a query of more than half the model's length.
        """
        (asked,) = self._tokens.ids([query])
        if 2 * len(asked) > self.max_tokens:
            raise EncodeError(
                f"the query has {len(asked)} tokens, {self.profile.name} reads {self.max_tokens} of query and passage; "
                "ask in fewer words"
            )
        room = self.max_tokens - self._template.size - len(asked)
        pairs: list[Pair] = []
        owners: list[int] = []
        for number, ids in enumerate(self._tokens.ids(passages)):
            for window in _windows(ids, room):
                pairs.append(self._template.pair(asked, window))
                owners.append(number)
        best = np.full(len(passages), -np.inf, dtype=np.float32)
        np.maximum.at(best, owners, self._logits(pairs))
        return best

    def _logits(self, pairs: Sequence[Pair]) -> Array:
        found = np.empty(len(pairs), dtype=np.float32)
        lengths = [len(pair.ids) for pair in pairs]
        order = sorted(range(len(pairs)), key=lambda number: -lengths[number])
        for batch in batches(order, length=lambda number: lengths[number], budget=BATCH_TOKENS, most=ALONE):
            found[batch] = self._network.logits([pairs[number] for number in batch])
        if not np.isfinite(found).all():
            raise EncodeError(f"{self.profile.name} gave a score that is not finite")
        return found

    @cached_property
    def _network(self) -> PairNetwork:
        with self._loading:
            from encoders._pairs import PairNetwork

            return PairNetwork(self._folder, typed=self._typed)

    @property
    def _typed(self) -> bool:
        """Whether the model is told which tokens are the query's."""
        names = read_json(self._folder / "tokenizer_config.json").get("model_input_names")
        types = int(text_config(self._config).get("type_vocab_size") or 0)
        return types > 1 and (names is None or "token_type_ids" in names)


def _windows(ids: Sequence[int], room: int) -> Iterator[Sequence[int]]:
    """All of it where it fits."""
    step = max(1, room - room // SHARED)
    last = max(0, len(ids) - room)
    for start in range(0, last + step, step):
        first = min(start, last)
        yield ids[first : first + room]


def _template(tokenizer: Tokenizer) -> _Template:
    """From a pair of one word each. ModelError where the tokenizer doesn't tell the two apart."""
    probe = tokenizer.encode("a", "a")
    places = [[n for n, owner in enumerate(probe.sequence_ids) if owner == side] for side in (0, 1)]
    if not all(places):
        raise ModelError("the tokenizer puts two texts into one: it is not that of a cross-encoder")
    (first, second), every = places, list(zip(probe.ids, probe.type_ids, strict=True))

    def part(start: int, end: int | None) -> Pair:
        chosen: list[Any] = every[start:end]
        return Pair(tuple(token for token, _ in chosen), tuple(kind for _, kind in chosen))

    return _Template(
        before=part(0, first[0]),
        between=part(first[-1] + 1, second[0]),
        after=part(second[-1] + 1, None),
        query_type=probe.type_ids[first[0]],
        passage_type=probe.type_ids[second[0]],
    )
