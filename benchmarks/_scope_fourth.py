"""A fourth family of reports: notes after IFRS, units in column heads, in a column of their own and beside captions."""

from __future__ import annotations

import random

from benchmarks._scope_reports import COMPANIES, Block, Draft, Figure, Report, Tongue, Truth

UNITS = {
    (6, "CHF"): ("CHF million", "CHF m", "CHF mn", "in CHF million", "in millions of CHF"),
    (3, "CHF"): ("CHF 000", "CHF \u2019000", "CHF thousand", "in CHF 1,000", "in thousands of CHF"),
    (3, "GBP"): ("\u00a3'000", "\u00a3\u2019000", "\u00a3000", "GBP thousand"),
    (6, "GBP"): ("\u00a3m", "\u00a3 million", "GBP million"),
    (3, "EUR"): ("EUR k", "k\u20ac", "EUR '000", "\u20ac thousand", "in thousands of euro"),
    (6, "EUR"): ("EUR m", "\u20ac m", "Mio. EUR", "\u20ac million", "in millions of euro", "EUR millions"),
    (6, "DKK"): ("DKK million", "DKKm", "DKK m"),
    (6, "NOK"): ("NOK million", "MNOK", "NOK mill."),
    (6, "SEK"): ("SEK M", "MSEK", "SEK million", "SEKm"),
}
LONG = {
    (6, "CHF"): "millions of Swiss francs", (3, "CHF"): "thousands of Swiss francs (CHF)",
    (3, "GBP"): "thousands of pounds sterling", (6, "GBP"): "millions of pounds sterling (\u00a3m)",
    (3, "EUR"): "thousands of euros", (6, "EUR"): "millions of euros (\u20ac m)",
    (6, "DKK"): "millions of Danish kroner",
    (6, "NOK"): "millions of Norwegian kroner (NOK)", (6, "SEK"): "millions of Swedish kronor (SEK M)",
}  # fmt: skip
NAMES = {
    "CHF": "Swiss francs (CHF)", "GBP": "pounds sterling", "EUR": "euro", "DKK": "Danish kroner",
    "NOK": "Norwegian kroner (NOK)", "SEK": "Swedish kronor",
}  # fmt: skip
NEAREST = {3: "thousand", 6: "million"}
ROUNDED = (
    (
        "The consolidated financial statements are presented in {c} and all values are rounded to the nearest {n},"
        " except when otherwise indicated."
    ),
    (
        "These financial statements are presented in {c}, which is the Company\u2019s functional currency. All amounts"
        " have been rounded to the nearest {n}, unless otherwise indicated."
    ),
    "The presentation currency is {c}. Figures are rounded to the nearest {n}.",
)
ALL = (
    "Unless otherwise indicated, all amounts are expressed in {l}.",
    "The amounts in these consolidated financial statements are presented in {l}; figures in brackets are negative.",
    "All figures in this report are, unless otherwise stated, in {l}.",
    "Information is disclosed in {l}, save where another unit is given.",
)
SECTION = (
    "The tables in this note are presented in {l}.",
    "Contrary to the other notes, the figures in this note are expressed in {l}.",
    "For materiality reasons, amounts in this note are disclosed in {l}.",
    "This section is denominated in {l}.",
)
RESTORED = (
    "From here on, amounts are again expressed in {l}.",
    "The remainder of this note is again presented in {l}.",
    "In the following, figures are once more stated in {l}.",
)
FOURTH = Tongue(
    units=UNITS,
    document=ALL,
    basis=("1 General information and basis of preparation", "1.1 Basis of preparation", "1 Accounting policies"),
    section=SECTION,
    later=RESTORED,
    line=("{u}", "({u})", "All amounts in {u}", "Amounts in {u}", "Figures in {u}"),
    captions=(
        "Property, plant and equipment", "Movements in provisions", "Trade and other receivables", "Lease liabilities",
        "Finance costs", "Net debt", "Segment assets", "Deferred tax",
    ),
    notes=("Amounts in {u}.", "All figures in {u}.", "Source: Group accounts; figures in {u}."),
    unaudited=("The interim information in this report has not been audited.",),
    per_share="per share",
    exception="",
    share_label="Basic earnings per share",
    chapters=("Operating result", "Capital employed", "Funding", "Tax", "Group structure", "Other disclosures"),
    labels=(
        "Turnover", "Raw materials and consumables", "Wages and salaries", "Social security", "Amortisation",
        "Staff development", "Land and buildings", "Plant and machinery", "Cash at bank", "Bank overdrafts",
        "Contract assets", "Unit trusts", "Customers in arrears", "Bonds issued", "Share capital", "Legal claims",
        "Passenger taxes", "Minority interests",
    ),
    distractors=(
        "Total volume in the market came to roughly 3.4 billion euros.",
        "The syndicated loan of 250 million US dollars falls due in 2027.",
        "The Brazilian subsidiary prepares its accounts in thousands of reais.",
        "A dividend of CHF 2.10 per share was proposed.",
        "Before the change, amounts were presented in thousands of Turkish lira.",
        "The group serves 14 million households in nine countries.",
        "Millions of people use the service every day.",
    ),
    filler=(
        "Items are recognised at cost less accumulated impairment.",
        "Figures in brackets denote outflows.",
        "Management has reviewed the useful lives of all assets.",
        "The fair value hierarchy is described in note 4.",
        "Rounding differences may occur.",
        "There were no significant transfers between the levels.",
    ),
)  # fmt: skip


