"""`--where`: a small grammar over named columns and user metadata, compiled to a predicate with every literal escaped.

expr   := term ("or" term)*        term := factor ("and" factor)*       factor := "not" factor | "(" expr ")" | test
test   := FIELD ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE | FIELD "in" "(" VALUE ("," VALUE)* ")"
        | FIELD "contains" VALUE
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from quarry.errors import ConfigError, unknown
from stores.lance import metadata_term, storable

Kind = Literal["text", "number", "time", "numbers", "texts"]
Value = str | float | bool
FIELDS: dict[str, Kind] = {
    "uri": "text",
    "source": "text",
    "path": "text",
    "title": "text",
    "media_type": "text",
    "text": "text",
    "strategy": "text",
    "parser": "text",
    "sha256": "text",
    "run_id": "text",
    "tokens": "number",
    "position": "number",
    "start": "number",
    "end": "number",
    "pages": "numbers",
    "heading_path": "texts",
    "ingested_at": "time",
}
ALIASES = {"page": "pages", "heading": "heading_path", "document": "path"}
METADATA = "metadata."
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w.])
      |(?P<op><=|>=|!=|=|<|>|\(|\)|,)|(?P<word>[^\s()=!<>,"']+))""",
    re.VERBOSE,
)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def compile_filter(where: str) -> str:
    """The LanceDB predicate. ConfigError with the place of the mistake, or the nearest field name."""
    parser = _Parser(where)
    predicate = parser.expression()
    parser.end()
    return predicate


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def expression(self) -> str:
        return self._joined("or", lambda: self._joined("and", self._factor))

    def end(self) -> None:
        token = self._peek()
        if token is not None:
            raise self._wrong(token, "and, or, or the end")

    def _joined(self, word: str, part: Callable[[], str]) -> str:
        parts = [part()]
        while self._accept("word", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else f"({f' {word.upper()} '.join(parts)})"

    def _factor(self) -> str:
        if self._accept("word", "not"):
            return f"(NOT {self._factor()})"
        if self._accept("op", "("):
            inner = self.expression()
            self._expect("op", ")")
            return inner
        return self._test()

    def _test(self) -> str:
        field = self._take("a field", "word").text
        token = self._take("=, !=, <, <=, >, >=, in or contains", "op", "word")
        word = token.text.casefold()
        if word == "in":
            return self._in(field)
        if word == "contains":
            return _contains(field, self._value())
        if word not in ("=", "!=", "<", "<=", ">", ">="):
            raise self._wrong(token, "=, !=, <, <=, >, >=, in or contains")
        return _compare(field, word, self._value())

    def _in(self, field: str) -> str:
        self._expect("op", "(")
        tests = [_compare(field, "=", self._value())]
        while self._accept("op", ","):
            tests.append(_compare(field, "=", self._value()))
        self._expect("op", ")")
        return f"({' OR '.join(tests)})"

    def _value(self) -> Value:
        token = self._take("a value", "string", "number", "word")
        if token.kind == "number":
            return float(token.text)
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        return {"true": True, "false": False}.get(token.text.casefold(), token.text)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _accept(self, kind: str, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind != kind or token.text.casefold() != text:
            return False
        self._next += 1
        return True

    def _expect(self, kind: str, text: str) -> None:
        if not self._accept(kind, text):
            raise self._wrong(self._peek(), text)

    def _take(self, wanted: str, *kinds: str) -> _Token:
        token = self._peek()
        if token is None or token.kind not in kinds:
            raise self._wrong(token, wanted)
        self._next += 1
        return token

    def _wrong(self, token: _Token | None, wanted: str) -> ConfigError:
        found = f"{token.text!r} at {token.place + 1}" if token else "the end"
        return ConfigError(f"--where {self._text!r}: expected {wanted}, found {found}")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ConfigError(f"--where {text!r}: nothing is known that starts with {text[place:].strip()[:10]!r}")
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        place = match.end()
    return found


def _field(name: str) -> tuple[str, Kind]:
    column = ALIASES.get(name, name)
    if column not in FIELDS:
        raise unknown(name, [*FIELDS, *ALIASES, f"{METADATA}NAME"], place="--where")
    return column, FIELDS[column]


def _compare(name: str, operator: str, value: Value) -> str:
    if name.startswith(METADATA):
        return _compare_metadata(name.removeprefix(METADATA), operator, value)
    column, kind = _field(name)
    if kind in ("numbers", "texts"):
        return _compare_list(name, column, kind, operator, value)
    return f"{_quoted_name(column)} {operator} {_literal(name, kind, value)}"


def _compare_list(name: str, column: str, kind: Kind, operator: str, value: Value) -> str:
    """`page = 3` is true where any page of the chunk is 3."""
    literal = _literal(name, "number" if kind == "numbers" else "text", value)
    has = f"array_has({column}, {literal})" if kind == "texts" else f"array_has({column}, CAST({literal} AS INT))"
    if operator == "=":
        return has
    if operator == "!=":
        return f"(NOT {has})"
    if kind == "numbers":
        edge = "page_last" if operator in (">", ">=") else "page_first"
        return f"{edge} {operator} {literal}"
    raise ConfigError(f"--where: {name} takes =, != , in and contains, not {operator}")


def _compare_metadata(name: str, operator: str, value: Value) -> str:
    if operator in ("=", "!="):
        term = _text(metadata_term(name, value))
        has = f"array_has(metadata_terms, {term})"
        return has if operator == "=" else f"(NOT {has})"
    if isinstance(value, bool):
        raise ConfigError(f"--where: {METADATA}{name} {operator} needs a number or a text")
    column = "metadata_texts" if isinstance(value, str) else "metadata_numbers"
    literal = _text(value) if isinstance(value, str) else repr(value)
    return f"map_extract({column}, {_text(name)})[1] {operator} {literal}"


def _contains(name: str, value: Value) -> str:
    if name.startswith(METADATA):
        return _compare_metadata(name.removeprefix(METADATA), "=", value)
    column, kind = _field(name)
    if kind == "text":
        return f"contains({_quoted_name(column)}, {_literal(name, 'text', value)})"
    if kind in ("numbers", "texts"):
        return _compare_list(name, column, kind, "=", value)
    raise ConfigError(f"--where: {name} takes comparisons, not contains")


def _literal(name: str, kind: Kind, value: Value) -> str:
    if kind == "number":
        if isinstance(value, str | bool):
            raise ConfigError(f"--where: {name} compares with a number, not {value!r}")
        return repr(value)
    text = json.dumps(value) if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
    if kind == "time":
        if not _TIME.fullmatch(text):
            raise ConfigError(f"--where: {name} compares with a date such as 2026-01-31 or 2026-01-31T12:00Z")
        return f"CAST({_text(text)} AS TIMESTAMP)"
    return _text(text)


def _text(text: str) -> str:
    return "'" + storable(text).replace("'", "''") + "'"


def _quoted_name(column: str) -> str:
    return f"`{column}`"
