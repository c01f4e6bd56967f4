"""Main content: paragraphs give points to what they stand in, as in Arc90's Readability (2009)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from parsers._html_clean import clean
from parsers._html_mass import FEW_LINKS, Mass, release, weigh
from parsers._html_names import has_unlikely_role, is_unlikely, weight
from parsers._html_tree import Node

_SCORED = frozenset({"section", "h2", "h3", "h4", "h5", "h6", "p", "td", "pre"})
_START = {
    **dict.fromkeys(("div",), 5),
    **dict.fromkeys(("pre", "td", "blockquote"), 3),
    **dict.fromkeys(("address", "ol", "ul", "dl", "dd", "dt", "li", "form"), -3),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "th"), -5),
}
_SHORTEST = 25
"""Characters below which a paragraph gives no points."""
_LEVELS = 5
_BEST = 5
_CLOSE = 0.75
_ENOUGH = 500
"""Characters of main content with which the first, strictest try is taken."""
_MOST_OF_IT = 0.75
"""Or this share of a page that has little text."""
_SAME_TITLE = 0.75
_MOST_NODES = 60_000
_TRIES = ((True, True, True), (False, True, True), (False, False, True), (False, False, False))
"""Unlikely names cut; names count for and against; boxes judged by what stands in them."""
_SENTENCE_END = re.compile(r"\.( |$)")
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Main:
    """The nodes that hold a page's main content, and the nodes in them that don't belong to it."""

    kept: Mapping[int, Node]
    """By `id`: the topmost ones."""
    cut: Mapping[int, str]
    """`id` of each with the reason."""
    around: frozenset[int]
    """`id` of what `kept` stands in."""
    length: int
    """Characters, white space collapsed."""
    shown: int
    """The same for the whole page, links left out."""


def main_content(root: Node, *, hidden: Callable[[Node], bool], title: str, article: bool) -> Main | None:
    """The heading that repeats an article's title is left out, as the title is told apart; other pages keep theirs.

    None where there is no text, or more than `_MOST_NODES` nodes."""
    best: Main | None = None
    for unlikely, named, conditionally in _TRIES:
        top = weigh(root, hidden=hidden, most=_MOST_NODES)
        if top is None or not top.text:
            return None
        shown = top.text - int(top.links)
        named_as = _title_heading(top, title)
        if named_as is not None and article:
            named_as.cut("title")
        _strip(top, unlikely=unlikely)
        kept = _article(top, named=named)
        clean(kept, named=named, conditionally=conditionally)
        if named_as is not None and not article and _stands_outside(named_as, kept):
            kept.insert(0, named_as)
        found = _found(kept, shown)
        release(top)
        if best is None or found.length > best.length:
            best = found
        if best.length >= min(_ENOUGH, _MOST_OF_IT * shown):
            break
    return best


def _found(kept: Iterable[Mass], shown: int) -> Main:
    live = [mass for mass in kept if mass.gone is None]
    cut: dict[int, str] = {}
    stack = list(live)
    while stack:
        mass = stack.pop()
        if mass.gone is not None:
            cut[id(mass.node)] = mass.gone
        else:
            stack.extend(mass.children)
    around = frozenset(id(outer.node) for mass in live for outer in mass.up())
    return Main({id(mass.node): mass.node for mass in live}, cut, around, sum(mass.text for mass in live), shown)


def _title_heading(top: Mass, title: str) -> Mass | None:
    """The first h1 or h2 that says what the page's title says."""
    if not title:
        return None
    headings = (mass for mass in top.below() if mass.tag in ("h1", "h2"))
    return next((mass for mass in headings if _similarity(title, mass.node.text()) > _SAME_TITLE), None)


def _stands_outside(mass: Mass, kept: Iterable[Mass]) -> bool:
    around = {id(mass), *map(id, mass.up())}
    return mass.gone is None and not any(id(part) in around for part in kept)


def _strip(top: Mass, *, unlikely: bool) -> None:
    """Cut what is named like furniture."""
    for mass in top.below() if unlikely else ():
        if not mass.node.attrs or mass.is_page:
            continue
        if has_unlikely_role(mass.node):
            mass.cut("role")
        elif mass.tag != "a" and is_unlikely(mass.node) and not _in_table_or_code(mass):
            mass.cut("name")


