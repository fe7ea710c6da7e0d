"""The sample as the rows of its tables: positional, without header, in MySQL's dialect.

Text is quoted and escaped with backslashes, NULL is `\\N`, lines end with CRLF.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shopsync_pipeline.catalog.sample_data import BRANDS, DIMENSIONS, EXTRA_ATTRIBUTES, TREE
from shopsync_pipeline.catalog.sample_products import LEAVES, SampleProduct

_STAMP = '"2026-01-04 22:10:00"'
_NEVER = '"0000-00-00 00:00:00"'
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
_FIRST_DEPARTMENT, _FIRST_GROUP, _FIRST_LEAF = 10, 100, 1000
_UNITS = (("1", "no unit"), ("2", "in"), ("3", "lb"), ("4", "sheets"))


def text(value: str) -> str:
    """A quoted value in MySQL's dialect."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _row(*cells: str | int) -> str:
    return ",".join(map(str, cells)) + "\r\n"


def _rows(rows: Iterable[tuple[str | int, ...]]) -> str:
    return "".join(_row(*row) for row in rows)


def taxonomy_rows() -> Iterator[tuple[str, str]]:
    """The tables of the tax block, as (member, rows)."""
    yield "EN_US_locales", _row(1, 1, text("EN"), text("US"), text("English - United States"))
    categories, names = _categories()
    yield "G_category", _rows((id_, parent, 1, place, level, place, _STAMP)
                              for place, (id_, parent, level) in enumerate(categories))
    yield "EN_US_categorynames", _rows((id_, text(name), _LOCALE) for id_, name in names)
    yield "EN_US_attributenames", _rows((id_, text(name), _LOCALE) for name, id_ in _ATTRIBUTE_IDS.items())
    yield "EN_US_headernames", _rows((35 + place, text(name), _LOCALE) for place, name in enumerate(_HEADERS))
    yield "G_manufacturer", _rows(
        (500 + place, text(maker), '""', '""', '""', '""', '""', '""', '""', '""', text("United States"), _STAMP)
        for place, (_, maker) in enumerate(BRANDS))
    yield "G_units", _rows((id_, text(name), id_, 1) for id_, name in _UNITS)
    yield "EN_US_unitnames", _rows((id_, text(name), _LOCALE) for id_, name in _UNITS)
    yield from _layouts()
    yield "G_B_searchattributevalues", _row(1, text("Yes"), 0, 1, 0)


def _categories() -> tuple[list[tuple[int, str | int, int]], list[tuple[int, str]]]:
    categories: list[tuple[int, str | int, int]] = [(1, "\\N", 0)]
    names = [(1, "Super Template")]
    group_id, leaf_id = _FIRST_GROUP, _FIRST_LEAF
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
        category = _FIRST_LEAF + leaf_place
        sheet = (
            ("Manufacturer", "Manufacturer Part Number", "Brand Name", "Product Line", "Product Type",
                "Marketing Information"),
            tuple(leaf.specs), ("Color", *DIMENSIONS),
            ("Country of Origin", "Recycled", "Recycled Content", "Post-consumer-waste%", "Assembly Required",
                *EXTRA_ATTRIBUTES),
        )
        for header, attributes in enumerate(sheet):
            headers.append((35 + header, category, 1, 0, header * 10, header * 10, _STAMP))
            places += [(35 + header, category, _ATTRIBUTE_IDS[name], 1, 0, order, order, _STAMP)
                       for order, name in enumerate(attributes)]
        search.append((category, _ATTRIBUTE_IDS["Color"], 1, 0, _STAMP))
    yield "G_categoryheader", _rows(headers)
    yield "G_categorydisplayattributes", _rows(places)
    yield "G_categorysearchattributes", _rows(search)


def content_rows(product: SampleProduct) -> Iterator[tuple[str, str]]:
    """A product's rows in the tables of the basic, sku, featurebullet and accessories blocks, as (member, rows)."""
    id_, category = product.productid, _FIRST_LEAF + product.leaf
    yield "EN_US_B_product", _row(id_, 500 + product.brand, 1, text(product.mpn), category, int(product.stub), "0.5",
        _STAMP,
                                  _STAMP, _STAMP)
    yield "EN_US_B_productlocales", _row(id_, 1, 1, text("Accessory" if product.stub else "Published"))
    if product.stub:
        yield "EN_US_B_productdescriptions", _row(id_, text(product.title), 1, 2, 1)
        return
    ids = _ATTRIBUTE_IDS
    yield "EN_US_B_productattributes", "".join([
        f"{id_},{ids[name]},{category},{text(value)},0,1,0,1,1\r\n" for name, value in product.specs])
    yield "EN_US_B_productdescriptions", _rows((id_, text(words), int(kind == 2), kind, 1) for kind,
        words in product.texts)
    yield "EN_US_B_productimages", _rows((id_, text(kind), text("Published")) for kind in product.pictures)
    yield "EN_US_B_productkeywords", _row(id_, text(f"{product.title} {product.sku} {product.mpn}"), 1)
    yield "EN_US_B_searchattributes", _row(id_, ids["Color"], 1, 0, 0, 1)
    for token, system, number in product.codes:
        yield f"EN_US_SKU_{token}_productskus", _row(id_, text(system), text(number), 1, _STAMP, _NEVER)
    yield "EN_US_F_productfeaturebullets", _rows((id_, 1, place + 1, text(words)) for place,
        words in enumerate(product.bullets))
    if product.accessory is not None:
        yield "EN_US_A_productaccessories", _row(id_, product.accessory, 1, 0, 0, '""')
    if product.orphan:
        # Real exports hold rows of products that they do not hold.
        gone = id_ + 5
        yield "EN_US_B_productattributes", _row(gone, ids["Color"], category, text("Black"), 0, 1, 0, 1, 1)
        yield "EN_US_B_productdescriptions", _row(gone, text("No longer in the catalog"), 1, 2, 1)
