"""Lines of a column -> blocks: paragraphs, list items, code, captions, footnotes, rows of figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from parsers._pdf_formulas import is_formula
from parsers._pdf_lines import Line, Page, Style
from parsers._pdf_numbers import goes_on
from parsers._pdf_table_grid import Grid
from quarry.types import ElementType

_BULLET = re.compile(r"^[•‣◦▪▫●○■□◆◇➢➤►▸✓✔∙⁃·\uf0b7\uf0a7\uf0d8\uf076\uf0fc]$")
_DASH = re.compile(r"^[-–—*+]$")
_NUMBERED = re.compile(
    r"^(?:\(?\d{1,3}[.)]|\((?:[a-z]|[ivxlc]{1,5}|[A-Z])\)|(?:[a-z]|[ivx]{1,4}|[A-Z])[.)]|\[\d{1,3}\])$"
)
_CAPTION = re.compile(
    r"^(?:fig(?:ure|\.)?|tab(?:le|\.)?|listing|algorithm|scheme|chart|exhibit|box|plate|abbildung|abb\.|tabelle|tableau)"
    r"\s+(?:[A-Z]\.?)?\d+(?:[.\-]\d+)*[a-z]?(?P<mark>\s*[.:|–—])?(?=\s|$)",
    re.IGNORECASE,
)
_NOTE_MARK = re.compile(r"^(?:\d{1,3}(?=\D|$)|[*†‡§¶])")
TERMINAL = (".", "!", "?", ":", ";", "。", "！", "？")
CLOSING = "\"'”’)]»"


@dataclass(slots=True)
class Block:
    """Lines that belong together; grows while lines and continuations on later pages are joined to it."""

    type: ElementType
    lines: list[Line]
    column: int = 0
    """Number of its column over the whole document."""
    level: int | None = None
    ordered: bool = False
    bullet: bool = False
    """True where the first word is a bullet that stays out of the text."""
    gap: float = 0.0
    """White space above it in points; large at the top of a column."""
    grid: Grid | None = None
    flags: list[str] = field(default_factory=list)

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def letters(self) -> int:
        return sum(len(line.text) + 1 for line in self.lines)

    @property
    def tag_kind(self) -> str:
        """Of all its lines; empty where they have none or several."""
        kinds = {line.tag.kind if line.tag else "" for line in self.lines}
        return kinds.pop() if len(kinds) == 1 else ""


@dataclass(frozen=True, slots=True)
class Body:
    """What running text looks like in this document."""

    size: float
    mono: bool
    bold: bool
    pitches: dict[float, float]
    """Usual distance of baselines by font size (rounded to half points)."""

    def pitch(self, line: Line) -> float:
        """Of lines in one paragraph: where headings follow each other their distance is no pitch, so it is at most
        a little more than the body's in proportion."""
        size = _half(line.size)
        own = self.pitches.get(size, 1.2 * line.size)
        usual = self.pitches.get(self.size, 1.2 * self.size) / max(self.size, 1.0)
        return own if size == self.size else min(own, 1.25 * usual * line.size)


SAMPLE = 300
"""Pages that are enough to tell what running text looks like."""


def body_of(lines: Iterable[Line]) -> Body:
    """The style of most characters, and the usual distance of lines for each size."""
    letters: Counter[Style] = Counter()
    distances: dict[float, Counter[float]] = {}
    before: Line | None = None
    for line in lines:
        style = line.style
        letters[style] += int(line.x1 - line.x0)
        if before is not None and before.page == line.page and before.style.size == style.size:
            step = line.baseline - before.baseline
            if 0.8 * style.size < step < 2.2 * style.size:
                distances.setdefault(_half(style.size), Counter())[round(step * 2) / 2] += 1
        before = line
    if not letters:
        return Body(10.0, mono=False, bold=False, pitches={})
    looks: Counter[tuple[float, bool, bool]] = Counter()
    for style, width in letters.items():
        looks[_half(style.size), style.mono, style.bold] += width
    (size, mono, bold), _ = max(looks.items(), key=lambda item: (item[1], item[0]))
    pitches = {key: _usual(steps) for key, steps in distances.items()}
    return Body(size, mono, bold, pitches)


