"""Named fields: the way back from the input fields of a real request to the changes that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shopsync_pipeline.core.fields import REGISTRY, Operation, Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.named_fields import named_paths
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.writes import inventory_request, request

LINKS = Links(product="gid://shopify/Product/1",
              variants={key: VariantLink(f"v{key}", f"i{key}") for key in ("S", "T.0")},
              images={"a.jpg": "gid://shopify/MediaImage/1"})
LISTINGS = Listings(collections={"sale": "c1", "new": "c2"}, publications={"Web": "p1", "POS": "p2"})

VALUES: dict[str, Value] = {
    "title": "Sentinel", "body_html": "<p>Sentinel</p>", "seo.title": "Sentinel", "seo.description": "Sentinel",
    "vendor": "Sentinel", "product_type": "Sentinel", "category": "el-2-2", "tags": ["Sentinel"], "handle": "sentinel",
    "status": "DRAFT", "template_suffix": "sentinel", "images": [{"source": "a.jpg", "alt": "Sentinel"}],
    "metafields[custom.b]": {"type": "t", "value": "Sentinel"}, "collections[sale]": True, "publications[POS]": True,
    "variants[T.0].sku": "Sentinel", "variants[T.0].barcode": "Sentinel", "variants[T.0].price": "77.00",
    "variants[T.0].compare_at_price": "77.00", "variants[T.0].cost": "77.00", "variants[T.0].taxable": False,
    "variants[T.0].weight": {"value": "77", "unit": "GRAMS"}, "variants[T.0].requires_shipping": False,
    "variants[T.0].country_of_origin": "CA", "variants[T.0].hs_code": "777777", "variants[T.0].tracked": False,
    "variants[T.0].inventory_policy": "CONTINUE", "variants[T.0].image": "a.jpg",
    "variants[T.0].stock[default]": 77,
}
NEIGHBOURS: dict[Operation, dict[str, Value | None]] = {
    Operation.PRODUCT_UPDATE: {"metafields[custom.a]": {"type": "t", "value": "x"}, "collections[new]": True},
    Operation.VARIANTS_UPDATE: {"variants[S].price": "1.00", "variants[S].sku": "x"},
    Operation.INVENTORY_SET: {"variants[S].stock[default]": 1},
    Operation.PUBLISH: {"publications[Web]": True},
    Operation.MEDIA_SET: {},
}
WRITERS = {field.name: field.writer for field in REGISTRY if field.writer is not None}


def name_of(path: str) -> str:
    return path.replace("[T.0]", "[]").replace("[custom.b]", "[]").replace("[sale]", "[]").replace(
        "[POS]", "[]").replace("[default]", "[]")


def made(operation: Operation, values: dict[str, Value | None]) -> PlanItem:
    return make_item("p", "gid://shopify/Product/1", operation,
                     [Change(Path(path), None, value, Reason.CATALOG_CHANGED) for path, value in values.items()])


def leaves(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(dotted input path, value) of every leaf of a request's variables."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*where, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*where, str(index)))
    else:
        yield ".".join(where), value


def variables(item: PlanItem) -> dict[str, Any]:
    """The part of the request that says what to write; what only names the product or sizes the answer is left out."""
    if item.operation is Operation.INVENTORY_SET:
        sent = inventory_request([item], {"p": LINKS}, location_id="loc", idempotency_key="k").variables
    else:
        sent = request(item, LINKS, location_id="loc", listings=LISTINGS).variables
    return {name: value for name, value in sent.items() if name in ("product", "variants", "input", "metafields")
            and isinstance(value, dict | list)}


def test_the_table_of_values_covers_every_field_that_an_operation_writes() -> None:
    assert {name_of(path) for path in VALUES} == WRITERS.keys() - {"variants[].options"}


@pytest.mark.parametrize("path", list(VALUES))
def test_what_a_request_says_about_a_field_leads_back_to_it(path: str) -> None:
    """The leaves that differ when the field alone differs are those that the field is responsible for."""
    operation = WRITERS[name_of(path)]
    item = made(operation, {**NEIGHBOURS[operation], path: VALUES[path]})
    without = dict(leaves(variables(made(operation, NEIGHBOURS[operation])))) if NEIGHBOURS[operation] else {}

    own = [where for where, value in leaves(variables(item)) if without.get(where) != value
           and not where.endswith((".id", "inventoryItemId", "locationId", "namespace", "key", "Uri"))]

    assert own, "the request says nothing about the field"
    assert {named_paths(item, [where]) for where in own} == {(path,)}
    assert {named_paths(item, [where.removeprefix("product.").removeprefix("input.")]) for where in own} == {(path,)}


def test_a_creation_is_named_like_its_input() -> None:
    item = make_item("p", None, Operation.PRODUCT_CREATE, [
        Change(Path(path), None, value, Reason.NEW) for path, value in {
            "title": "Pot", "options": ["Size"], "metafields[custom.a]": {"type": "t", "value": "x"},
            "metafields[custom.b]": {"type": "t", "value": "Sentinel"}, "collections[sale]": True,
            "variants[S].options": ["s"], "variants[S].price": "1.00", "variants[T.0].options": ["t"],
            "variants[T.0].price": "77.00", "variants[T.0].sku": "Sentinel", "variants[T.0].tracked": True,
            "variants[T.0].stock[default]": 77}.items()])
    sent = dict(leaves({"input": request(item, None, location_id="loc", listings=LISTINGS).variables["input"]}))
    found = {where: named_paths(item, [where]) for where in sent}
    assert found["input.title"] == ("title",)
    assert found["input.metafields.1.value"] == ("metafields[custom.b]",)
    assert found["input.metafields.2.value"] == (), "the product's key is no field of the catalog's"
    assert found["input.collections.0"] == ("collections[sale]",)
    assert found["input.variants.1.price"] == ("variants[T.0].price",)
    assert found["input.variants.1.sku"] == ("variants[T.0].sku",)
    assert found["input.variants.1.inventoryQuantities.0.quantity"] == ("variants[T.0].stock[default]",)
    assert found["input.variants.1.optionValues.0.name"] == ("variants[T.0].options",)
    assert found["input.variants.1.inventoryItem.tracked"] == ("variants[T.0].tracked",)


UPDATE = made(Operation.PRODUCT_UPDATE, {"title": "x", "seo.title": "y", "seo.description": None,
                                         "collections[sale]": None, "metafields[custom.a]": None,
                                         "metafields[custom.b]": {"type": "t", "value": "x"}})
VARIANTS = made(Operation.VARIANTS_UPDATE, {"variants[S].price": "1", "variants[T.0].price": "2",
                                            "variants[S].barcode": "3"})


@pytest.mark.parametrize(("item", "fields", "paths"), [
    (UPDATE, ["title", "product.title", "input.title"], ["title"]),
    (UPDATE, ["seo"], ["seo.title", "seo.description"]),
    (UPDATE, ["collectionsToLeave.0"], ["collections[sale]"]),
    (UPDATE, ["collectionsToJoin.0", "metafields.1.value", "metafields.x"], []),
    (UPDATE, ["metafields.0"], ["metafields[custom.b]"]),
    (UPDATE, ["", "id", "input", "vendor", "variants.0.price", "nonsense.7"], []),
    (VARIANTS, ["variants.0.barcode"], ["variants[S].barcode"]),
    (VARIANTS, ["variants.0", "variants.9"], ["variants[S].price", "variants[S].barcode"]),
    (VARIANTS, ["variants.1.id"], ["variants[T.0].price"]),
    (VARIANTS, ["variants.1.inventoryItem.sku"], ["variants[T.0].price"]),
    (VARIANTS, ["productId", "variants.x"], []),
    (made(Operation.METAFIELDS_DELETE, {"metafields[custom.a]": None, "metafields[custom.b]": None}),
     ["metafields.1.key"], ["metafields[custom.b]"]),
    (made(Operation.INVENTORY_SET, {"variants[S].stock[default]": 1}), ["input", "input.quantities.7.quantity"],
     ["variants[S].stock[default]"]),
])
def test_names_of_all_kinds(item: PlanItem, fields: list[str], paths: list[str]) -> None:
    assert named_paths(item, fields) == tuple(paths)
