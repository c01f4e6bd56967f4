"""How kinds of documents, periods and organisations are written: the rules of `quarry.identity` as data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_I = re.IGNORECASE
Strength = Literal["code", "report", "loose"]


@dataclass(frozen=True, slots=True)
class FormRule:
    """A kind of document."""

    label: str
    """What it is called."""
    pattern: re.Pattern[str]
    strength: Strength
    """`code`: clear wherever it stands. `report`: in a short line of the title page. `loose`: in the title alone."""
    also: str = ""
    """Other words that people ask for it with."""
    in_name: re.Pattern[str] | None = None
    """The same in a file's name, between separators; None where names say nothing."""


def _name(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z])(?:{words})(?![0-9A-Za-z])", _I)


_SEC = {
    "10-K": "annual report",
    "10-Q": "quarterly report",
    "8-K": "current report",
    "20-F": "annual report",
    "40-F": "annual report",
    "6-K": "current report",
    "S-1": "registration statement prospectus",
    "DEF 14A": "proxy statement",
}
_CODES = tuple(
    FormRule(
        code,
        re.compile(rf"\b(?:form|schedule)\s+{code.replace('-', '[-‐‑– ]?')}(?:405)?(?:/A)?(?![\w-])", _I),
        "code",
        also,
        _name(code.replace("-", "[-_ ]?").replace(" ", "[-_ ]?")),
    )
    for code, also in _SEC.items()
)
_ANNUAL, _QUARTERLY, _HALF = "annual report", "quarterly report", "half-year report interim report"


def _report(label: str, words: str, also: str = "") -> FormRule:
    in_name = words.replace(" ", "[-_ ]?")
    return FormRule(label, re.compile(rf"\b(?:{words})\b", _I), "report", also, _name(in_name))


_REPORTS = (
    _report("Annual Report", r"annual reports?(?: and accounts)?"),
    _report("Geschäftsbericht", r"gesch(?:ä|a|ae)ftsbericht|jahresbericht", _ANNUAL),
    _report("Rapport annuel", r"rapport annuel", _ANNUAL),
    _report("Informe anual", r"informe anual|memoria anual", _ANNUAL),
    _report("Quarterly Report", r"quarterly (?:report|statement)|q[1-4] report"),
    _report("Quartalsbericht", r"quartalsbericht|quartalsmitteilung", _QUARTERLY),
    _report("Rapport trimestriel", r"rapport trimestriel", _QUARTERLY),
    _report("Informe trimestral", r"informe trimestral", _QUARTERLY),
    _report("Half-year Report", r"half.year(?:ly)? (?:financial )?report|interim report", _HALF),
    _report("Halbjahresbericht", r"halbjahres(?:finanz)?bericht|zwischenbericht", _HALF),
    _report("Rapport semestriel", r"rapport (?:financier )?semestriel", _HALF),
    _report("Informe semestral", r"informe semestral", _HALF),
    _report("Proxy Statement", r"proxy statement"),
    _report("Prospectus", r"prospectus|wertpapierprospekt"),
    _report("Sustainability Report", r"(?:sustainability|ESG) report|nachhaltigkeitsbericht"),
    _report("Earnings Release", r"earnings release|results announcement"),
)
_LOOSE = tuple(
    FormRule(label, re.compile(rf"\b(?:{words})\b", _I), "loose", "", _name(names) if names else None)
    for label, words, names in (
        ("Policy", r"policy|policies|richtlinie|politique|pol[ií]tica", ""),
        (
            "Manual",
            r"manual|user(?:'s)? guide|handbook|bedienungsanleitung|betriebsanleitung|handbuch|manuel",
            "manual",
        ),
        ("Agreement", r"agreement|contract|vertrag|contrat|contrato", ""),
        ("Minutes", r"minutes(?: of .*)?|protokoll|proc[èe]s-verbal|acta", "minutes"),
        ("Data Sheet", r"data ?sheet|datenblatt|fiche technique", r"data[-_ ]?sheet|datenblatt"),
        ("Invoice", r"invoice|rechnung|facture|factura", "invoice|rechnung"),
        ("Release Notes", r"release notes|changelog", r"release[-_ ]?notes"),
    )
)
FORMS: tuple[FormRule, ...] = (*_CODES, *_REPORTS, *_LOOSE)
"""The first that matches is taken, so codes come before the words that stand beside them on a cover."""


