"""JSON lines on stdin: `{"id", "text" or "html", "title"?, "metadata"?}`, one document a line."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from quarry.errors import SourceError
from quarry.registry import first_problem
from sources import Input, Stat


class Line(BaseModel):
    """One document as the user hands it in."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    text: str | None = None
    html: str | None = None
    title: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class JsonLines:
    """Documents from a stream. The bodies go to a temporary file, so memory holds one line at a time."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self.name = name
        self.root = "-"
        self.whole = False
        self.excluded = 0
        self.unlisted: tuple[str, ...] = ()
        self.metadata: Mapping[str, Any] = {}
        self._stream = stream
        self._spool = _Spool()
        self._inputs: dict[str, Input] = {}

    def scan(self) -> Iterator[tuple[str, Stat]]:
        seen: dict[str, int] = {}
        for number, raw in enumerate(self._stream, start=1):
            if not raw.strip():
                continue
            line = _line(raw, number)
            if line.id in seen:
                raise SourceError(
                    f"stdin line {number}: id {line.id!r} was line {seen[line.id]} already; ids must differ"
                )
            seen[line.id] = number
            found = self._inputs[line.id] = self._input(line)
            yield found.path, found.stat

    def input(self, path: str, stat: Stat) -> Input:
        return replace(self._inputs[path], stat=stat)

    def _input(self, line: Line) -> Input:
        body = (line.text if line.text is not None else line.html or "").encode("utf-8", "surrogatepass")
        return Input(
            source=self.name,
            path=line.id,
            uri=line.id,
            file=None,
            stat=Stat(size=len(body)),
            body=self._spool.put(body),
            media_type="text/plain" if line.text is not None else "text/html",
            title=line.title,
            metadata=line.metadata,
        )


class _Spool:
    """A file without a name, so that nothing is left behind however the process ends."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the object
        weakref.finalize(self, self._file.close)

    def put(self, body: bytes) -> Callable[[], bytes]:
        """Append `body`; what comes back reads it again."""
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(body)
        self._file.flush()
        length = len(body)
        return lambda: os.pread(self._file.fileno(), length, offset)


def _line(raw: bytes, number: int) -> Line:
    try:
        line = Line.model_validate(json.loads(raw))
    except ValidationError as error:
        raise SourceError(f"stdin line {number}: {first_problem(error)}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"stdin line {number} is no JSON: {error}") from error
    if (line.text is None) == (line.html is None):
        raise SourceError(f'stdin line {number} ({line.id!r}) needs either "text" or "html"')
    return line
