"""Units that are stated elsewhere: do they reach the chunks of tables, do wrong ones, and what is gained by it."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from benchmarks import _scope_tongues as tongues
from benchmarks._rows import Row, table_of
from benchmarks._scope_fifth import write_fifth
from benchmarks._scope_fourth import write_fourth
from benchmarks._scope_render import LOOKS, html, pdf
from benchmarks._scope_reports import Figure, Report, Truth, write
from benchmarks._scope_retrieval import Question, compare, questions
from benchmarks._scope_second import html_second, pdf_second, write_second
from benchmarks._scope_sixth import write_sixth
from benchmarks._scope_styles import html_styled, markdown, pdf_styled
from benchmarks._scope_third import write_third
from chunkers import chunker
from encoders.profiles import profile, resolve
from encoders.tokens import Tokens
from parsers.html import Html
from parsers.markdown import Markdown
from parsers.pdf import Pdf
from quarry.encoding import TokenCounter
from quarry.types import Chunk, Document, ElementType, Origin

RIGHT, WRONG = 0.98, 0.005
LATER = 8
"""Reports of a later family."""
SCALE_MARKS = {
    0: r"whole euros|units of euros",
    3: r"[Tt]housands?\b|['\u2019 $]000|\u00a3000|000s|1,000|kEUR|K\u20ac|/000|\bEUR k\b"
    r"|Tausend|T\u20ac|TEUR|Tsd\.|milliers|k\u20ac"
    r"|miles de|migliaia",
    5: r"(?i:lakhs)",
    7: r"(?i:crore)",
    6: r"[Mm]illions?\b|A\$m\b|\bmn\b|\bmm\b|\bm EUR\b"
    r"|(?:SEK|DKK|PLN|CZK|\u20ac|\u00a3|EUR|CHF) ?[mM]\b|\bM(?:SEK|NOK|EUR)|\bmill\."
    r"|Mio\.|Millionen|M\u20ac|millones|milioni",
    9: r"[Bb]illions?\b|\bbn\b",
}
CURRENCY_MARKS = {
    "EUR": r"\u20ac|EUR|[Ee]uros?\b",
    "USD": r"(?<![A-Z])\$|US\$|USD|(?<!Canadian )(?<!Kong )(?<!Australian )[Dd]ollars"
    r"|dollars am\u00e9ricains|d\u00f3lares",
    "GBP": r"\u00a3|GBP|pounds",
    "CHF": r"CHF|Franken|francs",
    "SEK": r"SEK|Swedish kronor",
    "DKK": r"DKK|Danish kroner",
    "NOK": r"NOK|Norwegian kroner",
    "INR": r"INR|\u20b9|Rs\.|rupees",
    "JPY": r"JPY|\u00a5|yen\b",
    "CAD": r"C\$|CAD|Canadian dollars",
    "HKD": r"HK\$|Hong Kong dollars",
    "AUD": r"A\$|AUD|Australian dollars",
    "ZAR": r"ZAR|[Rr]and\b",
    "BRL": r"R\$|reais",
    "MXN": r"MXN|Mexican pesos",
    "PLN": r"PLN|zloty",
    "CZK": r"CZK|Czech crowns",
    "HUF": r"HUF|forints",
}
MONEY = "dollar"
"""Dollars that may stay unsaid: in a report from the United States the sign stands in the cells."""
COUNT = "none"
"""No money: nothing is to be said of it."""
AUDIT_MARK = (
    r"unaudited|not been audited|None of the figures has been audited"
    r"|ungepr\u00fcft|ne sont pas audit|no han sido auditad|non sono sottoposti"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure in one chunk."""

    report: str
    figure: Figure
    chunk: Chunk
    right: bool
    wrong: bool


def reports(seed: int) -> list[Report]:
    spoken = [tongues.ENGLISH] * 8 + [tongues.GERMAN] * 3 + [tongues.FRENCH] * 2 + [tongues.SPANISH, tongues.ITALIAN]
    return [write(number, tongue, seed=seed) for number, tongue in enumerate(spoken)]


def second(seed: int) -> list[Report]:
    return [write_second(number, seed=seed) for number in range(12)]


def later(seed: int) -> dict[str, list[Report]]:
    """Families that came after the first two."""
    writers = {"third ": write_third, "fourth ": write_fourth, "fifth ": write_fifth, "sixth ": write_sixth}
    return {name: [write(number, seed=seed) for number in range(LATER)] for name, write in writers.items()}


def parsed(report: Report, form: str) -> Document:
    origin = Origin(
        f"{report.name}.{form}", f"file:///{report.name}.{form}", "scope", f"{report.name}.{form}", "0" * 64
    )
    if form == "md":
        return Markdown().parse(markdown(report), origin)
    return (Html() if form == "html" else Pdf()).parse(_rendered(report, form), origin)


def _rendered(report: Report, form: str) -> bytes:
    look = LOOKS[sum(map(ord, report.name)) % len(LOOKS)]
    match report.name.split("_")[0], form:
        case "report", "html":
            return html(report)
        case "report", _:
            return pdf(report, look)
        case "second", "html":
            return html_second(report)
        case "second", _:
            return pdf_second(report)
        case _, "html":
            return html_styled(report)
    return pdf_styled(report)