def _any(rules: Iterable[FormRule]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{rule.pattern.pattern})" for rule in rules), _I)


ANY_FORM, REPORT = _any(FORMS), _any(rule for rule in FORMS if rule.strength == "report")
"""One look in place of many."""
POLICY_NUMBER = re.compile(
    r"\b(?:policy|richtlinie|p[óo]liza|police)\s+(?:no\.?|nr\.?|n[°º.]|number)\s*:?\s*([A-Z0-9][\w./-]*)",
    _I,
)

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar jänner janvier enero jan",
            "february februar février febrero feb",
            "march märz mars marzo mar",
            "april avril abril apr",
            "may mai mayo",
            "june juni juin junio jun",
            "july juli juillet julio jul",
            "august août agosto aug",
            "september septembre septiembre sep sept",
            "october oktober octobre octubre oct okt",
            "november novembre noviembre nov",
            "december dezember décembre diciembre dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
YEAR = r"(?:19|20)\d\d"
ANY_YEAR = re.compile(YEAR)
DATE = re.compile(
    rf"(?P<month>{_MONTH})\.?\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?,?\s+(?P<year>{YEAR})"
    rf"|(?P<day2>[0-3]?\d)(?:\.|st|nd|rd|th)?\s+(?:de\s+)?(?P<month2>{_MONTH})\.?,?\s+(?:de\s+)?(?P<year2>{YEAR})"
    rf"|(?P<year3>{YEAR})-(?P<month3>[01]\d)-(?P<day3>[0-3]\d)"
    rf"|(?P<day4>[0-3]?\d)\.(?P<month4>[01]?\d)\.(?P<year4>{YEAR})",
    _I,
)
MONTH_YEAR = re.compile(rf"(?:{_MONTH})\.?,?\s+(?:de\s+)?{YEAR}", _I)
YEAR_ENDED = re.compile(
    r"(?:fiscal|financial|business)?\s*years?\s+(?:ended|ending)|gesch[äa]e?ftsjahr\s+(?:zum|bis)|"
    r"exercice\s+clos\s+le|ejercicio\s+(?:terminado|cerrado)\s+el",
    _I,
)
QUARTER_ENDED = re.compile(r"(?:quarterly\s+period|quarter|three\s+months)\s+(?:ended|ending)", _I)
NAMED_YEAR = re.compile(
    rf"\b(?:fiscal(?:\s+year)?|financial\s+year|business\s+year|gesch[äa]e?ftsjahr|exercice|ejercicio|FY)\s*'?"
    rf"(?P<year>{YEAR}(?:\s?[/–-]\s?(?:20)?\d\d)?)(?!\d)",
    _I,
)
BARE_YEAR = re.compile(rf"(?<![\d.,/-]){YEAR}(?:/(?:20)?\d\d)?(?![\d.,/-]\d|\d)")
_ORDINALS = (
    r"first|erstes|premier|primer|1(?:st|\.|er|º)?",
    r"second|zweites|deuxi[èe]me|segundo|2(?:nd|\.|e|º)?",
    r"third|drittes|troisi[èe]me|tercer|3(?:rd|\.|e|º)?",
    r"fourth|viertes|quatri[èe]me|cuarto|4(?:th|\.|e|º)?",
)
_OF = r"(?:\s+(?:of|de|du|del|in))?[\s'/,-]*"


def _part(code: str, words: str) -> tuple[str, re.Pattern[str]]:
    after, before = rf"\b(?:{code}|(?:{words})){_OF}(?P<year>{YEAR})", rf"(?P<year2>{YEAR})[\s/-]*{code}\b"
    return code, re.compile(f"{after}|{before}", _I)


