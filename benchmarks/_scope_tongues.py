"""What the generated reports say, in five languages."""

from __future__ import annotations

from benchmarks._scope_reports import Tongue

ENGLISH = Tongue(
    units={
        (6, "EUR"): ("millions of euros", "EUR million", "\u20ac million", "\u20acm"),
        (3, "EUR"): ("thousands of euros", "EUR thousand", "\u20ac'000", "EUR k"),
        (6, "USD"): ("millions of US dollars", "US$ million", "USD million"),
        (3, "USD"): ("thousands of U.S. dollars", "USD thousand", "US$'000"),
        (6, "GBP"): ("millions of pounds sterling", "\u00a3 million", "\u00a3m"),
        (0, "EUR"): ("whole euros", "units of euros"),
    },
    document=(
        "All amounts in this report are expressed in {u} unless otherwise stated.",
        "Unless otherwise indicated, figures are presented in {u}.",
        "Except where noted, figures are in {u}.",
        "Amounts are shown in {u}; differences may arise from rounding.",
        "The financial information is stated in {u}.",
    ),
    basis=("Basis of preparation", "About this report", "Presentation of financial information"),
    section=(
        "In this section, all amounts are in {u}.",
        "Amounts in this chapter are stated in {u}.",
        "Throughout this section figures are given in {u}.",
    ),
    later=(
        "Unless otherwise stated, amounts in this section are in {u}.",
        "Figures below are reported in {u} unless stated otherwise.",
    ),
    line=("(in {u})", "in {u}", "Amounts in {u}", "({u})"),
    captions=(
        "Revenue by region", "Operating result by segment", "Changes in borrowings", "Movements in provisions",
        "Cash flows by activity", "Tangible assets", "Deferred taxes",
    ),
    notes=("Note: amounts in {u}.", "Notes: all figures in {u}.", "* In {u}."),
    unaudited=("The figures in this report are unaudited.", "The financial information has not been audited."),
    per_share="per share",
    exception=", except per share data",
    share_label="Earnings per share",
    chapters=(
        "Segment review", "Financing", "Regional business", "Risk and provisions", "Investments", "Remuneration",
        "Income taxes", "Outlook and targets",
    ),
    labels=(
        "Revenue", "Cost of materials", "Gross margin", "Personnel expenses", "Depreciation", "Rent and leases",
        "Interest paid", "Marketing", "Research costs", "Trade receivables", "Inventories", "Goodwill", "Bank loans",
        "Deferred income", "Pension provisions", "Other liabilities", "Dividends paid", "Insurance",
    ),
    distractors=(
        "Revenue grew by 3 million in the second half.",
        "A rival recently wrote that \u201call amounts are in thousands of Japanese yen\u201d in its prospectus.",
        "The region counts its commuters in millions of people.",
        "The subsidiary in Osaka keeps its books in thousands of yen.",
        "Several thousand customers took part in the survey.",
        "Until 2019 figures were presented in billions of pesos.",
        "We sold 2.4 million tickets and opened 12 shops.",
    ),
    filler=(
        "Demand held up in most markets although the autumn was slow.",
        "The board met nine times and visited two of the sites.",
        "Prices for energy fell, and those for freight did not.",
        "New orders came mainly from returning clients.",
        "The integration of the acquired workshops is on schedule.",
        "Management expects the trend to go on next year.",
    ),
)  # fmt: skip

