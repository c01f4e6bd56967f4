"""Three kinds of questions files, and gold spans found again where the parsed text is not the file's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.questions import Asked, Reference, Text, located, place, questions_file, read_questions
from quarry.errors import ConfigError
from quarry.span import Span

TEXT = "One fish, two  fish.\nRed fish,\nblue fish. One fish again."
TEXTS = (Text("sub/fish.md", "sha-1", TEXT, 0), Text("tides.pdf", "sha-2", "Low tide", 3))


def gold(content: str | None = None, *, start: int | None = None, end: int | None = None) -> Reference:
    return Reference.model_validate({"content": content, "start_index": start, "end_index": end})


def written(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_the_benchmark_csv(tmp_path: Path) -> None:
    references = json.dumps([{"content": "two  fish", "start_index": 10, "end_index": 19}]).replace('"', '""')
    file = written(tmp_path, "questions_df.csv", f'question,references,corpus_id\nHow many?,"{references}",fish\n')
    (asked,) = read_questions(questions_file(tmp_path))
    assert file == questions_file(tmp_path)
    ((found,), left) = place([asked], TEXTS)
    assert (found.document, found.gold, left) == ("sub/fish.md", (Span(10, 19),), [])


def test_pages(tmp_path: Path) -> None:
    file = written(tmp_path, "questions.csv", "question,document,page\nWhen?,tides.pdf,2\nWhere?,tides.pdf,\n")
    found, left = place(read_questions(file), TEXTS)
    assert [question.page for question in found] == [2, None]
    assert not left


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {"question": "Which?", "document": "fish.md", "references": [{"content": "Red fish, blue fish"}]},
        {"question": "When?", "document": "tides", "page": 3},
    ]
    file = written(tmp_path, "questions.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
    found, _ = place(read_questions(file), TEXTS)
    assert found[0].gold == (Span(21, 40),)
    assert found[1].page == 3


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (gold("One", start=0, end=3), Span(0, 3)),
        (gold(start=5, end=8), Span(5, 8)),
        (gold("two fish."), Span(10, 20)),
        (gold("One fish", start=50, end=58), Span(42, 50)),  # the nearer of two
        (gold("green fish", start=50, end=58), None),
        (gold(start=50, end=5800), None),
        (gold("  "), None),
    ],
)
def test_located(reference: Reference, expected: Span | None) -> None:
    assert located(TEXT, reference) == expected


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked(question="?", document="whales.md"), "no searchable document is called 'whales.md'"),
        (Asked(question="?", document="tides.pdf", page=9), "3 pages"),
        (Asked(question="?", document="fish", references=(gold("eels"),)), "'eels'"),
    ],
)
def test_left_out(asked: Asked, reason: str) -> None:
    found, (left,) = place([asked], TEXTS)
    assert not found
    assert reason in left.reason


def test_one_name_of_two_documents() -> None:
    both = (Text("a/x.md", "1", "", 0), Text("b/x.md", "2", "", 0))
    _, (left,) = place([Asked(question="?", document="x.md")], both)
    assert "2 documents" in left.reason
    found, _ = place([Asked(question="?", document="b/x.md")], both)
    assert found[0].content == "2"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("questions.csv", "question,document,page\nWhen?,tides.pdf,two\n", "line 2: page"),
        ("questions.csv", "question,answer\nWhen?,now\n", "line 2: document"),
        ("questions.csv", "question,document,page\n", "no questions in it"),
        ("questions_df.csv", 'question,references,corpus_id\nWhy?,"[{",fish\n', "line 2: references"),
        ("questions.jsonl", "{]\n", "line 1 is no JSON"),
        ("questions.jsonl", "[1]\n", "line 1 is no JSON object"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_questions(written(tmp_path, name, content))


def test_no_questions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no questions"):
        questions_file(tmp_path)