PARTS = (
    *(_part(f"Q{n}", rf"(?:{words})\s+(?:quarter|quartal|trimestre)") for n, words in enumerate(_ORDINALS, start=1)),
    *(_part(f"H{n}", rf"(?:{words})\s+(?:half|halbjahr|semestre)") for n, words in enumerate(_ORDINALS[:2], start=1)),
)
"""Quarters and halves of a year."""
PART_WORDS = {
    "Q1": "first quarter",
    "Q2": "second quarter",
    "Q3": "third quarter",
    "Q4": "fourth quarter",
    "H1": "first half",
    "H2": "second half",
}
VERSION = re.compile(
    r"\b(?P<kind>version|release|revision|rev\.|edition|ausgabe|édition|versión)"
    r"\s*:?\s*(?P<number>v?\d+(?:\.\d+)*[a-z]?)(?!\w)",
    _I,
)

_LONG = (
    r"inc|incorporated|corp|corporation|company|ltd|limited|llc|llp|plc|gmbh|kgaa|holdings?|group|foundation|trust|"
    r"association|authority|university|institute|stiftung|genossenschaft|verein|gruppe|sociedad anónima"
)
_SHORT = r"Co|AG|SE|KG|AB|AS|ASA|A/S|Oyj?|e\.V|eG|S\.?A|SAS|SARL|S\.?L|N\.?V|B\.?V|S\.?p\.?A|S\.?r\.?l|L\.?L\.?C|L\.?P"
ORGANISATION = re.compile(
    rf"^(?=[^a-z]?[A-Z0-9])(?!(?:the|our|this|about|form|part|item|note|annual|report)\b)"
    rf"(?P<name>[^;:!?|]*?[\w)&.,'])[,\s]+(?:(?:(?i:{_LONG}))|{_SHORT})(?:\s*&\s*Co\.?(?:\s*KG(?:aA)?)?)?\.?(?:\s*\([^)]*\))?$"
    r"|^(?:University|Institute|Ministry|Department|Bank|City|Universität|Ministerium|Université|Universidad|Banco)\s+"
    r"(?:of|de|der|des|du|del|für)\s+\S.*$"
    r"|^Bundes(?:ministerium|amt|anstalt)\b.*$"
)
"""A line that is the name of an organisation and nothing else, by its legal form or its kind."""
SMALL_WORDS = frozenset("of and for the de la le les du des der die das für und et y del do da dos plc e.V".split())  # noqa: SIM905 - words
"""Those of a name that are not written with a capital."""
NO_ORGANISATION = re.compile(
    r"stock exchange|nasdaq|exchange on which|auditor|accountant|registered|between|"
    r"\b(?:and|und|et|y)\s+the\b",
    _I,
)
REGISTRANT = re.compile(r"exact name of (?:the )?registrant", _I)
_NOISE = (
    "a the of and for to in report reports annual quarterly final draft copy new old version scan scanned document "
    "doc file print web online download en de fr es it us uk eng english deutsch signed filed filing form full "
    "fy year results release page pages untitled img image output export attachment unknown temp tmp test dated "
    "bericht rapport informe data sheet manual guide"
)
NOISE = frozenset(_NOISE.split())
"""Words of a file's name that name nobody."""
_STOP_WORDS = {
    "en": "the of and to in is that for it as with was on are by be this from at or which have not an were has",
    "de": "der die und das den von zu mit sich des auf für ist im dem nicht ein eine als auch es werden aus wird bei",
    "fr": "le la les de des et du en un une est que dans pour qui par sur au avec ce pas sont plus aux ne se ou",
    "es": "el la de que y los en un las por con una para del es se al como lo más su no son fue ha este o",
    "it": "il di che la e per un in del della non una con sono si da le dei al gli è nel alla come più delle ha",
    "nl": "de het een van en in is dat op te met voor zijn die aan niet er door om bij ook als naar worden dit wordt",
    "pt": "o a de que e do da em um para com não uma os no se na por mais as dos como mas ao das foi são pelo",
}
STOP_WORDS = {code: frozenset(words.split()) for code, words in _STOP_WORDS.items()}
"""Of running text in each language that is told apart."""
