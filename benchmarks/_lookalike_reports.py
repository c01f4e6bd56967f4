"""Annual reports of invented companies, several years each, from one template: nearly the same pages every time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

import pymupdf

from benchmarks._lookalike_notes import NOTES
from benchmarks._lookalike_prose import CHAPTERS, Ask, Section

Style = Literal["telling", "partly", "opaque"]
STYLES: tuple[Style, ...] = ("telling", "partly", "opaque")
SECTIONS = (*CHAPTERS, *NOTES)
TEMPLATES = ("10-K", "letter", "statutory")
YEARS = (2019, 2020, 2021, 2022)
COMPANIES = (
    ("Brackwater Tools Corporation", "Brackwater", "Halden Bay", "hand tools and tool cabinets"),
    ("Ostrava Lifting Systems, Inc.", "Ostrava Lifting", "Port Milne", "cranes, hoists and winches"),
    ("Pellworm Marine Holdings plc", "Pellworm Marine", "Saltmarsh", "deck equipment and anchors"),
    ("Quillfeather Paper Company", "Quillfeather", "Dunmore Falls", "writing and printing papers"),
    ("Tarnbeck Instruments Ltd.", "Tarnbeck", "Orrindale", "scales and measuring instruments"),
    ("Velmora Textiles S.A.", "Velmora", "Castelrio", "technical fabrics and ropes"),
    ("Ashgrove Dairy Equipment, Inc.", "Ashgrove", "Fennimore", "milking and cooling equipment"),
    ("Kestrel Pump Works AG", "Kestrel Pump", "Niederau", "pumps and valves"),
    ("Lindenhall Furniture Group", "Lindenhall", "Eastmere", "office and school furniture"),
    ("Marrow & Finch Corp.", "Marrow & Finch", "Copperfield", "kitchen appliances"),
    ("Northreach Lighting Inc.", "Northreach", "Solvik", "street and tunnel lighting"),
    ("Sandhurst Ceramics Limited", "Sandhurst", "Claybrook", "tiles and sanitary ware"),
)
PEOPLE = ("Ada", "Bruno", "Clara", "Derek", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Leif")
FAMILIES = ("Ambach", "Birkeland", "Cordova", "Dreyer", "Eklund", "Fontane", "Garrick", "Holm", "Iversen", "Jarvis")
PLANTS = ("Wexcombe", "Lower Tarn", "Aldersea", "Rothmere", "Vigo Nuevo", "Grauwald", "Kilbrannan", "Stonehithe")
FIRMS = ("Hartwell Joints", "Ember & Sons", "Rillo Fittings", "Polder Metal", "Castor Brass", "Vantongeren", "Lumsden")
MONTHS = ("February", "March", "April", "June", "July", "September", "October")
_STYLE_SHEET = "body {font-family: serif; font-size: 12.5pt; line-height: 1.6} h1 {font-size: 19pt} td {padding: 5pt}"


@dataclass(frozen=True, slots=True)
class Report:
    """One company's report for one year."""

    company: str
    short: str
    year: int
    style: Style
    file: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that names company and year, and the page that answers it."""

    text: str
    file: str
    page: int
    style: Style


def reports(*, template: int, companies: int = len(COMPANIES), seed: int = 11) -> list[Report]:
    """Of each company one for each of `YEARS`; the style of the file name goes from company to company."""
    made = []
    for number, (name, short, city, products) in enumerate(COMPANIES[:companies]):
        style = STYLES[number % len(STYLES)]
        facts: dict[str, str] = {}
        for year in YEARS:
            facts = _facts(random.Random(f"{seed} {name} {year}"), earlier=facts)
            facts |= {"name": name, "short": short, "city": city, "products": products, "year": str(year)}
            made.append(Report(name, short, year, style, _file_name(short, year, style, template), facts))
    return made


def write(report: Report, folder: Path, *, template: int) -> list[Question]:
    """The PDF, and its questions with the pages on which their answers ended up."""
    target = folder / report.file
    body = _html(report, template)
    _render(body, target)
    with pymupdf.open(target) as document:
        pages = [" ".join(page.get_text().split()) for page in document]
    return [
        Question(ask.question.format(**report.facts), report.file, _page(pages, ask, report), report.style)
        for section in SECTIONS
        for ask in section.asks
    ]


def chosen(questions: Sequence[Question], number: int, *, seed: int = 5) -> list[Question]:
    """So many of all, spread over the reports."""
    shuffled = list(questions)
    random.Random(seed).shuffle(shuffled)
    return sorted(shuffled[:number], key=lambda question: (question.file, question.page))


def _page(pages: Sequence[str], ask: Ask, report: Report) -> int:
    answer = ask.answer.format(**report.facts)
    found = [number for number, text in enumerate(pages, start=1) if answer in text]
    if len(found) != 1:
        raise ValueError(f"{report.file}: {answer!r} stands on the pages {found}, it must stand on one")
    return found[0]


def _facts(chance: random.Random, *, earlier: dict[str, str]) -> dict[str, str]:
    """Figures of a year; what doesn't change from year to year is taken from the year before."""

    def money(low: float, high: float) -> str:
        return f"${chance.uniform(low, high):.1f} million"

    yearly = {
        "employees": f"{chance.randint(2100, 9800):,}",
        "energy_risk": money(1, 9),
        "claim": money(10, 60),
        "holders": f"{chance.randint(1200, 9900):,}",
        "dividend": f"${chance.uniform(0.2, 3.9):.2f}",
        "revenue": money(400, 2900),
        "revenue_before": earlier.get("revenue") or money(400, 2900),
        "margin": f"{chance.uniform(22, 47):.1f}",
        "services": money(60, 390),
        "cash_flow": money(30, 280),
        "credit_free": money(100, 490),
        "capex": money(20, 190),
        "research": money(9, 95),
        "patents": str(chance.randint(120, 990)),
        "audits": str(chance.randint(11, 64)),
        "board": str(chance.randint(7, 12)),
        "pay": money(1.1, 9.7),
        "tax": f"{chance.uniform(17, 29):.1f}",
        "deficit": money(11, 99),
        "bought": chance.choice(FIRMS),
        "price": money(5, 88),
        "month": chance.choice(MONTHS),
        "carbon": f"{chance.randint(11_000, 98_000):,}",
        "accidents": str(chance.randint(13, 97)),
        "notes": money(150, 600),
        "area": f"{chance.randint(20_000, 99_000):,}",
    }
    lasting = {
        "founded": str(chance.randint(1871, 1968)),
        "plant": chance.choice(PLANTS),
        "markets": chance.choice(("Europe and North America", "more than forty countries", "Northern Europe and Asia")),
        "material": chance.choice(("bearings", "castings", "coated sheet", "control boards")),
        "symbol": "".join(chance.choices("BCDFGKLMNPRTVX", k=4)),
        "chief": f"{chance.choice(PEOPLE)} {chance.choice(FAMILIES)}",
        "chief_since": str(chance.randint(2009, 2018)),
        "chair": f"{chance.choice(PEOPLE)} {chance.choice(FAMILIES)}",
        "country": chance.choice(("Norway", "Germany", "Canada", "Ireland")),
    }
    return {**lasting, **earlier, **yearly}


