"""The inQuire tables that are read: their columns in file order, and which members hold them.

Columns nobody reads are named too, because the files are positional.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shopsync_pipeline.catalog.staging import Column, Kind, Table


def _columns(words: str) -> tuple[Column, ...]:
    """`name` is text, `name#` an id, `name%` an integer, `name?` a flag (`?1`: true by default), `name-` unread."""
    marks = {"#": Kind.ID, "%": Kind.INT, "?": Kind.FLAG, "-": Kind.UNREAD}
    found = []
    for word in words.split():
        default = "0"
        if word.endswith("?1"):
            word, default = word[:-1], "true"
        elif word.endswith("?"):
            default = "false"
        kind = marks.get(word[-1], Kind.TEXT)
        found.append(Column(word if kind is Kind.TEXT else word[:-1], kind, default))
    return tuple(found)


def _table(name: str, *layouts: str) -> Table:
    return Table(name, tuple(_columns(words) for words in layouts))


TABLES: tuple[Table, ...] = (
    _table("locales", "localeid# isactive?1 languagecode countrycode name"),
    _table("category", "categoryid# parentcategoryid% isactive?1 ordernumber- catlevel- displayorder- lastupdated-"),
    _table("categorynames", "categoryid# name localeid#"),
    _table("categoryheader",
        "headerid# categoryid# isactive?1 templatetype% defaultdisplayorder% displayorder- lastupdated-"),
    _table("categorydisplayattributes",
           "headerid# categoryid# attributeid# isactive?1 templatetype% defaultdisplayorder% displayorder- "
           "lastupdated-"),
    _table("attributenames", "attributeid# name localeid#"),
    _table("headernames", "headerid# name localeid#"),
    _table("manufacturer",
           "manufacturerid# name address1- address2- city- zip- url- phone- fax- country- state- lastupdated-"),
    _table("product",
           "productid# manufacturerid% isactive?1 mfgpartno categoryid% isaccessory? equivalency- creationdate- "
           "modifieddate- lastupdated-",
           "productid# manufacturerid% mfgpartno categoryid% isaccessory? equivalency- creationdate- modifieddate- "
           "lastupdated-"),
    _table("productdescriptions", "productid# description isdefault- type# localeid#"),
    _table("productattribute",
           "productid# attributeid# categoryid- displayvalue absolutevalue- unitid- isabsolute- isactive?1 localeid#"),
    _table("productskus", "productid# name sku localeid# addeddate- discontinueddate-"),
    _table("productimages", "productid# type status"),
    _table("productfeatures",
           "productid# localeid# sequenceno% bullettext",
           "productid# localeid# sequenceno% bullettext modifieddate- isactive?1"),
)
BY_NAME = {table.name: table for table in TABLES}

_FILE_NAMES = {
    **{table.name: table.name for table in TABLES},
    "productattributes": "productattribute",
    "productfeaturebullets": "productfeatures",
    "features": "productfeatures",
}

COUNTED = frozenset({
    "productaccessories", "productsimilar", "productupsell", "productkeywords", "productlocales", "searchattributes",
    "searchattributevalues", "categorysearchattributes", "units", "unitnames",
})
"""Tables of the shape that say nothing about the canonical document; their lines are counted."""

CONQUIRE_ONLY = frozenset({"productelements", "productelementproperties"})

REQUIRED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tax", ("category", "categorynames", "attributenames", "locales")),
    ("basic", ("product", "productdescriptions", "productattribute")),
    ("sku", ("productskus",)),
)
"""The blocks without which there are no products, and the tables that each must hold."""

_NAME = re.compile(
    r"(?P<scope>[A-Za-z]\w*?)_(?:(?P<block>B|D|A|SIM|U|F|E|SKU_.+)_)?(?P<table>[A-Za-z]+)\.csv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InquireName:
    """A member's name taken apart: `EN_US_B_product.csv` is scope EN_US, block B, table `product`."""

    scope: str
    block: str
    table: str


def inquire_name(basename: str) -> InquireName | None:
    """Takes a member's name apart; `None` if it names no table of the shape."""
    match = _NAME.fullmatch(basename)
    if match is None:
        return None
    table = match["table"].lower()
    if match["scope"].lower() == "mapped":
        # The distributor's own category tree, an extra with other columns.
        return None
    known = _FILE_NAMES.get(table) or (table if table in COUNTED or table in CONQUIRE_ONLY else None)
    if known is None:
        return None
    block = (match["block"] or "").upper()
    return InquireName(match["scope"], "SKU" if block.startswith("SKU_") else block, known)
