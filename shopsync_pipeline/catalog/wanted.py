"""What the rules need of a delivery, so that nothing is read for nobody: a million relations, every keyword.

Templates say it themselves: a placeholder that stands in none of them asks for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from shopsync_pipeline.catalog.content.facts import attribute_ids
from shopsync_pipeline.catalog.content.record import RelationKind
from shopsync_pipeline.catalog.content.templates import attributes_read, is_read
from shopsync_pipeline.catalog.rules import CatalogRules

BRAND, MARKETING = 113319, 1452
"""Tails of the attributes Brand Name and Marketing Information, without the prefix that names the sheet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`attributes`: whole ids of attributes that count wherever they stand on the sheet, and if they do not."""

    attributes: frozenset[int]
    keywords: bool
    relations: frozenset[RelationKind]
    extras: frozenset[str]


def wanted_by(rules: CatalogRules) -> Wanted:
    """What these rules need."""
    known = {kind.value: kind for kind in RelationKind}
    relations = {known[kind] for kind in rules.relations.metafields if kind in known}
    always = {id_ for tail in (BRAND, MARKETING) for id_ in attribute_ids(tail)}
    return Wanted(attributes_read(rules) | always, is_read(rules, "keywords"), frozenset(relations),
                  frozenset(rules.extras))
