"""Whole evaluations with a real store: rows equal to a computation of their own, work shared, nothing stale."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from evaluation.evaluate import Asked, Evaluation, Row, evaluate, question_records, records
from evaluation.indexes import Index, Laboratory
from evaluation.metrics import Found, Gold, score_page
from evaluation.questions import Question, questions_file
from evaluation.rankings import RETRIEVERS, Queries, rankings, retriever
from evaluation.strategies import Strategy, from_file, given, strategy
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.errors import ConfigError
from quarry.settings import Effective, load
from quarry.span import Span
from quarry.types import Document
from search.fusion import Candidates, fuse, fuse_ranks, word_weight
from search.search import MIN_POOL
from tests.evaluation.test_metrics import counted

CLOSE = 1e-9


def settings(model: Path) -> Effective:
    return load(options={"encoder.profile": str(model), "ingest.workers": 1}, environ={})


def asked_of(folder: Path, model: Path, *strategies: Strategy, retrievers: Iterable[str] = ("dense",)) -> Asked:
    corpus = next(folder / name for name in ("corpora", "corpus") if (folder / name).is_dir())
    return Asked(corpus, questions_file(folder), strategies, (str(model),), tuple(map(retriever, retrievers)))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


SPECS = ("metadata_aware:size=40", "sliding_window:size=30,overlap=10", "late:boundaries.kind=recursive")


@pytest.fixture(scope="module")
def found(bench: Path, cut: Path, cache: Path) -> Evaluation:
    asked = asked_of(bench, cut, *map(strategy, SPECS), retrievers=RETRIEVERS)
    return evaluate(settings(cut), asked, cache=cache)


def row_of(found: Evaluation, spec: str, how: str) -> Row:
    return next(row for row in found.rows if (row.strategy, row.retriever) == (spec, how))


def test_every_row_is_there(found: Evaluation) -> None:
    assert len(found.rows) == len(SPECS) * len(RETRIEVERS)
    assert not found.left_out
    assert not found.failed
    assert len(found.questions) == 7


def test_places_in_a_web_page_are_found_again(found: Evaluation, bench: Path, cut: Path, cache: Path) -> None:
    texts = {text.path: text.text for text in Laboratory(settings(cut), bench / "corpora", cache=cache).texts()}
    kites = next(question for question in found.questions if question.document == "kites.html")
    assert " ".join(kites.gold[0].of(texts["kites.html"]).split()) == "A kite needs a tail of ribbons"


@pytest.mark.parametrize("spec", SPECS)
def test_dense_rows_are_equal_to_a_ranking_by_hand(
    found: Evaluation, bench: Path, cut: Path, cache: Path, spec: str
) -> None:
    """Cosines of all vectors in numpy, sorted; scored by counting characters."""
    laboratory = Laboratory(settings(cut), bench / "corpora", cache=cache)
    index = laboratory.index(strategy(spec), str(cut))
    rows = list(laboratory.collection.all_chunks(index.generation))
    vectors = np.stack([row.vector for row in rows if row.vector is not None])
    row = row_of(found, spec, "dense")
    for question, scores in zip(found.questions, row.scores, strict=True):
        cosines = vectors @ laboratory.encoder(str(cut)).encode_query(question.text)
        order = sorted(range(len(rows)), key=lambda at: (-round(float(cosines[at]), 6), rows[at].chunk.id))
        ranking = [Found(rows[at].provenance.sha256, rows[at].chunk.span) for at in order]
        mine = [chunk.chunk.span for chunk in rows if chunk.provenance.sha256 == question.content]
        assert scores.values == pytest.approx(counted(question, ranking, mine, k=5), abs=CLOSE)


@pytest.mark.parametrize("how", ["hybrid", "rrf"])
def test_hybrid_rankings_are_the_searches_fused(
    found: Evaluation, bench: Path, cut: Path, cache: Path, how: str
) -> None:
    laboratory = Laboratory(settings(cut), bench / "corpora", cache=cache)
    index, queries = laboratory.index(strategy(SPECS[0]), str(cut)), Queries(laboratory.encoder(str(cut)))
    rows = laboratory.collection.all_chunks(index.generation)
    place = {row.chunk.id: Found(row.provenance.sha256, row.chunk.span) for row in rows}
    question = found.questions[0]
    vectors = laboratory.collection.vector_search(index.generation, queries.encode_query(question.text), k=MIN_POOL)
    words = laboratory.collection.text_search(index.generation, question.text, k=MIN_POOL)
    weight = word_weight(words, rows=index.chunks)
    by_scores = fuse(Candidates(vectors), Candidates(words), weight=weight)
    scores = by_scores if how == "hybrid" else fuse_ranks(vectors, words)
    order = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))
    (ranking,) = rankings(laboratory.collection, index, [question], how=retriever(how), queries=queries)
    assert ranking == [place[chunk] for chunk in order][: len(ranking)]
    assert len(ranking) == index.chunks


def test_precision_omega_needs_no_retriever(found: Evaluation) -> None:
    values = {found.mean(row_of(found, SPECS[0], how), "precision_omega") for how in RETRIEVERS}
    assert len(values) == 1


def test_costs_and_a_second_run_that_costs_nothing(found: Evaluation, bench: Path, cut: Path, cache: Path) -> None:
    costs = {row.strategy: row.cost for row in found.rows}
    for cost in costs.values():
        assert cost is not None
        assert cost.vector_tokens > 0
        assert cost.bytes > 0
    laboratory = Laboratory(settings(cut), bench / "corpora", cache=cache)
    again = [laboratory.index(strategy(spec), str(cut), first=number == 0) for number, spec in enumerate(SPECS)]
    assert laboratory.encoder(str(cut)).usage.encoded == 0
    assert [index.cost for index in again] == list(costs.values())


def test_a_strategy_that_embeds_pays_for_it(bench: Path, cut: Path, cache: Path) -> None:
    laboratory = Laboratory(settings(cut), bench / "corpora", cache=cache)
    twice = laboratory.index(strategy("semantic:size=60,plain=1,sentences=0,heading=0"), str(cut), first=True).cost
    assert twice is not None
    assert twice.reading_tokens > 0.3 * twice.vector_tokens, "sentences that occur again are read once"
    once = laboratory.index(strategy("semantic:size=60"), str(cut)).cost
    assert once is not None
    assert once.reading_tokens < 0.1 * once.vector_tokens
    assert once.tokens < twice.tokens


def test_the_corpus_changes(bench: Path, cut: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bench"
    shutil.copytree(bench, folder)
    asked = asked_of(folder, cut, *map(strategy, SPECS[:2]))
    before = evaluate(settings(cut), asked, cache=tmp_path / "cache")
    (folder / "corpora" / "kites.html").unlink()
    (folder / "corpora" / "more.md").write_text("# More\n\nAnother document altogether.\n")
    (folder / "corpora" / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows\n%%EOF\n")
    after = evaluate(settings(cut), asked, cache=tmp_path / "cache")
    assert [(q.document, q.reason) for q in after.left_out] == [("kites", "no searchable document is called 'kites'")]
    assert list(after.unread) == ["broken.pdf"]
    for spec in SPECS[:2]:
        assert row_of(after, spec, "dense").chunks == row_of(before, spec, "dense").chunks


def thirds(document: Document, _tokens: TokenCounter, _embedder: SentenceEmbedder) -> Iterable[Span]:
    """Three chunks a document, white space at their ends and all, the first far too long for the encoder."""
    length = len(document.text)
    cuts = [0, length * 9 // 10, length * 19 // 20, length]
    return [Span(*pair) for pair in pairwise(cuts)]


def test_given_spans_are_taken_as_they_are(bench: Path, cut: Path, tmp_path: Path) -> None:
    long = tmp_path / "bench"
    shutil.copytree(bench, long)
    text = (long / "corpora" / "paper_mills.md").read_text()
    (long / "corpora" / "paper_mills.md").write_text(text + "\n" + "A mill stands at the weir. " * 200)
    laboratory = Laboratory(settings(cut), long / "corpora", cache=tmp_path / "cache")
    index = laboratory.index(given("thirds", "1", thirds), str(cut), first=True)
    texts = {row.content: row for row in laboratory.texts()}
    for content, spans in index.spans.items():
        assert "".join(span.of(texts[content].text) for span in sorted(spans)) == texts[content].text
    assert index.cut == 1
    _assert_as_much_as_fits(index, laboratory, str(cut))


def _assert_as_much_as_fits(index: Index, laboratory: Laboratory, model: str) -> None:
    encoder = laboratory.encoder(model)
    (row,) = [
        row for row in laboratory.collection.all_chunks(index.generation) if row.chunk.tokens > encoder.tokens.limit
    ]
    text = row.chunk.text[: encoder.tokens.offsets(row.chunk.text)[encoder.tokens.limit - 1][1]]
    assert row.vector is not None
    np.testing.assert_allclose(row.vector, encoder.embed([text])[0], atol=1e-5)  # batches differ


def test_spans_from_a_file(found: Evaluation, bench: Path, cut: Path, cache: Path, tmp_path: Path) -> None:
    """A strategy's own spans through a file give its own scores, where no context is embedded."""
    laboratory = Laboratory(settings(cut), bench / "corpora", cache=cache)
    index = laboratory.index(strategy(SPECS[1]), str(cut), first=True)
    lines = [
        {"document": row.provenance.path, "start": row.chunk.span.start, "end": row.chunk.span.end}
        for row in laboratory.collection.all_chunks(index.generation)
    ]
    file = tmp_path / "spans.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    same = evaluate(settings(cut), asked_of(bench, cut, from_file("mine", file)), cache=cache)
    own = row_of(found, SPECS[1], "dense")
    for metric in found.metrics:
        assert same.mean(same.rows[0], metric) == pytest.approx(found.mean(own, metric), abs=CLOSE)


