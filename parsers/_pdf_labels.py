"""Page labels: what a file itself calls its pages (`iv`, `A-3`), read from its number tree."""

from __future__ import annotations

import re
from typing import Any

MAX_NODES = 1000
_RULE = re.compile(r"(\d+)\s*(?:<<(.*?)>>|(\d+)\s+0\s+R)", re.DOTALL)
_NUMS = re.compile(r"/Nums\s*\[(.*)\]", re.DOTALL)
_KIDS = re.compile(r"/Kids\s*\[([^\]]*)\]")
_STYLE = re.compile(r"/S\s*/([DRrAa])\b")
_PREFIX = re.compile(r"/P\s*\(((?:[^()\\]|\\.)*)\)")
_FIRST = re.compile(r"/St\s+(\d+)")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


def labels_of(document: Any) -> tuple[str, ...]:
    """One label a page; empty where the file has none, or says no more than the page's own number."""
    kind, value = document.xref_get_key(document.pdf_catalog(), "PageLabels")
    if kind == "null":
        return ()
    rules = _rules(document, _resolved(document, value) if kind == "xref" else value)
    made = []
    for page in range(document.page_count):
        start = max((first for first in rules if first <= page), default=None)
        made.append(str(page + 1) if start is None else _label(rules[start], page - start))
    plain = [str(page + 1) for page in range(document.page_count)]
    return () if made == plain else tuple(made)


def _rules(document: Any, root: str) -> dict[int, str]:
    """The rule that starts at each page (from 0)."""
    found: dict[int, str] = {}
    waiting, seen = [root], 0
    while waiting and seen < MAX_NODES:
        node, seen = waiting.pop(), seen + 1
        nums = _NUMS.search(node)
        for first, inner, reference in _RULE.findall(nums[1] if nums else ""):
            found[int(first)] = inner or _resolved(document, reference)
        kids = _KIDS.search(node)
        waiting += [_resolved(document, kid) for kid in re.findall(r"(\d+)\s+0\s+R", kids[1] if kids else "")]
    return found


def _resolved(document: Any, reference: str) -> str:
    text: str = document.xref_object(int(reference.split()[0]), compressed=True)
    return text


def _label(rule: str, offset: int) -> str:
    prefix, first, style = _PREFIX.search(rule), _FIRST.search(rule), _STYLE.search(rule)
    number = (int(first[1]) if first else 1) + offset
    return (prefix[1] if prefix else "") + (_numeral(number, style[1]) if style else "")


def _numeral(number: int, style: str) -> str:
    if style == "D":
        return str(number)
    if style in "Aa":
        text = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
    else:
        text = ""
        for worth, sign in _ROMAN:
            text, number = text + sign * (number // worth), number % worth
    return text.upper() if style.isupper() else text
