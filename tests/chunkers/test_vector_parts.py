"""What vectors of `semantic` and `late` are made of: exactly the sentences that were compared, headings by weight."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from chunkers import Mixes, chunker, sentence_parts, top_sections
from encoders import load_encoder
from quarry.types import Document, ElementType
from tests.laws.chunker_documents import Build, Characters, WordHash, documents

PROSE = "The keeper of lamp {0} noted a height of {1} feet. Nobody came in year {0}, e.g. by boat. It was quiet. "


def document(sections: int = 3) -> Document:
    build = Build()
    build.add(ElementType.TITLE, "Lights of the coast", level=1)
    for number in range(sections):
        build.add(ElementType.TITLE, f"Part {number}", level=2)
        build.add(ElementType.NARRATIVE_TEXT, "".join(PROSE.format(n, n * number) for n in range(12)).strip())
    return build.document()


@pytest.mark.parametrize("spec", [{}, {"size": 60}, {"method": "percentile"}, {"context": False}])
def test_the_sentences_that_were_compared_are_not_run_again(spec: dict[str, Any]) -> None:
    encoder = load_encoder("minilm")
    strategy = chunker.build({"kind": "semantic", "heading": 0.0, **spec})
    assert isinstance(strategy, Mixes)
    made = list(strategy.chunk(document(), tokens=encoder.tokens, embedder=encoder))
    parts = sentence_parts(document(), made, tokens=encoder.tokens, unit=strategy.mixture.unit)
    before = encoder.usage.encoded
    work = encoder.prepare_mixed(
        document().text, made, strategy.mixture, sections=top_sections(document()), parts=parts
    )
    found = dict(item for batch in encoder.vectors(work, range(len(made))) for item in batch)
    assert encoder.usage.encoded == before > 0
    assert len(found) == len(made) > 5


@settings(max_examples=40, deadline=None)
@given(documents())
def test_parts_hold_all_words_of_their_chunk_and_no_others(given_one: Document) -> None:
    tokens = Characters()
    for kind in ("recursive", "metadata_aware"):
        strategy = chunker.build({"kind": kind, **chunker.strategy(kind).tiny})
        made = list(strategy.chunk(given_one, tokens=tokens, embedder=WordHash()))
        for chunk, parts in zip(made, sentence_parts(given_one, made, tokens=tokens, unit=9), strict=True):
            assert all(chunk.span.start <= part.start < part.end <= chunk.span.end for part in parts)
            covered = "".join("".join(part.of(given_one.text).split()) for part in parts)
            body = "".join(_body(given_one, chunk.span.start, chunk.span.end).split())
            assert covered == body


def _body(document: Document, start: int, end: int) -> str:
    inside = (element.span for element in document.elements if element.in_body)
    return "".join(document.text[max(span.start, start) : min(span.end, end)] for span in inside)


@pytest.mark.parametrize(
    ("spec", "with_context"),
    [
        ({"kind": "late"}, True),
        ({"kind": "late", "heading": 0}, False),
        ({"kind": "late", "plain": 1, "heading": 0}, True),
        ({"kind": "semantic"}, True),
        ({"kind": "semantic", "heading": 0}, False),
        ({"kind": "semantic", "heading": 0, "plain": 1}, True),
        ({"kind": "semantic", "context": False}, False),
    ],
)
def test_context_is_there_where_some_weight_embeds_it(spec: dict[str, Any], with_context: bool) -> None:
    tokens = Characters(limit=400)
    made = list(chunker.build(spec).chunk(document(), tokens=tokens, embedder=WordHash()))
    assert any(chunk.context == "Lights of the coast > Part 1\n" for chunk in made) == with_context
    assert all(chunk.tokens == tokens.count(chunk.embedded_text) for chunk in made)


def test_late_keeps_boundaries_and_context_of_the_strategy_that_cuts() -> None:
    tokens = Characters(limit=400)
    for kind in ("recursive", "metadata_aware", "semantic", "sliding_window"):
        inner = list(chunker.build({"kind": kind}).chunk(document(), tokens=tokens, embedder=WordHash()))
        spec = {"kind": "late", "boundaries": {"kind": kind}}
        outer = list(chunker.build(spec).chunk(document(), tokens=tokens, embedder=WordHash()))
        assert [(c.span, c.context, c.elements) for c in outer] == [(c.span, c.context, c.elements) for c in inner]
        assert not {c.id for c in outer} & {c.id for c in inner}