GERMAN = Tongue(
    units={
        (6, "EUR"): ("Mio. EUR", "Millionen Euro", "Mio. \u20ac"),
        (3, "EUR"): ("Tausend Euro", "T\u20ac", "TEUR", "Tsd. EUR"),
        (6, "CHF"): ("Mio. CHF", "Millionen Schweizer Franken"),
    },
    document=("Alle Angaben in {u}, soweit nicht anders angegeben.", "Die Betr\u00e4ge werden in {u} ausgewiesen."),
    basis=("Grundlagen der Aufstellung", "\u00dcber diesen Bericht"),
    section=("In diesem Abschnitt sind alle Betr\u00e4ge in {u} angegeben.", "Die Angaben in diesem Kapitel erfolgen in {u}."),
    later=("Soweit nicht anders angegeben, lauten die Zahlen in diesem Abschnitt auf {u}.",),
    line=("(in {u})", "Angaben in {u}", "in {u}"),
    captions=("Umsatz nach Regionen", "Entwicklung der R\u00fcckstellungen", "Sachanlagen", "Finanzschulden"),
    notes=("Anmerkung: Betr\u00e4ge in {u}.", "Hinweis: alle Zahlen in {u}."),
    unaudited=("Die Angaben in diesem Bericht sind ungepr\u00fcft.",),
    per_share="je Aktie",
    exception=", au\u00dfer Angaben je Aktie",
    share_label="Ergebnis je Aktie",
    chapters=("Segmente", "Finanzierung", "Regionen", "Risiken", "Investitionen", "Verg\u00fctung"),
    labels=(
        "Umsatzerl\u00f6se", "Materialaufwand", "Personalaufwand", "Abschreibungen", "Zinsaufwand", "Vorr\u00e4te",
        "Forderungen", "Pensionen", "Steuern", "Mieten", "Werbung", "Versicherungen", "Bankkredite", "Dividenden",
        "Beratung", "Reisekosten", "Energie",
    ),
    distractors=(
        "Der Umsatz stieg um 3 Millionen.",
        "Die Tochtergesellschaft in Osaka bilanziert in Tausend Yen.",
        "Die Region z\u00e4hlt ihre Pendler in Millionen.",
        "Einige tausend Kunden nahmen teil.",
    ),
    filler=("Die Nachfrage blieb in den meisten M\u00e4rkten stabil.", "Der Vorstand tagte neunmal.", "Die Preise gaben nach."),
    table="Tabelle",
)  # fmt: skip

FRENCH = Tongue(
    units={
        (6, "EUR"): ("millions d'euros", "M\u20ac"),
        (3, "EUR"): ("milliers d'euros", "k\u20ac"),
        (6, "USD"): ("millions de dollars am\u00e9ricains",),
    },
    document=("Sauf indication contraire, tous les montants sont exprim\u00e9s en {u}.", "Les chiffres du pr\u00e9sent rapport sont en {u}."),
    basis=("Base de pr\u00e9paration", "\u00c0 propos de ce rapport"),
    section=("Dans la pr\u00e9sente section, les montants sont exprim\u00e9s en {u}.",),
    later=("Sauf indication contraire, les montants de cette section sont en {u}.",),
    line=("(en {u})", "en {u}", "Montants en {u}"),
    captions=("Chiffre d'affaires par r\u00e9gion", "Variation des provisions", "Immobilisations", "Emprunts"),
    notes=("Note : montants en {u}.",),
    unaudited=("Les chiffres du pr\u00e9sent rapport ne sont pas audit\u00e9s.",),
    per_share="par action",
    exception=", sauf donn\u00e9es par action",
    share_label="R\u00e9sultat par action",
    chapters=("Activit\u00e9s", "Financement", "R\u00e9gions", "Risques", "Investissements", "R\u00e9mun\u00e9rations"),
    labels=(
        "Ventes", "Achats", "Salaires", "Amortissements", "Int\u00e9r\u00eats", "Stocks", "Cr\u00e9ances", "Retraites", "Imp\u00f4ts",
        "Loyers", "Publicit\u00e9", "Assurances", "Dettes bancaires", "Dividendes", "Conseil", "Voyages", "\u00c9nergie",
    ),
    distractors=("Les ventes ont progress\u00e9 de 3 millions.", "La filiale japonaise tient ses comptes en milliers de yens.",
                 "La r\u00e9gion compte ses voyageurs en millions de personnes."),
    filler=("La demande est rest\u00e9e stable.", "Le conseil s'est r\u00e9uni neuf fois.", "Les prix ont recul\u00e9."),
    table="Tableau",
)  # fmt: skip

