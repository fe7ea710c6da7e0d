"""The sample as the rows of its tables: positional, without header, CRLF at line ends, text quoted.

MySQL's dialect escapes with backslashes and writes NULL as `\\N`; SQL Server's doubles quotes and leaves NULL empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from shopsync_pipeline.catalog.sample_data import BRANDS, DIMENSIONS, EXTRA_ATTRIBUTES, TREE
from shopsync_pipeline.catalog.sample_products import LEAVES, SampleProduct

STAMP = '"2026-01-04 22:10:00"'
NEVER = '"0000-00-00 00:00:00"'
_LOCALE = "1"

_TAILS = {
    "Brand Name": 113319, "Manufacturer": 11896, "Manufacturer Part Number": 1450, "Product Type": 1100,
    "Product Line": 12389, "Marketing Information": 1452, "Color": 11122, "Country of Origin": 11113883,
    "Recycled": 11114053, "Recycled Content": 11114054, "Post-consumer-waste%": 11114055, "Assembly Required": 11114056,
}
_HEADERS = ("General Information", "Technical Information", "Physical Characteristics", "Miscellaneous")


def _attributes() -> dict[str, int]:
    names = dict.fromkeys((*_TAILS, *DIMENSIONS, *(name for _, _, leaf in LEAVES for name in leaf.specs),
        *EXTRA_ATTRIBUTES))
    return {name: int(f"34{_TAILS.get(name, 2_000_000 + place)}") for place, name in enumerate(names)}


_ATTRIBUTE_IDS = _attributes()
ATTRIBUTE_TAILS = {name: str(id_)[2:] for name, id_ in _ATTRIBUTE_IDS.items()}
"""Attribute name → its id without the prefix that names the sheet."""
_FIRST_DEPARTMENT, _FIRST_GROUP, FIRST_LEAF = 10, 100, 1000
_UNITS = (("1", "no unit"), ("2", "in"), ("3", "lb"), ("4", "sheets"))


class SampleDialect(StrEnum):
    """The database whose conventions the export follows; the zips' names end in it."""

    MYSQL = "mysql"
    MSSQL = "mssql"


@dataclass(frozen=True, slots=True)
class ExportDialect:
    """How a database's bulk loader wants CSV. `null` stands for an absent value."""

    null: str
    backslash: bool

    def text(self, value: str) -> str:
        """A quoted value."""
        if self.backslash:
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return '"' + value.replace('"', '""') + '"'


DIALECTS = {
    SampleDialect.MYSQL: ExportDialect("\\N", backslash=True), SampleDialect.MSSQL: ExportDialect("", backslash=False),
}


def _row(*cells: str | int) -> str:
    return ",".join(map(str, cells)) + "\r\n"


def table_rows(rows: Iterable[tuple[str | int, ...]]) -> str:
    """Rows of ready cells as the text of a member."""
    return "".join(_row(*row) for row in rows)


def taxonomy_rows(dialect: ExportDialect) -> Iterator[tuple[str, str]]:
    """The tables of the tax block, as (member, rows)."""
    text = dialect.text
    yield "EN_US_locales", _row(1, 1, text("EN"), text("US"), text("English - United States"))
    categories, names = category_rows()
    yield "G_category", table_rows((id_, dialect.null if parent == "" else parent, 1, place, level, place, STAMP)
                              for place, (id_, parent, level) in enumerate(categories))
    yield "EN_US_categorynames", table_rows((id_, text(name), _LOCALE) for id_, name in names)
    yield "EN_US_attributenames", table_rows((id_, text(name), _LOCALE) for name, id_ in _ATTRIBUTE_IDS.items())
    yield "EN_US_headernames", table_rows((35 + place, text(name), _LOCALE) for place, name in enumerate(_HEADERS))
    yield "G_manufacturer", table_rows(
        (500 + place, text(maker), '""', '""', '""', '""', '""', '""', '""', '""', text("United States"), STAMP)
        for place, (_, maker) in enumerate(BRANDS))
    yield "G_units", table_rows((id_, text(name), id_, 1) for id_, name in _UNITS)
    yield "EN_US_unitnames", table_rows((id_, text(name), _LOCALE) for id_, name in _UNITS)
    yield from _layouts()
    yield "G_B_searchattributevalues", _row(1, text("Yes"), 0, 1, 0)


