"""Fixed prices on the price lists that the merchant has made, and what buyers pay by them."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

ADD = """mutation A($list: ID!, $prices: [PriceListPriceInput!]!) {
  priceListFixedPricesAdd(priceListId: $list, prices: $prices) {
    prices { variant { id } price { amount currencyCode } compareAtPrice { amount } originType }
    userErrors { code field message } } }"""
UPDATE = """mutation U($list: ID!, $add: [PriceListPriceInput!]!, $delete: [ID!]!) {
  priceListFixedPricesUpdate(priceListId: $list, pricesToAdd: $add, variantIdsToDelete: $delete) {
    priceList { fixedPricesCount } pricesAdded { price { amount } } deletedFixedPriceVariantIds
    userErrors { code field } } }"""
DELETE = """mutation D($list: ID!, $ids: [ID!]!) { priceListFixedPricesDelete(priceListId: $list, variantIds: $ids) {
  deletedFixedPriceVariantIds userErrors { code field } } }"""
LIST = """query L($id: ID!) { priceList(id: $id) { name currency fixedPricesCount prices(first: 9) { nodes {
  variant { sku } price { amount currencyCode } } } } }"""
PAYS = """query V($id: ID!, $country: CountryCode!) { productVariant(id: $id) {
  contextualPricing(context: {country: $country}) { price { amount currencyCode } compareAtPrice { amount } } } }"""


@pytest.fixture
def euros(shop: DevStoreClient) -> str:
    body = {"action": "create_price_list", "name": "Euros", "currency": "EUR", "countries": ["DE", "FR"]}
    found: str = shop.control("merchant", body)["priceList"]
    return found


@pytest.fixture
def variants(shop: DevStoreClient) -> list[str]:
    product = shop.make(title="Shirt", **colours(shop.location(), "Red", "Blue"))
    return [node["id"] for node in product["variants"]["nodes"]]


def row(variant: str, amount: str, currency: str = "EUR", former: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"variantId": variant, "price": {"amount": amount, "currencyCode": currency}}
    if former is not None:
        found["compareAtPrice"] = {"amount": former, "currencyCode": currency}
    return found


def pays(shop: DevStoreClient, variant: str, country: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.data(PAYS, {"id": variant, "country": country})["productVariant"]["contextualPricing"]
    return found


def test_a_fixed_price_is_what_buyers_of_the_list_pay(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    payload = shop.data(ADD, {"list": euros, "prices": [row(variants[0], "9.5", former="12")]})
    assert payload["priceListFixedPricesAdd"]["prices"] == [
        {
            "variant": {"id": variants[0]}, "price": {"amount": "9.5", "currencyCode": "EUR"},
            "compareAtPrice": {"amount": "12.0"}, "originType": "FIXED",
        }
    ]  # fmt: skip
    german = {"price": {"amount": "9.5", "currencyCode": "EUR"}, "compareAtPrice": {"amount": "12.0"}}
    usual = {"price": {"amount": "10.0", "currencyCode": "USD"}, "compareAtPrice": None}
    assert (pays(shop, variants[0], "DE"), pays(shop, variants[0], "US")) == (german, usual)
    assert pays(shop, variants[1], "DE") == usual


def test_adding_again_overwrites(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    for amount in ("9", "8"):
        shop.data(ADD, {"list": euros, "prices": [row(variants[0], amount)]})
    found = shop.data(LIST, {"id": euros})["priceList"]
    assert found["fixedPricesCount"] == 1
    assert found["prices"]["nodes"] == [{"variant": {"sku": "RED"}, "price": {"amount": "8.0", "currencyCode": "EUR"}}]


def test_one_call_adds_and_takes_away(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    shop.data(ADD, {"list": euros, "prices": [row(variants[0], "9")]})
    given = {"list": euros, "add": [row(variants[1], "7")], "delete": [variants[0]]}
    payload = shop.data(UPDATE, given)["priceListFixedPricesUpdate"]
    assert (payload["priceList"], payload["deletedFixedPriceVariantIds"]) == ({"fixedPricesCount": 1}, [variants[0]])
    assert payload["pricesAdded"] == [{"price": {"amount": "7.0"}}]


def test_one_bad_row_and_nothing_is_written(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    rows = [row(variants[0], "9"), row(variants[1], "9", "USD"), row("gid://shopify/ProductVariant/1", "9")]
    payload = shop.data(ADD, {"list": euros, "prices": rows})["priceListFixedPricesAdd"]
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
        ("PRICE_LIST_CURRENCY_MISMATCH", ["prices", "1", "price", "currencyCode"]),
        ("VARIANT_NOT_FOUND", ["prices", "2", "variantId"]),
    ]
    assert shop.data(LIST, {"id": euros})["priceList"]["fixedPricesCount"] == 0


def test_only_what_is_fixed_can_be_taken_away(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    payload = shop.data(DELETE, {"list": euros, "ids": [variants[0]]})["priceListFixedPricesDelete"]
    assert payload["userErrors"] == [{"code": "PRICE_NOT_FIXED", "field": ["variantIds", "0"]}]
    payload = shop.data(DELETE, {"list": "gid://shopify/PriceList/1", "ids": []})["priceListFixedPricesDelete"]
    assert payload["userErrors"] == [{"code": "PRICE_LIST_NOT_FOUND", "field": ["priceListId"]}]


def test_prices_go_with_their_variant(shop: DevStoreClient, euros: str, variants: list[str]) -> None:
    shop.data(ADD, {"list": euros, "prices": [row(variant, "9") for variant in variants]})
    delete = """mutation($ids: [ID!]!, $id: ID!) { productVariantsBulkDelete(productId: $id, variantsIds: $ids) {
      userErrors { message } } }"""
    owner = shop.data("query($id: ID!) { productVariant(id: $id) { product { id } } }", {"id": variants[0]})
    shop.data(delete, {"id": owner["productVariant"]["product"]["id"], "ids": [variants[0]]})
    nodes = shop.data(LIST, {"id": euros})["priceList"]["prices"]["nodes"]
    assert [node["variant"]["sku"] for node in nodes] == ["BLUE"]
