"""Scores against a second way of computing them: sets of single characters, walked through one by one."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import BUDGETS, CURVE, CUTS, Boundaries, Found, Gold, score_page, score_spans
from evaluation.questions import Question
from quarry.span import Span

LENGTH = 30_000
NEAR = 1e-12


def question(*gold: tuple[int, int], page: int | None = None) -> Question:
    return Question("why?", "a.md", "sha-a", tuple(Span(*span) for span in gold), page)


def counted(asked: Question, ranking: list[Found], chunks: list[Span], *, k: int) -> dict[str, float]:
    """Every metric by its words, character by character."""
    gold = {at for span in asked.gold for at in range(span.start, span.end)}
    total = sum(span.end - span.start for span in asked.gold)
    read = [(found.content == asked.content, at) for found in ranking for at in range(found.span.start, found.span.end)]

    def hits(characters: int) -> int:
        return len({at for right, at in read[:characters] if right} & gold)

    def characters(cut: int) -> int:
        return sum(len(found.span) for found in ranking[:cut])

    def share(found: Found) -> float:
        return len(gold & set(range(found.span.start, found.span.end))) / total if found.content == asked.content else 0

    touching = [c for c in chunks if any(min(c.end, g.end) >= max(c.start, g.start) for g in asked.gold)]
    union = {at for chunk in touching for at in range(chunk.start, chunk.end)}
    ideal = sorted((share(Found(asked.content, chunk)) for chunk in touching), reverse=True)[:10]
    best = sum(gain / math.log2(place + 2) for place, gain in enumerate(ideal))
    gained = sum(share(found) / math.log2(place + 2) for place, found in enumerate(ranking[:10]))
    spent, hit = characters(k), hits(characters(k))
    ranks = [rank for rank, found in enumerate(ranking, start=1) if share(found)]
    return {
        "recall": hit / total,
        "precision": hit / spent if spent else 0.0,
        "iou": hit / (spent + len(gold) - hit),
        "precision_omega": len(union & gold) / len(union | gold) if touching else 0.0,
        "ndcg10": gained / best if best else 0.0,
        "mrr": 1 / ranks[0] if ranks else 0.0,
        **{f"recall@{cut}": hits(characters(cut)) / total for cut in CUTS},
        **{f"recall@{budget}c": hits(budget) / total for budget in BUDGETS},
    }


@given(seed=st.integers(0, 2**32), k=st.sampled_from([1, 3, 5]))
def test_equal_to_counting_characters(seed: int, k: int) -> None:
    """Overlapping chunks, gold spans that overlap or touch chunks' ends, chunks of another document in between."""
    pick = random.Random(seed)
    spans = [Span(start, start + pick.randint(1, 900)) for start in (pick.randrange(LENGTH) for _ in range(40))]
    gold = [(start, start + pick.randint(1, 300)) for start in (pick.randrange(LENGTH) for _ in range(3))]
    gold += [(spans[0].end, spans[0].end + 5), (spans[1].start + 1, spans[1].start + 40)]
    asked = question(*gold)
    ranking = [Found(pick.choice(["sha-a", "sha-a", "sha-b"]), span) for span in pick.sample(spans, 30)]
    found = score_spans(Gold(asked), ranking, Boundaries.of(Gold(asked), spans), k=k)
    expected = counted(asked, ranking, spans, k=k)
    assert found.values == pytest.approx(expected, abs=NEAR)


def test_by_hand() -> None:
    """Gold is [10, 20); the first chunk is wrong, the second holds half of it, the third the rest and more."""
    asked = question((10, 20))
    chunks = [Span(0, 15), Span(15, 40), Span(40, 60)]
    ranking = [Found("sha-b", Span(0, 10)), Found("sha-a", Span(0, 15)), Found("sha-a", Span(15, 40))]
    values = score_spans(Gold(asked), ranking, Boundaries.of(Gold(asked), chunks), k=2).values
    assert values["recall"] == 0.5
    assert values["precision"] == 5 / 25
    assert values["iou"] == 5 / (25 + 5)
    assert values["precision_omega"] == 10 / 40
    assert values["mrr"] == 0.5
    assert values["recall@3"] == values["recall@2000c"] == 1.0


def test_the_curve_is_the_recall_of_its_budgets() -> None:
    asked = question((100, 400))
    ranking = [Found("sha-a", Span(start, start + 250)) for start in range(0, 9000, 250)]
    scores = score_spans(Gold(asked), ranking, Boundaries.of(Gold(asked), []), k=5)
    assert scores.curve[0] == pytest.approx(0.5)
    assert scores.curve[CURVE.index(4000)] == scores.values["recall@4000c"] == 1.0


def test_nothing_found() -> None:
    asked = question((0, 5))
    values = score_spans(Gold(asked), [], Boundaries.of(Gold(asked), []), k=5).values
    assert set(values.values()) == {0.0}


def test_pages() -> None:
    ranking = [Found("sha-b", Span(0, 9), (3,)), Found("sha-a", Span(0, 9), (2,)), Found("sha-a", Span(9, 12), (2, 3))]
    on_page = score_page(question(page=3), ranking).values
    assert on_page == {"page_recall@1": 0, "page_recall@3": 1, "page_recall@5": 1, "page_recall@10": 1, "mrr": 1 / 3}
    assert score_page(question(), ranking).values["mrr"] == 0.5
