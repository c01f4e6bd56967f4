"""Documents of made-up text, rendered by made-up templates: headings, levels, order and pages come back."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.rendered import OWN, rendered
from benchmarks.rendering.source import Part, prepared, volume
from benchmarks.rendering.templates import TEMPLATES, Template
from benchmarks.rendering.truth import compared
from parsers.pdf import Pdf
from quarry.types import Document, Origin

ROOT = Path(__file__).parents[2]
TEXT = """
river sand marsh tide gauge harbour layer core
winter storm record water ferry island stone bridge
keeper lantern orchard meadow copper furnace barley window
market signal ledger voyage timber granite
"""
WORDS = tuple(TEXT.split())


def parsed(data: bytes) -> Document:
    digest = sha256(data).hexdigest()
    return Pdf(mode="fast").parse(data, Origin("0" * 32, "file:///x.pdf", "s", "x.pdf", digest))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_own_documents_by_every_template(template: Template) -> None:
    parts = volume([ROOT / name for name in OWN[1:3]], notes_every=template.notes, numbered=template.numbered)
    made = rendered(parts, template, title="Notes on Quarry")
    found = compared(made, parsed(made.data))
    rates = found.rates
    assert rates["heading F1"] >= 0.9, found.wrong
    # Bold lines of one size without numbers: nothing on the page tells their levels apart.
    assert rates["level"] == 1 or len(template.headings) == 1, found.wrong
    assert rates["order"] >= 0.95, found.wrong
    assert rates["page"] >= 0.95, found.wrong


sentence = st.lists(st.sampled_from(WORDS), min_size=5, max_size=14).map(
    lambda words: f"{' '.join(words).capitalize()}."
)
paragraph = st.lists(sentence, min_size=2, max_size=7).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Part, ...]:
    """Two to five sections with up to three subsections each; every heading and paragraph is its own."""
    parts: list[Part] = []
    numbered = draw(st.booleans())
    for section in range(1, draw(st.integers(2, 5)) + 1):
        parts += _section(draw, f"{section} " if numbered else "", 1, len(parts))
        for inner in range(1, draw(st.integers(0, 3)) + 1):
            parts += _section(draw, f"{section}.{inner} " if numbered else "", 2, len(parts))
    return prepared(parts)


def _section(draw: st.DrawFn, number: str, level: int, serial: int) -> list[Part]:
    name = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))).capitalize()
    made = [Part("heading", f"{number}{name} {_letters(serial)}", level=level)]
    for place in range(draw(st.integers(1, 4))):
        made.append(Part("paragraph", f"{_letters(serial).capitalize()} {_letters(place)} {draw(paragraph)}"))
    for item in range(draw(st.integers(0, 3))):
        made.append(Part("item", f"{_letters(serial + item).capitalize()} {draw(sentence)}", level=1))
    return made


def _letters(number: int) -> str:
    """A word that no other number has."""
    return "".join("bdfglmnprs"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number:03d}")


templates = st.builds(
    Template,
    name=st.just("drawn"),
    columns=st.sampled_from([1, 2]),
    paper=st.sampled_from(["a4", "us-letter"]),
    font=st.sampled_from(["Libertinus Serif", "New Computer Modern"]),
    size=st.sampled_from([9.0, 10.0, 11.5]),
    headings=st.sampled_from([(1.7, 1.3, 1.15), (1.4, 1.2, 1.1)]),
    bold=st.just(True),
    bookmarks=st.booleans(),
    tagged=st.booleans(),
    head=st.sampled_from(["", "title", "section"]),
    foot=st.sampled_from(["", "number", "of"]),
    justify=st.booleans(),
)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(parts=documents(), template=templates)
def test_made_up_documents(parts: tuple[Part, ...], template: Template) -> None:
    made = rendered(parts, template, title="A Made-up Report")
    found = compared(made, parsed(made.data))
    assert found.right == found.headings == found.titles, found.wrong
    assert found.level == found.right, found.wrong
    assert found.ordered == found.pairs, found.wrong
    assert found.found == found.sought, found.wrong
