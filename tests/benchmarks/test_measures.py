"""The benchmarks measure what they say."""

from __future__ import annotations

from benchmarks.provenance import AREA_BAR, CORPUS, measure
from benchmarks.retrieval import EXAMPLES, questions


def test_boxes_give_the_text_back() -> None:
    for name in ("contract.pdf", "paper.pdf"):
        score = measure(CORPUS / name, "metadata_aware", "auto")
        assert score.chunks > 10
        assert score.mupdf == score.chunks, score.wrong
        assert score.pdfium >= 0.9 * score.chunks, score.wrong
        assert score.area <= AREA_BAR


def test_questions_are_read_with_their_pages() -> None:
    asked = questions(EXAMPLES / "questions.csv")
    assert {q.page for q in asked if q.document.endswith(".html")} == {None}
    assert all(q.page for q in asked if q.document.endswith(".pdf"))
