"""Topics link segments that are far apart; labels count in the order of the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkers import _topics, chunker
from chunkers._topics import topics
from quarry.types import ElementType
from tests.laws.chunker_documents import Build, Characters, WordHash

ABOUT = {"a": "water gate river", "b": "tax law court", "c": "bread oven flour"}


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30))
def test_equal_texts_have_one_topic_and_others_another(kinds: list[str]) -> None:
    labels = topics(WordHash().embed([ABOUT[kind] for kind in kinds]), threshold=0.9)
    expected = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
    assert labels == [expected[kind] for kind in kinds]


def test_a_row_that_came_too_early_goes_to_the_nearest_topic() -> None:
    angles = np.radians([0, 50, 0, 0, 0, 80, 82])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert topics(rows, threshold=float(np.cos(np.radians(55)))) == [0, 1, 0, 0, 0, 1, 1]


def test_topics_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_topics, "MOST", 4)
    rows = np.eye(9, dtype=np.float32)
    assert len(set(topics(rows, threshold=0.5))) == 4


def test_chunks_that_are_no_neighbours_share_a_topic() -> None:
    build = Build()
    for words in (ABOUT["a"], ABOUT["b"], ABOUT["a"]):
        build.add(ElementType.NARRATIVE_TEXT, f"{words.capitalize()}. " * 3)
    spec = {"kind": "semantic", "size": 70, "topics": 0.5}
    found = list(chunker.build(spec).chunk(build.document(), tokens=Characters(), embedder=WordHash()))
    by_word = {chunk.text.split()[0]: chunk.topic for chunk in found}
    assert by_word == {"Water": 0, "Tax": 1}
    assert found[0].topic == found[-1].topic
    bare = chunker.build({**spec, "topics": None}).chunk(build.document(), tokens=Characters(), embedder=WordHash())
    assert {chunk.topic for chunk in bare} == {None}