def chunks(document: Document, tokens: TokenCounter, *, scope: bool) -> list[Chunk]:
    return list(chunker.build({"kind": "metadata_aware", "scope": scope}).chunk(document, tokens=tokens))


def findings(report: Report, document: Document, made: Sequence[Chunk]) -> Iterator[Finding]:
    """Every chunk with a table that holds a figure, for each figure."""
    tables = {element.id for element in document.elements if element.type is ElementType.TABLE}
    held = [chunk for chunk in made if tables & set(chunk.elements)]
    for figure in report.figures:
        number = re.compile(rf"(?<![\d.,]){re.escape(figure.text)}(?![\d.,]*\d)")
        for chunk in held:
            if number.search(chunk.text):
                yield Finding(report.name, figure, chunk, _right(chunk, figure.truth), _wrong(chunk, figure.truth))


def _right(chunk: Chunk, truth: Truth) -> bool:
    if truth.currency == COUNT:
        return not _wrong(chunk, truth)
    text = " ".join(chunk.embedded_text.split())
    audit = not truth.unaudited or re.search(AUDIT_MARK, text, re.IGNORECASE) is not None
    currency = truth.currency == MONEY or re.search(CURRENCY_MARKS[truth.currency], text) is not None
    if truth.per_share:
        return (
            audit
            and currency
            and re.search(r"per share|je Aktie|par action|por acci\u00f3n|per azione", text) is not None
        )
    return audit and currency and re.search(SCALE_MARKS[truth.scale], text) is not None


def _wrong(chunk: Chunk, truth: Truth) -> bool:
    """Another scale, currency or status than the figure's in the context; an exception in the statement is no fault."""
    context = " ".join(chunk.context.split())
    scales = {scale for scale, mark in SCALE_MARKS.items() if re.search(mark, context)}
    currencies = {code for code, mark in CURRENCY_MARKS.items() if re.search(mark, context)}
    if truth.per_share:
        scales = set()
    said = "USD" if truth.currency == MONEY else truth.currency
    if truth.currency == COUNT:
        return bool(scales or currencies)
    return bool(scales - {truth.scale} or currencies - {said})


def score(found: Sequence[Finding]) -> dict[str, float]:
    return {
        "figures": len({(f.report, f.figure) for f in found}),
        "in chunks": len(found),
        "right": sum(f.right for f in found) / max(1, len(found)),
        "wrong": sum(f.wrong for f in found) / max(1, len(found)),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--misses", type=int, default=0, help="print so many figures that went wrong")
    options.add_argument("--only", choices=("units", "retrieval"))
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    tokens = Tokens.from_folder(resolve(profile("minilm")), max_tokens=256)
    families = {"": reports(chosen.seed), "second ": second(chosen.seed)}
    rows: list[Row] = []
    if chosen.only != "retrieval":
        for family, written in {**families, **later(chosen.seed)}.items():
            for form in ("html", "pdf") if family in families else ("html", "md", "pdf"):
                rows += measured(family + form, [(each, parsed(each, form)) for each in written], tokens, chosen.misses)
    if chosen.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0 if all(row.passed for row in rows) else 1
    if rows:
        Console().print(table_of(rows))
    if chosen.only != "units":
        Console().print(retrieval(families, tokens, seed=chosen.seed))
    return 0 if all(row.passed for row in rows) else 1


def measured(name: str, written: Sequence[tuple[Report, Document]], tokens: TokenCounter, misses: int) -> list[Row]:
    found: list[Finding] = []
    without: list[Finding] = []
    for report, document in written:
        found += findings(report, document, chunks(document, tokens, scope=True))
        without += findings(report, document, chunks(document, tokens, scope=False))
    show(found, misses)
    scores, plain = score(found), score(without)
    label = f"right unit ({scores['figures']:.0f} figures)"
    return [
        Row(name, label, scores["right"], {"off": plain["right"]}, RIGHT),
        Row(name, "wrong unit", scores["wrong"], {"off": plain["wrong"]}, WRONG, at_most=True),
    ]


def retrieval(families: Mapping[str, Sequence[Report]], tokens: TokenCounter, *, seed: int) -> Table:
    """The English reports of the first two families as PDF, in one index."""
    asked: list[Question] = []
    made: dict[bool, list[Chunk]] = {True: [], False: []}
    for report in (each for family in families.values() for each in family if each.language == "en"):
        document = parsed(report, "pdf")
        asked += questions(report, document, seed=seed)
        for scope, held in made.items():
            held += chunks(document, tokens, scope=scope)
    table = Table("measure", "on", "off", "on - off [95 %]", title=f"{len(asked)} questions, {len(made[True])} chunks")
    for row in compare(made[True], made[False], asked):
        change = f"{row.change.mean:+.3f} [{row.change.low:+.3f}, {row.change.high:+.3f}]"
        table.add_row(row.measure, f"{row.on:.3f}", f"{row.off:.3f}", change)
    return table


def show(found: Sequence[Finding], most: int) -> None:
    missed = [f for f in found if f.wrong or not f.right]
    seen: Counter[str] = Counter()
    for each in missed:
        if seen[each.chunk.id] or len(seen) >= most:
            continue
        seen[each.chunk.id] += 1
        print(
            f"--- {each.report} {each.figure} right={each.right} wrong={each.wrong}\n"
            f"{each.chunk.context}| {each.chunk.text[:160]}"
        )


if __name__ == "__main__":
    sys.exit(main())
