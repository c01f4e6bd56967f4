"""A third family of reports: a filer in the United States, its units under the names of its statements."""

from __future__ import annotations

import random
from dataclasses import replace

from benchmarks._scope_reports import COMPANIES, Block, Draft, Figure, Report, Tongue, Truth

UNITS = {
    (3, "dollar"): (
        "In thousands",
        "in thousands",
        "Dollars in thousands",
        "$ in thousands",
        "U.S. dollars in thousands",
    ),
    (6, "dollar"): ("In millions", "in millions", "Dollars in millions", "$ in millions", "Millions of dollars"),
    (9, "dollar"): ("In billions", "in billions", "Dollars in billions", "$ in billions"),
}
EXCEPTIONS = (
    ", except per share data", ", except per share amounts", ", except share and per share data",
    " except per share amounts", ", except par value and per share data",
)  # fmt: skip
ALL = (
    "Tabular dollar amounts are {u}, except per share amounts, unless otherwise noted.",
    "Unless the context otherwise requires, dollar amounts in this report are presented {u}.",
    "All dollar amounts in the tables of this annual report are {u} unless specifically noted otherwise.",
    (
        "Amounts are presented {u}, except for per share data or as otherwise indicated; certain amounts may not sum"
        " due to rounding."
    ),
)
ITEM = (
    "(Dollar amounts in this Item are {u} unless otherwise indicated.)",
    "The tables in this Item are presented {u}.",
    "Tabular amounts in this section are {u}.",
)
STATEMENTS = (
    "Consolidated Statements of Operations", "Consolidated Balance Sheets", "Consolidated Statements of Cash Flows",
    "Consolidated Statements of Comprehensive Income", "Consolidated Statements of Stockholders\u2019 Equity",
)  # fmt: skip
NOTES = (
    "Summary of Significant Accounting Policies", "Revenue Recognition", "Inventories", "Goodwill and Intangibles",
    "Debt", "Leases", "Income Taxes", "Stock-Based Compensation", "Segment Information", "Commitments",
)  # fmt: skip
COUNTS = ("Number of stores", "Number of full-time employees", "Store count at year end")
THIRD = Tongue(
    units=dict.fromkeys(UNITS, ()),
    document=ALL,
    basis=("Basis of Presentation", "General", "Certain Terms"),
    section=ITEM,
    later=(),
    line=("({u})", "({u})", "{u}", "[{u}]"),
    captions=(
        "The following table summarizes our net sales by category:",
        "Maturities were as follows:",
        "The components of the provision consisted of the following:",
        "Changes in the carrying amount are shown below:",
        "Selected balances at year end were:",
    ),
    notes=("(1) Amounts {u}.", "Note: Amounts {u}; may not add due to rounding.", "(a) {u}."),
    unaudited=("(Unaudited)", "(unaudited)"),
    per_share="per share",
    exception="",
    share_label="Net income per share, diluted",
    chapters=("Item 7. Management\u2019s Discussion and Analysis", "Item 7A. Market Risk", "Item 6. Selected Data"),
    labels=(
        "Net sales", "Cost of goods sold", "Staff development", "Selling, general and administrative",
        "Research and development", "Operating income", "Interest expense, net", "Accounts receivable, net",
        "Customer deposits", "Property and equipment, net", "Accrued liabilities",
        "Long-term debt, less current portion",
        "Additional paid-in capital", "Retained earnings", "Employee benefits", "Capital expenditures",
        "Unit repairs", "Deferred revenue",
    ),
    distractors=(
        "We repurchased $150 million of common stock, and $1.2 billion remains authorized.",
        "The aggregate market value held by non-affiliates was approximately $4.2 billion.",
        "A hypothetical change of 10% in rates would change interest expense by about $3 million.",
        "Our stores cover 1.2 million square feet, and thousands of customers visit them daily.",
        "In fiscal 2022, we sold a minority stake to investors in Canada for C$40 million.",
        "One of our competitors reports in euros.",
        "The lender committed up to \u20ac75 million under the facility in France.",
        "The market for such products is measured in billions of dollars a year.",
    ),
    filler=(
        "Net sales increased, primarily driven by comparable store growth.",
        "We lease substantially all of our facilities under operating leases.",
        "See Note 2 for additional information regarding these matters.",
        "The increase was partially offset by higher freight costs.",
        "We believe that our existing cash will be sufficient for at least twelve months.",
        "Management evaluates performance using segment income.",
    ),
)  # fmt: skip


def write_third(number: int, *, seed: int) -> Report:
    """Items with their own unit, statements with a unit each, notes under one line; a few tables are no money."""
    draft = Draft(random.Random(f"third/{seed}/{number}"), THIRD, COMPANIES[number * 5 % len(COMPANIES)])
    keys = list(UNITS)
    whole = Truth(*keys[number % 2])
    draft.say("heading", f"{draft.company} Corporation", 0)
    draft.say("text", "Annual report on Form 10-K for the fiscal year ended December 31, 2024")
    draft.prose(3)
    if number % 3:
        draft.say("heading", draft.pick(THIRD.basis), 1)
        draft.prose(1)
    draft.say("text", draft.pick(ALL).format(u=_words(draft, whole)))
    for name in THIRD.chapters:
        own = Truth(*draft.random.choice(keys))
        _item(draft, name, whole, own)
    _statements(draft, keys)
    _notes(draft, Truth(*draft.random.choice(keys[:2])), Truth(*draft.random.choice(keys)))
    return Report(f"third_{number:02}", draft.company, "en", tuple(draft.blocks), tuple(draft.figures))


