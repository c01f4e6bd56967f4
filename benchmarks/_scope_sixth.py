"""A sixth family of reports, releases and half-year accounts of European groups: kept back until the rules stood."""

from __future__ import annotations

import random
from dataclasses import replace

from benchmarks._scope_reports import COMPANIES, Block, Draft, Figure, Report, Tongue, Truth

UNITS = {
    (6, "EUR"): ("In millions of euros", "\u20acm", "EUR million", "M\u20ac", "Euro million"),
    (3, "EUR"): ("In thousands of euros", "\u20ac000", "EUR thousand", "K\u20ac", "Euro/000"),
    (6, "PLN"): ("PLN million", "in PLN million", "PLN m"),
    (3, "PLN"): ("PLN thousand", "PLN '000", "in thousands of zloty"),
    (6, "CZK"): ("CZK million", "CZK mn", "in millions of CZK"),
    (6, "GBP"): ("\u00a3m", "\u00a3 millions", "In millions of pounds"),
    (9, "HUF"): ("HUF bn", "HUF billion", "in billions of Hungarian forints"),
    (3, "USD"): ("US$ thousand", "USD'000", "thousands of U.S. dollars"),
}
LONG = {
    (6, "EUR"): "millions of euros", (3, "EUR"): "thousands of euros", (6, "PLN"): "millions of zloty (PLN)",
    (3, "PLN"): "thousands of Polish zloty (PLN thousand)", (6, "CZK"): "millions of Czech crowns (CZK)",
    (6, "GBP"): "millions of pounds sterling", (9, "HUF"): "billions of Hungarian forints (HUF)",
    (3, "USD"): "thousands of US dollars",
}  # fmt: skip
ALL = (
    "The data contained in these condensed interim accounts have been prepared in {l}.",
    "Financial data are reported in {l} unless indicated otherwise in specific situations.",
    "Values in the tables and in the text of this release are, save where shown otherwise, in {l}.",
    "Unless another unit is mentioned, we report in {l}.",
    "Monetary amounts in this half-year report are stated in {l}, and minor differences are due to rounding.",
    "The Group reports its figures in {l}.",
)
SECTION = (
    "By way of exception, amounts in this note are shown in {l}.",
    "The information in this section is provided in {l}.",
    "Note: figures in this section are in {l}.",
    "All amounts stated in this note are in {l}.",
)
LEADS = (
    "The table below sets out the movements (amounts in {l}).",
    "Movements in the period, expressed in {l}, were as follows:",
    "The composition of the item is presented in the table below (in {l}):",
)
SIXTH = Tongue(
    units=UNITS,
    document=ALL,
    basis=("General principles", "Accounting principles", "1. Basis of preparation", "Disclaimer and conventions"),
    section=SECTION,
    later=(),
    line=("({u})", "{u}", "Amounts in {u}", "({u}; unless otherwise stated)", "Data in {u}"),
    captions=(
        "Consolidated income statement", "Order intake", "Segment note", "Working capital", "Net financial position",
        "Sales by geography", "Backlog", "Restructuring", "Movements in equity",
    ),
    notes=("Amounts in {u}.", "Data in {u}; audited figures for the prior year.", "* {u}"),
    unaudited=("These interim accounts have not been audited.",),
    per_share="per share",
    exception="",
    share_label="Earnings per share",
    chapters=("Highlights", "Business lines", "Notes to the accounts", "Outlook", "Alternative measures"),
    labels=(
        "Order intake", "Sales", "Recurring operating income", "Cost of sold goods", "Payroll", "Staff costs",
        "Depreciation charge", "Goodwill, net", "Trade payables", "Tax credits", "Receivables due", "Customers, net",
        "Advances received", "Employees, accrued bonuses", "Bonds", "Hedging reserve", "Treasury stock",
    ),
    distractors=(
        "Turnover of the market exceeded \u20ac2.3 billion.",
        "The dividend is \u20ac1.20 per share.",
        "A bond of CHF 300 million was repaid.",
        "The figures of the acquired company, which were in millions of dollars, are not included.",
        "Some 30 thousand customers switched.",
        "Moody\u2019s expects volumes in the billions.",
    ),
    filler=(
        "Growth was organic for the most part.", "The second quarter was in line with the first one.",
        "The perimeter has changed since June.", "Exchange rates had a slight effect.",
        "Management confirms its targets.", "Seasonality is described in the last annual report.",
    ),
)  # fmt: skip
WAYS = ("line", "corner", "caption", "heads", "lead", "under", "note", "column", "below")