def write_fourth(number: int, *, seed: int) -> Report:
    """Notes by number; units in the column heads, in a column of their own, beside or below captions."""
    draft = Draft(random.Random(f"fourth/{seed}/{number}"), FOURTH, COMPANIES[number * 7 % len(COMPANIES)])
    keys = list(UNITS)
    whole = Truth(*keys[number % len(keys)], unaudited=number % 5 == 4)
    draft.say("heading", f"{draft.company} Holding {draft.pick(('AG', 'plc', 'A/S', 'NV'))} Annual Report", 0)
    draft.prose(2)
    draft.say("heading", draft.pick(FOURTH.basis), 1)
    draft.say("text", " ".join([draft.pick(FOURTH.filler), _whole(draft, whole, number), draft.pick(FOURTH.filler)]))
    if whole.unaudited:
        draft.say("text", FOURTH.unaudited[0])
    for chapter, name in enumerate(FOURTH.chapters, start=2):
        other = Truth(*draft.random.choice([k for k in keys if k != (whole.scale, whole.currency)]), whole.unaudited)
        draft.say("heading", f"{chapter} {name}", 1)
        draft.prose(1)
        if (chapter + number) % 3 == 0:
            _overridden(draft, whole, other, chapter)
        else:
            _table(draft, whole, way="plain")
            draft.prose(2)
            _table(draft, other, way=draft.pick(("heads", "corner", "column", "row", "right", "caption", "below")))
            draft.prose(1)
            _table(draft, whole, way="plain")
    return Report(f"fourth_{number:02}", draft.company, "en", tuple(draft.blocks), tuple(draft.figures))


def _whole(draft: Draft, truth: Truth, number: int) -> str:
    if number % 2 and truth.scale in NEAREST:
        return draft.pick(ROUNDED).format(c=NAMES[truth.currency], n=NEAREST[truth.scale])
    return draft.pick(ALL).format(l=LONG[truth.scale, truth.currency])


def _overridden(draft: Draft, whole: Truth, other: Truth, chapter: int) -> None:
    """A part of a chapter in another unit, and what follows restores the unit of all."""
    draft.say("heading", f"{chapter}.1 {draft.pick(FOURTH.captions)}", 2)
    draft.say("text", draft.pick(SECTION).format(l=LONG[other.scale, other.currency]))
    _table(draft, other, way="plain")
    draft.prose(1)
    if chapter % 2:
        _table(draft, other, way="plain")
        draft.say("text", draft.pick(RESTORED).format(l=LONG[whole.scale, whole.currency]))
    else:
        draft.say("heading", f"{chapter}.2 {draft.pick(FOURTH.captions)}", 2)
        draft.prose(1)
    _table(draft, whole, way="plain")


def _table(draft: Draft, truth: Truth, *, way: str) -> None:
    unit = draft.unit(truth)
    name = draft.pick(FOURTH.captions)
    bare = unit.removeprefix("in ")
    if way == "below":
        _rows(draft, truth)
        draft.tables += 1
        draft.say("title", f"Table {draft.tables}: {name}, {unit}")
        return
    draft.say("title", f"{name} ({unit})" if way == "caption" else name)
    if way == "right":
        draft.say("right", draft.pick(FOURTH.line).format(u=bare))
    heads = {"heads": ("", f"2024 {bare}", f"2023 {bare}"), "corner": (unit, "2024", "2023")}
    _rows(
        draft, truth, head=heads.get(way, ("", "2024", "2023")), column=bare if way == "column" else "",
        row=bare if way == "row" else "",
    )  # fmt: skip


def _rows(
    draft: Draft, truth: Truth, *, head: tuple[str, ...] = ("", "2024", "2023"), column: str = "", row: str = ""
) -> None:
    """`column` is said in each row, `row` under each year."""
    rows: list[tuple[str, ...]] = [(head[0], "Unit", *head[1:]) if column else head]
    if row:
        rows.append(("", row, row))
    for label in draft.random.sample(FOURTH.labels, draft.random.choice((3, 5, 9, 13))):
        values = (draft.number(), draft.number())
        shown = (values[0], f"({values[1]})" if draft.random.random() < 0.2 else values[1])
        rows.append((label, column, *shown) if column else (label, *shown))
        draft.figures += [Figure(value, label, truth) for value in values]
    if column:
        rows.append(("Equity ratio", "%", "41.2", "39.8"))
    draft.blocks.append(Block("table", rows=tuple(rows)))
