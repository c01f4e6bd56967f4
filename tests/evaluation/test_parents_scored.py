"""What is scored is what a search gives back: parents, where chunks have them."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from evaluation.evaluate import Asked, evaluate
from evaluation.indexes import Laboratory
from evaluation.metrics import Boundaries, Gold
from evaluation.questions import questions_file
from evaluation.rankings import Queries, rankings, retriever
from evaluation.strategies import strategy
from quarry.settings import load
from quarry.span import Span

SPEC = "hierarchical:size=20,parent_size=60"


def test_spans_depth_and_rankings_are_those_of_parents(bench: Path, cut: Path, tmp_path: Path) -> None:
    settings = load(options={"encoder.profile": str(cut), "ingest.workers": 1}, environ={})
    dense = retriever("dense")
    asked = Asked(bench / "corpora", questions_file(bench), (strategy(SPEC),), (str(cut),), (dense,))
    found = evaluate(settings, asked, cache=tmp_path)
    laboratory = Laboratory(settings, bench / "corpora", cache=tmp_path)
    index = laboratory.index(strategy(SPEC), str(cut))

    rows = sorted(
        laboratory.collection.all_chunks(index.generation), key=lambda row: (row.chunk.document_id, row.position)
    )
    parents = {
        (family[0].provenance.sha256, Span(family[0].chunk.span.start, family[-1].chunk.span.end))
        for family in (list(group) for _, group in groupby(rows, key=lambda row: row.chunk.parent_id))
    }
    assert parents == {(content, span) for content, spans in index.spans.items() for span in spans}
    assert len(rows) == index.chunks > len(parents)
    assert index.mean_characters == pytest.approx(sum(len(span) for _, span in parents) / len(parents))

    queries = Queries(laboratory.encoder(str(cut)))
    ranked = list(rankings(laboratory.collection, index, found.questions, how=dense, queries=queries))
    for ranking in ranked:
        assert {(hit.content, hit.span) for hit in ranking} == parents
        assert len(ranking) == len(parents)
    for question, scores in zip(found.questions, found.rows[0].scores, strict=True):
        spans = sorted(index.spans[question.content])
        assert scores.values["precision_omega"] == Boundaries.of(Gold(question), spans).precision_omega
