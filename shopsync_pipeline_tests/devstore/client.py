"""A small client of the dev store, so that tests read as what a caller sees on the wire."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

PRODUCT_SET = """
mutation Set($identifier: ProductSetIdentifiers, $input: ProductSetInput!, $synchronous: Boolean = true) {
  productSet(identifier: $identifier, input: $input, synchronous: $synchronous) {
    product {
      id handle title tags status vendor descriptionHtml updatedAt
      options { id name values optionValues { id name hasVariants } }
      variants(first: 100) {
        nodes { id title sku price position inventoryItem { id tracked } media(first: 1) { nodes { id } } }
      }
      media(first: 10) { nodes { id alt ... on MediaImage { status image { url } } } }
      metafields(first: 50) { nodes { namespace key value } }
    }
    productSetOperation { id status }
    userErrors { code field message }
  }
}"""

INVENTORY_SET = """
mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta item { id } } }
    userErrors { code field message }
  }
}"""


class DevStoreClient:
    """One running dev store; `trust` is what an https one is believed by."""

    def __init__(self, address: str, token: str = "devstore-token", trust: ssl.SSLContext | bool = True) -> None:
        self.address = address
        headers = {"X-Shopify-Access-Token": token}
        # Reading a machine's certificates takes longer than most tests, so plain http does without.
        # And the server closes what lay idle for five seconds, maybe just as it is used again.
        self.http = httpx.Client(base_url=address, headers=headers, timeout=20,
                                 verify=address.startswith("https") and trust,
                                 limits=httpx.Limits(keepalive_expiry=2.0))

    def post(self, query: str, variables: dict[str, Any] | None = None, version: str = "2026-10") -> httpx.Response:
        body = {"query": query, "variables": variables or {}}
        return self.http.post(f"/admin/api/{version}/graphql.json", json=body)

    def ask(self, query: str, variables: dict[str, Any] | None = None, version: str = "2026-10") -> dict[str, Any]:
        """The whole answer of a request that HTTP carried well."""
        response = self.post(query, variables, version)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, query: str, variables: dict[str, Any] | None = None, version: str = "2026-10") -> dict[str, Any]:
        """The data of an answer without top-level errors."""
        answer = self.ask(query, variables, version)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def set_product(self, given: dict[str, Any], identifier: dict[str, Any] | None = None) -> dict[str, Any]:
        payload: dict[str, Any] = self.data(PRODUCT_SET, {"input": given, "identifier": identifier})["productSet"]
        return payload

    def make(self, **given: Any) -> dict[str, Any]:
        """A product that was made without complaint."""
        payload = self.set_product(given)
        assert payload["userErrors"] == []
        product: dict[str, Any] = payload["product"]
        return product

    def control(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.http.post(f"/__devstore/{name}", json=body or {})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def stats(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get("/__devstore/stats").json()
        return answer

    def location(self) -> str:
        found: str = self.data("{ location { id } }")["location"]["id"]
        return found


def colours(location: str, *names: str, stock: int = 5) -> dict[str, Any]:
    """Options and tracked variants for a product that comes in colours; skus are the names in capitals."""
    return {
        "productOptions": [{"name": "Color", "values": [{"name": name} for name in names]}],
        "variants": [
            {
                "optionValues": [{"optionName": "Color", "name": name}],
                "sku": name.upper(),
                "price": "10",
                "inventoryItem": {"tracked": True},
                "inventoryQuantities": [{"locationId": location, "name": "available", "quantity": stock}],
            }
            for name in names
        ],
    }
