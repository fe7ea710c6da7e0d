"""The files beside the tables of an export (`Extras/`, `MSDS_Rebates/`): their names, columns and what they are for.

They are separated by pipes or commas, with a header or without; each is a table of its own or more rows of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shopsync_pipeline.catalog.inquire.tables import BY_NAME, table
from shopsync_pipeline.catalog.tables import Table

MAPPED: tuple[Table, ...] = (
    table("mapped_category", "productid# categoryid#"),
    table("mapped_category_names", "categoryid# localeid# name"),
    table("mapped_category_taxonomy", "categoryid# parentcategoryid%"),
)
"""The distributor's own tree: its leaf for a product, the names of its nodes, and their parents."""

RESOURCES = table(
    "productresources",
    "productid# skuname- sku- type url text localeid% status startdate enddate")
ALSO_BOUGHT = Table("productalsobought", (
    BY_NAME["productaccessories"].layouts[1], BY_NAME["productaccessories"].layouts[0]))
FEATURES = table("featuresnbenefits", "productid# description isdefault- type# localeid#")

TABLES: tuple[Table, ...] = (*MAPPED, RESOURCES, ALSO_BOUGHT, FEATURES)
BY_TABLE = {known.name: known for known in TABLES}


@dataclass(frozen=True, slots=True)
class Extra:
    """A file of extras: the `rule` of `CatalogRules.extras` that asks for it, and its table; without a table its
    lines are counted and nothing is read."""

    rule: str
    table: Table | None


_EXTRAS: dict[str, Extra] = {
    "mapped_category": Extra("mapped_category", MAPPED[0]),
    "mapped_category_names": Extra("mapped_category", MAPPED[1]),
    "mapped_categorynames": Extra("mapped_category", MAPPED[1]),
    "mapped_category_taxonomy": Extra("mapped_category", MAPPED[2]),
    "mapped_categorytaxonomy": Extra("mapped_category", MAPPED[2]),
    "productalsobought": Extra("productalsobought", ALSO_BOUGHT),
    "featuresnbenefits": Extra("featuresnbenefits", FEATURES),
    "productresources": Extra("productresources", RESOURCES),
    "sprcategory": Extra("sprcategory", None),
    "spr_category_index": Extra("spr_category_index", None),
    "spr_category_mapping": Extra("spr_category_mapping", None),
}
_NAME = re.compile(
    r"(?:[A-Z]{2}_[A-Z]{2}_)?(?P<name>[a-z_]+?)(?:_(?:mysql|mssql|oracle))?\.(?:txt|csv)", re.IGNORECASE)
_DELIMITERS = "|,\t;"


def extra_of(basename: str) -> tuple[str, Extra] | None:
    """The extra that a file's name means, with the name of its table; `None` if it means none."""
    match = _NAME.fullmatch(basename)
    name = match["name"].lower() if match else ""
    found = _EXTRAS.get(name)
    if found is None:
        return None
    return (found.table.name if found.table else name), found


def delimiter_of(head: str) -> str:
    """What separates the fields: the sign that stands most often in the first line, a pipe where none does."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)