SPANISH = Tongue(
    units={(6, "EUR"): ("millones de euros",), (3, "EUR"): ("miles de euros",), (6, "USD"): ("millones de d\u00f3lares estadounidenses",)},
    document=("Salvo indicaci\u00f3n contraria, todas las cifras est\u00e1n expresadas en {u}.", "Los importes de este informe figuran en {u}."),
    basis=("Bases de presentaci\u00f3n", "Acerca de este informe"),
    section=("En esta secci\u00f3n los importes se expresan en {u}.", "Los importes de este cap\u00edtulo est\u00e1n expresados en {u}."),
    later=("Salvo indicaci\u00f3n contraria, las cifras de esta secci\u00f3n est\u00e1n en {u}.",),
    line=("(en {u})", "Importes en {u}"),
    captions=("Ventas por regi\u00f3n", "Variaci\u00f3n de provisiones", "Inmovilizado", "Deudas"),
    notes=("Nota: importes en {u}.",),
    unaudited=("Las cifras de este informe no han sido auditadas.",),
    per_share="por acci\u00f3n",
    exception=", excepto datos por acci\u00f3n",
    share_label="Beneficio por acci\u00f3n",
    chapters=("Segmentos", "Financiaci\u00f3n", "Regiones", "Riesgos", "Inversiones", "Remuneraci\u00f3n"),
    labels=("Ventas", "Compras", "Salarios", "Amortizaciones", "Intereses", "Existencias", "Clientes deudores", "Pensiones",
            "Impuestos", "Alquileres", "Publicidad", "Seguros", "Pr\u00e9stamos", "Dividendos", "Asesor\u00eda", "Viajes", "Energ\u00eda"),
    distractors=("Las ventas crecieron 3 millones.", "La filial japonesa lleva sus cuentas en miles de yenes."),
    filler=("La demanda se mantuvo estable.", "El consejo se reuni\u00f3 nueve veces.", "Los precios bajaron."),
    table="Cuadro",
)  # fmt: skip

ITALIAN = Tongue(
    units={(6, "EUR"): ("milioni di euro",), (3, "EUR"): ("migliaia di euro",)},
    document=("Tutti gli importi sono espressi in {u}, salvo diversa indicazione.", "I dati della presente relazione sono in {u}."),
    basis=("Criteri di redazione", "Nota introduttiva"),
    section=("In questa sezione gli importi sono espressi in {u}.",),
    later=("Salvo diversa indicazione, i valori di questa sezione sono in {u}.",),
    line=("(in {u})", "Valori in {u}"),
    captions=("Ricavi per area", "Movimenti dei fondi", "Immobilizzazioni", "Debiti"),
    notes=("Nota: importi in {u}.",),
    unaudited=("I dati della presente relazione non sono sottoposti a revisione.",),
    per_share="per azione",
    exception=", eccetto i dati per azione",
    share_label="Utile per azione",
    chapters=("Settori", "Finanziamento", "Aree", "Rischi", "Investimenti", "Compensi"),
    labels=("Ricavi", "Acquisti", "Salari", "Ammortamenti", "Interessi", "Rimanenze", "Crediti", "Pensioni", "Imposte",
            "Affitti", "Pubblicit\u00e0", "Assicurazioni", "Prestiti", "Dividendi", "Consulenze", "Viaggi", "Energia"),
    distractors=("I ricavi sono cresciuti di 3 milioni.", "La controllata giapponese tiene i conti in migliaia di yen."),
    filler=("La domanda \u00e8 rimasta stabile.", "Il consiglio si \u00e8 riunito nove volte.", "I prezzi sono scesi."),
    table="Tabella",
)  # fmt: skip
