"""Structured text by rules: articles and clauses, questions with their answers, entries of a log, turns of a talk.

Each rule is a pattern with a level, as headings have levels. A part begins where a rule matches and holds what follows
of deeper levels; parts that fit are whole, small neighbours in the same part are joined, long ones cut at sentences.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import regex  # type: ignore[import-untyped]  # it brings no stubs
from pydantic import ConfigDict

from chunkers import chunker
from chunkers._assemble import SMALLEST, Maker, Piece
from chunkers._blocks import Block, blocks_of, clipped
from chunkers._headings import CONTEXT_SHARE, Headings
from chunkers._packing import pack
from chunkers._ruler import Ruler
from chunkers._sections import body
from quarry.encoding import SentenceEmbedder, TokenCounter
from quarry.errors import ConfigError, DocumentError
from quarry.fingerprint import digest
from quarry.span import Span
from quarry.types import Chunk, Document

FLAGS = regex.MULTILINE | regex.VERSION0
"""`^` and `$` are the ends of lines; small and capital letters differ unless a pattern says `(?i)`."""
_LINE = r"^[ \t]*+(?:[#>*-]++[ \t]++)?+\**+"
"""The start of a line, marks of Markdown before the text included."""
_NUMBER = r"(?:\d++|[IVXLC]++|[A-Z])\b"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a part begins."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    pattern: str
    """Of the `regex` package, which knows all of Python's `re`."""
    level: int = 1
    """1 is the top, as in headings: a part holds those of deeper levels that follow it."""


LAWS = (
    Rule(rf"{_LINE}(?i:part|book|title|chapter|teil|kapitel|chapitre|annex|appendix|schedule)[ \t]++{_NUMBER}", 1),
    Rule(rf"{_LINE}(?:(?i:article|section|artikel|abschnitt)[ \t]++{_NUMBER}|(?:Art\.|Sec\.|§{{1,2}})[ \t]*+\d)", 2),
    Rule(rf"{_LINE}\d{{1,3}}(?:\.\d{{1,3}}){{1,3}}\.?[ \t]+\S", 3),
    Rule(rf"{_LINE}\((?:[a-z]|[ivx]{{1,5}}|\d{{1,2}})\)[ \t]+\S", 4),
)
TALK = (
    Rule(rf"{_LINE}(?i:q|question|frage|user|human|customer|interviewer)[ \t]*+\d*+\**+[:.)]\**+\s", 3),
    Rule(rf"{_LINE}(?i:a|answer|antwort|assistant|agent|bot|interviewee)[ \t]*+\d*+\**+[:.)]\**+\s", 4),
)
LOG = (
    Rule(r"^[ \t]*+\[?\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", 3),
    Rule(r"^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2} ", 3),
)


@chunker
@dataclass(frozen=True, slots=True)
class Regex:
    kind: ClassVar[str]
    tiny: ClassVar[dict[str, Any]] = {
        "size": 16,
        "merge_below": 6,
        "rules": [{"pattern": r"\bgate", "level": 1}, {"pattern": "^The", "level": 2}, r"(?=\.)"],
    }
    revision: ClassVar[int] = 1

    rules: tuple[Rule | str, ...] = (*LAWS, *TALK, *LOG)
    """Patterns, each with its level; a plain pattern is of level 1. By default those of laws and contracts (chapter,
    article or §, 4.1, (a)), of questions and answers, and of logs."""
    size: int = 200
    """Most tokens of context + text."""
    merge_below: int = 40
    """A part below so many tokens is joined with its neighbour in the same upper part, as far as there is room."""
    context: bool = True
    """Embed the document's title, the headings and the first line of the upper part with a chunk."""
    timeout_s: float = 10.0
    """Of one rule on one document: a pattern that tries too many ways fails the document, not the run."""

    def __post_init__(self) -> None:
        if self.size < SMALLEST or self.merge_below < 0 or self.timeout_s <= 0 or not self.rules:
            raise ValueError(
                f"size must be at least {SMALLEST}, merge_below not negative, timeout_s positive, and rules given: "
                f"size={self.size}, merge_below={self.merge_below}, timeout_s={self.timeout_s}, rules={self.rules}"
            )
        for rule in self._rules():
            _compiled(rule)

    def _rules(self) -> tuple[Rule, ...]:
        return tuple(rule if isinstance(rule, Rule) else Rule(rule) for rule in self.rules)

    def fingerprint(self, *, tokens: TokenCounter, embedder: SentenceEmbedder | None) -> str:  # noqa: ARG002 - reads no vectors
        own = replace(self, rules=self._rules(), timeout_s=1.0)
        return digest("chunk", self.kind, self.revision, own, regex.__version__, tokens.fingerprint, tokens.limit)

    def chunk(
        self,
        document: Document,
        *,
        tokens: TokenCounter,
        embedder: SentenceEmbedder | None = None,  # noqa: ARG002 - reads no vectors
    ) -> Iterator[Chunk]:
        made = Maker(self, document, tokens=tokens)
        headings = Headings.embedded(document, shown=self.context)
        plan = _Plan(made.ruler, tokens, made.size, self.merge_below, headings, blocks_of(document), self.context)
        parts = list(_parts(document, self._rules(), timeout_s=self.timeout_s))
        return made.chunks(plan.pieces(parts))


