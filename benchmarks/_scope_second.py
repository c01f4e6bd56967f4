"""A second family of reports: other words, other places and another typesetter than those the rules were tried on."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from html import escape

import pymupdf

from benchmarks._scope_reports import COMPANIES, Block, Draft, Figure, Report, Tongue, Truth

UNITS = {
    (6, "EUR"): ("EUR mn", "million euro", "m EUR"),
    (3, "EUR"): ("thousand euro", "EUR '000", "kEUR"),
    (6, "USD"): ("USD mm", "$ millions", "millions of dollars"),
    (3, "USD"): ("$ thousands", "USD 000s", "thousands of dollars"),
    (6, "SEK"): ("SEK million", "millions of Swedish kronor", "SEKm"),
    (7, "INR"): ("INR crore", "\u20b9 crore"),
    (5, "INR"): ("INR lakhs", "\u20b9 in lakhs"),
    (6, "JPY"): ("millions of yen", "JPY million"),
    (3, "CHF"): ("CHF thousand", "thousands of Swiss francs"),
}
SECOND = Tongue(
    units=UNITS,
    document=(
        "Monetary values in this publication are quoted in {u}.",
        "Currency amounts appear in {u}, except as noted.",
        "Throughout the document, all money figures are given in {u}.",
        "Our consolidated accounts are drawn up in {u}.",
        "Numbers in the tables are in {u} unless we say otherwise.",
        "Reporting unit: {u}.",
    ),
    basis=("Reading notes", "General remarks on presentation", "Units and rounding", "Note 1. Basis of presentation"),
    section=(
        "For this chapter the amounts are shown in {u}.",
        "The tables of this chapter are in {u}.",
        "Amounts here and in the following subsections are in {u}.",
        "(all amounts in {u})",
    ),
    later=("From this point on, and unless otherwise specified, amounts in this section are reported in {u}.",),
    line=("{u}", "Unit: {u}", "expressed in {u}", "[{u}]", "(all amounts in {u})", "({u}, unless otherwise specified)"),
    captions=(
        "Income by line of business", "What we spent", "Debt by due date", "Assets at year end", "Cash in and out",
        "Reserves",
    ),
    notes=("1) Amounts in {u}.", "Source: company records; figures in {u}.", "All values in {u}."),
    unaudited=("None of the figures has been audited.", "These figures are unaudited."),
    per_share="per share",
    exception=" except per-share amounts",
    share_label="Diluted earnings per share",
    chapters=("Business lines", "Funding", "Geography", "Claims", "Building works", "Pay", "Taxation"),
    labels=(
        "Net sales", "Raw materials", "Wages", "Energy", "Freight", "Advertising", "Royalties", "Bonds", "Overdrafts",
        "Land", "Machinery", "Patents", "Grants", "Fines", "Donations", "Leasing", "Training", "Travel",
    ),
    distractors=(
        "A loan of 250 million Swedish kronor was repaid early.",
        "The fund reports in US dollars and we do not.",
        "\u201c(in thousands of dollars)\u201d, as the old brochure had it, is gone.",
        "Our app counts its users in millions.",
        "The plaintiff claims damages of some EUR 12 million.",
        "Ten years ago the amounts were still in billions of lire.",
    ),
    filler=(
        "The second quarter was the strongest.",
        "Two plants changed hands in May.", "Rain delayed the harvest by a week.",
        "We hired apprentices in all regions.", "The order book is full until autumn.",
    ),
)  # fmt: skip


def write_second(number: int, *, seed: int) -> Report:
    """Chapters in a random order of ways; the document's statement on the cover, in notes or under a late heading."""
    draft = Draft(random.Random(f"second/{seed}/{number}"), SECOND, COMPANIES[-1 - number % len(COMPANIES)])
    keys = list(UNITS)
    scale, currency = keys[number % len(keys)]
    whole = Truth(scale, currency, unaudited=number % 3 == 2)
    draft.say("heading", f"{draft.company} in figures", 0)
    _said_for_all(draft, whole, number)
    for chapter, name in enumerate(SECOND.chapters, start=1):
        own_scale, own_currency = draft.random.choice(keys)
        other = replace(whole, scale=own_scale, currency=own_currency)
        draft.say("heading", f"{chapter}. {name}" if number % 2 else name, 1)
        if chapter % 3 == number % 3:
            draft.say("text", draft.pick(SECOND.section).format(u=draft.unit(other)))
            _table(draft, other)
            draft.prose(2)
            draft.say("heading", draft.pick(SECOND.filler).rstrip("."), 2)
            draft.prose(1)
            _table(draft, other)
        elif chapter % 3 == (number + 1) % 3:
            _stated(draft, other, number + chapter)
            draft.prose(2)
            _table(draft, whole)
        else:
            draft.prose(3)
            _table(draft, whole)
            draft.prose(1)
            _stated(draft, other, number + chapter + 2)
            draft.prose(1)
    return Report(f"second_{number:02}", draft.company, "en", tuple(draft.blocks), tuple(draft.figures))


