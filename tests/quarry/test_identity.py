"""What a document is, from its metadata, its first page and its file's name; and nothing where that is not clear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quarry.identity import Identity, identity_of, name_facts
from quarry.types import Document, ElementType
from tests.laws.chunker_documents import Build

PROSE = {
    "en": "The ferry is not in the harbour and it was not on the list that we have for this week, so it is late. ",
    "de": "Die Fähre ist nicht im Hafen und sie steht auch nicht auf der Liste, die wir für diese Woche haben. ",
    "fr": "Le bateau n'est pas dans le port et il ne figure pas sur la liste que nous avons pour les jours. ",
    "es": "El barco no está en el puerto y no es uno de los que se ven en la lista que se hizo para las islas. ",
    "it": "La nave non è nel porto e non si trova nella lista che si è fatta per le isole del golfo, con una data. ",
    "nl": "Het schip is niet in de haven en het staat ook niet op de lijst die wij voor deze week van het bedrijf. ",
    "pt": "O barco não está no porto e não foi um dos que se viram na lista que se fez para as ilhas do golfo. ",
}


def page(*lines: str, path: str = "a.pdf", **changes: Any) -> Document:
    """A title page of these lines."""
    build = Build()
    for line in lines:
        build.add(ElementType.NARRATIVE_TEXT, line)
    document = build.document()
    return replace(document, origin=replace(document.origin, path=path), **changes)


def told(document: Document) -> tuple[str | None, str | None, str | None]:
    """Organisation, form and period."""
    found = identity_of(document)
    values = (found.organisation, found.form, found.period)
    organisation, form, period = (item.value if item else None for item in values)
    return organisation, form, period


TENK = (
    "Form 10-K",
    "Annual report under section 13 of the act",
    "For the fiscal year ended December 31, 2023",
    "HALDEN FERRY LINES, INC.",
    "(Exact name of registrant as specified in its charter)",
    "Registered with the Northern Stock Exchange, Inc.",
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (TENK, ("HALDEN FERRY LINES, INC.", "10-K", "2023")),
        (("Tarn Works AG", "Geschäftsbericht 2022/23"), ("Tarn Works AG", "Geschäftsbericht", "2022/23")),
        (("Rapport annuel 2021", "Société Velmora S.A."), ("Société Velmora S.A.", "Rapport annuel", "2021")),
        (
            ("Informe anual", "Ejercicio 2020", "Velmora Sociedad Anónima"),
            ("Velmora Sociedad Anónima", "Informe anual", "2020"),
        ),
        (
            ("Quarterly Report", "Third quarter of 2022", "Marrow Corp."),
            ("Marrow Corp.", "Quarterly Report", "Q3 2022"),
        ),
        (("Quartalsbericht", "3. Quartal 2022"), (None, "Quartalsbericht", "Q3 2022")),
        (("For the quarterly period ended June 30, 2023", "Form 10-Q"), (None, "10-Q", "quarter ended June 30, 2023")),
        (
            ("Annual Report", "Fiscal year ended January 28, 2023"),
            (None, "Annual Report", "year ended January 28, 2023"),
        ),
        (("Annual Report", "Fiscal year ended September 30, 2023"), (None, "Annual Report", "2023")),
        (("Pump Controller", "Version 3.2"), (None, None, "Version 3.2")),
        (("Household insurance", "Policy No. HX-204/7"), (None, "Policy No. HX-204/7", None)),
        (("Harbour rules", "March 2023"), (None, None, "March 2023")),
        (("Service Agreement", "between Tarn Works AG", "and Marrow Corp."), (None, "Agreement", None)),
    ],
)
def test_title_pages(lines: tuple[str, ...], expected: tuple[str | None, str | None, str | None]) -> None:
    assert told(page(*lines)) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ("It rained on 12 March 2023, and the report was late.",),
        ("Tarn Works AG", "Marrow Corp."),
        ("March 2023", "May 2024"),
        ("The annual report of the harbour office, which was to be sent out in 2021, was never printed.",),
        ("We are a company",),
        ("Sales rose in every group",),
        ("Policy makers met in the spring",),
        ("",),
    ],
)
def test_what_is_not_clear_is_left_out(lines: tuple[str, ...]) -> None:
    assert told(page("Some heading", *filter(None, lines))) == (None, None, None)


def test_facts_know_where_they_stand() -> None:
    document = page(*TENK)
    found = identity_of(document)
    assert found.organisation is not None
    assert found.organisation.span is not None
    assert found.organisation.span.of(document.text) == "HALDEN FERRY LINES, INC."
    assert [span.of(document.text) for span in found.spans] == [TENK[0], TENK[2], TENK[3]]
    named = identity_of(page("Prose.", path="3M_2018_10K.pdf"))
    assert named.spans == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("3M_2018_10K.pdf", ("3M", "10-K", "2018")),
        ("filings/2019/3M_2018_10K.pdf", ("3M", "10-K", "2018")),
        ("ACME Annual Report FY2023.pdf", ("ACME", "Annual Report", "2023")),
        ("acme-q3-2022-report.pdf", ("Acme", None, "Q3 2022")),
        ("HARBOUR_2023Q2_10Q.pdf", ("HARBOUR", "10-Q", "Q2 2023")),
        ("Geschäftsbericht_2021_Tarn.pdf", ("Tarn", "Geschäftsbericht", "2021")),
        ("minutes-2021-03-04.pdf", (None, "Minutes", "2021-03-04")),
        ("report_2021.pdf", (None, None, None)),
        ("1e804d981cbec9a0778c.pdf", (None, None, None)),
        ("20210304_scan.pdf", (None, None, None)),
        ("final.v2.docx", (None, None, None)),
        ("", (None, None, None)),
    ],
)
def test_names(name: str, expected: tuple[str | None, str | None, str | None]) -> None:
    found = name_facts(name)
    assert (found.organisation, found.form, found.period) == expected


def test_a_name_without_a_form_needs_the_title_page() -> None:
    assert told(page("Prose about ships.", path="acme-q3-2022-report.pdf")) == (None, None, "Q3 2022")
    assert told(page("ACME Shipping", path="acme-q3-2022-report.pdf")) == ("ACME", None, "Q3 2022")


def test_the_title_page_goes_before_the_name() -> None:
    document = page(*TENK, path="Other_2018_10K.pdf")
    assert told(document) == ("HALDEN FERRY LINES, INC.", "10-K", "2023")
    parts = page("Marrow Corp.", "Quarterly Report 2022", path="marrow-q3-2022.pdf")
    assert told(parts) == ("Marrow Corp.", "Quarterly Report", "Q3 2022")


def test_the_title_names_the_organisation_where_something_agrees() -> None:
    title = "Halden Ferry Lines: Annual Report 2024"
    assert told(page("Prose.", title=title, author="Halden Ferry Lines")) == (
        "Halden Ferry Lines",
        "Annual Report",
        "2024",
    )
    assert told(page("Halden Ferry Lines", title=title))[0] == "Halden Ferry Lines"
    assert told(page("Prose.", title=title, author="Somebody"))[0] is None


def test_the_line_is_compact() -> None:
    assert identity_of(page(*TENK, title="Form 10-K")).line == "HALDEN FERRY LINES, INC. 10-K 2023"
    assert identity_of(page(*TENK, title="The ice year")).line == "HALDEN FERRY LINES, INC. 10-K 2023: The ice year"
    assert (
        identity_of(page("Prose.", title="Staff Handbook of the Tarn Bakery")).line
        == "Staff Handbook of the Tarn Bakery"
    )
    assert identity_of(page("Version 3.2", title="Pump Manual")).line == "Pump Manual Version 3.2"
    assert Identity().line == ""


def test_search_words_are_those_that_people_ask_with() -> None:
    assert identity_of(page(*TENK)).search_words == "HALDEN FERRY LINES, INC. 10-K 2023 annual report"
    assert (
        identity_of(page("x", path="Acme_2022Q3_10Q.pdf")).search_words
        == "Acme 10-Q Q3 2022 quarterly report third quarter"
    )
    assert identity_of(page("Prose.", title="Staff Handbook")).search_words == ""


@pytest.mark.parametrize("language", sorted(PROSE))
def test_languages(language: str) -> None:
    found = identity_of(page(PROSE[language] * 8)).language
    assert found is not None
    assert found.value == language


def test_no_language_without_prose() -> None:
    assert identity_of(page("12 4.5 7 ab cd " * 40)).language is None
    assert identity_of(page("The end.")).language is None
    assert identity_of(page("海の港に船が着いた。" * 40)).language is None
    metadata = identity_of(page(PROSE["en"] * 8, language="de-AT")).language
    assert metadata is not None
    assert metadata.value == "de-AT"


def test_the_record_leaves_out_what_is_unknown() -> None:
    assert identity_of(page(*TENK)).record() == {
        "organisation": "HALDEN FERRY LINES, INC.", "form": "10-K", "period": "2023"
    }  # fmt: skip