def category_rows() -> tuple[list[tuple[int, str | int, int]], list[tuple[int, str]]]:
    """The category tree as (id, parent or "", level), and (id, name), both from the root down."""
    categories: list[tuple[int, str | int, int]] = [(1, "", 0)]
    names = [(1, "Super Template")]
    group_id, leaf_id = _FIRST_GROUP, FIRST_LEAF
    for place, (department, groups) in enumerate(TREE.items()):
        categories.append((_FIRST_DEPARTMENT + place, 1, 1))
        names.append((_FIRST_DEPARTMENT + place, department))
        for group, leaves in groups.items():
            categories.append((group_id, _FIRST_DEPARTMENT + place, 2))
            names.append((group_id, group))
            for leaf in leaves:
                categories.append((leaf_id, group_id, 3))
                names.append((leaf_id, leaf.name))
                leaf_id += 1
            group_id += 1
    return categories, names


def _layouts() -> Iterator[tuple[str, str]]:
    headers: list[tuple[str | int, ...]] = []
    places: list[tuple[str | int, ...]] = []
    search: list[tuple[str | int, ...]] = []
    for leaf_place, (_, _, leaf) in enumerate(LEAVES):
        category = FIRST_LEAF + leaf_place
        sheet = (
            ("Manufacturer", "Manufacturer Part Number", "Brand Name", "Product Line", "Product Type",
                "Marketing Information"),
            tuple(leaf.specs), ("Color", *DIMENSIONS),
            ("Country of Origin", "Recycled", "Recycled Content", "Post-consumer-waste%", "Assembly Required",
                *EXTRA_ATTRIBUTES),
        )
        for header, attributes in enumerate(sheet):
            headers.append((35 + header, category, 1, 0, header * 10, header * 10, STAMP))
            places += [(35 + header, category, _ATTRIBUTE_IDS[name], 1, 0, order, order, STAMP)
                       for order, name in enumerate(attributes)]
        search.append((category, _ATTRIBUTE_IDS["Color"], 1, 0, STAMP))
    yield "G_categoryheader", table_rows(headers)
    yield "G_categorydisplayattributes", table_rows(places)
    yield "G_categorysearchattributes", table_rows(search)


def content_rows(product: SampleProduct, dialect: ExportDialect) -> Iterator[tuple[str, str]]:
    """A product's rows in the tables of the basic, sku, featurebullet and accessories blocks, as (member, rows)."""
    text = dialect.text
    id_, category = product.productid, FIRST_LEAF + product.leaf
    yield "EN_US_B_product", _row(id_, 500 + product.brand, 1, text(product.mpn), category, int(product.stub), "0.5",
        STAMP,
                                  STAMP, STAMP)
    yield "EN_US_B_productlocales", _row(id_, 1, 1, text("Accessory" if product.stub else "Published"))
    if product.stub:
        yield "EN_US_B_productdescriptions", _row(id_, text(product.title), 1, 2, 1)
        return
    ids = _ATTRIBUTE_IDS
    yield "EN_US_B_productattributes", "".join([
        f"{id_},{ids[name]},{category},{text(value)},0,1,0,1,1\r\n" for name, value in product.specs])
    yield "EN_US_B_productdescriptions", table_rows((id_, text(words), int(kind == 2), kind, 1) for kind,
        words in product.texts)
    yield "EN_US_B_productimages", table_rows((id_, text(kind), text("Published")) for kind in product.pictures)
    yield "EN_US_B_productkeywords", _row(
        id_, text(f"{product.title} {product.sku} {product.mpn}{product.keywords}"), 1)
    yield "EN_US_B_searchattributes", _row(id_, ids["Color"], 1, 0, 0, 1)
    for token, system, number in product.codes:
        yield f"EN_US_SKU_{token}_productskus", _row(id_, text(system), text(number), 1, STAMP, NEVER)
    yield "EN_US_F_productfeaturebullets", table_rows((id_, 1, place + 1, text(words)) for place,
        words in enumerate(product.bullets))
    if product.accessory is not None:
        yield "EN_US_A_productaccessories", _row(id_, product.accessory, 1, 0, 0, '""')
    if product.orphan:
        # Real exports hold rows of products that they do not hold.
        gone = id_ + 5
        yield "EN_US_B_productattributes", _row(gone, ids["Color"], category, text("Black"), 0, 1, 0, 1, 1)
        yield "EN_US_B_productdescriptions", _row(gone, text("No longer in the catalog"), 1, 2, 1)
