"""What the generated annual reports say: sections with slots for names and figures, and questions about them.

All reports share these sentences; only what stands in the slots tells one company and year from another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that one sentence answers; `answer` is a fragment of that sentence, both with slots."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter, on pages of its own."""

    headings: tuple[str, str, str]
    """By template."""
    paragraphs: tuple[tuple[str, ...], ...]
    """Each in one wording, or in one for each template."""
    asks: tuple[Ask, ...] = ()
    table: str | None = None
    """Name of the table that follows, see `_lookalike_reports`."""


CHAPTERS = (
    Section(
        ("Business", "Who we are", "Company profile"),
        (
            (
                (
                    "{name} designs, makes and sells {products} for customers in {markets}. The company was founded "
                    "in {city} in {founded} and has its head office there. Its products are sold through own "
                    "branches, through dealers and, for large customers, under framework agreements of several years."
                ),
                (
                    "Since {founded} {name}, based in {city}, has been making {products}. Customers in {markets} buy "
                    "from our branches, from dealers or under framework agreements that run for several years."
                ),
            ),
            (
                (
                    "At the end of the year the group had {employees} employees, counted as full-time positions, of "
                    "whom about a third work in production. Most of the production staff are covered by collective "
                    "agreements, the next of which ends in the spring of the coming year."
                ),
            ),
            (
                (
                    "Demand follows the building and equipment budgets of customers and is stronger in the second "
                    "half of the year. No single customer accounts for more than a tenth of sales. Raw materials are "
                    "bought from several suppliers wherever that is possible, and prices are fixed for periods of up "
                    "to six months."
                ),
            ),
            (
                (
                    "Competitors are active in every market in which the company sells. Some of them are larger and "
                    "have more means for research, others are local workshops with low overheads. The company "
                    "competes on reliability, on the time to delivery and on service over the life of its products."
                ),
            ),
        ),
        (Ask("How large was the workforce of {short} in {year}?", "had {employees} employees"),),
    ),
    Section(
        ("Risk Factors", "What could go wrong", "Risk report"),
        (
            (
                (
                    "The following risks could harm the business, its results and the price of its shares. They are "
                    "not the only ones. Risks that are not known today, or that are thought to be small, may turn "
                    "out to be important, and several of them may arise at the same time."
                ),
            ),
            (
                (
                    "An increase of energy prices by a tenth, with nothing else changed, would lower operating "
                    "income by about {energy_risk} a year. Contracts with fixed prices cover part of the need, and "
                    "the works in {plant} can use two kinds of fuel."
                ),
            ),
            (
                (
                    "The company depends on its information systems. An attack that stops production for a week "
                    "would cost several days of sales, which insurance covers only in part. Access is protected in "
                    "several steps, copies of all data are kept in another place, and drills are held twice a year."
                ),
            ),
            (
                (
                    "Laws on safety, on waste and on the origin of materials change often and differ from country to "
                    "country. Compliance causes cost, and a breach could lead to fines, to claims of third parties "
                    "or to the loss of permits that are needed to run the works."
                ),
            ),
        ),
        (
            Ask(
                "By how much would {short}'s operating profit fall if energy got ten percent more expensive, "
                "according to its {year} report?",
                "about {energy_risk} a year",
            ),
        ),
    ),
    Section(
        ("Properties", "Our sites", "Locations"),
        (
            (
                (
                    "The head office in {city} is owned. The largest works stands in {plant} and has {area} square "
                    "metres of floor space, of which about a fifth is let to third parties until it is needed. All "
                    "other sites are rented under contracts with terms of three to fifteen years."
                ),
            ),
            (
                (
                    "Management regards the sites as suitable and as large enough for the business as it is expected "
                    "to develop. Buildings are inspected every second year, and repairs are planned over a period of "
                    "five years so that production is not disturbed."
                ),
            ),
            (
                (
                    "A warehouse that is no longer needed was offered for sale during the year. No sale had been "
                    "agreed when this report was completed, and the building is still in use for spare parts."
                ),
            ),
        ),
        (Ask("What is the floor area of the biggest factory {short} had in {year}?", "has {area} square metres"),),
        "sites",
    ),
    Section(
        ("Legal Proceedings", "Disputes", "Litigation"),
        (
            (
                (
                    "The company is a party to lawsuits and claims that arise in the ordinary course of business. "
                    "They concern deliveries, employment, patents and the use of land. Provisions are made where a "
                    "loss is likely and can be estimated."
                ),
            ),
            (
                (
                    "In a dispute with a former supplier over the quality of {material}, a court of first instance "
                    "decided in favour of the company. The supplier appealed. The amount in dispute is {claim}; no "
                    "provision was made for it."
                ),
                (
                    "A former supplier of {material} lost its case against us in the first instance and has "
                    "appealed. What it asks for is {claim}; we have made no provision."
                ),
            ),
            (
                (
                    "Management believes, after talking to counsel, that the outcome of these matters will not "
                    "change the financial position materially. Legal fees are expensed when the services are "
                    "received."
                ),
            ),
        ),
        (Ask("How much money is a past vendor claiming from {short} in the {year} lawsuit?", "is {claim}"),),
    ),
    Section(
        ("Market for the Shares", "The share", "Shareholders"),
        (
            (
                (
                    "The shares are traded under the symbol {symbol}. On the last trading day of the year there were "
                    "{holders} registered holders. Most shares are held through banks and brokers on behalf of "
                    "others."
                ),
            ),
            (
                (
                    "For the year the board proposes a dividend of {dividend} a share, to be paid in two equal parts "
                    "in May and in November. Future dividends depend on results, on the need for investment and on "
                    "the terms of credit agreements."
                ),
                (
                    "Shareholders are to receive {dividend} a share for the year, half in May and half in November. "
                    "What is paid later depends on results, on investment and on our credit agreements."
                ),
            ),
            (
                (
                    "Under the programme that was approved two years ago the company bought back shares in the "
                    "market. The programme can be stopped at any time and does not oblige the company to buy a "
                    "certain number."
                ),
            ),
        ),
        (Ask("What payout per share did {short} propose to its owners for {year}?", "{dividend} a share"),),
        "shares",
    ),
    Section(
        ("Results of Operations", "How the year went", "Course of business"),
        (
            (
                (
                    "Net sales came to {revenue}, compared with {revenue_before} in the year before. Prices "
                    "contributed about a third of the change and volumes the rest; exchange rates had little effect."
                ),
                (
                    "We sold goods and services for {revenue}, after {revenue_before} the year before. A third of "
                    "the change came from prices, the rest from volumes; exchange rates mattered little."
                ),
            ),
            (
                (
                    "Gross margin was {margin} percent of net sales. Freight and materials were the largest items of "
                    "cost of sales. Selling expenses grew more slowly than sales, since two branches were merged and "
                    "fewer temporary staff were needed."
                ),
            ),
            (
                (
                    "Orders in hand at the end of the year cover about five months of production. Orders are counted "
                    "when they are confirmed in writing and taken out when the goods leave the works or the customer "
                    "cancels."
                ),
            ),
        ),
        (
            Ask("How much turnover did {short} have in {year}?", "{revenue}, "),
            Ask("What share of sales was left after production cost at {short} in {year}?", "was {margin} percent"),
        ),
        "results",
    ),
    Section(
        ("Segment Information", "The divisions", "Business areas"),
        (
            (
                (
                    "The group reports two segments, Equipment and Services, which are run by separate managers and "
                    "have separate plans. Sales between the segments are made at prices that are checked once a year."
                ),
            ),
            (
                (
                    "Services, which include maintenance, spare parts and training, had sales of {services}. Most of "
                    "them come from contracts that are renewed every year unless one side gives notice."
                ),
            ),
            (
                (
                    "Cost of the head office is not allocated. Assets are allocated to the segment that uses them "
                    "most, and shared systems by the number of users."
                ),
            ),
        ),
        (Ask("What did {short} earn with maintenance and parts in {year}?", "had sales of {services}"),),
        "segments",
    ),
    Section(
        ("Liquidity and Capital Resources", "Cash and debt", "Financial position"),
        (
            (
                (
                    "Operating activities provided cash of {cash_flow}. Customers paid a little later than in the "
                    "year before, which was made up for by smaller stocks of finished goods."
                ),
            ),
            (
                (
                    "At the end of the year {credit_free} of the credit line was not drawn. The line is provided by "
                    "a group of five banks and runs for another three years. It requires that net debt stays below "
                    "three times operating income before depreciation, and that was the case at every date of "
                    "measurement."
                ),
            ),
            (
                (
                    "Management expects that cash on hand, cash from operations and the credit line will be enough "
                    "for investments, interest and dividends over the next twelve months."
                ),
            ),
        ),
        (
            Ask("How much could {short} still borrow from its banks when {year} ended?", "{credit_free} of the credit"),
            Ask("What cash came in from running the business at {short} in {year}?", "provided cash of {cash_flow}"),
        ),
    ),
    Section(
        ("Capital Expenditures", "What we built", "Investments"),
        (
            (
                (
                    "Investment in buildings and machines was {capex}. The largest project was a new line for "
                    "surface treatment in {plant}, which replaces two older ones and needs a third less water."
                ),
                (
                    "We spent {capex} on buildings and machines. Most of it went into a new line for surface "
                    "treatment in {plant} that takes the place of two older ones and saves a third of the water."
                ),
            ),
            (
                (
                    "Projects above a set amount need the approval of the board and are reviewed a year after they "
                    "are finished. Most of those reviewed this year met their targets for cost, and about half were "
                    "late."
                ),
            ),
            (
                (
                    "For the coming year the budget is somewhat lower. It covers the renewal of lifting gear, "
                    "insulation of roofs and the last part of the programme for new software in the branches."
                ),
            ),
        ),
        (Ask("How much was put into plant and machinery by {short} in {year}?", "{capex}"),),
    ),
    Section(
        ("Research and Development", "New products", "Development"),
        (
            (
                (
                    "Expenses for research and development were {research}. Work was done on lighter materials, on "
                    "sensors that tell when a part is worn, and on packaging that customers can send back."
                ),
            ),
            (
                (
                    "The company owns {patents} patents in force. They differ in age and in the countries for which "
                    "they were granted, and no single one of them is essential for the business."
                ),
            ),
            (
                (
                    "Together with two technical schools the company runs a laboratory in which students work on "
                    "questions from production. Results may be published after a year unless a patent has been "
                    "applied for."
                ),
            ),
        ),
        (
            Ask("How many patents did {short} hold according to the {year} report?", "owns {patents} patents"),
            Ask("What did {short} spend on developing new things in {year}?", "development were {research}"),
        ),
    ),
)
