"""The tables of inQuire and conQuire exports: their columns in file order, by the number of fields of their files.

Both generations use the same names and fill the same tables here. Columns nobody reads are named too, because the
files are positional.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shopsync_pipeline.catalog.tables import Column, Kind, Table


def columns(words: str) -> tuple[Column, ...]:
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


def table(name: str, *layouts: str) -> Table:
    """A table with its layouts; the first says in which order its columns are kept."""
    return Table(name, tuple(columns(words) for words in layouts))


# Layouts of one table differ in their number of fields. A localeid that a layout lacks is 0, which means any locale.
TABLES: tuple[Table, ...] = (
    table("locales", "localeid# isactive?1 languagecode countrycode name"),
    table("category", "categoryid# parentcategoryid% isactive?1 ordernumber- catlevel- displayorder- lastupdated-",
          "categoryid# parentcategoryid% isactive?1 ordernumber- catlevel-"),
    table("categorynames", "categoryid# name localeid#"),
    table("categoryheader",
          "headerid# categoryid# isactive?1 templatetype% defaultdisplayorder% displayorder- lastupdated-",
          "headerid# categoryid# isactive?1 templatetype% defaultdisplayorder%"),
    table("categorydisplayattributes",
          "headerid# categoryid# attributeid# isactive?1 templatetype% defaultdisplayorder% displayorder- lastupdated-",
          "headerid# categoryid# attributeid# isactive?1 templatetype% defaultdisplayorder%"),
    table("attributenames", "attributeid# name localeid#"),
    table("headernames", "headerid# name localeid#"),
    table("manufacturer",
          "manufacturerid# name address1- address2- city- zip- url- phone- fax- country- state- lastupdated-",
          "manufacturerid# name url- logowidth- logoheight-"),
    table("product",
          "productid# manufacturerid% isactive?1 mfgpartno categoryid% isaccessory? equivalency- creationdate- "
          "modifieddate- lastupdated-",
          "productid# manufacturerid% mfgpartno categoryid% isaccessory? equivalency- creationdate- modifieddate- "
          "lastupdated-"),
    table("productdescriptions",
          "productid# description isdefault- type# localeid#",
          "productid# description isdefault- type# localeid# isactive?1"),
    table("productattribute",
          "productid# attributeid# categoryid- displayvalue absolutevalue- unitid- isabsolute- isactive?1 localeid#",
          "productid# attributeid# setnumber% displayvalue absolutevalue- unitid- isabsolute- isactive?1 localeid# "
          "type-"),
    table("productskus",
          "productid# name sku localeid# addeddate- discontinueddate-",
          "productid# name sku addeddate- isactive?1"),
    table("productimages", "productid# type status"),
    table("productelements", "productelementid# productid# type localeid# status isactive?1"),
    table("productelementproperties", "productelementid# propertykey propertyvalue isactive?1"),
    table("productfeatures",
          "productid# localeid# sequenceno% bullettext",
          "productid# localeid# sequenceno% bullettext modifieddate- isactive?1",
          "productfeatureid- productid# localeid# sequenceno% bullettext modifieddate- isactive?1"),
    table("productlocales", "productid# localeid# isactive?1 status", "productid# isactive?1 status"),
    table("productaccessories",
          "productid# accessoryproductid# isactive?1 ispreferred? isoption? note",
          "productid# accessoryproductid# isactive?1 ispreferred? isoption? note recommendation_weight",
          "productid# accessoryproductid# localeid#",
          "productid# accessoryproductid# localeid# isactive?1"),
    table("productsimilar", "productid# similarproductid# localeid#",
          "productid# similarproductid# localeid# isactive?1"),
    table("productupsell", "productid# upsellproductid# localeid#",
          "productid# upsellproductid# localeid# isactive?1"),
    table("productkeywords", "productid# keywords localeid#"),
)
BY_NAME = {known.name: known for known in TABLES}

CONQUIRE_FEATURES = table(
    "productfeatures",
    "productid# localeid# sequenceno% bullettext",
    "productfeatureid- productid# localeid# sequenceno% bullettext modifieddate-",
    "productfeatureid- productid# localeid# sequenceno% bullettext modifieddate- isactive?1")
"""The feature bullets of a conQuire export: six fields there are not the six of inQuire."""

_FILE_NAMES = {
    **{known.name: known.name for known in TABLES},
    "productattributes": "productattribute",
    "productfeaturebullets": "productfeatures",
    "features": "productfeatures",
}

COUNTED = frozenset({
    "searchattributes", "searchattributevalues", "categorysearchattributes", "units", "unitnames",
})
"""Tables of the shape that say nothing about a product's record; their lines are counted."""

OPTIONAL = frozenset({
    "productlocales", "productaccessories", "productsimilar", "productupsell", "productkeywords", "productelements",
    "productelementproperties",
})
"""Tables that may be delivered without any row."""

CONQUIRE_ONLY = frozenset({"productelements", "productelementproperties"})
CONQUIRE_WIDTHS = {
    "product": 9, "productattribute": 10, "productskus": 5, "productdescriptions": 6, "manufacturer": 5, "category": 5,
}
"""Numbers of fields that only conQuire's files have; 9 fields of product alone prove nothing."""

REQUIRED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tax", ("category", "categorynames", "attributenames", "locales")),
    ("basic", ("product", "productdescriptions", "productattribute")),
    ("sku", ("productskus",)),
)
"""The blocks without which there are no products, and the tables that each must hold."""

_NAME = re.compile(
    r"(?P<scope>[A-Za-z]\w*?)_(?:(?P<block>B|D|A|SIM|U|F|E|SKU_.+)_)?(?P<table>[A-Za-z]+)\.(?:csv|txt)", re.IGNORECASE)


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
    written = match["table"].lower()
    if match["scope"].lower() == "mapped":
        # The distributor's own category tree, an extra with other columns.
        return None
    known = _FILE_NAMES.get(written) or (written if written in COUNTED else None)
    if known is None:
        return None
    block = (match["block"] or "").upper()
    return InquireName(match["scope"], "SKU" if block.startswith("SKU_") else block, known)