def sampled(pages: Sequence[Page]) -> Sequence[Page]:
    """At most SAMPLE pages, evenly spread."""
    return pages[:: max(1, len(pages) // SAMPLE)]


def blocks(lines: Sequence[Line], body: Body, *, column: int) -> list[Block]:
    """One column's lines cut into blocks, top down."""
    found: list[Block] = []
    rights = _right_edges(lines, body)
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else None
        gap = line.baseline - before.baseline - body.pitch(line) if before else 99.0
        block = found[-1] if found else None
        after = lines[number + 1] if number + 1 < len(lines) else None
        edges = _Edges(rights[number - 1], after)
        if block is None or before is None or _starts(block, before, line, edges=edges, body=body):
            found.append(_block(line, column=column, gap=gap, body=body))
        else:
            block.lines.append(line)
    for block in found:
        _name(block, body)
    _nest(found)
    return found


class _Edges(NamedTuple):
    """What stands around a line: the right edge of the lines above it, and the line below it."""

    right: float
    after: Line | None


def _starts(block: Block, before: Line, line: Line, *, edges: _Edges, body: Body) -> bool:
    """True where `line` opens a new block after `before`."""
    right = edges.right
    size, pitch = line.size, body.pitch(line)
    step = line.baseline - before.baseline
    if _other_tag(before, line) or _next_section(block, line, body):
        return True
    if block.type is ElementType.CODE_SNIPPET:
        return not line.style.mono or step > 2.6 * pitch
    if line.style.mono and not before.style.mono and not body.mono and _ends_short(before, line, right):
        return True
    if abs(before.size - size) > 0.09 * max(before.size, size) and len(line.text) > 2 and len(before.text) > 2:
        return True
    if step > max(1.32 * pitch, pitch + 1.5) and step > 1.32 * body.pitch(before):
        return True
    odd = bool(before.cells) != bool(line.cells) and len(before.cells or line.cells) > 1
    if odd and _marker(line) is None and block.type is not ElementType.LIST_ITEM:
        return True
    if _marker(line) is not None and _marker_opens(before, line, right):
        return True
    if before.style.bold != line.style.bold and _ends_short(before, line, right):
        return True
    if before.style.bold and not line.style.bold and not body.bold and line.text[:1].isupper():
        return True  # a bold line of its own, then a sentence in running type
    if before.cells and line.cells and block.type is not ElementType.LIST_ITEM:
        return False
    return _ends_short(before, line, right) or _indented(block, before, line, edges.after)


def _next_section(block: Block, line: Line, body: Body) -> bool:
    """True where a heading follows right upon the one above it: `2 Method`, `2.1 Data`."""
    striking = line.size > 1.05 * body.size or (line.style.bold and not body.bold)
    return striking and line.style.bold == block.first.style.bold and goes_on(block.text, line.text)


def _other_tag(before: Line, line: Line) -> bool:
    """True where the structure tree puts the lines into two elements of which one is a heading or a list item."""
    first, second = before.tag, line.tag
    if first is None or second is None or first.path == second.path:
        return False
    return bool({first.kind, second.kind} & {"H", "item", "contents", "caption"})


def _indented(block: Block, before: Line, line: Line, after: Line | None) -> bool:
    """True where the indents speak of a new paragraph: a first line set in, or set out under hanging ones."""
    shift, em = line.x0 - before.x0, line.size
    if block.type is ElementType.LIST_ITEM:
        return _leaves_item(block, before, line)
    if len(block.lines) == 1:
        hangs = after is not None and abs(after.x0 - line.x0) < 0.3 * em
        ended = before.text.rstrip(CLOSING).endswith(TERMINAL) and not line.text[:1].islower()
        return shift < -6 * em or (ended and not hangs and 0.7 * em < shift < 5 * em)
    hanging = block.lines[1].x0 - block.lines[0].x0 > 0.7 * em
    if hanging:
        return shift < -0.7 * em
    return 0.7 * em < shift < 5 * em


def _leaves_item(block: Block, before: Line, line: Line) -> bool:
    """True where a line stands neither under the item's marker nor under its text, or goes back to the marker's edge
    after lines that hung under the text."""
    if " " not in block.first.text or not before.text.rstrip(CLOSING).endswith(TERMINAL):
        return False
    marker, text, slack = block.first.x0, block.first.boxes[4], 0.15 * line.size
    if abs(line.x0 - text) <= slack:
        return False
    hung = len(block.lines) > 1 and all(abs(other.x0 - text) <= slack for other in block.lines[1:])
    return hung or abs(line.x0 - marker) > slack


def _ends_short(before: Line, line: Line, right: float) -> bool:
    """True where the next line's first word would still have fitted: the line was ended on purpose."""
    first = line.first
    if before.text.endswith(("-", "\u00ad", "\u2010")) and first.text[:1].islower():
        return False  # a word goes on
    room = right - before.x1
    return room > (first.x1 - first.x0) + 0.9 * before.size and before.x1 - before.x0 < 40 * before.size * 2


def _marker(line: Line) -> str | None:
    """`bullet`, `dash` or `number` where the line's first word marks a list item."""
    first, _, rest = line.text.partition(" ")
    if not rest or len(first) > 6:
        return None
    if _BULLET.match(first):
        return "bullet"
    if _DASH.match(first):
        return "dash"
    return "number" if _NUMBERED.match(first) else None


def _marker_opens(before: Line, line: Line, right: float) -> bool:
    kind = _marker(line)
    if kind == "bullet":
        return True
    moved = abs(line.x0 - before.x0) > 2
    ended = before.text.rstrip(CLOSING).endswith((*TERMINAL, ","))
    return _ends_short(before, line, right) or (moved and ended) or (ended and _marker(before) == kind)


def _block(line: Line, *, column: int, gap: float, body: Body) -> Block:
    kind = _marker(line)
    if line.style.mono and not body.mono:
        return Block(ElementType.CODE_SNIPPET, [line], column, gap=gap)
    if kind in ("bullet", "dash"):
        return Block(ElementType.LIST_ITEM, [line], column, level=1, bullet=True, gap=gap)
    if kind == "number" and not _initial(line):
        return Block(ElementType.LIST_ITEM, [line], column, level=1, ordered=True, gap=gap)
    return Block(ElementType.NARRATIVE_TEXT, [line], column, gap=gap)


def _initial(line: Line) -> bool:
    """True for `J. Smith`: one capital letter with a full stop is a person more often than a list."""
    first = line.first
    return len(first.text) == 2 and first.text[0].isupper() and line.boxes[4] - first.x1 < 0.6 * line.size


def _name(block: Block, body: Body) -> None:
    """Formulas, captions and short remains among what is not a list or code."""
    if block.type is not ElementType.NARRATIVE_TEXT or block.tag_kind == "H":
        return
    if block.tag_kind == "formula" or is_formula(block.text):
        block.type = ElementType.FORMULA
    elif block.tag_kind == "caption" or _is_caption(block, body):
        block.type = ElementType.FIGURE_CAPTION
    elif any(line.cells for line in block.lines) and len(block.lines) > 1:
        block.type = ElementType.UNCATEGORIZED_TEXT
        block.flags.append("rows")
    elif not any(character.isalpha() for character in block.text):
        block.type = ElementType.UNCATEGORIZED_TEXT


def _is_caption(block: Block, body: Body) -> bool:
    caption = _CAPTION.match(block.text)
    if not caption or len(block.lines) > 12:
        return False
    return bool(caption["mark"]) or block.first.size < 0.95 * body.size


def footnotes(found: Sequence[Block], page_height: float, body: Body) -> None:
    """Marks small blocks at the foot of a column that open with a note's mark."""
    for number in range(len(found) - 1, -1, -1):
        block = found[number]
        small = block.first.size <= 0.92 * body.size
        if not small or block.first.y0 < 0.5 * page_height:
            return
        if block.type in (ElementType.FIGURE_CAPTION, ElementType.CODE_SNIPPET, ElementType.TABLE):
            return
        if _NOTE_MARK.match(block.first.first.text):
            for note in found[number:]:
                note.type, note.level, note.bullet, note.ordered = ElementType.FOOTNOTE, None, False, False


def _nest(found: Sequence[Block]) -> None:
    """Nesting depth of list items from the indents of their markers."""
    margins: list[float] = []
    for block in found:
        if block.type is not ElementType.LIST_ITEM:
            margins.clear()
            continue
        while margins and block.first.x0 < margins[-1] - 3:
            margins.pop()
        if not margins or block.first.x0 > margins[-1] + 3:
            margins.append(block.first.x0)
        block.level = len(margins)


def _right_edges(lines: Sequence[Line], body: Body) -> list[float]:
    """For each line the right edge of the run of evenly set lines that it belongs to."""
    edges: list[float] = []
    start = 0
    for number in range(1, len(lines) + 1):
        if number < len(lines) and _even(lines[number - 1], lines[number], body):
            continue
        edges.extend([max(line.x1 for line in lines[start:number])] * (number - start))
        start = number
    wide = max((line.x1 for line in lines), default=0.0)
    full = [edge for edge in edges if edge > wide - 3 * body.size]
    return [wide if len(full) > 0.5 * len(edges) and edge > wide - 12 * body.size else edge for edge in edges]


def _even(before: Line, line: Line, body: Body) -> bool:
    step = line.baseline - before.baseline
    return abs(before.size - line.size) <= 0.09 * line.size and step <= 1.32 * body.pitch(line)


def _half(size: float) -> float:
    return round(size * 2) / 2


def _usual(steps: Counter[float]) -> float:
    """The most frequent distance; of equal ones the smallest."""
    return max(steps.items(), key=lambda item: (item[1], -item[0]))[0]
