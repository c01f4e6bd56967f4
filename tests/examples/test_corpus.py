"""The sample documents are what the script makes, and the questions point at pages that exist."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pymupdf
import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
FILES = sorted(path.name for path in (EXAMPLES / "corpus").iterdir())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "examples.make_corpus", str(folder)]
    subprocess.run(command, check=True, cwd=EXAMPLES.parent)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_the_script_makes_the_committed_file(made: Path, name: str) -> None:
    first, second = made / name, EXAMPLES / "corpus" / name
    if not name.endswith(".pdf"):
        assert first.read_bytes() == second.read_bytes()
        return
    with pymupdf.open(first) as one, pymupdf.open(second) as other:
        assert [page.get_text() for page in one] == [page.get_text() for page in other]


def test_questions_name_pages_that_exist() -> None:
    with (EXAMPLES / "questions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 40
    assert {row["document"] for row in rows} == set(FILES) - {"scanned_letter.pdf"}
    for row in rows:
        assert row["question"].endswith("?")
        if row["document"].endswith(".pdf"):
            with pymupdf.open(EXAMPLES / "corpus" / row["document"]) as document:
                assert 1 <= int(row["page"]) <= document.page_count
        else:
            assert row["page"] == ""


def test_the_answers_stand_on_the_pages_that_the_questions_name() -> None:
    """One quote a question with a page, in the questions' order."""
    with (EXAMPLES / "questions.csv").open(newline="") as stream:
        asked = [(row["document"], row["page"]) for row in csv.DictReader(stream) if row["page"]]
    with (Path(__file__).parent / "evidence.csv").open(newline="") as stream:
        evidence = list(csv.DictReader(stream))
    assert [(row["document"], row["page"]) for row in evidence] == asked
    for row in evidence:
        with pymupdf.open(EXAMPLES / "corpus" / row["document"]) as document:
            assert bare(row["quote"]) in bare(document[int(row["page"]) - 1].get_text()), row


def bare(text: str) -> str:
    """Without white space, hyphens and ligatures."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", unicodedata.normalize("NFKC", text))
