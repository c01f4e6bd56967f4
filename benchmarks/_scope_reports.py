"""Reports of our own invention whose tables are in units that are stated elsewhere, with the truth for each figure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Truth:
    """What a figure is."""

    scale: int
    """Power of ten."""
    currency: str
    unaudited: bool = False
    per_share: bool = False
    """Taken out of the scale by an exception."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands once in its report."""

    text: str
    label: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class Block:
    """`heading`, `text`, `line` (of units), `title` (of a table), `table` or `note`."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Blocks in reading order; how they look is the renderer's."""

    name: str
    company: str
    language: str
    blocks: tuple[Block, ...]
    figures: tuple[Figure, ...]
    running_head: str = ""


@dataclass(frozen=True, slots=True)
class Tongue:
    """What a report says in one language; `{u}` is a unit."""

    units: dict[tuple[int, str], tuple[str, ...]]
    document: tuple[str, ...]
    basis: tuple[str, ...]
    """Headings of the sections that speak for the document."""
    section: tuple[str, ...]
    later: tuple[str, ...]
    """Said in the middle, with a reserve."""
    line: tuple[str, ...]
    captions: tuple[str, ...]
    notes: tuple[str, ...]
    unaudited: tuple[str, ...]
    per_share: str
    exception: str
    share_label: str
    chapters: tuple[str, ...]
    labels: tuple[str, ...]
    distractors: tuple[str, ...]
    filler: tuple[str, ...]
    table: str = "Table"
    code: str = "en"


COMPANIES = (
    "Aldermoor", "Bruntwell", "Castrieux", "Dorvane", "Elmsgate", "Fjordmark", "Gravesen", "Hollowmere", "Isarkraft",
    "Juncaltex", "Kestrelyn", "Lumevia", "Montaraz", "Norrvik", "Ostwalder", "Pellegrane", "Quarrington", "Rivolteo",
)  # fmt: skip


@dataclass
class Draft:
    """A report while it is written."""

    random: random.Random
    tongue: Tongue
    company: str
    blocks: list[Block] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    tables: int = 0

    def say(self, kind: str, text: str, level: int = 0) -> None:
        self.blocks.append(Block(kind, text, level))

    def pick(self, choices: Sequence[str]) -> str:
        return self.random.choice(choices)

    def unit(self, truth: Truth) -> str:
        return self.pick(self.tongue.units[truth.scale, truth.currency])

    def number(self, *, small: bool = False) -> str:
        """Not yet in the report, and no year."""
        while True:
            drawn = self.random.uniform(0.2, 9.9) if small else self.random.uniform(101, 98_000)
            text = f"{drawn:.2f}" if small else f"{drawn:,.1f}" if drawn < 1000 else f"{drawn:,.0f}"
            if text not in self.numbers:
                self.numbers.add(text)
                return text

    def prose(self, sentences: int) -> None:
        chosen = [self.pick(self.tongue.filler) for _ in range(sentences)]
        chosen.insert(self.random.randint(0, len(chosen)), self.pick(self.tongue.distractors))
        self.say("text", " ".join(chosen))


def table(draft: Draft, truth: Truth, *, rows: int, header: str = "", shares: bool = False, head: str = "") -> None:
    """Two years of figures. `header` is put behind each year, `head` into the stub; `shares` adds a row per share."""
    years = [f"{year}{' ' + header if header else ''}" for year in (2024, 2023)]
    lines = [(head, *years)]
    for label in draft.random.sample(draft.tongue.labels, rows):
        values = [draft.number(), draft.number()]
        lines.append((label, *values))
        draft.figures += [Figure(value, label, truth) for value in values]
    if shares:
        values = [draft.number(small=True), draft.number(small=True)]
        lines.append((draft.tongue.share_label, *values))
        taken = replace(truth, scale=0, per_share=True)
        draft.figures += [Figure(value, draft.tongue.share_label, taken) for value in values]
    draft.blocks.append(Block("table", rows=tuple(lines)))


def title(draft: Draft, suffix: str = "") -> None:
    draft.tables += 1
    name = draft.pick(draft.tongue.captions)
    draft.say("title", f"{draft.tongue.table} {draft.tables}. {name}{suffix}")


def plain_table(draft: Draft, truth: Truth, *, rows: int | None = None) -> None:
    """Says nothing of its units."""
    title(draft)
    table(draft, truth, rows=rows or draft.random.choice((3, 5, 8, 14)))