def write_sixth(number: int, *, seed: int) -> Report:
    """The unit of all on the first page, in principles, or at the head of the notes; every third table has its own."""
    draft = Draft(random.Random(f"sixth/{seed}/{number}"), SIXTH, COMPANIES[number * 13 % len(COMPANIES)])
    keys = list(UNITS)
    whole = Truth(*keys[number % len(keys)], unaudited=number % 3 == 1)
    draft.say("heading", f"{draft.company} {draft.pick(('SE', 'SpA', 'S.A.'))}: half-year results", 0)
    draft.prose(1)
    if number % 2:
        draft.prose(2)
        draft.say("heading", draft.pick(SIXTH.basis), 1)
    said = [draft.pick(ALL).format(l=LONG[whole.scale, whole.currency])]
    draft.say("text", " ".join(said + ([SIXTH.unaudited[0]] if whole.unaudited else [])))
    for chapter, name in enumerate(SIXTH.chapters, start=2):
        draft.say("heading", f"{chapter}. {name}" if number % 2 else name, 1)
        draft.prose(2)
        for part in range(2):
            other = _other(draft, whole)
            draft.say("heading", draft.pick(SIXTH.captions), 2)
            draft.prose(1)
            if (chapter + part + number) % 4 == 0:
                draft.say("text", draft.pick(SECTION).format(l=LONG[other.scale, other.currency]))
                _table(draft, other)
                draft.prose(1)
                _table(draft, other)
            else:
                _table(draft, whole)
                draft.prose(1)
                _table(draft, other, way=draft.pick(WAYS))
    return Report(f"sixth_{number:02}", draft.company, "en", tuple(draft.blocks), tuple(draft.figures))


def _table(draft: Draft, truth: Truth, *, way: str = "") -> None:
    unit, name = draft.unit(truth), draft.pick(SIXTH.captions)
    bare = unit.removeprefix("in ").removeprefix("In ")
    if way == "lead":
        draft.say("text", draft.pick(LEADS).format(l=LONG[truth.scale, truth.currency]))
    elif way == "caption":
        draft.say("title", draft.pick((f"{name} ({unit})", f"{name}, {bare}", f"{name} | {bare}")))
    elif way != "below":
        draft.say("title", name)
    if way == "line":
        draft.say("right", draft.pick(SIXTH.line).format(u=bare))
    _rows(draft, truth, way=way, unit=unit, bare=bare)
    if way == "note":
        draft.say("note", draft.pick(SIXTH.notes).format(u=bare))
    if way == "below":
        draft.say("title", f"Table {len(draft.blocks)}. {name} ({unit})")


def _rows(draft: Draft, truth: Truth, *, way: str, unit: str, bare: str) -> None:
    years = ("H1 2025", "H1 2024", "31.12.2024")
    head: tuple[str, ...] = (unit if way == "corner" else "", *years)
    if way == "heads":
        head = ("", *(f"{year}, {bare}" for year in years))
    rows = [(head[0], "Unit", *years) if way == "column" else head]
    if way == "under":
        rows.append(("", bare, bare, bare))
    for label in draft.random.sample(SIXTH.labels, draft.random.choice((3, 5, 8, 12))):
        values = (draft.number(), draft.number(), draft.number())
        rows.append((label, bare, *values) if way == "column" else (label, *values))
        draft.figures += [Figure(value, label, truth) for value in values]
    draft.blocks.append(Block("table", rows=tuple(rows)))


def _other(draft: Draft, whole: Truth) -> Truth:
    scale, currency = draft.random.choice([key for key in UNITS if key != (whole.scale, whole.currency)])
    return replace(whole, scale=scale, currency=currency)
