"""Questions with their answers' places: character spans (`references`) or a page of a document.

Three kinds of file are read: CSV with `question,references,corpus_id` (the public chunking benchmark's), CSV with
`question,document,page`, and JSON lines with `question`, `document` and `references` or `page`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator

from quarry.errors import ConfigError
from quarry.registry import first_problem
from quarry.span import Span

NAMES = ("questions_df.csv", "questions.jsonl", "questions.csv")
"""Files that are looked for, in this order."""
_LONGEST_FIELD = 10_000_000


class Reference(BaseModel):
    """A gold stretch of text: its place in the file, what stands there, or both."""

    model_config = ConfigDict(frozen=True)

    content: str | None = None
    start: int | None = Field(default=None, ge=0, validation_alias=AliasChoices("start_index", "start"))
    end: int | None = Field(default=None, ge=0, validation_alias=AliasChoices("end_index", "end"))


class Asked(BaseModel):
    """A line of a questions file."""

    model_config = ConfigDict(frozen=True)

    question: str = Field(min_length=1)
    document: str = Field(min_length=1, validation_alias=AliasChoices("document", "corpus_id"))
    """Its path below the corpus folder, its file name or that without its ending."""
    references: tuple[Reference, ...] = ()
    page: int | None = Field(default=None, ge=1)

    @field_validator("page", mode="before")
    @classmethod
    def _no_page(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("references", mode="before")
    @classmethod
    def _from_csv(cls, value: Any) -> Any:
        return json.loads(value or "[]") if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose answer was found in the parsed corpus."""

    text: str
    document: str
    """Path below the corpus folder."""
    content: str
    """The document's SHA-256: equal files are one answer."""
    gold: tuple[Span, ...] = ()
    """In the parsed text; empty for one that names a page or a document only."""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that can't be scored, and why."""

    text: str
    document: str
    reason: str


@dataclass(frozen=True, slots=True)
class Text:
    """What questions are checked against."""

    path: str
    content: str
    text: str
    pages: int
    """0 where the format has none."""


def questions_file(folder: Path) -> Path:
    """The questions of an evaluation folder. ConfigError where there are none."""
    found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if found is None:
        raise ConfigError(f"{folder} has no questions: put {', '.join(NAMES[:-1])} or {NAMES[-1]} there")
    return found


def read_questions(file: Path) -> list[Asked]:
    """ConfigError names the file and the line."""
    try:
        rows = list(_rows(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"can't read {file}: {error}") from error
    if not rows:
        raise ConfigError(f"{file} has no questions in it")
    return [_asked(file, number, row) for number, row in rows]


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """With the number of the line that each ends on."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        if file.suffix == ".csv":
            before = csv.field_size_limit(_LONGEST_FIELD)
            reader = csv.DictReader(stream)
            yield from ((reader.line_num, row) for row in reader)
            csv.field_size_limit(before)
            return
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, _json(file, number, line)


def _json(file: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{file} line {number} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{file} line {number} is no JSON object: {line[:60]!r}")
    return found


def _asked(file: Path, number: int, row: Mapping[str, Any]) -> Asked:
    try:
        return Asked.model_validate(row)
    except ValidationError as error:
        raise ConfigError(f"{file} line {number}: {first_problem(error)}") from error


def place(asked: Sequence[Asked], texts: Sequence[Text]) -> tuple[list[Question], list[LeftOut]]:
    """Each question with its answer's place in the parsed text, and those that have none there."""
    by_name = _by_name(texts)
    found: list[Question] = []
    left: list[LeftOut] = []
    for item in asked:
        named = by_name.get(item.document, ())
        placed = _placed(item, named[0]) if len(named) == 1 else _unnamed(item.document, named)
        if isinstance(placed, str):
            left.append(LeftOut(item.question, item.document, placed))
        else:
            found.append(placed)
    return found, left


def _by_name(texts: Sequence[Text]) -> dict[str, list[Text]]:
    """A path comes before a file name, that before a name without its ending."""
    named: dict[str, list[Text]] = {text.path: [text] for text in texts}
    for short in ("name", "stem"):
        taken = set(named)
        for text in texts:
            name: str = getattr(PurePosixPath(text.path), short)
            if name not in taken:
                named.setdefault(name, []).append(text)
    return named


def _unnamed(name: str, found: Sequence[Text]) -> str:
    if found:
        return f"{len(found)} documents are called {name!r}: {', '.join(text.path for text in found[:3])}"
    return f"no searchable document is called {name!r}"


def _placed(item: Asked, text: Text) -> Question | str:
    if item.page is not None and text.pages and item.page > text.pages:
        return f"{text.path} has {text.pages} pages, the question names page {item.page}"
    gold = [located(text.text, reference) for reference in item.references]
    if None in gold:
        missing = item.references[gold.index(None)]
        what = missing.content or f"[{missing.start}, {missing.end})"
        return f"not in the parsed text of {text.path}: {' '.join(what.split())[:60]!r}"
    page = item.page if text.pages else None
    return Question(item.question, text.path, text.content, tuple(span for span in gold if span), page)


def located(text: str, reference: Reference) -> Span | None:
    """Where the reference stands in the parsed text; None where it doesn't.

    Where the file's own place holds something else (markup is gone, lines are joined), the nearest stretch with the
    same words is taken, whatever white space is between them.
    """
    start, end, content = reference.start, reference.end, reference.content
    given = Span(start, end) if start is not None and end is not None and start < end <= len(text) else None
    if content is None or (given is not None and given.of(text) == content):
        return given
    words = content.split()
    if not words:
        return None
    pattern = re.compile(r"\s*".join(map(re.escape, words)))
    near = start or 0
    spans = (Span(match.start(), match.end()) for match in pattern.finditer(text))
    return min(spans, key=lambda span: abs(span.start - near), default=None)
