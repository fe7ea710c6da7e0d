"""From answered nodes to the canonical document: nothing invented, nothing renamed that is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import numeric, remote_product

PRODUCT = "gid://shopify/Product/42"


def variant_node(number: int, sku: str | None, *values: str, **changes: Any) -> dict[str, Any]:
    names = ("Color", "Size", "Cut") if values != ("Default Title",) else ("Title",)
    return {
        "id": f"gid://shopify/ProductVariant/{number}", "sku": sku, "barcode": "", "price": "79.90",
        "compareAtPrice": None, "taxable": True, "inventoryPolicy": "DENY",
        "selectedOptions": [{"name": name, "value": value} for name, value in zip(names, values, strict=False)],
        "media": {"nodes": []},
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{number + 100}", "tracked": True, "requiresShipping": True,
            "unitCost": {"amount": "50.0"}, "measurement": {"weight": {"value": 1.5, "unit": "KILOGRAMS"}},
            "inventoryLevel": {"quantities": [{"name": "available", "quantity": 3}]},
        },
        **changes,
    }


def product_node(*variants: dict[str, Any], **changes: Any) -> dict[str, Any]:
    first = variants[0]["selectedOptions"] if variants else [{"name": "Title"}]
    return {
        "id": PRODUCT, "handle": "lamp", "title": "Lamp", "descriptionHtml": "<p>Bright</p>", "vendor": "Acme",
        "productType": "", "tags": ["b", "A"], "status": "ACTIVE", "updatedAt": "2026-11-01T10:00:00Z",
        "seo": {"title": None, "description": "Buy it"}, "options": [{"name": option["name"]} for option in first],
        "variants": {"nodes": list(variants)}, "metafields": {"nodes": []}, "media": {"nodes": []}, **changes,
    }


def test_a_whole_product() -> None:
    node = product_node(
        variant_node(1, "L-1", "Default Title", media={"nodes": [{"id": "gid://shopify/MediaImage/7"}]}),
        metafields={"nodes": [
            {"namespace": "shopsync", "key": "source_id", "type": "id", "value": "etilize:9"},
            {"namespace": "custom", "key": "brand", "type": "single_line_text_field", "value": "Acme"},
            {"namespace": "other-app", "key": "note", "type": "json", "value": "{}"},
        ]},
        media={"nodes": [{"id": "gid://shopify/MediaImage/7", "alt": None},
                         {"id": "gid://shopify/Video/8", "alt": "Clip"}]},
    )
    known = Links(product=PRODUCT, images={"https://img.example/1.jpg": "gid://shopify/MediaImage/7"})
    product = remote_product(node, known=known)
    assert product.fields == {
        "title": "Lamp", "handle": "lamp", "body_html": "<p>Bright</p>", "vendor": "Acme", "status": "ACTIVE",
        "seo.description": "Buy it", "tags": ["A", "b"], "options": ["Title"],
        "images": [{"source": "https://img.example/1.jpg", "alt": ""},
                   {"source": "gid://shopify/Video/8", "alt": "Clip"}],
        "metafields[custom.brand]": {"type": "single_line_text_field", "value": "Acme"},
        "metafields[other-app.note]": {"type": "json", "value": "{}"},
        "variants[L-1].options": ["Default Title"], "variants[L-1].sku": "L-1", "variants[L-1].taxable": True,
        "variants[L-1].requires_shipping": True, "variants[L-1].tracked": True,
        "variants[L-1].inventory_policy": "DENY", "variants[L-1].image": "https://img.example/1.jpg",
        "variants[L-1].price": "79.90", "variants[L-1].cost": "50.00",
        "variants[L-1].weight": {"value": "1.5", "unit": "KILOGRAMS"}, "variants[L-1].stock[default]": 3,
    }
    assert product.links == Links(
        product=PRODUCT,
        variants={"L-1": VariantLink("gid://shopify/ProductVariant/1", "gid://shopify/InventoryItem/101")},
        images={"https://img.example/1.jpg": "gid://shopify/MediaImage/7",
                "gid://shopify/Video/8": "gid://shopify/Video/8"},
    )
    assert product.custom_id == "etilize:9"
    assert product.updated_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert (product.handle, product.skus) == ("lamp", ("L-1",))


LISTINGS = Listings(
    collections={"lamps": "gid://shopify/Collection/1", "desks": "gid://shopify/Collection/2"},
    publications={"Online Store": "gid://shopify/Publication/1", "POS": "gid://shopify/Publication/2"},
)


def placed_node() -> dict[str, Any]:
    row = variant_node(1, "A", "Default Title")
    row["inventoryItem"] |= {"countryCodeOfOrigin": "IT", "harmonizedSystemCode": "940521"}
    return product_node(
        row, templateSuffix="lamps", category={"id": "gid://shopify/TaxonomyCategory/hg-13-3"},
        collections={"nodes": [{"id": f"gid://shopify/Collection/{number}"} for number in (9, 1)]},
        publications={"nodes": [{"publication": {"id": f"gid://shopify/Publication/{number}"}} for number in (2, 9)]},
    )


def test_where_a_product_is_placed_and_what_customs_ask() -> None:
    fields = remote_product(placed_node(), known=None, listings=LISTINGS).fields
    plain = remote_product(product_node(variant_node(1, "A", "Default Title")), known=None).fields
    assert {path: value for path, value in fields.items() if path not in plain} == {
        "template_suffix": "lamps", "category": "hg-13-3", "collections[lamps]": True, "publications[POS]": True,
        "variants[A].country_of_origin": "IT", "variants[A].hs_code": "940521",
    }


def test_collections_and_channels_that_are_not_synced_are_not_told() -> None:
    fields = remote_product(placed_node(), known=None).fields
    assert not [path for path in fields if path.startswith(("collections", "publications"))]
    uncategorized = product_node(category={"id": "gid://shopify/TaxonomyCategory/na"}, templateSuffix="")
    assert not {"category", "template_suffix"} & set(remote_product(uncategorized, known=None).fields)


def test_stock_counts_only_where_it_is_tracked_and_the_item_is_kept_at_the_location() -> None:
    item = variant_node(1, "A", "Default Title")["inventoryItem"]
    untracked = product_node(variant_node(1, "A", "Default Title", inventoryItem={**item, "tracked": False}))
    elsewhere = product_node(variant_node(1, "A", "Default Title", inventoryItem={**item, "inventoryLevel": None}))
    for node in (untracked, elsewhere):
        assert "variants[A].stock[default]" not in remote_product(node, known=None).fields
    oversold = {**item, "inventoryLevel": {"quantities": [{"name": "available", "quantity": -2}]}}
    shown = remote_product(product_node(variant_node(1, "A", "Default Title", inventoryItem=oversold)), known=None)
    assert shown.fields["variants[A].stock[default]"] == -2  # type: ignore[index]


def keys(node: dict[str, Any], known: Links | None = None) -> list[str]:
    return list(remote_product(node, known=known).links.variants)


def test_unknown_variants_are_named_by_sku_or_by_option_values() -> None:
    node = product_node(variant_node(1, "A", "Red", "S"), variant_node(2, "A", "Red", "L"),
                        variant_node(3, "", "Blue", "S"),
                        variant_node(4, None, "Blue", "L"), variant_node(5, "E", "Green", "S"))
    assert keys(node) == ["Red / S", "Red / L", "Blue / S", "Blue / L", "E"]


def test_a_known_variant_keeps_its_name_when_its_sku_or_option_was_renamed() -> None:
    known = Links(product=PRODUCT, variants={"OLD": VariantLink("gid://shopify/ProductVariant/1", "i")})
    assert keys(product_node(variant_node(1, "NEW", "Crimson", "S")), known) == ["OLD"]


def test_a_new_variant_never_takes_the_name_of_a_known_one() -> None:
    known = Links(product=PRODUCT, variants={"X": VariantLink("gid://shopify/ProductVariant/1", "i"),
                                             "Red / S": VariantLink("gid://shopify/ProductVariant/2", "i")})
    node = product_node(variant_node(1, "was X", "Blue", "S"), variant_node(2, "Y", "Blue", "L"),
                        variant_node(3, "X", "Green", "S"), variant_node(4, "X ", "Red", "S"))
    assert keys(node, known)[:2] == ["X", "Red / S"]
    assert keys(node, known)[2] == "Green / S"
    again = product_node(variant_node(1, "was X", "Blue", "S"), variant_node(2, "Y", "Blue", "L"),
                         variant_node(3, "X", "Red", "S"))
    assert keys(again, known) == ["X", "Red / S", "Red / S #3"]


def test_the_name_of_a_deleted_variant_is_free_again() -> None:
    known = Links(product=PRODUCT, variants={"A": VariantLink("gid://shopify/ProductVariant/1", "i")})
    assert keys(product_node(variant_node(9, "A", "Red", "S")), known) == ["A"]


def test_no_weight_and_no_cost_are_absent() -> None:
    item = variant_node(1, "A", "Default Title")["inventoryItem"]
    bare = {**item, "unitCost": None, "measurement": {"weight": {"value": 0, "unit": "KILOGRAMS"}}}
    fields = remote_product(product_node(variant_node(1, "A", "Default Title", inventoryItem=bare)), known=None).fields
    assert not [path for path in fields if path.endswith((".weight", ".cost"))]


def test_option_values_follow_the_order_of_the_options() -> None:
    node = product_node(variant_node(1, None, "Red", "S"), options=[{"name": "Size"}, {"name": "Color"}])
    fields = remote_product(node, known=None).fields
    assert fields["options"] == ["Size", "Color"]  # type: ignore[index]
    assert fields["variants[S / Red].options"] == ["S", "Red"]  # type: ignore[index]


@pytest.mark.parametrize(("gid", "number"), [
    ("gid://shopify/Product/42", "42"), ("gid://shopify/InventoryLevel/7?inventory_item_id=9", "7"),
])
def test_the_number_of_an_id(gid: str, number: str) -> None:
    assert numeric(gid) == number
