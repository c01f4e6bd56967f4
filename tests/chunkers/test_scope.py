"""What rules a table from elsewhere is read before its chunks: units, audit status, periods, definitions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chunkers import chunker
from chunkers._scope import Reach, scopes
from chunkers._scope_rules import Kind, in_line, in_sentence
from chunkers._scope_terms import definitions
from chunkers._scope_units import units
from quarry.span import Span
from quarry.types import Chunk, Document, ElementType
from tests.laws.chunker_documents import Build, Characters, documents, minilm

TITLE, TEXT, CAPTION = ElementType.TITLE, ElementType.NARRATIVE_TEXT, ElementType.FIGURE_CAPTION
ROWS = [["", "2024", "2023"], ["Revenue", "412.6", "398.1"], ["Fuel", "88.3", "74.9"]]
FILLER = "The ferries sailed on time and the crews were trained twice, once by day and once by night, in all harbours."


def chunked(document: Document, *, size: int = 400, **options: Any) -> list[Chunk]:
    built = chunker.build({"kind": "metadata_aware", "size": size, "merge_below": 0, **options})
    return list(built.chunk(document, tokens=Characters(limit=2000)))


def report(*, statement: str = "All amounts are in millions of euros unless otherwise stated.") -> Build:
    build = Build()
    build.add(TITLE, "About this report", level=1)
    build.add(TEXT, statement)
    return build


def add_table(
    build: Build, *, heading: str, level: int = 1, before: str = "", rows: list[list[str]] | None = None
) -> None:
    build.add(TITLE, heading, level=level)
    if before:
        build.add(TEXT, before)
    build.add(TEXT, FILLER)
    build.table(rows or ROWS)


def contexts(build: Build, **options: Any) -> list[str]:
    """Of the chunks with table rows, in text order."""
    return [chunk.context for chunk in chunked(build.document(), **options) if "412.6" in chunk.text]


@pytest.mark.parametrize(
    ("text", "scale", "currency"),
    [
        ("millions of euros", 6, "EUR"),
        ("Mio. EUR", 6, "EUR"),
        ("millions d'euros", 6, "EUR"),
        ("Tausend Euro", 3, "EUR"),
        ("T€", 3, "EUR"),
        ("EUR k", 3, "EUR"),
        ("£m", 6, "GBP"),
        ("$000", 3, "$"),
        ("US$ million", 6, "USD"),
        ("RMB'000", 3, "CNY"),
        ("lakhs", 5, None),
        ("₹ in crore", 7, "INR"),
        ("miles de euros", 3, "EUR"),
        ("mil millones de euros", 9, "EUR"),
        ("migliaia di euro", 3, "EUR"),
        ("milliards d\u2019euros", 9, "EUR"),
        ("whole euros", 0, "EUR"),
        ("thousands of tonnes", 3, "other"),
        ("2024 EUR m", 6, "EUR"),
    ],
)
def test_units_are_read_in_five_languages(text: str, scale: int, currency: str | None) -> None:
    [unit] = units(text)
    assert (unit.scale, unit.currency) == (scale, currency)


@pytest.mark.parametrize(
    "text", ["3 million euros", "EUR 3 million", "several thousand", "in miles", "ten thousand francs"]
)
def test_amounts_are_no_units(text: str) -> None:
    assert not [unit for unit in units(text) if unit.scale is not None]


@pytest.mark.parametrize(
    "sentence",
    [
        "Revenue grew by 3 million.",
        "The region counts its commuters in millions of people.",
        "The subsidiary in Osaka keeps its accounts in thousands of yen.",
        "The brochure said \u201call amounts are in thousands of dollars\u201d on each page.",
        "Until 2019 figures were presented in billions of pesos.",
        "Donations in thousands of dollars were made.",
        "The unaudited subsidiaries grew.",
    ],
)
def test_what_is_said_of_one_amount_or_of_others_is_no_statement(sentence: str) -> None:
    assert not in_sentence(sentence, Span(0, len(sentence)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("(in thousands)", {"1e3"}),
        ("Revenue by region (EUR k)", {"1e3", "EUR"}),
        ("Passengers by route, in thousands", {"1e3", "other"}),
        ("Number of employees", {"other"}),
        ("Umsatz in Mio. \u20ac (ungepr\u00fcft)", {"1e6", "EUR", "unaudited"}),
        ("Loans above EUR 3 million", set()),
        ("Employee benefits expense", set()),
    ],
)
def test_what_captions_and_lines_say(line: str, said: set[str]) -> None:
    assert {statement.subject for statement in in_line(line, Span(0, len(line)))} == said


def test_a_statement_for_the_document_reaches_a_table_far_below_with_its_place() -> None:
    build = report()
    add_table(build, heading="Income")
    document = build.document()
    [chunk] = [chunk for chunk in chunked(document, size=200) if "412.6" in chunk.text]
    assert "All amounts are in millions of euros" in chunk.context
    statement = next(span for span in chunk.context_spans if "millions" in span.of(document.text))
    assert statement.of(document.text) == "All amounts are in millions of euros unless otherwise stated."


def test_plain_prose_and_years_stay_lean() -> None:
    build = report()
    build.add(TITLE, "Income", level=1)
    build.add(TEXT, FILLER + " The harbour of 1987 was rebuilt in 2024.")
    assert all("millions" not in chunk.context for chunk in chunked(build.document()))


def test_a_section_overrides_the_document_for_its_parts_and_ends() -> None:
    build = report()
    add_table(build, heading="Business", before="In this section, all amounts are in thousands of US dollars.")
    add_table(build, heading="Freight", level=2)
    add_table(build, heading="Risks")
    own, part, after = contexts(build, size=190)
    assert "millions" not in own + part
    assert "thousands of US dollars" in own
    assert "thousands of US dollars" in part
    assert "millions of euros" in after
    assert "thousands" not in after


def test_a_table_s_own_line_beats_the_section_and_the_rest_of_the_unit_stays() -> None:
    build = report()
    build.add(TITLE, "Business", level=1)
    build.add(CAPTION, "Table 1. Income")
    build.add(TEXT, "(in thousands)")
    build.table(ROWS)
    [context] = contexts(build)
    assert "millions" not in context
    assert "euros" in context


def test_every_part_of_a_long_table_gets_its_unit() -> None:
    build = report()
    build.add(CAPTION, "Table 1. Income (US$ million)")
    build.table([ROWS[0], *([f"Route number {n}", f"{n}12.5", f"{n}07.1"] for n in range(1, 30))])
    parts = [chunk for chunk in chunked(build.document(), size=240) if "Route number" in chunk.text]
    assert len(parts) > 3
    assert all("US$ million" in chunk.embedded_text for chunk in parts)
    assert not any("euros" in chunk.context for chunk in parts)


def test_what_is_in_the_text_is_not_repeated() -> None:
    build = report()
    build.table(ROWS)
    [chunk] = chunked(build.document())
    assert "millions" in chunk.text
    assert "millions" not in chunk.context


def test_a_per_share_exception_is_read_with_its_statement() -> None:
    build = report(statement="All amounts are in millions of euros, except per share data.")
    add_table(build, heading="Income", rows=[*ROWS, ["Earnings per share", "1.15", "0.95"]])
    [context] = contexts(build, size=220)
    assert "in millions of euros, except per share data." in context


def test_a_table_of_per_share_data_alone_gets_the_exception_but_no_scale() -> None:
    build = report(statement="All amounts are in millions of euros, except per share data.")
    build.add(TITLE, "Results", level=1)
    build.add(TEXT, FILLER)
    build.table([["", "2024", "2023"], ["Earnings per share", "1.15", "0.95"]])
    [context] = [chunk.context for chunk in chunked(build.document(), size=200) if "1.15" in chunk.text]
    assert "millions" not in context
    assert "except per share data" in context
    assert "euros" in context


def test_columns_with_units_of_their_own() -> None:
    build = report()
    add_table(build, heading="Staff", rows=[["", "Wages (CHF k)", "Number of people"], ["Shore", "412.6", "88"]])
    assert all("millions" not in context for context in contexts(build, size=180))


def test_a_caption_that_counts_takes_no_money() -> None:
    build = report()
    build.add(CAPTION, "Table 3. Number of passengers by route")
    build.table(ROWS)
    assert all("millions" not in context for context in contexts(build, size=120))


def test_chunks_are_cut_where_the_unit_changes() -> None:
    build = Build()
    build.add(TITLE, "Business", level=1)
    build.add(TEXT, "Notes to the figures.")
    for unit, number in (("EUR million", "11.5"), ("USD thousand", "22.5")):
        build.add(CAPTION, f"Income ({unit})")
        build.table([["", "2024"], ["Sales", number]])
    for chunk in chunked(build.document(), size=1000):
        assert not ("11.5" in chunk.text and "22.5" in chunk.text)


def test_unaudited_reaches_the_tables() -> None:
    build = report(statement="The figures in this report are unaudited.")
    add_table(build, heading="Income")
    assert "are unaudited" in contexts(build, size=200)[0]


def test_definitions_are_read_where_their_term_is_used_and_the_nearest_wins() -> None:
    build = Build()
    build.add(TITLE, "Definitions", level=1)
    build.add(TEXT, '"Company" means Halden Ferry Lines.')
    build.add(TITLE, "Duties", level=1)
    build.add(TEXT, "The Company shall keep the quays free of ice at all times of the year.")
    build.add(TEXT, FILLER)
    build.add(TITLE, "Leases", level=1)
    build.add(TEXT, 'In this section, "Company" means the lessee.')
    build.add(TEXT, FILLER + " The Company pays.")
    chunks = chunked(build.document(), size=260)
    [duties] = [chunk for chunk in chunks if "free of ice" in chunk.text]
    assert "means Halden" in duties.context
    assert all("means Halden" not in chunk.context for chunk in chunks if "Company pays" in chunk.text)
    assert all("means" not in chunk.context for chunk in chunks if "Company" not in chunk.text)


def test_a_running_head_rules_its_page() -> None:
    build = Build()
    build.add(TEXT, FILLER, page=1)
    build.table(ROWS)
    build.add(ElementType.HEADER, "Halden Ferry Lines (in thousands of euros)", page=1)
    document = build.document()
    assert {scope.reach for scope in scopes(document)} == {Reach.PAGE}
    assert {scope.kind for scope in scopes(document)} == {Kind.SCALE, Kind.CURRENCY}


def test_the_unit_of_a_table_stays_where_there_is_little_room() -> None:
    build = report()
    for level in (1, 2, 3):
        build.add(TITLE, f"A heading of many words at level {level} that fills the line", level=level)
    build.add(TEXT, FILLER)
    build.table(ROWS)
    built = chunker.build({"kind": "metadata_aware", "size": 40})
    [chunk] = [c for c in built.chunk(build.document(), tokens=minilm()) if "412.6" in c.text]
    assert "millions" in chunk.context


def test_scope_can_be_switched_off() -> None:
    build = report()
    add_table(build, heading="Income")
    assert all("millions" not in context for context in contexts(build, size=200, scope=False))


STATEMENTS = st.sampled_from(
    [
        "All amounts in millions of euros unless otherwise stated.",
        "(in thousands)",
        "In this section, figures are in USD thousand.",
        '"Gate" means the outer gate.',
        "The figures in this report are unaudited.",
        "Table 2. Income (\u00a3m)",
        "In this section, the \u201cRiver\u201d refers to the Elbe",
    ]
)


@st.composite
def ruled(draw: st.DrawFn) -> Document:
    build = Build()
    for _ in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(["heading", "said", "table", "text"]))
        if kind == "heading":
            build.add(
                TITLE, draw(st.sampled_from(["Basis of preparation", "Income", "Gates"])), level=draw(st.integers(1, 3))
            )
        elif kind == "said":
            build.add(draw(st.sampled_from([TEXT, CAPTION])), draw(STATEMENTS))
        elif kind == "table":
            build.table([*ROWS, *[["Gate", "1,200.5", "3"]] * draw(st.integers(0, 8))])
        else:
            build.add(TEXT, draw(st.sampled_from([FILLER, "The Gate cost 412.6 and the River 88.3."])))
    return build.document(title=draw(st.none() | st.just("Halden")))


@settings(max_examples=60, deadline=None)
@given(document=ruled() | documents(), size=st.integers(16, 300))
def test_each_place_of_the_context_is_in_it_once_and_outside_of_the_text(document: Document, size: int) -> None:
    first = chunked(document, size=size)
    assert first == chunked(document, size=size)
    for chunk in first:
        assert chunk.tokens <= size
        assert len(set(chunk.context_spans)) == len(chunk.context_spans)
        for span in chunk.context_spans:
            assert " ".join(span.of(document.text).split()) in chunk.context


@pytest.mark.parametrize(
    ("sentence", "unit"),
    [
        ("All figures in this report are, unless otherwise stated, in thousands of euros.", ("1e3", "EUR")),
        ("This section is denominated in millions of Danish kroner.", ("1e6", "DKK")),
        ("Unlike the rest of this report, this chapter uses lakhs of rupees.", ("1e5", "INR")),
        ("The Group reports its figures in millions of Polish zloty.", ("1e6", "PLN")),
        ("Our reporting unit is thousands of Mexican pesos.", ("1e3", "MXN")),
        ("The breakdown, in millions of yen, is as follows:", ("1e6", "JPY")),
        ("Die Beträge lauten, soweit nicht anders angegeben, auf Mio. EUR.", ("1e6", "EUR")),
        ("Les montants sont présentés en milliers d'euros.", ("1e3", "EUR")),
        ("Los importes se presentan expresados en miles de euros.", ("1e3", "EUR")),
    ],
)
def test_a_statement_is_read_in_many_makes(sentence: str, unit: tuple[str, str]) -> None:
    found = in_sentence(sentence, Span(0, len(sentence)))
    assert tuple(statement.subject for statement in found) == unit


@pytest.mark.parametrize(
    "sentence",
    [
        "The subsidiary reports its figures in thousands of yen.",
        "Peers in the region report in millions of US dollars.",
        "The figures of the acquired company were in millions of dollars.",
    ],
)
def test_other_books_are_no_statement(sentence: str) -> None:
    assert not in_sentence(sentence, Span(0, len(sentence)))


@pytest.mark.parametrize("label", ["Staff development", "Customers, net", "Employees, accrued bonuses", "Unit repairs"])
def test_a_label_that_begins_with_people_is_no_count(label: str) -> None:
    assert not in_line(label, Span(0, len(label)))


@pytest.mark.parametrize("label", ["Store count at year end", "Employees by region", "Staff", "Anzahl der Filialen"])
def test_a_count_is_no_money(label: str) -> None:
    assert {statement.subject for statement in in_line(label, Span(0, len(label)))} == {"other"}


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("„Gesellschaft“ bezeichnet die Halden Lines AG.", "Gesellschaft"),
        ("Die Halden Lines AG (nachfolgend „Reederei“) wurde 1911 gegründet.", "Reederei"),
        ("« Société » désigne Halden Lines SA.", "Société"),
        ("Halden Lines SA (ci-après « Armateur ») a été fondée en 1911.", "Armateur"),
        ("«Sociedad» significa Halden Lines S.A.", "Sociedad"),
        ("«Società» indica Halden Lines S.p.A.", "Società"),
    ],
)
def test_terms_are_defined_in_five_languages(sentence: str, term: str) -> None:
    assert [statement.subject for statement in definitions(sentence, Span(0, len(sentence)))] == [term]


def test_a_column_of_units_rules_its_rows() -> None:
    build = report()
    rows = [["", "Unit", "2024"], ["Revenue", "CHF 1,000", "412.6"], ["Equity ratio", "%", "41.2"]]
    add_table(build, heading="Result", rows=rows)
    assert all("euros" not in context for context in contexts(build))


def test_what_is_restored_rules_from_there() -> None:
    build = report()
    add_table(build, heading="Tax", before="All amounts in this section are in thousands of pounds.")
    build.add(TEXT, "From here on, amounts are again in millions of euros.")
    build.table([["", "2024"], ["Duty", "77.1"]])
    made = [chunk.embedded_text for chunk in chunked(build.document()) if "77.1" in chunk.text]
    assert made
    assert all("euros" in text and "pounds" not in text for text in made)


def test_an_overruled_unit_falls_out_of_the_heading() -> None:
    build = report()
    build.add(TITLE, "Notes (in thousands of pounds)", level=1)
    build.add(TITLE, "Note 1. Debt", level=2)
    build.add(TEXT, FILLER * 4)
    build.add(CAPTION, "Bank loans (in millions of yen)")
    build.table(ROWS)
    [context] = contexts(build)
    assert "pounds" not in context
    assert "Notes" in context


def test_a_statement_behind_a_heading_that_was_taken_for_a_row_has_a_scope() -> None:
    build = Build()
    build.add(TITLE, "4 Risks", level=1)
    build.table([["", "2024"], ["Revenue", "412.6"], ["5 Investments", ""], ["Fuel", "88.3"]])
    build.add(TEXT, "From here on, amounts are stated in thousands of euros.")
    build.add(TEXT, "Amounts are presented in thousands of euros, for the rest of this section.")
    build.table([["", "2024"], ["Duty", "77.1"]])
    made = [chunk.embedded_text for chunk in chunked(build.document()) if "77.1" in chunk.text]
    assert made
    assert all("thousands" in text for text in made)
