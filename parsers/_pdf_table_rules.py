"""The straight lines that a page draws, and the grids of cells that they enclose."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

Box = tuple[float, float, float, float]

THIN = 3.0
"""Points: a filled rectangle that is no thicker is a line."""
JOINED = 3.0
"""Points by which lines may miss each other and still meet."""
MIN_LENGTH = 4.0
MAX_SLOTS = 40_000
MAX_CROSSINGS = 1_000_000
"""More lines than that make a drawing."""
WHITE = 0.98


class Rule(NamedTuple):
    """A straight line along an axis: `at` is its y where it runs across, its x where it runs down."""

    at: float
    start: float
    end: float


class Rules(NamedTuple):
    across: tuple[Rule, ...] = ()
    down: tuple[Rule, ...] = ()


class Drawn(NamedTuple):
    """What a page draws along its axes."""

    lines: Rules = Rules()
    edges: Rules = Rules()
    """The lines together with the sides of shaded areas, which stand for lines where there are none."""


class Slot(NamedTuple):
    """A cell that lines enclose: its place in its frame and its box."""

    row: int
    col: int
    rowspan: int
    colspan: int
    box: Box


class Frame(NamedTuple):
    """Lines that meet: the positions of their columns and rows, and the cells between them."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    slots: tuple[Slot, ...]

    @property
    def box(self) -> Box:
        return (self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    def by_place(self) -> dict[tuple[int, int], int]:
        """Number of the slot that covers each (row, col)."""
        return {
            (row, col): number
            for number, slot in enumerate(self.slots)
            for row in range(slot.row, slot.row + slot.rowspan)
            for col in range(slot.col, slot.col + slot.colspan)
        }


def drawn(drawings: Iterable[dict[str, Any]], place: Callable[[Box], Box]) -> Drawn:
    """Collinear pieces joined; `place` turns boxes into reading coordinates."""
    lines: tuple[list[Rule], list[Rule]] = ([], [])
    shades: tuple[list[Rule], list[Rule]] = ([], [])
    for box, shaded in _strokes(drawings):
        across, down = shades if shaded else lines
        x0, y0, x1, y1 = place(box)
        if y1 - y0 <= THIN and x1 - x0 >= MIN_LENGTH:
            across.append(Rule((y0 + y1) / 2, x0, x1))
        elif x1 - x0 <= THIN and y1 - y0 >= MIN_LENGTH:
            down.append(Rule((x0 + x1) / 2, y0, y1))
    own = Rules(_joined(lines[0]), _joined(lines[1]))
    return Drawn(own, Rules(_joined(lines[0] + shades[0]), _joined(lines[1] + shades[1])) if any(shades) else own)


def _strokes(drawings: Iterable[dict[str, Any]]) -> Iterator[tuple[Box, bool]]:
    """Thin boxes along an axis: lines, the sides of drawn rectangles, and (True) the sides of shaded ones."""
    for drawing in drawings:
        stroked, fill = "s" in drawing["type"], drawing.get("fill")
        shaded = fill is not None and min(fill, default=1.0) < WHITE and (drawing.get("fill_opacity") or 1) > 0
        for item in drawing["items"]:
            if item[0] == "l":
                (x0, y0), (x1, y1) = item[1], item[2]
            elif item[0] == "re":
                x0, y0, x1, y1 = item[1][:4]
            elif item[0] == "qu":
                (x0, y0), (x1, y1) = item[1][0], item[1][3]
            else:
                continue
            if x0 > x1:
                x0, x1 = x1, x0
            if y0 > y1:
                y0, y1 = y1, y0
            if x1 - x0 <= THIN or y1 - y0 <= THIN:
                yield (x0, y0, x1, y1), False
            elif item[0] != "l" and (stroked or shaded):
                for side in _sides((x0, y0, x1, y1)):
                    yield side, not stroked


def _sides(box: Box) -> tuple[Box, Box, Box, Box]:
    x0, y0, x1, y1 = box
    return (x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)


def _joined(found: Sequence[Rule]) -> tuple[Rule, ...]:
    """Lines at (nearly) one position joined where they touch or overlap."""
    made: list[Rule] = []
    level: list[Rule] = []
    for rule in [*sorted(found), Rule(1e9, 0, 0)]:
        if level and rule.at - level[0].at > 1.5:
            made += _runs(level)
            level = []
        level.append(rule)
    return tuple(made)


def _runs(level: Sequence[Rule]) -> Iterator[Rule]:
    at = sum(rule.at for rule in level) / len(level)
    start, end = None, 0.0
    for rule in sorted(level, key=lambda rule: rule.start):
        if start is None or rule.start > end + JOINED:
            if start is not None:
                yield Rule(at, start, end)
            start, end = rule.start, rule.end
        end = max(end, rule.end)
    if start is not None:
        yield Rule(at, start, end)


def frames(rules: Rules) -> list[Frame]:
    """Each group of lines that meet, as a grid; cells run on where a line between two slots is missing."""
    found: list[Frame] = []
    if len(rules.across) * len(rules.down) > MAX_CROSSINGS:
        return found
    for across, down in _groups(rules):
        if len(across) < 2 or not down:
            continue
        xs = _positions([rule.at for rule in down], [(rule.start, rule.end) for rule in across])
        ys = _positions([rule.at for rule in across], [(rule.start, rule.end) for rule in down])
        if len(xs) > 2 and len(ys) > 2 and len(xs) * len(ys) <= MAX_SLOTS:
            found.append(Frame(tuple(xs), tuple(ys), tuple(_slots(xs, ys, across, down))))
    return found


def _groups(rules: Rules) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Lines that meet, directly or over others."""
    across, down = rules
    parents = list(range(len(across) + len(down)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    places = [rule.at for rule in down]
    for number, rule in enumerate(across):
        for other in range(bisect_left(places, rule.start - JOINED), len(down)):
            if places[other] > rule.end + JOINED:
                break
            if down[other].start - JOINED <= rule.at <= down[other].end + JOINED:
                parents[root(len(across) + other)] = root(number)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for number in range(len(parents)):
        sides = groups.setdefault(root(number), ([], []))
        if number < len(across):
            sides[0].append(across[number])
        else:
            sides[1].append(down[number - len(across)])
    yield from groups.values()


def _positions(places: Sequence[float], crossing: Sequence[tuple[float, float]]) -> list[float]:
    """Where cells end: the lines themselves and, on open sides, where at least two crossing lines end together."""
    edges = _clustered(places)
    for side, ends in ((0, [start for start, _ in crossing]), (1, [end for _, end in crossing])):
        outer = min(ends) if side == 0 else max(ends)
        beyond = edges[0] - outer if side == 0 else outer - edges[-1]
        if beyond > 2 * JOINED and sum(1 for end in ends if abs(end - outer) < JOINED) >= 2:
            edges.insert(0 if side == 0 else len(edges), outer)
    return edges


def _clustered(places: Sequence[float]) -> list[float]:
    edges: list[list[float]] = []
    for place in sorted(places):
        if edges and place - edges[-1][-1] <= JOINED and place - edges[-1][0] <= 2 * JOINED:
            edges[-1].append(place)
        else:
            edges.append([place])
    return [sum(edge) / len(edge) for edge in edges]


def _slots(xs: Sequence[float], ys: Sequence[float], across: Sequence[Rule], down: Sequence[Rule]) -> Iterator[Slot]:
    rows, cols = len(ys) - 1, len(xs) - 1
    below = _walls(ys, xs, across)
    right = _walls(xs, ys, down)
    seen: set[tuple[int, int]] = set()
    for row in range(rows):
        for col in range(cols):
            if (row, col) in seen:
                continue
            last = col
            while last + 1 < cols and (last + 1, row) not in right and (row, last + 1) not in seen:
                last += 1
            foot = row
            while foot + 1 < rows and _open(row=foot, cols=range(col, last + 1), below=below, right=right):
                foot += 1
            seen.update((r, c) for r in range(row, foot + 1) for c in range(col, last + 1))
            box = (xs[col], ys[row], xs[last + 1], ys[foot + 1])
            yield Slot(row, col, foot - row + 1, last - col + 1, box)


def _open(*, row: int, cols: range, below: set[tuple[int, int]], right: set[tuple[int, int]]) -> bool:
    """True where the run of slots goes on in the next row, with the same sides and nothing between."""
    if any((row + 1, col) in below for col in cols):
        return False
    if any((col, row + 1) in right for col in cols[1:]):
        return False
    return all(((edge, row) in right) == ((edge, row + 1) in right) for edge in (cols[0], cols[-1] + 1))


def _walls(places: Sequence[float], stretches: Sequence[float], rules: Sequence[Rule]) -> set[tuple[int, int]]:
    """(index of the place, index of the stretch) wherever a line runs along most of the stretch; both ascend."""
    walls: set[tuple[int, int]] = set()
    for rule in rules:
        after = min(bisect_left(places, rule.at), len(places) - 1)
        place = min(range(max(0, after - 1), after + 1), key=lambda index: abs(places[index] - rule.at))
        first = max(0, bisect_right(stretches, rule.start) - 1)
        for number in range(first, min(bisect_left(stretches, rule.end), len(stretches) - 1)):
            start, end = stretches[number], stretches[number + 1]
            if min(rule.end, end) - max(rule.start, start) > 0.6 * (end - start):
                walls.add((place, number))
    return walls
