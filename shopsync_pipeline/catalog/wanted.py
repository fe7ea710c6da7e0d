"""What the rules need of a delivery, so that nothing is read for nobody: a million relations, every keyword.

Templates say it themselves: a placeholder that stands in none of them asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from shopsync_pipeline.catalog.content.record import RelationKind
from shopsync_pipeline.catalog.rules import CatalogRules

BRAND, MARKETING = 113319, 1452
"""Tails of the attributes Brand Name and Marketing Information, without the prefix that names the sheet."""

SHEETS = (34, 32)
"""Attribute prefixes of the basic and the detailed sheet, by preference."""

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`attributes`: tails of attributes that count wherever they stand on the sheet, and if they do not."""

    attributes: tuple[int, ...]
    keywords: bool
    relations: frozenset[RelationKind]
    extras: frozenset[str]


def attribute_ids(tail: int) -> tuple[int, ...]:
    """The ids that one fact has on the basic and on the detailed sheet."""
    return tuple(int(f"{sheet}{tail}") for sheet in SHEETS)


def wanted_by(rules: CatalogRules) -> Wanted:
    """What these rules need."""
    names = {name for text in _texts(rules) for name in _PLACEHOLDER.findall(text)}
    tails = {int(tail) for name in names if (tail := name.removeprefix("attribute:")) != name and tail.isdigit()}
    known = {kind.value: kind for kind in RelationKind}
    relations = {known[kind] for kind in rules.relations.metafields if kind in known}
    return Wanted(tuple(sorted({BRAND, MARKETING, *tails})), any(name.startswith("keywords") for name in names),
                  frozenset(relations), frozenset(rules.extras))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