def _said_for_all(draft: Draft, whole: Truth, number: int) -> None:
    said = [SECOND.document[number % len(SECOND.document)].format(u=draft.unit(whole))]
    if whole.unaudited:
        said.append(draft.pick(SECOND.unaudited))
    if number % 2:
        draft.say("text", " ".join(said))
        draft.prose(2)
        return
    draft.prose(2)
    draft.say("heading", draft.pick(SECOND.basis), 1)
    draft.prose(1)
    draft.say("text", " ".join(said))


def _stated(draft: Draft, truth: Truth, way: int) -> None:
    """In the caption, a line, a row of units under the header, a note, or a title of its own with shares."""
    unit = draft.unit(truth)
    match way % 5:
        case 0:
            _table(draft, truth, suffix=f" [{unit}]")
        case 1:
            _table(draft, truth, line=draft.pick(SECOND.line).format(u=unit))
        case 2:
            _table(draft, truth, units=unit)
        case 3:
            _table(draft, truth)
            draft.say("note", draft.pick(SECOND.notes).format(u=unit))
        case _:
            _table(draft, truth, line=f"({unit}{SECOND.exception})", shares=True)


def _table(
    draft: Draft, truth: Truth, *, suffix: str = "", line: str = "", units: str = "", shares: bool = False
) -> None:
    """Three columns of numbers, the last a change in per cent."""
    draft.tables += 1
    draft.say("title", f"{draft.pick(SECOND.captions)}{suffix}")
    if line:
        draft.say("line", line)
    rows: list[tuple[str, ...]] = [("Item", "This year", "Last year", "Change")]
    if units:
        rows.append(("", units, units, "%"))
    for label in draft.random.sample(SECOND.labels, draft.random.choice((3, 6, 11))):
        values = (draft.number(), draft.number())
        rows.append((label, *values, f"{draft.random.randint(-30, 30)}%"))
        draft.figures += [Figure(value, label, truth) for value in values]
    if shares:
        values = (draft.number(small=True), draft.number(small=True))
        rows.append((SECOND.share_label, *values, "2%"))
        taken = replace(truth, scale=0, per_share=True)
        draft.figures += [Figure(value, SECOND.share_label, taken) for value in values]
    draft.blocks.append(Block("table", rows=tuple(rows)))


def html_second(report: Report) -> bytes:
    """Titles of tables as `h4` or `figcaption`, headings numbered or not, units as divisions."""
    head = "<!doctype html><html><head><meta charset='utf-8'></head>"
    return f"{head}<body>{_body(report, figures=True)}</body></html>".encode()


def pdf_second(report: Report) -> bytes:
    """By MuPDF's own HTML layout: no tags, no bookmarks."""
    style = (
        "body{font-family:serif;font-size:10pt} table{border-collapse:collapse} "
        "td,th{border:1px solid black;padding:3px}"
    )
    story = pymupdf.Story(html=_body(report, figures=False), user_css=style)
    stream, box, more = io.BytesIO(), pymupdf.paper_rect("letter"), 1
    writer = pymupdf.DocumentWriter(stream)
    while more:
        device = writer.begin_page(box)
        more, _ = story.place(pymupdf.Rect(60, 60, box.x1 - 60, box.y1 - 60))
        story.draw(device)
        writer.end_page()
    writer.close()
    return stream.getvalue()


def _body(report: Report, *, figures: bool) -> str:
    parts: list[str] = []
    for block in report.blocks:
        text = escape(block.text)
        match block.kind:
            case "heading":
                parts.append(f"<h{block.level + 1}>{text}</h{block.level + 1}>")
            case "title":
                parts.append(
                    f"<figcaption>{text}</figcaption>"
                    if figures and report.name[-1] in "02468"
                    else f"<p><b>{text}</b></p>"
                )
            case "table":
                head, *rows = block.rows
                cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
                lines = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
                parts.append(f"<table><tr>{cells}</tr>{lines}</table>")
            case _:
                parts.append(f"<p>{text}</p>")
    return "".join(parts)