def _file_name(short: str, year: int, style: Style, template: int) -> str:
    slug = "-".join(short.lower().replace("&", "and").split())
    if style == "telling":
        form = ("10K", "Annual-Report", "annual-report")[template]
        return f"{slug}_{year}_{form}.pdf"
    if style == "partly":
        return f"{slug}-final-{hashlib.sha1(f'{slug}{year}'.encode(), usedforsecurity=False).hexdigest()[:4]}.pdf"
    return f"{hashlib.sha256(f'{slug} {year}'.encode()).hexdigest()[:20]}.pdf"


def _html(report: Report, template: int) -> str:
    """Cover, contents, a page and more for each section."""
    parts = [_cover(report, template), _contents(template)]
    for number, section in enumerate(_ordered(template), start=1):
        parts.append(_section(report, section, number=number, template=template))
    return "<hr/>".join(parts)


def _ordered(template: int) -> Sequence[Section]:
    return SECTIONS if template == 0 else SECTIONS[template:] + SECTIONS[:template]


def _cover(report: Report, template: int) -> str:
    name, year = escape(report.company), report.year
    if template == 0:
        lines = [
            "<h1>Form 10-K</h1>",
            "<p>Annual report under the securities laws</p>",
            f"<p>For the fiscal year ended December 31, {year}</p>",
            f"<h2>{escape(report.company.upper())}</h2>",
            "<p>(Exact name of registrant as specified in its charter)</p>",
            f"<p>{report.facts['city']}</p>",
        ]
    elif template == 1:
        lines = [f"<h2>{name}</h2>", f"<h1>Annual Report {year}</h1>", "<p>To our shareholders and staff</p>"]
    else:
        lines = [f"<h1>Report on the financial year {year}</h1>", f"<h2>{name}</h2>", f"<p>{report.facts['city']}</p>"]
    return "".join(lines)


def _contents(template: int) -> str:
    names = "".join(f"<p>{_title(section, n, template)}</p>" for n, section in enumerate(_ordered(template), start=1))
    return f"<h2>Contents</h2>{names}"


def _title(section: Section, number: int, template: int) -> str:
    title = escape(section.headings[template])
    return (f"Item {number}. {title}", title, f"{number} {title}")[template]


def _section(report: Report, section: Section, *, number: int, template: int) -> str:
    paragraphs = (variants[template % len(variants)].format(**report.facts) for variants in section.paragraphs)
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    table = _table(report, section.table) if section.table else ""
    return f"<h1>{_title(section, number, template)}</h1>{body}{table}"


def _table(report: Report, name: str) -> str:
    chance = random.Random(f"{report.company} {report.year} {name}")
    lines = {
        "sites": ("Head office", "Works", "Branches", "Stores"),
        "shares": ("First quarter", "Second quarter", "Third quarter", "Fourth quarter"),
        "results": ("Cost of sales", "Selling expenses", "Administration", "Other items", "Interest"),
        "segments": ("Equipment", "Spare parts", "Training", "Not allocated"),
        "taxes": ("Current", "Deferred", "Prior years"),
    }[name]
    head = f"<tr><td><b> </b></td><td><b>{report.year}</b></td><td><b>{report.year - 1}</b></td></tr>"
    rows = "".join(
        f"<tr><td>{line}</td><td>{chance.uniform(5, 900):.1f}</td><td>{chance.uniform(5, 900):.1f}</td></tr>"
        for line in lines
    )
    return f"<p>Amounts in millions of dollars where nothing else is said</p><table>{head}{rows}</table>"


def _render(body: str, target: Path) -> None:
    """Each part between two rules on pages of its own."""
    box = pymupdf.paper_rect("letter")
    writer = pymupdf.DocumentWriter(str(target))
    for part in body.split("<hr/>"):
        for place in _placed(pymupdf.Story(html=part, user_css=_STYLE_SHEET), box):
            device = writer.begin_page(box)
            place.draw(device)
            writer.end_page()
    writer.close()


def _placed(story: pymupdf.Story, box: pymupdf.Rect) -> Iterator[pymupdf.Story]:
    more = True
    while more:
        more, _ = story.place(pymupdf.Rect(72, 72, box.x1 - 72, box.y1 - 72))
        yield story
