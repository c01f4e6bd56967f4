"""Displayed formulas: short blocks of signs and single letters."""

from __future__ import annotations

import re

MAX_LETTERS = 400
MAX_WORDS = 0.34
"""Largest share of the tokens that may be words of three letters and more."""
_RELATION = re.compile(r"[=≤≥≈≡≠∼∝→⇒⇔∈∉⊂⊆<>≪≫↦]")
_OPERATOR = re.compile(r"[+\-−–*/×·⋅÷±∓∑∏∫∂∇√∞∥|^_()\[\]{}∧∨∪∩⊗⊕†′]|[α-ωΑ-Ωϵϕ]|[\U0001d400-\U0001d7ff]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NAMES = frozenset(
    {"sin", "cos", "tan", "log", "exp", "max", "min", "arg"}
    | {"lim", "sup", "inf", "det", "mod", "var", "argmax", "argmin"}
)


def is_formula(text: str) -> bool:
    """True for `E = mc² (3)`: a relation, an operator or a sign of mathematics, and hardly a word."""
    if len(text) > MAX_LETTERS or not _RELATION.search(text) or "://" in text or "@" in text:
        return False
    tokens = text.split()
    words = [word for word in _WORD.findall(text) if word.casefold() not in _NAMES and word.isascii()]
    if len(words) > MAX_WORDS * len(tokens) or len(tokens) < 3:
        return False
    return bool(_OPERATOR.search(_RELATION.sub("", text))) or "=" in text
