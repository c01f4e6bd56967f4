"""A fifth family of reports, of Asia, Africa and the Americas: first tried after the rules had been fixed."""

from __future__ import annotations

import random
from dataclasses import replace

from benchmarks._scope_reports import COMPANIES, Block, Draft, Figure, Report, Tongue, Truth

UNITS = {
    (5, "INR"): ("\u20b9 in Lakhs", "Rs. in Lakhs", "\u20b9 lakhs", "INR Lakhs"),
    (7, "INR"): ("\u20b9 in Crores", "Rs. crore", "\u20b9 crore"),
    (6, "JPY"): ("Millions of yen", "\u00a5 millions", "Unit: millions of yen", "JPY mn"),
    (3, "CAD"): (
        "Thousands of Canadian dollars",
        "C$000s",
        "CAD thousands",
        "Expressed in thousands of Canadian dollars",
    ),
    (6, "CAD"): ("C$ millions", "Canadian dollars in millions", "millions of Canadian dollars"),
    (3, "HKD"): ("HK$'000", "HK$ thousands", "in thousands of Hong Kong dollars"),
    (6, "ZAR"): ("ZAR million", "Rand million", "in millions of rand"),
    (6, "AUD"): ("A$m", "A$ million", "AUD millions", "Australian dollars, millions"),
    (3, "AUD"): ("A$'000", "A$000", "AUD thousand"),
    (6, "BRL"): ("R$ million", "in millions of Brazilian reais", "R$ millions"),
    (3, "MXN"): ("Thousands of Mexican pesos", "MXN thousands", "in thousands of Mexican pesos"),
}
LONG = {
    (5, "INR"): "lakhs of Indian rupees (\u20b9)", (7, "INR"): "crores of rupees (\u20b9 crore)",
    (6, "JPY"): "millions of Japanese yen", (3, "CAD"): "thousands of Canadian dollars",
    (6, "CAD"): "millions of Canadian dollars (C$)", (3, "HKD"): "thousands of Hong Kong dollars (HK$'000)",
    (6, "ZAR"): "millions of South African rand (ZAR)", (6, "AUD"): "millions of Australian dollars",
    (3, "AUD"): "thousands of Australian dollars (A$'000)", (6, "BRL"): "millions of Brazilian reais (R$)",
    (3, "MXN"): "thousands of Mexican pesos",
}  # fmt: skip
ALL = (
    "Readers should note that money amounts throughout are quoted in {l}.",
    "Except as noted, every figure in this annual review is expressed in {l}.",
    "The numbers that follow are in {l} unless we say otherwise.",
    "Our reporting unit is {l}.",
    "Amounts have been rounded off and are shown in {l}, unless stated to the contrary.",
    (
        "The accompanying consolidated financial statements are expressed in {l}, the currency of the country in"
        " which the Company operates."
    ),
)
PLACES = ("Rounding of amounts", "Reading our numbers", "Basis of presenting the accounts", "Notes for the reader")
PART = (
    "Unlike the rest of this report, this chapter uses {l}.",
    "Sums in this part are given in {l}.",
    "All tables in this section: {l}.",
    "For ease of comparison, figures in this chapter are quoted in {l}.",
    "In this part of the report we present amounts in {l}.",
)
BACK = (
    "For the rest of this chapter, amounts are again in {l}.",
    "Below, we again use {l}.",
    "Hereafter amounts are once again given in {l}.",
)
LEADS = (
    "The breakdown, in {l}, is as follows:",
    "The following table shows the details (in {l}):",
    "Details are set out in the table below, which is presented in {l}.",
)
FIFTH = Tongue(
    units=UNITS,
    document=ALL,
    basis=PLACES,
    section=PART,
    later=BACK,
    line=("({u})", "{u}", "(Figures in {u})", "(All amounts in {u}, unless otherwise stated)"),
    captions=(
        "Breakdown of borrowings", "Other income", "Ageing of receivables", "Cash and cash equivalents",
        "Concession assets", "Royalties by mine", "Plantation results", "Deposits by maturity",
    ),
    notes=("The above figures are in {u}.", "Note: {u}.", "Unit: {u}"),
    unaudited=("The information in this review is unaudited.",),
    per_share="per share",
    exception=", except earnings per share",
    share_label="Earnings per share",
    chapters=("Chairman\u2019s letter", "Operations", "Concessions", "Treasury", "Tax and royalties", "Appendices"),
    labels=(
        "Toll income", "Royalties", "Drilling", "Fuel and power", "Staff welfare", "Port charges", "Freight",
        "Bank charges", "Deferred stripping", "Bearer plants", "Term deposits", "Advance tax", "Unearned premium",
        "Creditors", "Debtors", "Reserves", "Directors\u2019 sitting fees", "Number plates", "Passenger levy",
    ),
    distractors=(
        "At year end US$1 bought \u00a5151.",
        "The state holds bonds of 40 billion pesos, of which we own none.",
        "Peers in the region report in millions of US dollars.",
        "In the previous review, sums were given in thousands of Chilean pesos.",
        "The dam holds 3.1 million litres.",
        "A claim for Rs. 12 crore is before the court.",
        "Thousands of hectares burned in the summer.",
        "Tonnage handled was 4.5 million tonnes (2023: 4.1 million).",
    ),
    filler=(
        "The rains came late this year.", "Two licences were renewed.", "The auditors visited all sites.",
        "Staff turnover fell for the third year.", "The new wharf opened in June.",
        "We thank our customers for their patience.", "Percentages are computed on unrounded figures.",
    ),
)  # fmt: skip
WAYS = ("line", "over", "corner", "caption", "note", "lead", "column", "heads", "shares")


