"""Sentences tile their span and end where a reader would say so; hostile runs cost no more than their length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chunkers._ruler import whole_character
from chunkers._sentences import sentences
from quarry.span import Span


def split(text: str) -> list[str]:
    return [span.of(text).strip() for span in sentences(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It held. Then it fell!", ["It held.", "Then it fell!"]),
        ("See Fig. 3 by Dr. J. Smith, e.g. on p. 4.", ["See Fig. 3 by Dr. J. Smith, e.g. on p. 4."]),
        ("It rose 3.5 m. Gates shut.", ["It rose 3.5 m. Gates shut."]),
        ("It rose 3.5 metres. Gates shut.", ["It rose 3.5 metres.", "Gates shut."]),
        ("「止まった。」水が引いた！", ["「止まった。」", "水が引いた！"]),
        ("كان مرتفعا؟ نعم.", ["كان مرتفعا؟", "نعم."]),
        ('He said "Stop." She did.', ['He said "Stop."', "She did."]),
        ("A heading\n\nA text", ["A heading", "A text"]),
        ("Tools:\n- a lamp\n- a rope", ["Tools:", "- a lamp", "- a rope"]),
        ("the gate held. it was e.g. shut. no one fell.", ["the gate held.", "it was e.g. shut.", "no one fell."]),
        (". . . ! ?", [". . . ! ?"]),
        ("", []),
    ],
)
def test_sentences_end_where_expected(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text(alphabet="aB .!?\n。\"'3-\u0301"), st.integers(0, 5))
def test_sentences_tile_their_span(text: str, start: int) -> None:
    within = Span(min(start, len(text)), len(text))
    found = list(sentences(text, within))
    assert "".join(span.of(text) for span in found) == within.of(text)
    assert all(len(span) for span in found)


@pytest.mark.parametrize("unit", ["!", "! ", '."', "a\n", " ", "\n \n", "No. ", "。"])
def test_time_grows_with_length_only(unit: str) -> None:
    started = time.perf_counter()
    list(sentences(unit * 100_000, Span(0, len(unit) * 100_000)))
    assert time.perf_counter() - started < 5  # a quadratic pass takes minutes


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("ae\u0301b", 2, 1),
        ("a\U0001f44d\U0001f3fdb", 2, 1),
        ("a\U0001f469\u200d\U0001f467b", 3, 1),
        ("\U0001f1f3\U0001f1f1\U0001f1e9\U0001f1ea", 3, 2),
        ("\U0001f1f3\U0001f1f1\U0001f1e9\U0001f1ea", 2, 2),
        ("a\r\nb", 2, 1),
        ("ab", 1, 1),
        ("a\u0301\u0301\u0301", 2, 2),
    ],
)
def test_a_cut_keeps_characters_whole_where_it_can(text: str, place: int, expected: int) -> None:
    assert whole_character(text, place, after=0) == expected
