"""Words of scope statements in five languages, as tables: scales, currencies, measures, and what marks a statement.

All are regular expressions without groups, matched without regard to case unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

SCALES: Mapping[int, tuple[str, ...]] = {
    12: ("trillions?", "billones", "bilioni"),
    9: (
        "billions?",
        "bns?",
        "bln",
        "miles de millones",
        "mil millones",
        "milliarden",
        r"mrd\.?",
        "milliards?",
        "mds",
        "miliard[io]",
        "mld",
    ),
    7: ("crores?", r"crs?\."),
    6: (
        "millions?",
        "millionen",
        "millones",
        "mill[oó]n",
        "milion[ie]",
        r"mio\.?",
        r"mill\.",
        "mlns?",
        "mns?",
        "mm",
        "millioner",
        "miljoner",
        "miljoen",
    ),
    5: ("lakhs?", "lacs?"),
    3: (
        "thousands?",
        "tausend",
        r"tsd\.?",
        "milliers?",
        "miles(?= de )",
        "(?<=en )miles",
        "migliaia",
        r"['\u2018\u2019]000s?",
        "(?<![0-9.,])000s?",
        "duizend(?:en)?",
        "ths",
        r"(?<![0-9.,])1[,. '\u2019\u00a0\u202f]?000(?![0-9]|[.,][0-9])",
    ),
    2: ("hundreds",),
    0: (
        "(?:whole|full)(?= (?:euros?|dollars?|pounds?|francs?|yen|rupees?))",
        "(?:single |individual |full |basic )?units(?! of production| sold)",
        "vollen?(?= euro)",
        "einheiten",
        "unités",
        "unidades",
        "unit[aà](?= di euro)",
    ),
}
"""Power of ten -> how it is written."""

SHORT_SCALES: Mapping[str, int] = {"k": 3, "t": 3, "th": 3, "m": 6, "mm": 6, "b": 9, "md": 9}
"""Only in touch with a currency: `EUR k`, `£m`, `T€`, `MEUR`."""

CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "EUR": ("€", "EUR(?!O)", "euros?"),
    "USD": (
        r"US\$",
        r"\$US",
        r"USD",
        r"U\.?S\.?[ -]dollars?",
        "united states dollars?",
        "american dollars?",
        "dollars américains",
        r"d[oó]lares(?: estadounidenses| americanos)?",
        "dollari(?: statunitensi| americani)?",
    ),
    "GBP": ("£", "GBP", "(?:british )?pounds?(?: sterling)?", "sterling", "livres sterling", "libras(?: esterlinas)?"),
    "CHF": ("CHF", "s?fr\\.", "swiss francs?", "(?:schweizer )?franken", "francs suisses", "franchi svizzeri"),
    "JPY": ("¥", "JPY", "(?:japanese )?yens?"),
    "CNY": ("CNY", "RMB", "renminbi", "(?:chinese )?yuan"),
    "INR": ("₹", "INR", r"rs\.?(?= ?(?:in|crore|lakh|'|million|\())", "(?:indian )?rupees?", r"(?<=\()rs\.?"),
    "AUD": (r"A\$", "AUD", r"AU\$", "australian dollars?"),
    "CAD": (r"C\$", "CAD", r"CA\$", "canadian dollars?"),
    "HKD": (r"HK\$", "HKD", "hong kong dollars?"),
    "SGD": (r"S\$", "SGD", "singapore dollars?"),
    "NZD": (r"NZ\$", "NZD", "new zealand dollars?"),
    "TWD": (r"NT\$", "TWD"),
    "BRL": (r"R\$", "BRL", "(?:brazilian )?reais"),
    "MXN": (r"MX\$", "MXN", "(?:mexican )?pesos"),
    "SEK": ("SEK", "(?:swedish )?kronor", "swedish kronas?"),
    "NOK": ("NOK", "norwegian kron(?:e|er)"),
    "DKK": ("DKK", "(?:danish )?kroner"),
    "KRW": ("₩", "KRW", "(?:korean )?won(?= million| in )"),
    "PLN": ("PLN", "z[lł]oty(?:ch)?"),
    "CZK": ("CZK", "czech (?:koruna|crowns?)"),
    "HUF": ("HUF", "(?:hungarian )?forints?"),
    "TRY": ("TRY", "turkish liras?"),
    "ZAR": ("ZAR", "(?:south african )?rands?"),
    "ILS": ("ILS", "NIS", "₪"),
    "AED": ("AED", "dirhams?"),
    "SAR": ("SAR", "saudi riyals?"),
    "RUB": ("RUB", "rubles?", "roubles?"),
    "RON": ("RON", "romanian lei"),
    "PHP": ("PHP", "philippine pesos?"),
    "CLP": ("CLP", "chilean pesos?"),
    "ARS": ("ARS", "argentine pesos?"),
    "NGN": ("NGN", "₦", "nairas?"),
    "EGP": ("EGP", "egyptian pounds?"),
    "UAH": ("UAH", "hryvnias?"),
    "KWD": ("KWD", "kuwaiti dinars?"),
    "QAR": ("QAR", "qatari riyals?"),
    "ISK": ("ISK", "icelandic kr[oó]nur"),
    "MYR": ("MYR", "ringgit"),
    "THB": ("THB", "baht"),
    "IDR": ("IDR", "rupiah"),
    "$": (r"\$", "dollars?"),
}
"""ISO code -> how it is written; `$` where the country isn't said."""

