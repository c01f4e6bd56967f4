"""Mixed vectors: what each reading of a chunk is pooled from, and the sums in the making while windows come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from encoders._pooling import Array, pool, unit
from quarry.fingerprint import digest
from quarry.types import Chunk, Component, Job, Prepared, Use


@dataclass(frozen=True, slots=True)
class Reading:
    """A component with what its key is made of."""

    component: Component
    content: tuple[Any, ...]
    """(kind, token ids of each window as a hash, with the tokens pooled where they are not all)."""


@dataclass(slots=True)
class Inputs:
    """Model inputs, each once."""

    windows: dict[tuple[int, ...], int] = field(default_factory=dict)

    def add(self, ids: Iterable[int]) -> int:
        return self.windows.setdefault(tuple(ids), len(self.windows))

    def plain(self, texts: Sequence[Sequence[int]], *, skip: int, weight: float = 1.0) -> Reading:
        """Of whole model inputs; `skip` states at the start are left out of the pooling."""
        uses = tuple((self.add(ids), skip, len(ids)) for ids in texts)
        names = [digest(list(ids)) for ids in texts]
        content = ("plain", names[0]) if len(names) == 1 else ("mean", names)
        return Reading(Component(weight, uses, plain=True), content)


def job_of(made_by: str, chunk: Chunk, readings: Sequence[Reading]) -> Job:
    """One reading alone is that vector, whatever its weight."""
    if len(readings) == 1:
        content = readings[0].content
    else:
        content = ("mixed", [[reading.component.weight, *reading.content] for reading in readings])
    return Job(chunk, digest(made_by, *content), content, tuple(reading.component for reading in readings))


class Mixer:
    """Vectors of `wanted` jobs; windows come in any order.

    A reading's vector is projected (the model's Dense modules) and brought to unit length at full size; the weighted
    sum is cut to `dim`, then normalised. So the cut of a longer mixture is the shorter one.
    """

    def __init__(
        self,
        prepared: Prepared,
        wanted: Iterable[int],
        *,
        pooling: Sequence[str],
        project: Callable[[Array], Array],
        dim: int | None,
    ) -> None:
        self._jobs = {index: prepared.jobs[index] for index in wanted}
        self._pooling, self._project, self._dim = pooling, project, dim
        self._users: dict[int, list[tuple[int, int, Use]]] = defaultdict(list)
        for index, job in self._jobs.items():
            for number, part in enumerate(job.components):
                for use in part.uses:
                    self._users[use[0]].append((index, number, use))
        self._left = {(i, n): len(c.uses) for i, job in self._jobs.items() for n, c in enumerate(job.components)}
        self._open = {index: len(job.components) for index, job in self._jobs.items()}
        self._sums: dict[tuple[int, int], Any] = defaultdict(float)
        self._totals: dict[int, Any] = defaultdict(float)

    def windows(self) -> list[int]:
        return sorted(self._users)

    def plain(self) -> list[int]:
        """Windows that are whole texts and nothing else: their vector is all that is needed of them."""
        return [
            window
            for window, users in self._users.items()
            if all(self._jobs[index].components[number].plain for index, number, _ in users)
        ]

    def take(self, states: Mapping[int, Array], known: Mapping[int, Array] | None = None) -> list[tuple[int, Array]]:
        """The jobs that these windows complete. `known` are plain windows by their full unit vector."""
        vectors = {**self._texts(states), **(known or {})}
        done: list[tuple[int, int]] = []
        for window in (*states, *(known or ())):
            for index, number, (_, first, last) in self._users[window]:
                place = index, number
                plain = self._jobs[index].components[number].plain
                found = vectors[window] if plain else states[window][first:last].sum(axis=0, dtype=np.float32)
                self._sums[place] = self._sums[place] + found
                self._left[place] -= 1
                if not self._left[place]:
                    done.append(place)
        return self._mixed(done)

    def _texts(self, states: Mapping[int, Array]) -> dict[int, Array]:
        """Unit vectors of those windows that some reading takes whole."""
        ranges: dict[int, slice] = {}
        for window in states:
            for index, number, (_, first, last) in self._users[window]:
                if self._jobs[index].components[number].plain:
                    ranges[window] = slice(first, last)
        if not ranges:
            return {}
        pooled = np.stack([pool(states[window][part], self._pooling) for window, part in ranges.items()])
        return dict(zip(ranges, unit(self._project(pooled)), strict=True))

    def _mixed(self, done: Sequence[tuple[int, int]]) -> list[tuple[int, Array]]:
        finished: list[int] = []
        for (index, number), vector in zip(done, self._components(done), strict=True):
            self._totals[index] = self._totals[index] + np.float32(self._jobs[index].components[number].weight) * vector
            self._open[index] -= 1
            if not self._open[index]:
                finished.append(index)
        if not finished:
            return []
        totals = np.stack([self._totals.pop(index) for index in finished])
        return list(zip(finished, unit(totals, dim=self._dim), strict=True))

    def _components(self, done: Sequence[tuple[int, int]]) -> list[Array]:
        """Unit vectors of readings whose windows are all in."""
        vectors: list[Any] = [self._sums.pop(place) for place in done]
        late = [n for n, (index, number) in enumerate(done) if not self._jobs[index].components[number].plain]
        if late:
            means = np.stack([vectors[n] / np.float32(self._states(*done[n])) for n in late])
            for n, vector in zip(late, unit(self._project(means)), strict=True):
                vectors[n] = vector
        for n, (index, number) in enumerate(done):
            part = self._jobs[index].components[number]
            if part.plain and len(part.uses) > 1:
                vectors[n] = unit(vectors[n][None])[0]
        return vectors

    def _states(self, index: int, number: int) -> int:
        return sum(last - first for _, first, last in self._jobs[index].components[number].uses)
