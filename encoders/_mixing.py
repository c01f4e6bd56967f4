"""Mixed vectors: what each reading of a chunk is pooled from, and the sums in the making while windows come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from encoders._pooling import Array, Cut, unit
from quarry.encoding import Component, EmbeddedChunk, Encoder, Job, Prepared
from quarry.fingerprint import digest
from quarry.types import Chunk

Place = tuple[int, int]
"""(job, number of its component)."""


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


def embedded(encoder: Encoder, prepared: Prepared) -> list[EmbeddedChunk]:
    """All of it, in the order of its jobs."""
    found = dict(item for batch in encoder.vectors(prepared, range(len(prepared.jobs))) for item in batch)
    return [EmbeddedChunk(job.chunk, found[index], job.key) for index, job in enumerate(prepared.jobs)]


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
        pooling: tuple[str, ...],
        project: Callable[[Array], Array],
        dim: int | None,
    ) -> None:
        self._jobs = {index: prepared.jobs[index] for index in wanted}
        self._project, self._dim = project, dim
        self._users: dict[int, dict[Cut, list[Place]]] = defaultdict(lambda: defaultdict(list))
        for index, job in self._jobs.items():
            for number, part in enumerate(job.components):
                for window, first, last in part.uses:
                    cut = Cut(first, last, pooling if part.plain else ())
                    self._users[window][cut].append((index, number))
        self._left = {(i, n): len(c.uses) for i, job in self._jobs.items() for n, c in enumerate(job.components)}
        self._open = {index: len(job.components) for index, job in self._jobs.items()}
        self._sums: dict[Place, Any] = defaultdict(float)
        self._totals: dict[int, Any] = defaultdict(float)

    def windows(self) -> list[int]:
        return sorted(self._users)

    def texts(self) -> list[int]:
        """Windows that are whole texts and nothing else: one vector is all that is needed of them."""
        return [window for window, cuts in self._users.items() if len(cuts) == 1 and next(iter(cuts)).modes]

    def cuts(self, window: int) -> list[Cut]:
        """What `take` wants of it, each once."""
        return list(self._users[window])

    def take(self, pooled: Mapping[int, Sequence[Array]]) -> list[tuple[int, Array]]:
        """The jobs that these windows complete; of each window what its `cuts` give, in their order."""
        places = [(window, cut) for window in pooled for cut in self._users[window]]
        found = [vector for vectors in pooled.values() for vector in vectors]
        whole = [n for n, (_, cut) in enumerate(places) if cut.modes]
        for n, vector in zip(whole, self._units([found[n] for n in whole]), strict=True):
            found[n] = vector
        return self._added(zip(places, found, strict=True))

    def take_known(self, known: Mapping[int, Array]) -> list[tuple[int, Array]]:
        """The jobs that these `texts` complete, by their full unit vectors."""
        return self._added(((window, next(iter(self._users[window]))), vector) for window, vector in known.items())

    def _added(self, found: Iterable[tuple[tuple[int, Cut], Array]]) -> list[tuple[int, Array]]:
        done: list[Place] = []
        for (window, cut), vector in found:
            for place in self._users[window][cut]:
                self._sums[place] = self._sums[place] + vector
                self._left[place] -= 1
                if not self._left[place]:
                    done.append(place)
        finished: list[int] = []
        for (index, number), vector in zip(done, self._readings(done), strict=True):
            self._totals[index] = self._totals[index] + np.float32(self._part(index, number).weight) * vector
            self._open[index] -= 1
            if not self._open[index]:
                finished.append(index)
        if not finished:
            return []
        totals = np.stack([self._totals.pop(index) for index in finished])
        return list(zip(finished, unit(totals, dim=self._dim), strict=True))

    def _readings(self, done: Sequence[Place]) -> list[Array]:
        """Unit vectors of readings whose windows are all in; of a single text it is one already."""
        sums: list[Array] = [self._sums.pop(place) for place in done]
        parts = [self._part(*place) for place in done]
        late = [n for n, part in enumerate(parts) if not part.plain]
        means = [sums[n] / np.float32(sum(last - first for _, first, last in parts[n].uses)) for n in late]
        for n, vector in zip(late, self._units(means), strict=True):
            sums[n] = vector
        for n, part in enumerate(parts):
            if part.plain and len(part.uses) > 1:
                sums[n] = unit(sums[n][None])[0]
        return sums

    def _units(self, pooled: Sequence[Array]) -> Iterable[Array]:
        return unit(self._project(np.stack(pooled))) if pooled else ()

    def _part(self, index: int, number: int) -> Component:
        return self._jobs[index].components[number]
