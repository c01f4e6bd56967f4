"""The measures of web pages, on truths small enough to count by hand."""

from __future__ import annotations

import pytest

from benchmarks._page_scores import (
    Hits,
    Part,
    heading_hits,
    kind_hits,
    parts_of_html,
    parts_of_markdown,
    table_hits,
    text_hits,
)
from benchmarks._parsing_html import quarry


def test_text_is_compared_by_four_words() -> None:
    truth, found = [Part("text", "one two three four five")], [Part("text", "One, two three four"), Part("text", "six")]
    assert text_hits(truth, found) == Hits(1, 2, 2)
    assert text_hits(truth, truth).f1 == 1.0
    assert text_hits(truth, []).f1 == 0.0


def test_headings_match_without_their_numbers_once_each() -> None:
    truth = [Part("heading", "2.1 The “mill”"), Part("heading", "The end")]
    found = [Part("heading", 'The "mill"'), Part("heading", "The mill"), Part("text", "The end")]
    assert heading_hits(truth, found) == Hits(1, 2, 2)


def test_items_and_cells() -> None:
    truth = parts_of_html("<ul><li>a b</li><li>c</li></ul><table><tr><td>1<td>2<tr><td colspan=2>3</table>")
    assert kind_hits("list", truth, [Part("list", "A-B")]) == Hits(1, 2, 1)
    # 1 beside 2, and 3 below each of them.
    assert table_hits(truth, truth) == Hits(3, 3, 3)


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("# A\ntext\nmore\n- x\n- y\n\nend", ["heading", "text", "list", "list", "text"]),
        ("```py\na\n\nb\n```\n|a|b|\n|-|-|\n|1|2|\nafter", ["code", "table", "text"]),
        ("```\n# not a heading\n```", ["code"]),
        ("", []),
    ],
)
def test_markdown(source: str, kinds: list[str]) -> None:
    assert [part.kind for part in parts_of_markdown(source)] == kinds


def test_a_parsed_page_is_measured_in_the_same_parts() -> None:
    table = "<table><tr><th>a</th> <th>b</th></tr> <tr><td>1</td> <td>2</td></tr></table>"
    source = f"<h1>T</h1><p>Some words in a line.</p><ol><li>x</li></ol><pre>y()</pre>{table}"
    ours, plain = quarry(source), parts_of_html(source)
    assert [part.kind for part in ours] == [part.kind for part in plain]
    assert table_hits(plain, ours).f1 == text_hits(plain, ours).recall == 1.0
