"""Any sequence of accepted writes leaves one consistent shop, the same after a restart, at a price within the bucket.

The machine drives the endpoint without HTTP, because it asks some thousand questions.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.endpoint import Endpoint
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline_tests.devstore.client import INVENTORY_SET, PRODUCT_SET

EVERYTHING = """
query Everything {
  products(first: 50, sortKey: ID) {
    nodes {
      id title handle totalInventory tracksInventory variantsCount { count } tags
      options { name optionValues { name hasVariants } }
      metafields(first: 20) { nodes { id namespace key value owner { ... on Product { id } } } }
      variants(first: 20) {
        nodes {
          id sku price position inventoryQuantity selectedOptions { name value } product { id }
          inventoryItem {
            id tracked sku variant { id }
            inventoryLevels(first: 5) { nodes { quantities(names: ["available", "on_hand"]) { name quantity } } }
          }
        }
      }
    }
  }
  productsCount { count }
  productVariants(first: 200) { nodes { id } }
  inventoryItems(first: 200) { nodes { id } }
}"""
VARIANTS_CREATE = """
mutation Create($id: ID!, $rows: [ProductVariantsBulkInput!]!) {
  productVariantsBulkCreate(productId: $id, variants: $rows) { productVariants { id } userErrors { message } }
}"""
VARIANTS_UPDATE = """
mutation Update($id: ID!, $rows: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $id, variants: $rows) { productVariants { id price } userErrors { message } }
}"""
VARIANTS_DELETE = """
mutation Delete($id: ID!, $ids: [ID!]!) {
  productVariantsBulkDelete(productId: $id, variantsIds: $ids) { product { id } userErrors { message } }
}"""
PRODUCT_UPDATE = """
mutation Change($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { id title } userErrors { message } }
}"""
PRODUCT_DELETE = """
mutation Remove($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { message } } }
"""
METAFIELDS_SET = """
mutation Meta($rows: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $rows) { metafields { key value } userErrors { message } }
}"""
METAFIELDS_DELETE = """
mutation Unmeta($rows: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $rows) { deletedMetafields { key } userErrors { message } }
}"""

COLOURS = ("Red", "Blue", "Green", "Black")
colours = st.lists(st.sampled_from(COLOURS), min_size=1, max_size=4, unique=True)
prices = st.integers(0, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
quantities = st.integers(-20, 500)
places = st.integers(0, 3)


class AnySequence(RuleBasedStateMachine):
    """Writes of every kind in any order; what each is told to leave behind is compared with what is read."""

    products = Bundle("products")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.config = DevStoreConfig(Path(self.folder.name) / "shop.sqlite", plan="enterprise")
        self.open()
        self.location: str = self.ask("{ location { id } }")["location"]["id"]
        self.keys = 0
        self.titles: dict[str, str] = {}

    def open(self) -> None:
        self.store = Store(self.config)
        self.endpoint = Endpoint(self.store)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer; its points are checked on the way."""
        answer = self.endpoint.answer("2026-10", orjson.dumps({"query": query, "variables": variables or {}})).body
        assert "errors" not in answer, answer["errors"]
        cost = orjson.loads(orjson.dumps(answer))["extensions"]["cost"]
        assert 0 <= cost["actualQueryCost"] <= cost["requestedQueryCost"]
        status = cost["throttleStatus"]
        assert 0 <= status["currentlyAvailable"] <= status["maximumAvailable"]
        data: dict[str, Any] = answer["data"]
        return data

    def read(self, product: str) -> dict[str, Any]:
        nodes = self.ask(EVERYTHING)["products"]["nodes"]
        return next(node for node in nodes if node["id"] == product)

    @rule(
        target=products,
        title=st.text("abc ", min_size=1, max_size=6),
        names=colours,
        price=prices,
        tracked=st.booleans(),
    )
    def make(self, title: str, names: list[str], price: str, tracked: bool) -> Any:
        if len(self.titles) >= 6:
            return multiple()
        payload = self.ask(PRODUCT_SET, {"input": {"title": f"p{title}", **self.rows(names, price, tracked)}})[
            "productSet"
        ]
        assert payload["userErrors"] == []
        self.titles[payload["product"]["id"]] = payload["product"]["title"]
        return payload["product"]["id"]

    def rows(self, names: list[str], price: str, tracked: bool) -> dict[str, Any]:
        return {
            "productOptions": [{"name": "Color", "values": [{"name": name} for name in names]}],
            "variants": [
                {
                    "optionValues": [{"optionName": "Color", "name": name}],
                    "sku": name,
                    "price": price,
                    "inventoryItem": {"tracked": tracked},
                    "inventoryQuantities": [{"locationId": self.location, "name": "available", "quantity": 4}],
                }
                for name in names
            ],
        }

    @rule(product=products, names=colours, price=prices, tracked=st.booleans(), keep=st.booleans())
    def replace_variants(self, product: str, names: list[str], price: str, tracked: bool, keep: bool) -> None:
        before = {row["selectedOptions"][0]["value"]: row["id"] for row in self.read(product)["variants"]["nodes"]}
        given = self.rows(names, price, tracked)
        for row, name in zip(given["variants"], names, strict=True):
            if keep and name in before:
                row["id"] = before[name]
        payload = self.ask(PRODUCT_SET, {"input": given, "identifier": {"id": product}})["productSet"]
        assert payload["userErrors"] == []
        found = self.read(product)["variants"]["nodes"]
        assert [row["selectedOptions"][0]["value"] for row in found] == names
        assert {row["price"] for row in found} == {price}
        if keep:
            assert all(row["id"] == before.get(row["sku"], row["id"]) for row in found)

    @rule(product=products, name=st.sampled_from(COLOURS), price=prices)
    def add_variant(self, product: str, name: str, price: str) -> None:
        held = [row["selectedOptions"][0]["value"] for row in self.read(product)["variants"]["nodes"]]
        row = {"optionValues": [{"optionName": "Color", "name": name}], "price": price}
        payload = self.ask(VARIANTS_CREATE, {"id": product, "rows": [row]})["productVariantsBulkCreate"]
        assert bool(payload["userErrors"]) == (name in held)
        after = [row["selectedOptions"][0]["value"] for row in self.read(product)["variants"]["nodes"]]
        assert after == (held if name in held else [*held, name])

    @rule(product=products, place=places, price=prices)
    def reprice(self, product: str, place: int, price: str) -> None:
        rows = self.read(product)["variants"]["nodes"]
        chosen = rows[place % len(rows)]["id"]
        payload = self.ask(VARIANTS_UPDATE, {"id": product, "rows": [{"id": chosen, "price": price}]})
        assert payload["productVariantsBulkUpdate"]["userErrors"] == []
        after = self.read(product)["variants"]["nodes"]
        assert [row["price"] for row in after] == [price if row["id"] == chosen else row["price"] for row in rows]

    @rule(product=products, place=places)
    def remove_variant(self, product: str, place: int) -> None:
        rows = self.read(product)["variants"]["nodes"]
        chosen = rows[place % len(rows)]["id"]
        payload = self.ask(VARIANTS_DELETE, {"id": product, "ids": [chosen]})["productVariantsBulkDelete"]
        assert bool(payload["userErrors"]) == (len(rows) == 1)
        left = [row["id"] for row in self.read(product)["variants"]["nodes"]]
        assert left == [row["id"] for row in rows if len(rows) == 1 or row["id"] != chosen]

    @rule(product=products, place=places, quantity=quantities, stale=st.booleans())
    def set_stock(self, product: str, place: int, quantity: int, stale: bool) -> None:
        rows = self.read(product)["variants"]["nodes"]
        variant = rows[place % len(rows)]
        self.keys += 1
        row = {
            "inventoryItemId": variant["inventoryItem"]["id"],
            "locationId": self.location,
            "quantity": quantity,
            "changeFromQuantity": variant["inventoryQuantity"] + stale,
        }
        given = {"name": "available", "reason": "correction", "quantities": [row]}
        payload = self.ask(INVENTORY_SET, {"input": given, "key": str(self.keys)})["inventorySetQuantities"]
        assert [error["code"] for error in payload["userErrors"]] == (["CHANGE_FROM_QUANTITY_STALE"] if stale else [])
        after = self.read(product)["variants"]["nodes"][place % len(rows)]
        assert after["inventoryQuantity"] == (variant["inventoryQuantity"] if stale else quantity)

    @rule(product=products, key=st.sampled_from(("one", "two", "three")), value=st.text("xyz", min_size=1, max_size=3))
    def set_metafield(self, product: str, key: str, value: str) -> None:
        row = {"ownerId": product, "namespace": "custom", "key": key, "type": "single_line_text_field", "value": value}
        assert self.ask(METAFIELDS_SET, {"rows": [row]})["metafieldsSet"]["userErrors"] == []
        found = {row["key"]: row["value"] for row in self.read(product)["metafields"]["nodes"]}
        assert found[key] == value

    @rule(product=products, key=st.sampled_from(("one", "two", "three")))
    def delete_metafield(self, product: str, key: str) -> None:
        row = {"ownerId": product, "namespace": "custom", "key": key}
        assert self.ask(METAFIELDS_DELETE, {"rows": [row]})["metafieldsDelete"]["userErrors"] == []
        assert key not in {row["key"] for row in self.read(product)["metafields"]["nodes"]}

    @rule(product=products, title=st.text("abc ", min_size=1, max_size=6))
    def rename(self, product: str, title: str) -> None:
        payload = self.ask(PRODUCT_UPDATE, {"product": {"id": product, "title": f"r{title}"}})["productUpdate"]
        assert payload["userErrors"] == []
        self.titles[product] = payload["product"]["title"]

    @rule(product=consumes(products))
    def delete(self, product: str) -> None:
        rows = self.read(product)["variants"]["nodes"]
        assert self.ask(PRODUCT_DELETE, {"id": product})["productDelete"]["deletedProductId"] == product
        gone = [product, *(row["id"] for row in rows), *(row["inventoryItem"]["id"] for row in rows)]
        assert self.ask("query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": gone})["nodes"] == [None] * len(
            gone
        )
        del self.titles[product]

    @rule()
    def restart(self) -> None:
        before = self.ask(EVERYTHING)
        self.store.close()
        self.open()
        assert self.ask(EVERYTHING) == before

    @invariant()
    def one_shop(self) -> None:
        """Products, variants, items, levels and totals say the same thing, whichever way they are read."""
        seen = self.ask(EVERYTHING)
        products = seen["products"]["nodes"]
        assert {product["id"]: product["title"] for product in products} == self.titles
        assert seen["productsCount"]["count"] == len(products)
        variants = [row for product in products for row in product["variants"]["nodes"]]
        assert {row["id"] for row in seen["productVariants"]["nodes"]} == {row["id"] for row in variants}
        assert {row["id"] for row in seen["inventoryItems"]["nodes"]} == {
            row["inventoryItem"]["id"] for row in variants
        }
        for product in products:
            self.one_product(product)

    @staticmethod
    def one_product(product: dict[str, Any]) -> None:
        rows = product["variants"]["nodes"]
        assert product["variantsCount"]["count"] == len(rows) > 0
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        used = {row["selectedOptions"][0]["value"] for row in rows}
        assert len(used) == len(rows)
        assert {one["name"] for one in product["options"][0]["optionValues"] if one["hasVariants"]} == used
        for row in rows:
            item = row["inventoryItem"]
            assert row["product"]["id"] == product["id"]
            assert item["variant"]["id"] == row["id"]
            assert item["sku"] == row["sku"]
            levels = [level["quantities"] for level in item["inventoryLevels"]["nodes"]]
            assert sum(level[0]["quantity"] for level in levels) == row["inventoryQuantity"]
        tracked = [row for row in rows if row["inventoryItem"]["tracked"]]
        assert product["tracksInventory"] is bool(tracked)
        assert product["totalInventory"] == sum(row["inventoryQuantity"] for row in tracked)
        assert all(row["owner"]["id"] == product["id"] for row in product["metafields"]["nodes"])


AnySequence.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnySequence = AnySequence.TestCase
