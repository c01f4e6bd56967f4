"""Pages made to cost time: each of about a megabyte has to be read in seconds."""

from __future__ import annotations

import time

import pytest

from parsers.html import Html
from quarry.types import Origin, Outcome

ORIGIN = Origin(id="d", uri="file:///a.html", source="s", path="a.html", sha256="ab")
XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>'
SECONDS = 8
"""Of CPU; quadratic time would be minutes."""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(XHTML + "<![CDATA[" * 100_000, id="cdata that is never closed"),
        pytest.param("\xff" + "<" * 1_000_000, id="only angle brackets"),
        pytest.param("\xff\xfe\xfd" + "<script" * 140_000, id="scripts that are never closed"),
        pytest.param(f"<p style='color:{' ' * 500_000}x'>x", id="a long style"),
        pytest.param("<p style='color:red' class='a b c'>x</p>" * 25_000, id="many paragraphs"),
        pytest.param("<div class='share comment'>" * 40_000 + "x", id="deep boxes with names"),
        pytest.param("<div>" * 399 + "<p>a, b, c, d and some more words, x</p>" * 20_000, id="wide below deep"),
        pytest.param("<h2>Related</h2><p>a</p>" * 40_000, id="many headings of teasers"),
        pytest.param("<a href=/x>" * 50_000 + "x", id="links in links"),
        pytest.param("<table><tr><td>a" * 20_000, id="tables in tables"),
        pytest.param("<ul><li>a" * 40_000, id="lists in lists"),
        pytest.param(f"<title>{'| ' * 400_000}</title><p>x", id="a title of separators"),
        pytest.param(f"<div class='byline'>{'<div class=byline>' * 20_000}x", id="bylines in bylines"),
        pytest.param(f"<h1>{'w ' * 500_000}</h1><p>x", id="a heading of a megabyte"),
        pytest.param("<table>" + "<tr><td>a<td>b" * 30_000 + "</table>", id="a long table"),
        pytest.param("<script type=application/ld+json>{</script>" * 20_000 + "<p>x", id="many broken scripts"),
    ],
)
def test_time_stays_linear(data: str) -> None:
    began = time.process_time()
    document = Html().parse(data.encode("latin-1"), ORIGIN)
    assert time.process_time() - began < SECONDS
    assert document.outcome in (Outcome.OK, Outcome.PARTIAL, Outcome.EMPTY)
