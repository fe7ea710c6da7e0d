"""Uses the Python package ShopifyAPI as it comes: creates, pages, updates, is throttled; prints what it saw as JSON."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import shopify  # type: ignore[import-not-found]

DOCUMENTS: dict[str, str] = json.loads(Path(__file__).with_name("documents.json").read_text(encoding="utf-8"))
# A refused mutation keeps its ten points, so this takes 950 of the 2,000 every time.
_ROWS = (f'd{n}: productDelete(input: {{id: "gid://shopify/Product/1"}}) {{ deletedProductId }}' for n in range(95))
DOCUMENTS["drain"] = f"mutation Drain {{ {' '.join(_ROWS)} }}"


def ask(name: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(shopify.GraphQL().execute(DOCUMENTS[name], variables))
    return answer


def main(port: int, token: str) -> dict[str, Any]:
    # The package puts the shop's name before a domain of its own choosing: together they are this machine.
    shopify.Session.setup(myshopify_domain="0.0.1", port=port)
    shopify.ShopifyResource.activate_session(shopify.Session("127.0.0.1", "2026-10", token))
    created = [ask("create", {"input": {"title": f"Product {n}"}})["data"]["productSet"]["product"] for n in range(5)]
    titles: list[str] = []
    page = ask("page")["data"]["products"]
    titles += [node["title"] for node in page["nodes"]]
    while page["pageInfo"]["hasNextPage"]:
        page = ask("page", {"after": page["pageInfo"]["endCursor"]})["data"]["products"]
        titles += [node["title"] for node in page["nodes"]]
    updated = ask("update", {"product": {"id": created[0]["id"], "vendor": "Third party"}})["data"]["productUpdate"]
    answers = [ask("drain") for _ in range(4)]
    codes = [answer["errors"][0]["extensions"]["code"] for answer in answers if "errors" in answer]
    refill = urllib.request.Request(
        f"https://127.0.0.1:{port}/__devstore/settings", json.dumps({"plan": "plus"}).encode(), method="POST"
    )
    urllib.request.urlopen(refill).read()
    again = ask("drain")
    return {
        "created": [product["id"] for product in created],
        "titles": titles,
        "updated": updated,
        "throttled": sorted(set(codes)),
        "after_the_wait": "errors" not in again,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
