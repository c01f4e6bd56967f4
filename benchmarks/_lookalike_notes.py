"""The later chapters of the generated annual reports: see `_lookalike_prose`."""

from __future__ import annotations

from benchmarks._lookalike_prose import Ask, Section

NOTES = (
    Section(
        ("Controls and Procedures", "How we check ourselves", "Internal control"),
        (
            (
                (
                    "Management is responsible for internal control over financial reporting. It tested the controls "
                    "at the end of the year and found them effective, with the exception of the access rights to one "
                    "system for stocks, which have been corrected since."
                ),
            ),
            (
                (
                    "Internal audit carried out {audits} audits during the year. Its findings go to the audit "
                    "committee, which follows up on them until they are closed."
                ),
            ),
            (
                (
                    "No control can give complete certainty. People make mistakes, controls can be evaded by several "
                    "people acting together, and conditions may change so that a control that was adequate no longer "
                    "is."
                ),
            ),
        ),
        (Ask("How many internal audits were done at {short} in {year}?", "carried out {audits} audits"),),
    ),
    Section(
        ("Directors and Officers", "The people in charge", "Governance"),
        (
            (
                (
                    "The board has {board} members, all but one of whom are independent. {chief} has been chief "
                    "executive since {chief_since}. The chair of the board, {chair}, does not have executive duties."
                ),
            ),
            (
                (
                    "The board met once a month, partly by telephone. Members who could not attend gave their vote "
                    "in writing. The committees for audit, for pay and for nominations reported on their work at "
                    "each meeting."
                ),
            ),
            (
                (
                    "Directors and officers must hold shares worth a year's base pay or fees, and have five years to "
                    "reach that level. They may not trade in the weeks before results are published."
                ),
            ),
        ),
        (Ask("Who ran {short} as CEO in {year}?", "{chief} has been chief executive"),),
    ),
    Section(
        ("Executive Compensation", "Pay", "Remuneration"),
        (
            (
                (
                    "Pay consists of a base salary, a yearly bonus and shares that are granted for three years. The "
                    "bonus depends on operating income, on cash flow and on the number of accidents at work."
                ),
            ),
            (
                (
                    "The chief executive received {pay} in total. Fees of the other members of the board did not "
                    "change. No loans were made to directors or officers."
                ),
            ),
            (
                (
                    "A consultant compared pay with that of companies of similar size and found it close to the "
                    "middle. The consultant does no other work for the company."
                ),
            ),
        ),
        (Ask("What did the head of {short} get paid for {year}?", "received {pay} in total"),),
    ),
    Section(
        ("Income Taxes", "Tax", "Taxes on income"),
        (
            (
                (
                    "The effective tax rate was {tax} percent. It differs from the statutory rate mainly because "
                    "income in some countries is taxed at lower rates and some expenses can't be deducted."
                ),
            ),
            (
                (
                    "Deferred tax assets on losses carried forward are recognised as far as they are expected to be "
                    "used within five years. Audits by the tax authorities are open for the last four years."
                ),
            ),
            (
                (
                    "Management believes that the amounts set aside for uncertain positions are sufficient. Interest "
                    "and penalties on taxes are shown as part of tax expense."
                ),
            ),
        ),
        (Ask("Which rate of tax did {short} actually bear in {year}?", "tax rate was {tax} percent"),),
        "taxes",
    ),
    Section(
        ("Pensions", "Retirement plans", "Pension obligations"),
        (
            (
                (
                    "The company pays into plans with defined contributions in most countries. In {country} there is "
                    "also a plan with defined benefits, which has been closed to new members for ten years."
                ),
            ),
            (
                (
                    "Obligations of that plan exceed its assets by {deficit}. The discount rate was set with the "
                    "help of an actuary, and a rate lower by half a point would raise obligations by about a "
                    "fourteenth."
                ),
            ),
            (
                (
                    "Assets of the plan are managed by trustees who are independent of the company. They hold bonds "
                    "for the most part, and some shares and property."
                ),
            ),
        ),
        (Ask("How big was the gap in {short}'s pension scheme at the end of {year}?", "its assets by {deficit}"),),
    ),
    Section(
        ("Goodwill", "Acquired businesses", "Acquisitions"),
        (
            (
                (
                    "In {month} the company bought {bought}, a maker of fittings, for {price} in cash. It has been "
                    "part of the segment Equipment since then, and its products will be sold under the group's brand."
                ),
            ),
            (
                (
                    "Goodwill is tested once a year, and more often if there are signs of a loss of value. The test "
                    "compares the book value of a unit with the cash flows expected of it over five years."
                ),
            ),
            (
                (
                    "No loss of value was found this year. For one unit the margin was small: a rate of growth lower "
                    "by one point would have led to a write-down."
                ),
            ),
        ),
        (
            Ask("Which maker of fittings did {short} take over in {year}?", "bought {bought}"),
            Ask("What was the purchase price of the firm that {short} bought in {year}?", "for {price} in cash"),
        ),
    ),
    Section(
        ("Environment and Safety", "Responsibility", "Sustainability"),
        (
            (
                (
                    "Emissions of carbon dioxide from own sources were {carbon} tonnes. The target is to halve them "
                    "within ten years of the base year, mostly by electric heating and by buying power from "
                    "renewable sources."
                ),
            ),
            (
                (
                    "There were {accidents} accidents at work that led to a day or more of absence. Each was "
                    "examined, and what was learned was passed on to all sites within a month."
                ),
            ),
            (
                (
                    "Water is used in closed circuits where that is possible. Waste is sorted at the place where it "
                    "arises, and about four fifths of it are used again in some form."
                ),
            ),
        ),
        (
            Ask("How much carbon did {short} emit itself in {year}?", "were {carbon} tonnes"),
            Ask("How often did people of {short} get hurt and miss work in {year}?", "were {accidents} accidents"),
        ),
    ),
    Section(
        ("Subsequent Events", "After the year", "Events after the reporting date"),
        (
            (
                (
                    "After the end of the year the company placed notes of {notes} with a term of seven years. The "
                    "money was used to repay older debt and for general purposes."
                ),
            ),
            (
                (
                    "There were no other events after the end of the year that would have to be reported here. "
                    "Management looked at events up to the day on which the statements were approved."
                ),
            ),
            (
                (
                    "Statements about the future rest on what is known today. They are not guarantees, and actual "
                    "results may differ from them for many reasons, among them those named in the chapter on risks."
                ),
            ),
        ),
        (Ask("What amount of new bonds did {short} issue right after {year}?", "notes of {notes}"),),
    ),
)