def _words(draft: Draft, truth: Truth) -> str:
    """In a sentence: `in thousands`, `in millions of dollars`."""
    scale = {3: "thousands", 6: "millions", 9: "billions"}[truth.scale]
    return draft.pick((f"in {scale}", f"in {scale} of U.S. dollars", f"in {scale} of dollars"))


def _line(draft: Draft, truth: Truth, *, shares: bool = False) -> str:
    unit = draft.pick(UNITS[truth.scale, truth.currency]) + (draft.pick(EXCEPTIONS) if shares else "")
    return draft.pick(THIRD.line).format(u=unit)


def _item(draft: Draft, name: str, whole: Truth, own: Truth) -> None:
    draft.say("heading", name, 1)
    inside = own if draft.random.random() < 0.5 else whole
    if inside is own:
        draft.say("text", draft.pick(ITEM).format(u=_words(draft, own)))
    draft.prose(2)
    for part in draft.random.sample(("Overview", "Results of Operations", "Liquidity", "Non-GAAP Measures"), 2):
        draft.say("heading", part, 2)
        draft.prose(2)
        draft.say("text", draft.pick(THIRD.captions))
        _rows(draft, inside)
        draft.prose(1)
        _own(draft, Truth(*draft.random.choice(list(UNITS))))
    if draft.random.random() < 0.5:
        draft.say("title", draft.pick(COUNTS))
        _rows(draft, Truth(0, "none"), labels=("North", "South", "West", "Abroad"))


def _own(draft: Draft, truth: Truth) -> None:
    """A table with its unit over its years, beside its name, in its lead-in or below."""
    way = draft.random.randrange(5)
    unit = draft.pick(UNITS[truth.scale, truth.currency])
    if way == 0:
        draft.say("text", draft.pick(THIRD.captions))
        _rows(draft, truth, corner=f"({unit})")
    elif way == 1:
        draft.say("text", draft.pick(THIRD.captions)[:-1] + f" ({unit.lower() if unit[0] == 'I' else unit}):")
        _rows(draft, truth)
    elif way == 2:
        draft.say("title", draft.pick(("Capital Expenditures", "Net Sales by Region", "Free Cash Flow")))
        draft.say("right", _line(draft, truth))
        _rows(draft, truth)
    elif way == 3:
        draft.say("text", draft.pick(THIRD.captions))
        _rows(draft, truth, over=f"({unit})")
    else:
        draft.say("text", draft.pick(THIRD.captions))
        _rows(draft, truth)
        draft.say("note", draft.pick(THIRD.notes).format(u=_words(draft, truth)))


def _statements(draft: Draft, keys: list[tuple[int, str]]) -> None:
    draft.say("heading", "Item 8. Financial Statements", 1)
    for name in draft.random.sample(STATEMENTS, 3):
        truth = Truth(*draft.random.choice(keys[:2]), unaudited=draft.random.random() < 0.3)
        shares = draft.random.random() < 0.6
        draft.say("heading", name.upper() if draft.random.random() < 0.5 else name, 2)
        draft.say("centre", _line(draft, truth, shares=shares))
        if truth.unaudited:
            draft.say("centre", draft.pick(THIRD.unaudited))
        _rows(draft, truth, shares=shares, many=True)
        draft.say("note", "See accompanying notes to consolidated financial statements.")


def _notes(draft: Draft, whole: Truth, other: Truth) -> None:
    """The unit of all notes in their heading or under it; two notes have tables with their own."""
    said = draft.pick(UNITS[whole.scale, whole.currency])
    hedge = draft.pick((", unless otherwise noted", " unless otherwise indicated", ", except as noted", ""))
    if draft.random.random() < 0.5:
        draft.say("heading", f"Notes to Consolidated Financial Statements ({said}{hedge})", 1)
    else:
        draft.say("heading", "Notes to Consolidated Financial Statements", 1)
        draft.say("centre", f"({said}{hedge})")
    for number, name in enumerate(draft.random.sample(NOTES, 5), start=1):
        draft.say("heading", f"Note {number}. {name}", 2)
        draft.prose(2)
        if number % 2:
            draft.say("text", draft.pick(THIRD.captions))
            _rows(draft, whole)
        else:
            _own(draft, other)
            draft.prose(1)
            draft.say("text", draft.pick(THIRD.captions))
            _rows(draft, whole)


def _rows(
    draft: Draft, truth: Truth, *, corner: str = "", over: str = "", shares: bool = False, many: bool = False,
    labels: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """`over` is a first row that holds nothing else."""
    rows: list[tuple[str, ...]] = [(corner, "2024", "2023")]
    if over:
        rows.insert(0, ("", over, ""))
    count = draft.random.choice((10, 15)) if many else draft.random.choice((3, 4, 7))
    for number, label in enumerate(labels or draft.random.sample(THIRD.labels, count)):
        values = (draft.number(), draft.number())
        mark = "$ " if not number and truth.currency == "dollar" else ""
        rows.append((label, *(mark + value for value in values)))
        draft.figures += [Figure(value, label, truth) for value in values]
    if shares:
        values = (draft.number(small=True), draft.number(small=True))
        rows.append((THIRD.share_label, *(f"$ {value}" for value in values)))
        taken = replace(truth, scale=0, per_share=True)
        draft.figures += [Figure(value, THIRD.share_label, taken) for value in values]
    draft.blocks.append(Block("table", rows=tuple(rows)))
