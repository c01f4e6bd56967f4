"""Questions that name a unit, answered by a page: what scope statements in the context do for their rank."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._scope_reports import Report
from encoders import load_encoder
from evaluation.bootstrap import Difference, difference, resampled_means
from quarry.types import Chunk, Document

A_REPORT = 12
"""Questions."""
WORST = 100
"""A rank beyond is counted as this one."""
WORDS: Mapping[tuple[int, str], str] = {
    (0, "EUR"): "whole euros", (3, "EUR"): "thousands of euros", (6, "EUR"): "millions of euros",
    (3, "USD"): "thousands of dollars", (6, "USD"): "millions of dollars", (6, "GBP"): "millions of pounds",
    (6, "SEK"): "millions of Swedish kronor", (7, "INR"): "crores of rupees", (5, "INR"): "lakhs of rupees",
    (6, "JPY"): "millions of yen", (3, "CHF"): "thousands of Swiss francs",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """Answered by any of the pages on which the label stands in that unit."""

    text: str
    document: str
    pages: frozenset[int]


@dataclass(frozen=True, slots=True)
class Compared:
    """Scope on against off."""

    measure: str
    on: float
    off: float
    change: Difference


def questions(report: Report, document: Document, *, seed: int) -> list[Question]:
    pages: dict[tuple[str, int, str], set[int]] = defaultdict(set)
    for figure in report.figures:
        place = document.text.find(figure.text)
        if place >= 0 and not figure.truth.per_share:
            span = next(e.span for e in document.elements if e.span.start <= place < e.span.end)
            number = type(span)(place, place + len(figure.text))
            key = (figure.label, figure.truth.scale, figure.truth.currency)
            pages[key].update(document.layout.page_numbers(number))
    chosen = random.Random(f"{seed}/{report.name}").sample(sorted(pages), min(A_REPORT, len(pages)))
    return [
        Question(
            f"What was {label.lower()} of {report.company} in {WORDS[scale, currency]}?",
            document.origin.id,
            frozenset(pages[label, scale, currency]),
        )
        for label, scale, currency in chosen
    ]


def compare(on: Sequence[Chunk], off: Sequence[Chunk], asked: Sequence[Question]) -> list[Compared]:
    ranks = np.array([_ranks(chunks, asked) for chunks in (on, off)], dtype=np.float64).T
    measures = {
        "page recall@1": (ranks <= 1).astype(np.float64),
        "page recall@5": (ranks <= 5).astype(np.float64),
        "mean rank": ranks,
    }
    found: list[Compared] = []
    for name, values in measures.items():
        means = resampled_means(values)
        plain = values.mean(axis=0)
        of = (float(plain[0]), float(plain[1]))
        found.append(Compared(name, *of, difference(means[:, 0], means[:, 1], of=of)))
    return found


def _ranks(chunks: Sequence[Chunk], asked: Sequence[Question]) -> list[int]:
    encoder = load_encoder("minilm")
    vectors = np.stack([embedded.vector for embedded in encoder.encode(chunks)])
    ranks: list[int] = []
    for question in asked:
        order = np.argsort(-(vectors @ encoder.encode_query(question.text)), kind="stable")[: WORST - 1]
        hits = (chunks[number] for number in order)
        right = (
            n for n, c in enumerate(hits, start=1) if c.document_id == question.document and question.pages & {*c.pages}
        )
        ranks.append(next(right, WORST))
    return ranks