def write_fifth(number: int, *, seed: int) -> Report:
    """Cover letter, notes for the reader somewhere, chapters with parts, appendices that each have their own unit."""
    draft = Draft(random.Random(f"fifth/{seed}/{number}"), FIFTH, COMPANIES[number * 11 % len(COMPANIES)])
    keys = list(UNITS)
    whole = Truth(*keys[number % len(keys)], unaudited=number % 4 == 3)
    draft.say("heading", f"{draft.company} {draft.pick(('Limited', 'S.A. de C.V.', 'Berhad'))} Review of the year", 0)
    draft.prose(2)
    said = draft.pick(ALL).format(l=LONG[whole.scale, whole.currency])
    if number % 2:
        draft.say("heading", draft.pick(PLACES), 1)
        draft.prose(1)
    draft.say("text", f"{said} {FIFTH.unaudited[0]}" if whole.unaudited else said)
    for chapter, name in enumerate(FIFTH.chapters, start=1):
        other = Truth(*draft.random.choice([k for k in keys if k != (whole.scale, whole.currency)]), whole.unaudited)
        draft.say("heading", f"Chapter {chapter}: {name}" if number % 3 == 0 else name, 1)
        draft.prose(2)
        if (chapter + number) % 3 == 0:
            _part(draft, whole, other)
        else:
            _table(draft, whole)
            draft.prose(1)
            draft.say("heading", draft.pick(FIFTH.captions), 2)
            draft.prose(1)
            _table(draft, other, way=draft.pick(WAYS))
            draft.prose(2)
            _table(draft, whole)
    return Report(f"fifth_{number:02}", draft.company, "en", tuple(draft.blocks), tuple(draft.figures))


def _part(draft: Draft, whole: Truth, other: Truth) -> None:
    draft.say("text", draft.pick(PART).format(l=LONG[other.scale, other.currency]))
    _table(draft, other)
    draft.say("heading", draft.pick(FIFTH.captions), 2)
    draft.prose(1)
    _table(draft, other)
    if draft.random.random() < 0.5:
        draft.say("text", draft.pick(BACK).format(l=LONG[whole.scale, whole.currency]))
        _table(draft, whole)
    else:
        _table(draft, whole, way=draft.pick(WAYS))


def _table(draft: Draft, truth: Truth, *, way: str = "") -> None:
    unit, name = draft.unit(truth), draft.pick(FIFTH.captions)
    draft.tables += 1
    exception = FIFTH.exception if way == "shares" else ""
    if way == "lead":
        draft.say("text", draft.pick(LEADS).format(l=LONG[truth.scale, truth.currency]))
    elif way == "caption":
        draft.say("title", f"{name} \u2013 {unit}")
    else:
        draft.say("title", f"Table {draft.tables}: {name}" if draft.tables % 2 else name)
    if way in ("line", "shares"):
        draft.say("right", f"({unit}{exception})" if exception else draft.pick(FIFTH.line).format(u=_bare(unit)))
    _rows(draft, truth, way=way, unit=unit)
    if way == "note":
        draft.say("note", draft.pick(FIFTH.notes).format(u=_bare(unit)))


def _bare(unit: str) -> str:
    return unit.removeprefix("Unit: ").removeprefix("Expressed in ").removeprefix("in ")


def _rows(draft: Draft, truth: Truth, *, way: str, unit: str) -> None:
    head: tuple[str, ...] = ("", "FY2025", "FY2024", "Change %")
    if way == "corner":
        head = (unit, *head[1:])
    elif way == "heads":
        head = ("", f"FY2025 ({_bare(unit)})", f"FY2024 ({_bare(unit)})", "Change %")
    elif way == "column":
        head = ("", "UoM", *head[1:])
    rows = [("", unit, "", ""), head] if way == "over" else [head]
    for label in draft.random.sample(FIFTH.labels, draft.random.choice((3, 6, 10))):
        values = (draft.number(), draft.number())
        extra = (_bare(unit),) if way == "column" else ()
        rows.append((label, *extra, *values, f"{draft.random.uniform(-9, 9):.1f}"))
        draft.figures += [Figure(value, label, truth) for value in values]
    if way == "shares":
        values = (draft.number(small=True), draft.number(small=True))
        rows.append((FIFTH.share_label, *values, "1.0"))
        taken = replace(truth, scale=0, per_share=True)
        draft.figures += [Figure(value, FIFTH.share_label, taken) for value in values]
    draft.blocks.append(Block("table", rows=tuple(rows)))
