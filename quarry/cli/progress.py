"""Progress of a run in the terminal: documents parsed and stored, tokens a second, time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from quarry.cli.options import Output


class Bar:
    """Fits `pipeline.progress.Progress`."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._planned = self._tokens = 0
        self._began = time.perf_counter()
        self._parsed = bar.add_task("parsed", total=None, rate="")
        self._stored = bar.add_task("stored", total=None, rate="")

    def planned(self, documents: int, /) -> None:
        """A run may plan again for what changed while it ran."""
        self._planned += documents
        for task in (self._parsed, self._stored):
            self._bar.update(task, total=self._planned)

    def parsed(self, _uri: str, /) -> None:
        self._bar.advance(self._parsed)

    def stored(self, documents: int, _chunks: int, tokens: int, /) -> None:
        self._tokens += tokens
        rate = self._tokens / max(time.perf_counter() - self._began, 1e-9)
        self._bar.update(self._stored, advance=documents, rate=f"{rate:,.0f} tokens/s")


@contextmanager
def progress_bar(output: Output) -> Iterator[Bar]:
    """On a terminal; elsewhere nothing is drawn."""
    text, times = TextColumn("{task.description}"), (TimeElapsedColumn(), TimeRemainingColumn())
    columns = (text, BarColumn(), MofNCompleteColumn(), *times, TextColumn("{task.fields[rate]}"))
    shown = not output.quiet and output.messages.is_terminal
    with Progress(*columns, console=output.messages, transient=True, disable=not shown) as bar:
        yield Bar(bar)