MEASURES = (
    "%|per ?cent|percent(?:age)?s?(?: points)?|prozent|pour ?cent|por ciento|per cento|basis points"
    "|(?:metric |kilo)?tons?|tonn?es?|tonnen|toneladas|tonnellate|kg|kilograms?|kt|km|kilomet(?:re|er)s?"
    "|square \\w+|sqm"
    "|m[²³2-3]|hectares?|lit(?:re|er)s?|barrels?|bbl|boe|[kmgt]wh?p?|tj|gj|megawatts?|hours?|stunden|heures|horas"
    "|days?|employees|staff|headcount|ftes?|full[- ]time equivalents?|people|persons?|inhabitants|passengers"
    "|customers"
    "|subscribers|users|households|visitors|members|shares|vehicles|cars|ships|items|copies|pieces|units sold|stores"
    "|mitarbeiter(?:innen)?|personen|kunden|aktien|stück|fahrzeuge|einwohner|employés|salariés|personnes|clients"
    "|actions|véhicules|habitants|empleados|personas|clientes|acciones|dipendenti|persone|clienti|azioni|pezzi"
)
"""What isn't money."""

COUNTS = (
    "(?:number|count|no\\.) of|\\w+ counts?\\b|headcount|full[- ]time equivalents?|ftes?"
    "|anzahl|mitarbeiterzahl|nombre d|effectifs?"
    "|número de|plantilla|numero di|organico"
)
"""Without a money word beside it: what follows isn't in money."""

COUNTED = (
    "employees|staff|workforce|passengers|subscribers|visitors|population|emissions|energy (?:use|consumption)"
    "|mitarbeiter(?:innen)?|fahrgäste|salariés|voyageurs|empleados|viajeros|dipendenti|passeggeri"
)
"""The same where a table's caption begins with it."""

MONEY = (
    "revenues?|sales|costs?|expens(?:e|es|ed|ditures?)|income|profits?|loss(?:es)?|earnings|assets|liabilit(?:y"
    "|ies)|equity"
    "|cash|debt|loans?|borrowings|payments?|pay|remuneration|compensation|wages|salar(?:y|ies)|fees?|tax(?:es)?"
    "|capital"
    "|dividends?|benefits?|provisions?|impairments?|receivables?|payables?|inventor(?:y|ies)|invest\\w*|prices?"
    "|budget"
    "|ebitd?a?|margin|turnover|fair value|umsatz\\w*|erlöse|kosten|aufwand|ertr[aä]g\\w*|ergebnis|vergütung"
    "|produits|charges"
    "|coûts?|résultat|chiffre d'affaires|ingresos|gastos|costes|resultado|ricavi|costi|utile|ventas"
)

UNIT_HEADS = (
    "units?(?: of measure(?:ment)?)?|uom|measure(?:ment)?|currency|scale"
    "|einheit(?:en)?|währung|unités?|devise|unidad(?:es)?"
    "|moneda|unità(?: di misura)?|valuta"
)
"""Heads of a column that says for each row what it is in."""

PER_SHARE = (
    "per[- ](?:ordinary |common |diluted |basic )?(?:share|unit|ads)|je aktie|par action|por acci[oó]n|per azione"
    "|\\beps\\b|ergebnis je|earnings per"
)