def _compiled(rule: Rule) -> regex.Pattern[str]:
    try:
        found = regex.compile(rule.pattern, FLAGS)
    except regex.error as error:
        place = "" if error.pos is None else f" at {error.pos + 1}"
        raise ConfigError(f"chunkers.regex: the pattern {rule.pattern!r} is wrong{place}: {error.msg}") from error
    if found.fullmatch("") is not None:
        raise ConfigError(f"chunkers.regex: the pattern {rule.pattern!r} matches where there is nothing")
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """From a match to the next one."""

    span: Span
    level: int


def _parts(document: Document, rules: Iterable[Rule], *, timeout_s: float) -> Iterator[_Part]:
    """They tile the body; what stands before the first match has that one's level."""
    whole, inside = body(document), [element.span for element in document.elements if element.in_body]
    levels: dict[int, int] = {}
    for rule in rules:
        for place in _matches(document.text, whole, rule, timeout_s=timeout_s):
            start = _into(inside, place)
            levels[start] = min(rule.level, levels.get(start, rule.level))
    starts = sorted(levels)
    if not len(whole):
        return
    if not starts or starts[0] > whole.start:
        levels[whole.start] = levels[starts[0]] if starts else 1
        starts.insert(0, whole.start)
    for start, end in zip(starts, [*starts[1:], whole.end], strict=True):
        yield _Part(Span(start, end), levels[start])


def _matches(text: str, within: Span, rule: Rule, *, timeout_s: float) -> list[int]:
    try:
        found = _compiled(rule).finditer(text, within.start, within.end, timeout=timeout_s)
        return [match.start() for match in found]
    except TimeoutError as error:
        raise DocumentError(
            f"timeout: the pattern {rule.pattern!r} of chunkers.regex took more than {timeout_s:g} s; give it fewer "
            "ways to match the same text, or raise timeout_s"
        ) from error


def _into(inside: Sequence[Span], place: int) -> int:
    """The place itself, or the start of the next element where it is in the markup before that one."""
    number = bisect_right(inside, place, key=lambda span: span.end)
    return max(place, inside[number].start) if number < len(inside) else place


@dataclass(frozen=True, slots=True)
class _Plan:
    """Pieces of one document."""

    ruler: Ruler
    tokens: TokenCounter
    size: int
    merge_below: int
    headings: Headings
    """Empty where chunks are embedded without them."""
    blocks: list[Block]
    context: bool

    def pieces(self, parts: Sequence[_Part], *, above: Span | None = None) -> Iterator[Piece]:
        """Of the parts under one upper part, whose first line is `above`."""
        held: Piece | None = None
        level = 0
        for family in _families(parts):
            whole = Span(family[0].span.start, family[-1].span.end)
            alone = self._piece(whole, above)
            if held is not None and family[0].level >= level and self._joins(held, alone):
                held = replace(held, span=Span(held.span.start, whole.end))
                continue
            if held is not None:
                yield held
            held, level = alone, family[0].level
            if not self._fits(alone):
                held = None
                yield from self._divided(family, above)
        if held is not None:
            yield held

    def _divided(self, family: Sequence[_Part], above: Span | None) -> Iterator[Piece]:
        """The upper part's own text, then those under it; a small one goes with the first of them."""
        own, *deeper = family
        line = _line(self.ruler.text, own.span)
        head = self._piece(own.span, above)
        pieces = self.pieces(deeper, above=line)
        first = next(pieces, None)
        if first is not None and self._joins(head, first):
            yield replace(head, span=Span(head.span.start, first.span.end))
        else:
            yield from [head] if self._fits(head) else self._cut(head, line)
            yield from [first] if first is not None else []
        yield from pieces

    def _cut(self, piece: Piece, line: Span) -> Iterator[Piece]:
        """What is too long, into parts of about the same size; the later ones are read with its first line."""
        room = self.size - (self.size // CONTEXT_SHARE if self.context else 0)
        for number, span in enumerate(pack(clipped(self.blocks, piece.span), ruler=self.ruler, room=room)):
            yield self._piece(span, line) if number else replace(piece, span=span)

    def _piece(self, span: Span, above: Span | None) -> Piece:
        block = next(iter(clipped(self.blocks, span)), None)
        titled = above is not None and any(part.heading for part in clipped(self.blocks, above))
        lead = above if self.context and not titled else None
        lowest = block.parent if block else None
        return Piece(span, self.headings.context(lowest, before=span, lead=lead, tokens=self.tokens, limit=self.size))

    def _joins(self, held: Piece, following: Piece) -> bool:
        small = any(self.ruler.estimate(piece.span) < self.merge_below for piece in (held, following))
        return small and self._fits(replace(held, span=Span(held.span.start, following.span.end)))

    def _fits(self, piece: Piece) -> bool:
        """Counted only where the estimate leaves a doubt: counts of all parts, level by level, would cost the most."""
        span = piece.span.strip(self.ruler.text)
        estimate = self.ruler.estimate(span)
        if estimate > self.size or 2 * estimate < self.size:
            return estimate <= self.size
        return self.ruler.fits(span, limit=self.size, context=piece.context.text)


def _families(parts: Sequence[_Part]) -> Iterator[Sequence[_Part]]:
    """Each part with the deeper ones that follow it."""
    first = 0
    for place in range(1, len(parts) + 1):
        if place == len(parts) or parts[place].level <= parts[first].level:
            yield parts[first:place]
            first = place


def _line(text: str, span: Span) -> Span:
    """Its first line."""
    end = text.find("\n", span.start, span.end)
    return Span(span.start, span.end if end < 0 else end).strip(text)
