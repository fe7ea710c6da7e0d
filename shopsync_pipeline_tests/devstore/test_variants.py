"""Many variants of one product at once."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

BULK_UPDATE = """
mutation U($id: ID!, $variants: [ProductVariantsBulkInput!]!, $partial: Boolean = false) {
  productVariantsBulkUpdate(productId: $id, variants: $variants, allowPartialUpdates: $partial) {
    productVariants { id sku price compareAtPrice } userErrors { code field message }
  }
}"""
BULK_CREATE = """
mutation C($id: ID!, $variants: [ProductVariantsBulkInput!]!, $strategy: ProductVariantsBulkCreateStrategy) {
  productVariantsBulkCreate(productId: $id, variants: $variants, strategy: $strategy) {
    product { variants(first: 10) { nodes { title } } } productVariants { id title } userErrors { code field message }
  }
}"""
BULK_DELETE = """
mutation D($id: ID!, $ids: [ID!]!) {
  productVariantsBulkDelete(productId: $id, variantsIds: $ids) { product { id } userErrors { code field } }
}"""


def rows(product: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product["variants"]["nodes"]
    return found


def test_one_bad_row_stops_all_unless_part_is_allowed(shop: DevStoreClient) -> None:
    product = shop.make(title="Bulk", **colours(shop.location(), "Red", "Blue"))
    red, blue = rows(product)
    given = [
        {"id": red["id"], "price": "9.99", "compareAtPrice": "20", "inventoryItem": {"sku": "NEW"}},
        {"id": blue["id"], "price": "-1"},
    ]
    refused = shop.data(BULK_UPDATE, {"id": product["id"], "variants": given})["productVariantsBulkUpdate"]
    assert refused["userErrors"] == [
        {
            "code": "GREATER_THAN_OR_EQUAL_TO",
            "field": ["variants", "1", "price"],
            "message": "Price must be greater than or equal to 0",
        }
    ]
    assert [row["price"] for row in refused["productVariants"]] == ["10.00", "10.00"]
    partly = shop.data(BULK_UPDATE, {"id": product["id"], "variants": given, "partial": True})
    assert [
        (row["sku"], row["price"], row["compareAtPrice"])
        for row in partly["productVariantsBulkUpdate"]["productVariants"]
    ] == [("NEW", "9.99", "20.00"), ("BLUE", "10.00", None)]


def test_rows_must_name_variants_of_the_product(shop: DevStoreClient) -> None:
    product = shop.make(title="Strict")
    other = rows(shop.make(title="Other"))[0]
    for given, code in (
        ({"price": "1"}, "PRODUCT_VARIANT_ID_MISSING"),
        ({"id": other["id"], "price": "1"}, "PRODUCT_VARIANT_DOES_NOT_EXIST"),
        (
            {
                "id": rows(product)[0]["id"],
                "inventoryQuantities": [{"availableQuantity": 1, "locationId": shop.location()}],
            },
            "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        ),
    ):
        payload = shop.data(BULK_UPDATE, {"id": product["id"], "variants": [given]})["productVariantsBulkUpdate"]
        assert [error["code"] for error in payload["userErrors"]] == [code]
        assert payload["productVariants"] is None


def test_created_variants_replace_the_standalone_one(shop: DevStoreClient) -> None:
    product = shop.make(title="Grows")
    given = [{"optionValues": [{"optionName": "Title", "name": name}]} for name in ("Small", "Large")]
    payload = shop.data(BULK_CREATE, {"id": product["id"], "variants": given, "strategy": "REMOVE_STANDALONE_VARIANT"})
    created = payload["productVariantsBulkCreate"]
    assert created["userErrors"] == []
    assert [row["title"] for row in created["product"]["variants"]["nodes"]] == ["Small", "Large"]
    again = shop.data(BULK_CREATE, {"id": product["id"], "variants": given[:1]})["productVariantsBulkCreate"]
    assert [error["code"] for error in again["userErrors"]] == ["VARIANT_ALREADY_EXISTS"]


def test_the_last_variant_cannot_be_deleted_nor_a_strangers(shop: DevStoreClient) -> None:
    product = shop.make(title="Shrinks", **colours(shop.location(), "Red", "Blue"))
    red, blue = (row["id"] for row in rows(product))
    stranger = shop.data(BULK_DELETE, {"id": product["id"], "ids": [red, "gid://shopify/ProductVariant/9"]})
    errors = stranger["productVariantsBulkDelete"]["userErrors"]
    assert errors == [{"code": "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT", "field": ["variantsIds", "1"]}]
    all_of_them = shop.data(BULK_DELETE, {"id": product["id"], "ids": [red, blue]})["productVariantsBulkDelete"]
    assert [error["code"] for error in all_of_them["userErrors"]] == ["CANNOT_DELETE_LAST_VARIANT"]
    one = shop.data(BULK_DELETE, {"id": product["id"], "ids": [red]})["productVariantsBulkDelete"]
    assert one["userErrors"] == []