EXCEPT = (
    "except|excluding|other than|apart from|with the exception|unless|save (?:for|where|as)|außer|ausgenommen"
    "|mit ausnahme"
    "|sofern|soweit|wenn nicht|falls nicht|sauf|hormis|à l'exception|excepto|salvo|a menos que|tranne|eccetto"
    "|ad eccezione"
)

OTHERWISE = (
    "(?:unless|except|save) (?:where |as |when )?(?:it is |is )?(?:otherwise|noted|stated|indicated|specified|stated)"
    "|(?:unless|except as|except where|save where) \\w+ (?:otherwise|noted)|unless (?:\\w+ ){0,4}otherwise"
    "|unless (?:another|a different)|wherever not|as otherwise (?:indicated|noted|stated|specified|described|disclosed)"
    "|(?:so(?:weit|fern)|wenn|falls) nicht(?:s)? ander(?:s|weitig)|sauf (?:mention|indication)|salvo (?:que"
    "|indicaci[oó]n"
    "|mención|diversa|dove|ove|diversamente)|se non diversamente|excepto donde"
)

AMOUNTS = (
    "(?:units?|einheit|unité|unidad|unità)(?= ?:)|amounts?|figures?|numbers|values?|sums?|balances?|monetary"
    "|data|tables?|(?:financial )?statements?|disclosures?|entries|columns|line items|schedules|money|monies"
    "|(?:financial |numerical )?information|accounts|results|totals?"
    "|betr[aä]ge?n?|angaben|zahlen(?:angaben)?|werten?|jahresabschluss|konzernabschluss|abschluss|tabellen?"
    "|berichtswährung"
    "|montants?|chiffres|donn[eé]es|[eé]tats financiers|comptes|valeurs|tableaux?|sommes"
    "|importes?|cifras|cantidades|datos|estados financieros|cuentas|valores|cuadros?|tablas?"
    "|importi|importo|cifre|valori|dati|bilancio|prospetti|tabell[ae]|somme"
)
"""What a statement of units is about."""

STATED = (
    "expressed|presented|stated|reported|shown|rounded|denominated|given|quoted|displayed|prepared|are in|is in"
    "|disclosed|measured|recorded|listed|set out|provided|tabulated|furnished|compiled|drawn up|appear|represent"
    "|angegeben|ausgewiesen|dargestellt|gerundet|aufgestellt|lauten|erfolgen|erfolgt|beziehen|exprim[eé]e?s?"
    "|pr[eé]sent[eé]e?s?"
    "|arrondi\\w*|indiqu[eé]e?s?|libell[eé]e?s?|[eé]tablis|expresad[oa]s?|presentad[oa]s?|redondead[oa]s?"
    "|indicad[oa]s?"
    "|figuran|espress[oaie]|presentat[oaie]|arrotondat[oaie]|indicat[oaie]|riportat[oaie]|espost[oaie]|redatt[oaie]"
)

ELSEWHERE = (
    "subsidiar(?:y|ies)'?s?|competitors?'?|peers?|previously|formerly|until|used to|were|was|had been|will be"
    "|would|in the past"
    "|prior to|no longer|not (?:be )?(?:presented|expressed|stated|reported)|tochtergesellschaft|wettbewerber"
    "|bisher|früher"
    "|wurden?|wurde|filial(?:es?)?"
    "|(?:keeps?|prepares?|reports?|publishes) (?:its|their)"
    "|lleva sus|tient ses|tiene i|führt ihre|concurrents?|étaient|était|auparavant|anciennement|eran|era"
    "|fueron|anteriormente|antes"
    "|erano|controllata|concorrent[ei]|in precedenza|analysts?|survey|respondents|newspapers?|magazine"
)
"""The sentence is about other amounts than those of the document at hand, or about another time."""

IN_TABLE = (
    "(?:this|the following|following|the above|above|the below|adjacent|next) (?:tables?|overview|schedule)"
    "|tables? below"
    "|(?:the|this) tables? (?:below|above|shows|sets out)|(?:der |die )?(?:folgenden?|nachstehenden?|obigen?|dieser) "
    "(?:tabelle|übersicht)|tableaux? (?:ci-dessous|suivants?|ci-dessus)|ce tableau|(?:siguiente|este) (?:cuadro"
    "|tabla)"
    "|(?:siguiente|esta) tabla|(?:seguente|questa) tabella|tabella (?:seguente|che segue)"
)

