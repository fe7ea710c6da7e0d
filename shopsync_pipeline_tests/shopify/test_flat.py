"""The flat map of a product, made in one go, is to the last path the one that goes by way of the document."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.product import Product, ProductKey
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import (
    images,
    media_sources,
    name_variants,
    option_names,
    product_scalars,
    remote_product,
    variant,
)

TEXT = st.sampled_from(["", "a", " A ", "é/ü", "0", "None", "<p>x</p>", 'a"b'])
WORD = st.none() | TEXT
MONEY = st.none() | st.sampled_from(["0", "0.00", "1", "1.5", "12.345", "-0.001", "007.50", "1E+2", "99999.995"])
LISTINGS = Listings(collections={"lamps": "c1", "sale": "c2"}, publications={"Online": "p1", "Point": "p2"})


def rows(of: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(of, max_size=most).map(lambda found: {"nodes": found})


WEIGHT = st.none() | st.fixed_dictionaries({
    "value": st.sampled_from([0, 0.0, -0.0, 1, 1.0, 1.5, 0.10, 1e-7, 1e22]),
    "unit": st.sampled_from(["GRAMS", "POUNDS"])})
LEVEL = st.none() | st.fixed_dictionaries({"quantities": st.lists(st.fixed_dictionaries(
    {"name": st.sampled_from(["available", "on_hand"]), "quantity": st.integers(-5, 5)}), max_size=2)})
ITEM = st.fixed_dictionaries({"id": st.just("i")}, optional={
    "tracked": st.none() | st.booleans(), "requiresShipping": st.none() | st.booleans(),
    "countryCodeOfOrigin": st.none() | st.sampled_from(["CA", " ca ", ""]),
    "harmonizedSystemCode": st.none() | st.sampled_from(["8471.30", "847130", " . ", ""]),
    "unitCost": st.none() | st.fixed_dictionaries({"amount": MONEY}),
    "measurement": st.none() | st.fixed_dictionaries({"weight": WEIGHT}), "inventoryLevel": LEVEL,
})
OPTIONS = st.lists(st.fixed_dictionaries({"name": st.sampled_from(["Color", "Size", "Title"]), "value": TEXT}),
                   max_size=2)
VARIANT = st.fixed_dictionaries({
    "id": st.integers(1, 9).map(lambda number: f"gid://shopify/ProductVariant/{number}"), "sku": WORD,
    "selectedOptions": OPTIONS, "inventoryItem": ITEM, "price": MONEY,
}, optional={"barcode": WORD, "compareAtPrice": MONEY, "taxable": st.none() | st.booleans(), "inventoryPolicy": WORD,
             "media": rows(st.fixed_dictionaries({"id": st.sampled_from(["m1", "m2", "m9"])}), 2)})
METAFIELD = st.fixed_dictionaries({"namespace": st.sampled_from(["custom", "etilize"]),
                                   "key": st.sampled_from(["a", "b"]), "type": TEXT, "value": TEXT})
PRODUCT = st.fixed_dictionaries({
    "id": st.just("gid://shopify/Product/1"), "handle": TEXT, "title": TEXT,
    "updatedAt": st.just("2026-11-01T00:00:00Z"),
    "variants": st.lists(VARIANT, max_size=4, unique_by=lambda row: row["id"]).map(lambda found: {"nodes": found}),
}, optional={
    "descriptionHtml": WORD, "vendor": WORD, "productType": WORD, "status": WORD, "templateSuffix": WORD,
    "tags": st.none() | st.lists(TEXT, max_size=4), "seo": st.none() | st.fixed_dictionaries(
        {"title": WORD, "description": WORD}),
    "category": st.none() | st.fixed_dictionaries(
        {"id": st.sampled_from(["gid://shopify/TaxonomyCategory/el-2", "x/na"])}),
    "options": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["Color", "Size"])}), max_size=2),
    "metafields": st.lists(METAFIELD, max_size=3, unique_by=lambda row: (row["namespace"], row["key"])).map(
        lambda found: {"nodes": found}),
    "media": st.lists(st.fixed_dictionaries({"id": st.sampled_from(["m1", "m2"]), "alt": WORD}), max_size=2,
                      unique_by=lambda row: row["id"]).map(lambda found: {"nodes": found}),
    "collections": rows(st.fixed_dictionaries({"id": st.sampled_from(["c1", "c2", "c3"])})),
    "publications": rows(st.fixed_dictionaries({"publication": st.fixed_dictionaries(
        {"id": st.sampled_from(["p1", "p2", "p3"])})})),
})


def by_the_document(node: dict[str, Any]) -> dict[str, Any]:
    """The way that needs no shortcut: the canonical document first, and then its flat map."""
    media = node.get("media", {"nodes": []})["nodes"]
    found = node["variants"]["nodes"]
    sources, names = media_sources(media, None), option_names(node)
    keys = name_variants(found, names, None)
    document = Product(
        key=ProductKey("x"), images=tuple(images(media, sources)),
        variants=tuple(variant(row, key, names, sources) for row, key in zip(found, keys, strict=True)),
        publications=LISTINGS.publications_of(
            row["publication"]["id"] for row in node.get("publications", {"nodes": []})["nodes"]),
        **product_scalars(node, LISTINGS),
    )
    return {str(path): value for path, value in flatten(document).items()}


@settings(max_examples=400, deadline=None)
@given(PRODUCT)
def test_both_ways_lead_to_the_same_map_in_the_same_order(node: dict[str, Any]) -> None:
    assert list(remote_product(node, known=None, listings=LISTINGS).fields.items()) == list(
        by_the_document(node).items())
