"""The grammar of a search query: terms, comparators, quotes, AND, OR, NOT or "-", parentheses.

Terms side by side mean AND, and OR binds tighter than AND, as the platform documents it. Parsing never fails:
what cannot be read as an operator is a word to look for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        (?P<minus>-)? (?:(?P<field>[A-Za-z_][\w.]*)(?P<operator>:>=|:<=|:>|:<|:))?
        (?: "(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>(?:\\.|[^'\\])*)' |
            (?P<word>(?:\\.|[^\s()"'\\])+(?:\\.|[^\s()\\])*) )
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `field` is None for a word looked for in the default fields."""

    field: str | None
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    inner: Node


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Term | Not | And | Or


def parse_query(text: str) -> Node | None:
    """The meaning of a query text; None for one without any term."""
    tokens = _tokens(text)
    return _conjunction(tokens)


def _tokens(text: str) -> list[str | Term | Not]:
    found: list[str | Term | Not] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            place += 1  # a sign that starts nothing, such as a lone quote
            continue
        place = match.end()
        if match["open"] or match["close"]:
            found.append(match["open"] or match["close"])
            continue
        quoted = match["double"] if match["double"] is not None else match["single"]
        value = re.sub(r"\\(.)", r"\1", quoted if quoted is not None else match["word"])
        if match["field"] is None and quoted is None and not match["minus"] and value in ("AND", "OR", "NOT"):
            found.append(value)
            continue
        term = Term(match["field"], match["operator"] or ":", value)
        found.append(Not(term) if match["minus"] else term)
    return found


def _conjunction(tokens: list[str | Term | Not]) -> Node | None:
    parts: list[Node] = []
    while tokens and tokens[0] != ")":
        if tokens[0] == "AND":
            tokens.pop(0)
            continue
        part = _disjunction(tokens)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _disjunction(tokens: list[str | Term | Not]) -> Node | None:
    first = _unary(tokens)
    parts = [first] if first is not None else []
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        part = _unary(tokens)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _unary(tokens: list[str | Term | Not]) -> Node | None:
    if not tokens or tokens[0] == ")":
        return None
    token = tokens.pop(0)
    if token == "NOT":
        inner = _unary(tokens)
        return Not(inner) if inner is not None else None
    if token == "(":
        inner = _conjunction(tokens)
        if tokens and tokens[0] == ")":
            tokens.pop(0)
        return inner
    return token if isinstance(token, Term | Not) else None
