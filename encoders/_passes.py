"""Batches through the network of this process: over the cores by their best split, or two at a time on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from encoders._calibration import Split, Spread, spread
from encoders._device import Setup
from encoders._folder import ModelFolder
from encoders._network import Network
from encoders._parcels import Ids
from encoders._pooling import Array, Cut
from quarry import memory
from quarry.errors import EncodeError
from quarry.fingerprint import digest

B = TypeVar("B")
Texts = tuple[Sequence[Ids], Sequence[Sequence[Cut]]]
"""Model inputs and what is pooled of each."""
IN_FLIGHT = 2
"""Passes on one GPU: while one computes, the other's inputs are laid out and sent. One stream runs them one by one."""


class Passes(Protocol):
    """What runs batches, in whatever processes."""

    @property
    def padding(self) -> int:
        """Padding tokens that were run so far."""

    def over(self, batches: Iterable[B], texts: Callable[[B], Texts]) -> Iterator[tuple[B, list[list[Array]]]]:
        """Each batch with its pooled vectors, in the order given; holds a few batches.

        EncodeError for texts that the network can't run, ModelError where it can't be loaded.
        """


class InProcess:
    """Fits `Passes`."""

    def __init__(self, folder: ModelFolder, setup: Setup, *, name: str) -> None:
        self._network, self._name = Network(folder, setup), name
        self.cores = Spread(digest(folder.architecture), setup.name)
        memory.settle()

    @property
    def padding(self) -> int:
        return self._network.padding

    def over(self, batches: Iterable[B], texts: Callable[[B], Texts]) -> Iterator[tuple[B, list[list[Array]]]]:
        def run(batch: B) -> list[list[Array]]:
            return pooled(self._network, texts(batch), name=self._name)

        if self._network.setup.on_gpu:
            yield from spread(iter(batches), run, Split(IN_FLIGHT, 1))
            return
        tidy = memory.Tidy()  # rows of many sizes tear the heap: it grew by 1 MB for every 3 chunks
        for done in self.cores.over(batches, run):
            yield done
            tidy.step()


def pooled(network: Network, texts: Texts, *, name: str) -> list[list[Array]]:
    """EncodeError where torch gives up: out of memory, or ids that the network has no row for."""
    sequences, cuts = texts
    network.setup.enter()
    try:
        return network.pooled(sequences, cuts)
    except (RuntimeError, IndexError) as error:
        what = " ".join(str(error).split())[:200]
        raise EncodeError(f"{name} broke on {len(sequences)} texts: {what}") from error
