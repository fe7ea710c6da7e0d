"""metafieldsSet: atomic, 25 at most, guarded by digests."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient

SET = """
mutation M($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) {
    metafields { key value compareDigest } userErrors { code field message elementIndex }
  }
}"""


@pytest.fixture
def owner(shop: DevStoreClient) -> str:
    found: str = shop.make(title="Owner")["id"]
    return found


def put(shop: DevStoreClient, owner: str, value: str, key: str = "material", **more: Any) -> dict[str, Any]:
    row = {"ownerId": owner, "namespace": "custom", "key": key, "type": "single_line_text_field", "value": value}
    payload: dict[str, Any] = shop.data(SET, {"metafields": [{**row, **more}]})["metafieldsSet"]
    return payload


def test_a_digest_is_followed_from_write_to_write(shop: DevStoreClient, owner: str) -> None:
    first = put(shop, owner, "Canvas", compareDigest=None)["metafields"][0]["compareDigest"]
    second = put(shop, owner, "Wool", compareDigest=first)["metafields"][0]["compareDigest"]
    assert first != second
    stale = put(shop, owner, "Linen", compareDigest=first)
    assert [(error["code"], error["field"]) for error in stale["userErrors"]] == [("STALE_OBJECT", ["metafields", "0"])]
    assert [error["code"] for error in put(shop, owner, "Linen", compareDigest=None)["userErrors"]] == ["STALE_OBJECT"]
    assert put(shop, owner, "Wool", compareDigest="0" * 64)["userErrors"] == []
    absent = put(shop, owner, "x", key="absent", compareDigest="0" * 64)
    assert [error["code"] for error in absent["userErrors"]] == ["INVALID_COMPARE_DIGEST"]


def test_one_bad_row_stops_all(shop: DevStoreClient, owner: str) -> None:
    rows = [
        {"ownerId": owner, "namespace": "custom", "key": "good", "type": "boolean", "value": "true"},
        {"ownerId": owner, "namespace": "custom", "key": "bad", "type": "boolean", "value": "yes"},
    ]
    payload = shop.data(SET, {"metafields": rows})["metafieldsSet"]
    assert payload["metafields"] == []
    assert payload["userErrors"] == [
        {
            "code": "INVALID_VALUE",
            "field": ["metafields", "1", "value"],
            "message": "Value must be true or false.",
            "elementIndex": None,
        }
    ]
    read = '{ product(id: "%s") { metafield(namespace: "custom", key: "good") { id } } }' % owner  # noqa: UP031
    assert shop.data(read) == {"product": {"metafield": None}}


def test_the_twenty_sixth_is_one_too_many(shop: DevStoreClient, owner: str) -> None:
    row = {"ownerId": owner, "namespace": "custom", "type": "single_line_text_field", "value": "v"}
    payload = shop.data(SET, {"metafields": [{**row, "key": f"key{n}"} for n in range(26)]})["metafieldsSet"]
    assert payload["metafields"] is None
    assert payload["userErrors"][0]["code"] == "LESS_THAN_OR_EQUAL_TO"


def test_deleting_answers_null_for_what_was_not_there(shop: DevStoreClient, owner: str) -> None:
    put(shop, owner, "Wool")
    query = """mutation D($m: [MetafieldIdentifierInput!]!) {
      metafieldsDelete(metafields: $m) { deletedMetafields { key } userErrors { field } } }"""
    names = [{"ownerId": owner, "namespace": "custom", "key": key} for key in ("material", "missing")]
    assert shop.data(query, {"m": names})["metafieldsDelete"]["deletedMetafields"] == [{"key": "material"}, None]


def test_a_unique_value_has_one_owner(shop: DevStoreClient, owner: str) -> None:
    definition = {"ownerType": "PRODUCT", "namespace": "custom", "key": "number", "name": "Number", "type": "id"}
    shop.data(
        "mutation D($d: MetafieldDefinitionInput!) "
        "{ metafieldDefinitionCreate(definition: $d) { userErrors { code } } }",
        {"d": definition},
    )
    other = shop.make(title="Other owner")["id"]
    assert put(shop, owner, "7", key="number", type="id")["userErrors"] == []
    assert [error["code"] for error in put(shop, other, "7", key="number", type="id")["userErrors"]] == ["TAKEN"]
    assert put(shop, owner, "8", key="number", type="id")["userErrors"] == []
    assert put(shop, other, "7", key="number", type="id")["userErrors"] == []


def test_a_variant_with_the_same_value_does_not_disturb_the_products_claim(shop: DevStoreClient) -> None:
    definition = {"ownerType": "PRODUCT", "namespace": "custom", "key": "number", "name": "Number", "type": "id"}
    query = """mutation D($d: MetafieldDefinitionInput!) {
      metafieldDefinitionCreate(definition: $d) { userErrors { code } } }"""
    shop.data(query, {"d": definition})
    product = shop.make(title="Claims")
    variant = product["variants"]["nodes"][0]["id"]
    for holder in (product["id"], variant):
        assert put(shop, holder, "7", key="number", type="id")["userErrors"] == []
    assert put(shop, variant, "8", key="number", type="id")["userErrors"] == []
    custom = {"customId": {"namespace": "custom", "key": "number", "value": "7"}}
    read = "query($i: ProductIdentifierInput!) { productByIdentifier(identifier: $i) { id } }"
    assert shop.data(read, {"i": custom}) == {"productByIdentifier": {"id": product["id"]}}
