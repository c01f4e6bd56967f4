"""What stands in an article and is not of it: share bars, forms, lists of links, boxes of little text."""

from __future__ import annotations

from collections.abc import Sequence

from parsers._html_mass import Mass
from parsers._html_names import is_share, weight

_TAGS = frozenset({"object", "embed", "footer", "aside", "iframe", "input", "textarea", "select", "button", "nav"})
_SHARE_LENGTH = 500
"""Characters from which on a part that is named like a share bar is text all the same."""
_MANY_COMMAS = 10
"""Boxes with so many commas hold sentences."""
_SPACER = 100
"""So many list items more than paragraphs make a box a menu."""
_BIG_TABLE = 10
"""Cells or rows above which an unmarked table holds data."""


def clean(kept: Sequence[Mass], *, named: bool, conditionally: bool) -> None:
    """Cut in place; `named` lets class and id count, `conditionally` judges boxes by what stands in them."""
    for top in kept:
        if conditionally:
            _judge(top, ("form", "fieldset"), named=named)
        for mass in _inside_out(top):
            if mass.tag in _TAGS and mass is not top:
                mass.cut("tag")
            elif mass is not top and mass.text < _SHARE_LENGTH and is_share(mass.node):
                mass.cut("share")
            elif mass.tag in ("h1", "h2") and named and weight(mass.node) < 0:
                mass.cut("name")
        if conditionally:
            for tags in (("table",), ("ul", "ol"), ("div",)):
                _judge(top, tags, named=named)


def _inside_out(top: Mass) -> list[Mass]:
    """Every part after all that stands in it."""
    return list(top.below())[::-1]


def _judge(top: Mass, tags: Sequence[str], *, named: bool) -> None:
    for mass in _inside_out(top):
        if mass.tag in tags and not mass.paragraph and not mass.alias and _is_clutter(mass, named=named):
            mass.cut("density")


def _is_clutter(mass: Mass, *, named: bool) -> bool:
    """Readability's conditions: little text among many links, pictures, items, inputs or embedded objects."""
    worth = weight(mass.node) if named else 0
    if worth >= 0 and mass.commas >= _MANY_COMMAS:
        return False
    is_list = mass.tag in ("ul", "ol") or mass.listed > 0.9 * max(1, mass.text)
    found = worth < 0 or _is_sparse(mass, is_list=is_list) or _is_linked(mass, is_list=is_list, worth=worth)
    if not found or _holds_data(mass):
        return False
    return not (is_list and worth >= 0 and _is_gallery(mass))


def _is_sparse(mass: Mass, *, is_list: bool) -> bool:
    figure = any(outer.tag == "figure" for outer in mass.up())
    mostly_heading = mass.headings >= 0.9 * mass.text
    lone = mass.text < 25 and (mass.images == 0 or mass.images > 2) and mass.links > 0
    own = 1 if mass.tag != "form" and mass.tag != "fieldset" and mass.text else 0
    return (
        (not figure and mass.images > 1 and mass.paragraphs < 0.5 * mass.images)
        or (not is_list and mass.items - _SPACER > mass.paragraphs)
        or mass.inputs > mass.paragraphs // 3
        or (not is_list and not figure and not mostly_heading and lone)
        or (mass.images == 0 and mass.textish <= own)
    )


def _is_linked(mass: Mass, *, is_list: bool, worth: int) -> bool:
    share = mass.link_density
    return (
        (not is_list and worth < 25 and share > 0.2)
        or (worth >= 25 and share > 0.5)
        or mass.embeds > 1
        or (mass.embeds == 1 and mass.text < 75)
    )


def _is_gallery(mass: Mass) -> bool:
    """A list of pictures, one an item."""
    return all(len(child.children) <= 1 for child in mass.children) and mass.images == mass.items


def _holds_data(mass: Mass) -> bool:
    """In code or in a table of data, or around such a table."""
    around = any(outer.tag == "code" or (outer.tag == "table" and _is_data(outer)) for outer in mass.up())
    return around or any(inner.tag == "table" and _is_data(inner) for inner in mass.below())


def _is_data(table: Mass) -> bool:
    attrs = table.node.attrs
    if attrs.get("role", "").lower() == "presentation" or attrs.get("datatable") == "0":
        return False
    if attrs.get("summary"):
        return True
    rows = columns = 0
    for inner in table.below():
        if inner.tag in ("col", "colgroup", "tfoot", "thead", "th", "caption"):
            return True
        if inner.tag == "table" and inner is not table:
            return False
        if inner.tag == "tr":
            rows += 1
            columns = max(columns, sum(1 for cell in inner.children if cell.tag in ("td", "th")))
    return min(rows, columns) > 1 and (rows >= _BIG_TABLE or columns > 4 or rows * columns > _BIG_TABLE)
