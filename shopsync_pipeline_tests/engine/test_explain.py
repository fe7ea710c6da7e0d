"""Explain: each field of a product with its rule, file, table and lines."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.explain import Explained, explain

FILES = [{"name": name} for name in (
    "basic.zip/EN_US_B_productdescriptions.csv", "sku/sku.zip/EN_US_SKU_Etilize PAK_productskus.csv", "BESTPRICE.csv",
    "Extras/mapped_category.txt",
)]
PEN: dict[Path, Value] = {
    Path("title"): "Pen", Path("product_type"): "Pens", Path("status"): "ACTIVE", Path("vendor"): "Acme",
    Path("variants[P1].sku"): "P1", Path("variants[P1].price"): "1.99",
}
ORIGINS = {
    "title": ["description:2", [0, 17]], "product_type": ["category", [3, 4]], "status": ["default", [-1, 0]],
    "variants[P1].sku": ["sku", [1, 5], [1, 9], [2, 8], [1, 9]], "variants[P1].price": ["cost + 35 %", [2, 8]],
}


@pytest.fixture
def pen(context: Context) -> str:
    """A catalog of a pen and two twins; the import that read them."""
    rows = {"etilize:7": (PEN, ORIGINS), "etilize:8": ({Path("variants[T].sku"): "T"}, {}),
            "etilize:9": ({Path("variants[T].sku"): "T", Path("handle"): "nine"}, {})}
    with context.database.write() as connection:
        imports = Imports(connection, context.shop_id)
        import_id = imports.start("export", "d", FILES)
        switch = Catalog(connection, context.shop_id).replace(import_id, [
            CatalogRow(key, digests(fields), to_text(fields), to_text(origins))
            for key, (fields, origins) in rows.items()])
        imports.make_current(import_id, switch)
    return import_id


def told(found: list[Explained]) -> list[tuple[object, ...]]:
    return [(one.path, one.value, one.rule, one.table, one.lines) for one in found]


def test_every_field_is_explained_by_rule_table_and_lines(context: Context, pen: str) -> None:
    found = explain(context, "P1")
    assert told(found) == [
        ("title", "Pen", "description:2", "productdescriptions", (17,)),
        ("product_type", "Pens", "category", "mapped_category", (4,)),
        ("status", "ACTIVE", "default", None, ()),
        ("vendor", "Acme", "not recorded", None, ()),
        ("variants[P1].sku", "P1", "sku", "productskus", (5, 9)),
        ("variants[P1].sku", "P1", "sku", "BESTPRICE", (8,)),
        ("variants[P1].price", "1.99", "cost + 35 %", "BESTPRICE", (8,)),
    ]
    assert {(one.product_key, one.import_id) for one in found} == {("etilize:7", pen)}
    assert found[0].file == "basic.zip/EN_US_B_productdescriptions.csv"


@pytest.mark.parametrize(("name", "field", "paths"), [
    ("7", "title", ["title"]), ("etilize:7", "price", ["variants[P1].price"]),
    (" P1 ", "variants[P1].price", ["variants[P1].price"]), ("nine", None, ["variants[T].sku", "handle"]),
    ("P1", "variants", ["variants[P1].sku", "variants[P1].sku", "variants[P1].price"]),
])
def test_a_product_and_a_field_can_be_named_in_several_ways(context: Context, pen: str, name: str, field: str | None,
                                                            paths: list[str]) -> None:
    assert [one.path for one in explain(context, name, field)] == paths


@pytest.mark.parametrize(("name", "field", "sentence"), [
    ("P9", None, "The catalog has no product P9. Name it by SKU, handle, Etilize id"),
    ("T", None, "2 products of the catalog are called T: etilize:8, etilize:9. Name one by its key."),
    ("P1", "colour", r"etilize:7 has no field colour. It has: title, product_type, status"),
])
def test_what_cannot_be_explained_is_a_sentence(context: Context, pen: str, name: str, field: str | None,
                                                sentence: str) -> None:
    with pytest.raises(CatalogError, match=sentence):
        explain(context, name, field)
