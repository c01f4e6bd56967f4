"""sentence-transformers at its defaults in a process of its own, so that what Quarry sets for torch isn't set for it.

`python -m benchmarks._peer MODEL LENGTH`: reads pickled lists of groups of texts, a call for each group, and answers
with the CPU seconds and the vectors, until the input ends.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks._runs import ROOT
from encoders.transformer import ENVIRONMENT


class Peer:
    """`with Peer(model, length=512) as peer: seconds, vectors = peer.encode(groups)`; one thread."""

    def __init__(self, model: Path, *, length: int) -> None:
        env = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
        command = [sys.executable, "-m", "benchmarks._peer", str(model), str(length)]
        env |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)

    def encode(self, groups: Sequence[Sequence[str]]) -> tuple[float, list[Any]]:
        """CPU seconds of all calls, and the vectors of each, `(texts, dim)`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(groups, self._process.stdin)
        self._process.stdin.flush()
        found: tuple[float, list[Any]] = pickle.load(self._process.stdout)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main(model: str, length: str) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    encoder.max_seq_length = int(length)
    while True:
        try:
            groups = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        began = time.process_time()
        vectors = [encoder.encode(group, normalize_embeddings=True, show_progress_bar=False) for group in groups]
        pickle.dump((time.process_time() - began, vectors), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