IN_SECTION = (
    "(?:the following|these|its|their) (?:sub-?sections|sub-?chapters|notes)|(?:folgenden|diesen) unterabschnitten"
    "|(?:this|the present) (?:sub-?section|section|note|item|disclosure|appendix|annex|statement|schedule|exhibit)"
    "|diese[mrs] (?:unter)?(?:abschnitt|anhangangabe|anlage)s?|(?:la|cette|présente) (?:présente )?(?:section"
    "|note|annexe)"
    "|(?:esta|la presente) (?:sección|nota)|este (?:apartado|anexo)|(?:questa|presente) (?:sezione|nota)"
    "|questo (?:paragrafo|allegato)"
)

IN_CHAPTER = (
    "(?:this|the present) (?:chapter|part)|diese[ms] (?:kapitel|teil)s?|(?:ce|présent) chapitre|cette partie"
    "|(?:este|presente) capítulo|esta parte|(?:questo|presente) capitolo|questa parte"
)

IN_STATEMENTS = (
    "(?:the|these|our) (?:\\w+ ){0,3}financial statements|notes to|(?:konzern|jahres)abschluss|états financiers"
    "|estados financieros|bilancio"
)

IN_DOCUMENT = (
    "(?:this|the present|the entire|the whole|our) (?:\\w+ ){0,2}(?:report|document|filing|prospectus|agreement"
    "|contract"
    "|publication|brochure|review|presentation|handbook|manual|policy|form \\S+)|throughout"
    "|diese[mrs] (?:\\w+ )?(?:bericht|dokument|geschäftsbericht|jahresbericht|zwischenbericht|vertrag)(?:e?s)?"
    "|durchgehend"
    "|(?:ce|le présent|présent) (?:rapport|document|contrat)|(?:este|presente) (?:informe|documento|contrato)"
    "|todo el informe"
    "|(?:questo|presente) (?:documento|rapporto|contratto)|(?:questa|presente) relazione"
)

FROM_HERE = (
    "(?:from here|from this (?:page|point)|hereafter|hereinafter|henceforth|in the remainder|from now|in what follows"
    "|(?<![a-z] )below,|in the following(?=,| (?:pages|chapters|sections))|for the (?:rest|remainder)"
    "|in the remaining"
    "|rest of this|remainder of|ab hier|im folgenden|nachfolgend|im weiteren|ci-après|par la suite|dans la suite"
    "|en adelante|a partir de aquí|di seguito|d'ora in poi|nel seguito)"
)

CONVENTIONS = (
    "basis of|(?:certain|defined|use of) terms|terminology"
    "|about (?:this|the) (?:report|document|review)|presentation of|convention|definition|glossary"
    "|general information"
    "|accounting (?:polic|princip)|reader|reading|introduct|preface|foreword|important|report profile"
    "|reporting (?:basis|principles|scope|framework)|how to read|preliminary|interpretation|currency|units|rounding"
    "|grundlage|allgemeine|vorbemerkung|hinweis|über diesen|begriffs|aufstellung|bilanzierung|darstellung"
    "|base[s]? d|principes|à propos|généralités|avertissement|définitions|lexique|bases de|acerca|sobre este"
    "|principios"
    "|glosario|definiciones|normas|criteri|premess|nota (?:introduttiva|metodologica)|definizioni"
    "|informazioni generali"
)
"""Headings of sections that speak for the whole document."""

UNAUDITED = (
    "(?:none|neither) of [^.;]*audited|keine der [^.;]*geprüft|aucun [^.;]*audité[es]*|ning[uú]n[^.;]*auditad[oa]s?"
    "|nessun[^.;]*revisione|un-?audited|not (?:been )?(?:subject to (?:an )?audit|audited)|without audit"
    "|ungeprüfte?[nrs]?"
    "|nicht (?:testiert|geprüft)e?"
    "|non[- ]audit[eé]e?s?|(?:non|pas) (?:été )?audit[eé]e?s?|no auditad[oa]s?|sin auditar|no (?:han sido"
    "|ha sido) auditad[oa]s?"
    "|non (?:sottopost[oaie] a revisione|revisionat[oaie]|certificat[oaie]|oggetto di revisione)"
)
AUDITED = "audited|geprüfte?[nrs]?|testiert|audit[eé]e?s|auditad[oa]s|revisionat[oaie]|sottopost[oaie] a revisione"