def _in_table_or_code(mass: Mass) -> bool:
    return any(outer.tag in ("table", "code") for outer in mass.up())


def _similarity(title: str, other: str) -> float:
    """1 less the share of `other` whose words are not in `title`."""
    known = set(_WORDS.findall(title.lower()))
    words = _WORDS.findall(other.lower())
    new = [word for word in words if word not in known]
    return 1 - len(" ".join(new)) / len(" ".join(words)) if words else 0.0


def _article(top: Mass, *, named: bool) -> list[Mass]:
    candidates: list[Mass] = []
    for mass in list(top.below()):
        if mass.alias:
            continue
        if mass.tag in _SCORED or mass.paragraph:
            _give(mass.text, mass.commas, mass.up(), candidates, named=named)
        elif mass.tag == "div":
            for length, commas in mass.runs:
                _give(length, commas, (mass, *mass.up()), candidates, named=named)
    for mass in candidates:
        mass.score = _score(mass) * (1 - mass.link_density)
    ranked = sorted(candidates, key=_score, reverse=True)[:_BEST]
    if not ranked or ranked[0].is_page:
        return [next((mass for mass in top.below() if mass.tag == "body"), top)]
    return _with_siblings(_climbed(_joint(ranked)))


def _score(mass: Mass) -> float:
    return mass.score or 0.0


def _give(length: int, commas: int, above: Iterable[Mass], candidates: list[Mass], *, named: bool) -> None:
    """Points for a paragraph: to its parent in full, to its grandparent by half, then by 1/6, 1/9, 1/12."""
    if length < _SHORTEST:
        return
    points = 2 + commas + min(length // 100, 3)
    level = 0
    for outer in above:
        if outer.alias:
            continue
        if level >= _LEVELS or outer.tag == "#document":
            return
        if outer.score is None:
            start = 0 if outer.paragraph else _START.get(outer.tag, 0)
            outer.score = float(start + (weight(outer.node) if named else 0))
            candidates.append(outer)
        outer.score += points / (1, 2, 6, 9, 12)[level]
        level += 1


def _joint(ranked: list[Mass]) -> Mass:
    """The best, or what holds it together with three that come close."""
    best = ranked[0]
    close = [set(map(id, mass.up())) for mass in ranked[1:] if _score(mass) >= _CLOSE * _score(best)]
    for outer in best.up():
        if outer.is_page or len(close) < 3:
            break
        if sum(id(outer) in path for path in close) >= 3:
            return outer
    return best


def _climbed(best: Mass) -> Mass:
    """Up to a box that scores more, and out of boxes that hold nothing else."""
    last = _score(best)
    threshold = last / 3
    for outer in best.up():
        if outer.is_page or (outer.score is not None and outer.score < threshold):
            break
        if outer.score is not None and outer.score > last:
            best = outer
            break
        last = last if outer.score is None else outer.score
    while best.parent is not None and not best.parent.is_page and _children(best.parent) == 1:
        best = best.parent
    return best


def _children(mass: Mass) -> int:
    return sum(child.gone is None for child in mass.children)


def _with_siblings(best: Mass) -> list[Mass]:
    """The parts beside the best one that score enough, or are paragraphs of text."""
    threshold = max(10.0, _score(best) * 0.2)
    name = best.node.attrs.get("class")
    kept = []
    for mass in best.parent.children if best.parent else (best,):
        bonus = _score(best) * 0.2 if name and mass.node.attrs.get("class") == name else 0.0
        scored = mass.score is not None and mass.score + bonus >= threshold
        if mass.gone is None and (mass is best or scored or _is_sentence(mass)):
            kept.append(mass)
    return kept


def _is_sentence(mass: Mass) -> bool:
    if not mass.paragraph or not mass.text:
        return False
    if mass.text > 80:
        return mass.link_density < FEW_LINKS
    return not mass.links and _SENTENCE_END.search(mass.node.text()) is not None