def own_table(draft: Draft, truth: Truth, way: str) -> None:
    """States its own unit: in its caption, under its title, in its header, its stub or a note."""
    unit, rows = draft.unit(truth), draft.random.choice((4, 6, 16))
    line = draft.pick(draft.tongue.line).format(u=unit)
    if way == "caption":
        title(draft, draft.pick((" ({u})", ", {u}", " \u2013 {u}")).format(u=unit))
        table(draft, truth, rows=rows)
    elif way == "line":
        title(draft)
        draft.say("line", line)
        table(draft, truth, rows=rows)
    elif way == "header":
        title(draft)
        table(draft, truth, rows=rows, header=unit)
    elif way == "stub":
        title(draft)
        table(draft, truth, rows=rows, head=line)
    else:
        title(draft)
        table(draft, truth, rows=rows)
        draft.say("note", draft.pick(draft.tongue.notes).format(u=unit))


WAYS = ("caption", "line", "header", "stub", "note")


def write(number: int, tongue: Tongue, *, seed: int) -> Report:
    """A cover, a statement for the document, and chapters that keep, override and restore it."""
    draft = Draft(random.Random(f"{seed}/{number}"), tongue, COMPANIES[number % len(COMPANIES)])
    choices = list(tongue.units)
    whole = Truth(*choices[number % len(choices)], unaudited=number % 4 == 1)
    others = [choice for choice in choices if choice != (whole.scale, whole.currency)]
    _front(draft, whole, number)
    for chapter, name in enumerate(tongue.chapters, start=1):
        draft.say("heading", f"{chapter} {name}" if number % 2 else name, 1)
        draft.prose(2)
        other = replace(whole, scale=(pair := draft.random.choice(others))[0], currency=pair[1])
        kind = (chapter + number) % 6
        if kind == 0:
            _overridden_chapter(draft, whole, other, numbered=bool(number % 2))
        elif kind == 1:
            _later_statement(draft, whole, other)
        elif kind == 2:
            plain_table(draft, whole)
            draft.prose(1)
            own_table(draft, other, WAYS[(chapter + number // 3) % len(WAYS)])
            draft.prose(2)
            plain_table(draft, whole)
        elif kind == 3:
            _per_share(draft, other)
            draft.prose(1)
            plain_table(draft, whole, rows=14)
        elif kind == 4:
            own_table(draft, other, WAYS[(chapter + number) % len(WAYS)])
            draft.prose(2)
            plain_table(draft, whole)
        else:
            plain_table(draft, whole)
            draft.prose(3)
    return Report(f"report_{number:02}", draft.company, tongue.code, tuple(draft.blocks), tuple(draft.figures))


def _front(draft: Draft, whole: Truth, number: int) -> None:
    tongue = draft.tongue
    draft.say("heading", f"{draft.company} {draft.pick(('AG', 'plc', 'SA', 'Group'))}: 2024", 0)
    statement = tongue.document[number % len(tongue.document)].format(u=draft.unit(whole))
    status = tongue.unaudited[number % len(tongue.unaudited)] if whole.unaudited else ""
    if number % 3 == 0:
        draft.say("text", " ".join(filter(None, (statement, status))))
        draft.prose(2)
    else:
        draft.prose(2)
        draft.say("heading", draft.pick(tongue.basis), 1)
        draft.say(
            "text", " ".join(filter(None, (draft.pick(tongue.filler), statement, status, draft.pick(tongue.filler))))
        )


def _overridden_chapter(draft: Draft, whole: Truth, other: Truth, *, numbered: bool) -> None:
    """The statement rules the chapter's parts as well, one table of them has its own, and the next chapter none."""
    draft.say("text", draft.pick(draft.tongue.section).format(u=draft.unit(other)))
    plain_table(draft, other)
    draft.say("heading", f"{'A.1 ' if numbered else ''}{draft.pick(draft.tongue.captions)}", 2)
    draft.prose(2)
    plain_table(draft, other, rows=14)
    draft.prose(1)
    own_table(draft, whole, draft.pick(WAYS))


def _later_statement(draft: Draft, whole: Truth, other: Truth) -> None:
    """Holds from here to the end of the chapter; the table before it is still in the document's unit."""
    plain_table(draft, whole)
    draft.prose(1)
    draft.say("heading", draft.pick(draft.tongue.captions), 2)
    draft.say("text", draft.pick(draft.tongue.later).format(u=draft.unit(other)))
    plain_table(draft, other)


def _per_share(draft: Draft, truth: Truth) -> None:
    unit = draft.unit(truth)
    title(draft)
    draft.say("line", draft.pick(draft.tongue.line).format(u=unit + draft.tongue.exception))
    table(draft, truth, rows=5, shares=True)