PERIOD = (
    r"(?:for |in )?the (?:financial |fiscal )?(?:years?|period|quarter"
    r"|(?:\w+ )?months?)(?: \w+)? ended\b[^.;()\n]{4,40}"
    r"|(?:three|six|nine|twelve)[ -]months?(?: periods?)? (?:ended|to)\b[^.;()\n]{4,40}|years? ended\b[^.;()\n]{4,40}"
    r"|(?:as (?:of|at)|at) (?:\d{1,2} )?(?:january|march|june|september|october|december)\b[^.;()\n]{1,12}\d{4}"
    r"|(?:für das )?geschäftsjahr (?:vom )?\d[\d. /–-]{3,}|zum \d{1,2}\. \w+ \d{4}|exercice clos le [^.;()\n]{6,24}"
    r"|ejercicio (?:terminado|cerrado|anual)[^.;()\n]{6,32}|a \d{1,2} de \w+ de \d{4}"
    r"|esercizio chiuso al [^.;()\n]{6,24}"
    r"|al \d{1,2} \w+ \d{4}|au \d{1,2} \w+ \d{4}"
)

MEANS = (
    "(?:shall |will )?(?:means?\\b|mean\\b|refers?\\b(?: (?:only|solely|exclusively))? to|denotes?\\b"
    "|stands? for|designates?\\b"
    "|is defined as|are defined as|(?:has|have) the meaning|is (?:understood|used) (?:to mean|for|as)|are to\\b)"
    "|bezeichne[nt]\\b|bedeute[nt]\\b|meint\\b|steht für|désigne(?:nt)?\\b"
    "|signifie(?:nt)?\\b|s'entend|signific[ao]n?\\b"
    "|se (?:refieren?|entiende)|designan?\\b|indica(?:no)?\\b|si intend|si riferi"
)
PRONOUNS = frozenset({"we", "us", "our", "ours", "you", "your", "it", "they", "wir", "nous", "noi", "nosotros"})

STEMS = (
    "audit", "gepr\u00fcft", "ungepr\u00fcft", "testiert", "revision", "currency", "w\u00e4hrung", "monnaie",
    "moneda", "valuta", "year ended", "years ended", "financial year", "fiscal year", "months ended",
    "period ended", "gesch\u00e4ftsjahr", "exercice", "ejercicio", "esercizio", "000", "units", "unit\u00e9s",
    "unidades", "einheiten", "unit\u00e0",
)  # fmt: skip
"""Lower-case parts of what else than a unit a sentence may state, and of units in figures."""
WORDS_OF_UNITS = (
    "thousand", "hundreds", "milli", "mili", "milj", "mill.", "mill\u00f3n", "millones", "bilion", "bill",
    "trilli", "tausend", "miles", "migliaia", "duizend", "mio", "tsd", "mrd", "mld", "mds", "mln", "mns", "mn",
    "mm", "bn", "bln", "ths", "crore", "cr.", "crs.", "lakh", "lac", "euro", "dollar", "d\u00f3lar", "dolar",
    "u.s.", "pound", "british", "sterling", "livre", "libra", "franc", "franken", "fr.", "sfr", "swiss",
    "schweizer", "yen", "japanese", "renminbi", "yuan", "rupee", "rs", "reais", "pesos", "kron", "kr\u00f3n",
    "won", "zloty", "z\u0142oty", "koruna", "crown", "czech", "forint", "lira", "rand", "dirham", "riyal",
    "ruble", "rouble", "ringgit", "baht", "rupiah", "lei", "naira", "hryvnia", "dinar", "peso", "k\u20ac",
    "t\u20ac", "m\u20ac", "eur", "usd",
)  # fmt: skip
"""Lower-case beginnings of words."""
CODES_AND_SIGNS = (
    *(code for code in CURRENCIES if code != "$"),
    "RMB",
    "$",
    "\u20ac",
    "\u00a3",
    "\u00a5",
    "\u20b9",
    "\u20a9",
    "\u20a6",
    "\u20aa",
)
