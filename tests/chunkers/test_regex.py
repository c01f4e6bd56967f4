"""Structured text by rules: what is whole, what is joined, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import regex  # type: ignore[import-untyped]  # it brings no stubs
from hypothesis import given

from chunkers import chunker
from chunkers.regex import Regex, Rule
from quarry.errors import ConfigError, DocumentError
from quarry.types import Chunk, Document, ElementType
from tests.laws.chunker_documents import Build, Characters, documents
from tests.laws.test_chunkers import COUNTERS, ON_MANY, tiny

TEXT = ElementType.NARRATIVE_TEXT
CONTRACT = (
    ("Article 1 Parties", "1.1 The seller is the owner of the mill.", "1.2 The buyer is the town."),
    ("Article 2 Price", "2.1 The price is paid in three parts.", "(a) one part at once;", "(b) two parts later."),
    ("Article 3 Law", "The law of the province holds for all that is not said here."),
)


def document(*paragraphs: str) -> Document:
    build = Build()
    for paragraph in paragraphs:
        build.add(TEXT, paragraph, page=None, regions=())
    return build.document()


def chunked(made: Document, **settings: Any) -> list[Chunk]:
    built = chunker.build({"kind": "regex", "context": False, **settings})
    return list(built.chunk(made, tokens=Characters(limit=1000)))


def starts(made: Document, **settings: Any) -> list[str]:
    return [" ".join(chunk.text.split()[:2]) for chunk in chunked(made, **settings)]


def contract() -> Document:
    return document("This contract is made today.", *(line for article in CONTRACT for line in article))


def test_a_part_that_fits_is_whole_with_all_under_it() -> None:
    assert starts(contract(), size=130, merge_below=20) == ["This contract", "Article 1", "Article 2", "Article 3"]


def test_a_part_that_does_not_fit_is_divided_and_its_first_line_goes_with_what_follows() -> None:
    found = chunked(contract(), size=72, merge_below=25)
    assert [chunk.text.split()[0] for chunk in found] == ["This", "Article", "1.2", "Article", "(a)", "Article", "The"]
    assert found[1].text == "Article 1 Parties\n\n1.1 The seller is the owner of the mill."
    assert found[4].text == "(a) one part at once;\n\n(b) two parts later."


def test_the_upper_parts_first_line_is_read_before_what_it_holds() -> None:
    found = chunked(contract(), size=72, merge_below=10, context=True)
    by_start = {chunk.text.split()[0]: chunk for chunk in found}
    assert by_start["1.2"].context == "Article 1 Parties\n"
    assert [span.of(contract().text) for span in by_start["1.2"].context_spans] == ["Article 1 Parties"]


def test_a_long_part_is_cut_between_sentences_and_read_with_its_first_line() -> None:
    found = chunked(document("§ 7 Gates\n" + "The gate is shut at noon today. " * 9), size=120, context=True)
    assert [chunk.context for chunk in found] == ["", *["§ 7 Gates\n"] * (len(found) - 1)]
    assert len(found) >= 4
    assert all(chunk.text.endswith(".") for chunk in found)


def test_a_heading_that_the_rule_matched_is_read_once() -> None:
    build = Build()
    build.add(ElementType.TITLE, "Article 1 Parties", level=1)
    for number in range(4):
        build.add(TEXT, f"1.{number} The seller is the owner of the mill.")
    found = chunked(build.document(), size=90, merge_below=0, context=True)
    assert found[-1].context == "Article 1 Parties\n"


def test_questions_stay_with_their_answers() -> None:
    pairs = [line for n in range(3) for line in (f"Q: How deep is lock {n}?", f"A: It is {n} metres deep at noon.")]
    assert starts(document(*pairs), size=80, merge_below=30) == ["Q: How"] * 3


def test_small_entries_of_a_log_share_chunks() -> None:
    lines = "\n".join(f"2026-03-0{n} 12:00:0{n} gate {n} shut" for n in range(1, 9))
    found = chunked(document(lines), size=70, merge_below=40)
    assert len(found) == 4
    assert all(len(chunk.text.splitlines()) == 2 for chunk in found)


@pytest.mark.parametrize(
    "line",
    ["Chapter IV", "ARTICLE 12 Damages", "§ 12 Fristen", "§§ 3", "Section 4. Terms", "4.1.2 Scope of it", "(iv) rest",
     "## Article 3", "**Question 3:** why?", "User: hello there", "Mar  3 12:00:01 host sshd", "[2026-01-02T10:11] up"],
)  # fmt: skip
def test_the_default_rules_know(line: str) -> None:
    found = starts(document("Some words that come before it.", f"{line}\nand more."), size=40, merge_below=0)
    assert len(found) == 2, found


@pytest.mark.parametrize(
    "line", ["The article 12 of it", "Sections of a lock", "in 4.1 we said", "a gate: shut", "Part"]
)
def test_the_default_rules_leave_alone(line: str) -> None:
    assert len(starts(document("Some words before.", f"{line}\nand."), size=60, merge_below=0)) == 1


@ON_MANY
@given(made=documents())
def test_a_match_stands_at_the_start_of_its_chunk_or_is_below_what_stands_there(made: Document) -> None:
    strategy = tiny("regex")
    assert isinstance(strategy, Regex)
    rules = [rule if isinstance(rule, Rule) else Rule(rule) for rule in strategy.rules]
    for tokens in COUNTERS:
        for chunk in strategy.chunk(made, tokens=tokens):
            levels = _levels(made, chunk, rules)
            first = levels.pop(chunk.span.start, None)
            if first is not None:
                assert all(level >= first for level in levels.values()), chunk.text


def _levels(made: Document, chunk: Chunk, rules: list[Rule]) -> dict[int, int]:
    """Of the matches in a chunk by their place."""
    found: dict[int, int] = {}
    for rule in sorted(rules, key=lambda rule: -rule.level):
        for match in regex.finditer(rule.pattern, made.text, regex.MULTILINE):
            if chunk.span.start <= match.start() < chunk.span.end:
                found[match.start()] = rule.level
    return found


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rules": ["(gate"]}, "the pattern '(gate' is wrong at 6: missing )"),
    ({"rules": ["x*"]}, "the pattern 'x*' matches where there is nothing"),
    ({"rules": []}, "rules given"),
    ({"rules": [{"pattern": "a", "depth": 2}]}, "depth: Unexpected keyword argument"),
    ({"timeout_s": 0}, "timeout_s positive"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_wrong_rules_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chunker.build({"kind": "regex", **settings})
    assert message in str(caught.value)


def test_a_pattern_that_tries_too_many_ways_fails_the_document() -> None:
    with pytest.raises(DocumentError, match=r"timeout: the pattern '\(a\|aa\)\+c'"):
        chunked(document("a" * 60), rules=["(a|aa)+c"], timeout_s=0.2)


def test_a_plain_pattern_is_a_rule_of_the_first_level() -> None:
    plain, full = (chunker.build({"kind": "regex", "rules": [rule]}) for rule in ("^The", {"pattern": "^The"}))
    tokens = Characters()
    assert plain.fingerprint(tokens=tokens, embedder=None) == full.fingerprint(tokens=tokens, embedder=None)
