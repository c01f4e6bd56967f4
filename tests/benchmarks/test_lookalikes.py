"""The near-identical reports: alike but for names and figures, each question with one page, and found again."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from benchmarks._lookalike_reports import COMPANIES, STYLES, TEMPLATES, YEARS, chosen, reports, write
from benchmarks.lookalikes import CUTS, INSIDE, WITH, Row, compare
from parsers import parser
from quarry.identity import identity_of
from quarry.types import Document, Origin


def parsed(file: Path) -> Document:
    origin = Origin("d", file.as_uri(), "s", file.name, "0" * 64)
    return parser.build({"kind": "pdf", "mode": "fast"}).parse(file.read_bytes(), origin)


@pytest.mark.parametrize("template", range(len(TEMPLATES)))
def test_reports_are_alike_and_say_what_they_are(tmp_path: Path, template: int) -> None:
    made = reports(template=template, companies=2)
    assert len(made) == 2 * len(YEARS)
    pair = (made[0], made[len(YEARS)])
    texts = []
    for report in pair:
        questions = write(report, tmp_path, template=template)
        assert all(question.page > 2 for question in questions)
        assert all(report.short in question.text and str(report.year) in question.text for question in questions)
        document = parsed(tmp_path / report.file)
        assert document.pages >= 15
        found = identity_of(document)
        assert found.organisation is not None
        assert found.organisation.value.casefold() == report.company.casefold()
        assert found.period is not None
        assert found.period.value == str(report.year)
        texts.append(document.text.split())
    assert SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).ratio() > 0.85


def test_the_same_call_writes_the_same_reports(tmp_path: Path) -> None:
    report = reports(template=0, companies=1)[0]
    pages = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        write(report, folder, template=0)
        with pymupdf.open(folder / report.file) as document:
            pages.append([page.get_text() for page in document])
    assert pages[0] == pages[1]


def test_all_styles_of_names_are_asked_about() -> None:
    made = reports(template=0)
    assert len(made) == len(COMPANIES) * len(YEARS) >= 40
    assert len({report.file for report in made}) == len(made)
    assert {report.style for report in made} == set(STYLES)


def test_questions_are_chosen_once() -> None:
    assert chosen([], 5) == []


def test_differences_are_paired() -> None:
    better = Row(WITH, "hybrid", INSIDE, np.ones((20, len(CUTS))))
    worse = Row(WITH, "dense", INSIDE, np.tile([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]], (10, 1)))
    assert compare(better, worse, 1).mean == pytest.approx(0.5)
    assert compare(better, worse, 1).low > 0
    assert compare(better, worse, 10).tie