def test_pages(pages: Path, cut: Path, tmp_path: Path) -> None:
    found = evaluate(settings(cut), asked_of(pages, cut, strategy("recursive"), retrievers=["bm25"]), cache=tmp_path)
    assert found.metrics == ("mrr", "page_recall@1", "page_recall@3", "page_recall@5", "page_recall@10")
    assert found.main_metric == "page_recall@5"
    assert found.mean(found.rows[0], "page_recall@10") == 1.0
    assert score_page(found.questions[0], []).values["mrr"] == 0


def test_records(found: Evaluation) -> None:
    lines = list(records(found, pairs=True))
    kinds = [line["record"] for line in lines]
    number = len(found.rows)
    assert (kinds.count("run"), kinds.count("row")) == (1, number)
    assert kinds.count("difference") == number * (number - 1) // 2
    json.dumps([lines, list(question_records(found))], allow_nan=False)
    row = next(line for line in lines if line["record"] == "row")
    assert row["scores"]["all"]["questions"] == len(found.questions)
    low, high = row["intervals"]["recall"]
    assert low <= row["scores"]["all"]["recall"] <= high


def test_none_can_be_placed(bench: Path, cut: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "other.md").write_text("# Other\n\nNothing.\n")
    shutil.copy(bench / "questions_df.csv", tmp_path)
    with pytest.raises(ConfigError, match="none of the 7 questions"):
        evaluate(settings(cut), asked_of(tmp_path, cut, strategy("recursive")), cache=tmp_path / "cache")


def test_gold_characters_once() -> None:
    gold = Gold(Question("?", "a", "a", (Span(0, 4), Span(2, 6))))
    assert (gold.total, len(gold.positions)) == (8, 6)
