"""Filters: what the grammar means, and that no text in them is ever more than text."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry.errors import ConfigError
from search.filters import compile_filter


@pytest.mark.parametrize(
    ("where", "predicate"),
    [
        ("path = 'a.pdf'", "`path` = 'a.pdf'"),
        ("tokens >= 12", "`tokens` >= 12.0"),
        ("page = 3", "array_has(pages, CAST(3.0 AS INT))"),
        ("page <= 3", "page_first <= 3.0"),
        ("not source = x", "(NOT `source` = 'x')"),
        (
            "path = a or path = b and page = 1",
            "(`path` = 'a' OR (`path` = 'b' AND array_has(pages, CAST(1.0 AS INT))))",
        ),
        ('title contains "it\'s"', "contains(`title`, 'it''s')"),
        ("path in (a, 'b c')", "(`path` = 'a' OR `path` = 'b c')"),
        ("metadata.year = 2024", "array_has(metadata_terms, 'year=2024')"),
        ("metadata.year < 2024", "map_extract(metadata_numbers, 'year')[1] < 2024.0"),
    ],
)
def test_meaning(where: str, predicate: str) -> None:
    assert compile_filter(where) == predicate


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("", "expected a field, found the end"),
        ("path", "expected =, !="),
        ("path = ", "expected a value"),
        ("(path = a", "expected )"),
        ("path = a b", "expected and, or, or the end, found 'b' at 10"),
        ("pth = a", "did you mean 'path'"),
        ("tokens = many", "compares with a number"),
        ("ingested_at > yesterday", "compares with a date"),
        ("path = 'open", "nothing is known that starts with"),
    ],
)
def test_mistakes(where: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_filter(where)
    assert message in str(caught.value)


@given(st.text(max_size=40))
def test_a_literal_is_never_more_than_a_literal(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    predicate = compile_filter(f"path = {quoted}")
    assert predicate.startswith("`path` = '")
    inside = predicate.removeprefix("`path` = '").removesuffix("'")
    assert "'" not in inside.replace("''", "")
    pa.array([predicate])  # no lone surrogate is left that Arrow would refuse
