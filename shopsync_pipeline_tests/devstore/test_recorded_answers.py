"""Recorded answers of a real store, asked again here: same payloads, same refusals, same codes.

The recordings lie outside the project; without them every test says which one is missing.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import shared_folder

_GID: Final = re.compile(r"gid://shopify/\w+/\d+")
# Places in a document are left out too: the recorded texts were laid out anew.
_VOLATILE: Final = {
    "locations",
    "createdAt",
    "updatedAt",
    "startCursor",
    "endCursor",
    "cursor",
    "compareDigest",
    "myshopifyDomain",
}
# Interactions left out, each with the reason it cannot be asked again here.
LEFT_OUT: Final[dict[str, str]] = {
    "products/product-handle-dedup-parity:$.operations.productDuplicate": "productDuplicate is not carried",
    "products/product-handle-dedup-parity:$.cleanup[0]": "deletes what productDuplicate made",
    "metafields/metafields-set-input-validation:$.cases.invalidValueJson.response": "the words of another JSON parser",
}


def recording(name: str) -> list[dict[str, Any]]:
    path = shared_folder() / "fixtures" / "shopify" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the recording {name} is not on this machine (set SHOPSYNC_SHARED_DIR)")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["interactions"]
    return found


class Replay:
    """Asks recorded questions with our ids in place of theirs, learning which is which from the answers."""

    def __init__(self, shop: DevStoreClient, known: dict[str, str] | None = None) -> None:
        self.shop = shop
        self.ours = dict(known or {})

    def ask(self, interaction: dict[str, Any]) -> list[str]:
        """Differences between the recorded answer and ours, as readable lines."""
        answer = self.shop.ask(interaction["query"], self._ours(interaction["variables"]))
        theirs = {key: value for key, value in interaction["response"].items() if key in ("data", "errors")}
        return list(self._compare(theirs, answer, interaction["at"]))

    def _ours(self, value: Any) -> Any:
        if isinstance(value, str):
            return _GID.sub(lambda match: self.ours.get(match[0], match[0]), value)
        if isinstance(value, list):
            return [self._ours(item) for item in value]
        if isinstance(value, dict):
            return {key: self._ours(item) for key, item in value.items()}
        return value

    def _compare(self, theirs: Any, ours: Any, where: str) -> Any:
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for key, value in theirs.items():
                if key in _VOLATILE or (where.endswith(".shop") and key in ("id", "name")):
                    continue
                yield from self._compare(value, ours.get(key), f"{where}.{key}")
        elif isinstance(theirs, list) and isinstance(ours, list):
            if len(theirs) != len(ours):
                yield f"{where}: {theirs} recorded, {ours} here"
                return
            for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
                yield from self._compare(one, other, f"{where}[{index}]")
        elif isinstance(theirs, str) and _GID.fullmatch(theirs) and isinstance(ours, str) and _GID.fullmatch(ours):
            if self.ours.setdefault(theirs, ours) != ours:
                yield f"{where}: {theirs} was {self.ours[theirs]} and is {ours}"
        elif theirs != ours:
            yield f"{where}: {theirs!r} recorded, {ours!r} here"


def differences(replay: Replay, name: str, prefix: str = "$", suffix: str = "", but: str | None = None) -> list[str]:
    """Asks the interactions of a recording whose place starts and ends as given, and does not end in `but`."""
    asked = 0
    found: list[str] = []
    for interaction in recording(name):
        at = interaction["at"]
        if but is not None and at.endswith(but):
            continue
        if not at.startswith(prefix) or not at.endswith(suffix) or "upstream" in at or f"{name}:{at}" in LEFT_OUT:
            continue
        asked += 1
        found.extend(replay.ask(interaction))
    assert asked, f"{name} has no interaction under {prefix}"
    return found


def test_handles_through_a_products_life(shop: DevStoreClient) -> None:
    # The recording holds each operation twice; the second telling ends in ".response".
    name = "products/product-handle-dedup-parity"
    assert differences(Replay(shop), name, but=".response") == []


@pytest.mark.parametrize(
    "name",
    ["product-set-id-not-allowed", "product-set-options-only-requires-variants", "product-set-shape-validator-parity"],
)
def test_product_set_refusals(shop: DevStoreClient, name: str) -> None:
    assert differences(Replay(shop), f"products/{name}") == []


def test_product_set_lengths(shop: DevStoreClient) -> None:
    assert differences(Replay(shop), "products/product-set-input-length-validation") == []


@pytest.mark.parametrize("part", ["$.mutation", "$.validation"])
def test_product_create(shop: DevStoreClient, part: str) -> None:
    assert differences(Replay(shop), "products/product-create-parity", part) == []


def test_asynchronous_product_set_is_created(shop: DevStoreClient) -> None:
    assert differences(Replay(shop), "products/product-set-async-operation-parity", "$.mutation") == []


def test_a_missing_product_cannot_be_deleted(shop: DevStoreClient) -> None:
    assert differences(Replay(shop), "products/product-delete-parity", "$.validation") == []


def made(
    shop: DevStoreClient, options: dict[str, list[str]], *rows: tuple[list[str], str | None, str]
) -> dict[str, Any]:
    """A product with these options and (values, sku, price) rows."""
    given = {
        "productOptions": [
            {"name": name, "values": [{"name": one} for one in values]} for name, values in options.items()
        ],
        "variants": [
            {
                "optionValues": [{"optionName": n, "name": v} for n, v in zip(options, values, strict=True)],
                "sku": sku,
                "price": price,
            }
            for values, sku, price in rows
        ],
    }
    return shop.make(title="Set up for a recording", **given)


def test_variant_refusals_leave_everything_as_it_was(shop: DevStoreClient) -> None:
    product = made(shop, {"Color": ["Red"], "Size": ["Small"]}, (["Red", "Small"], None, "0"))
    known = {
        "gid://shopify/Product/10243939369266": product["id"],
        "gid://shopify/ProductVariant/51488192594226": product["variants"]["nodes"][0]["id"],
    }
    assert differences(Replay(shop, known), "products/product-variants-bulk-validation-atomicity", "$.cases") == []


def test_partial_updates_and_the_order_of_refusals(shop: DevStoreClient) -> None:
    name = "products/product-variants-bulk-update-allow-partial-and-error-order"
    product = made(shop, {"Color": ["Red", "Blue"]}, (["Red"], "R", "10"), (["Blue"], "PVBU-901935-BLUE", "11"))
    red, blue = (row["id"] for row in product["variants"]["nodes"])
    tracked = [{"id": one, "inventoryItem": {"tracked": True}} for one in (red, blue)]
    shop.data(
        "mutation T($id: ID!, $v: [ProductVariantsBulkInput!]!) "
        "{ productVariantsBulkUpdate(productId: $id, variants: $v) { userErrors { message } } }",
        {"id": product["id"], "v": tracked},
    )
    known = {
        "gid://shopify/Product/10243939729714": product["id"],
        "gid://shopify/ProductVariant/51488193315122": red,
        "gid://shopify/ProductVariant/51488193380658": blue,
    }
    assert differences(Replay(shop, known), name) == []


def test_stock_bounds(shop: DevStoreClient) -> None:
    place = shop.location()
    known = {"gid://shopify/Location/106318430514": place}
    for number in ("53489632280882", "53489632346418", "53489632444722"):
        known[f"gid://shopify/InventoryItem/{number}"] = shop.make(title="Item")["variants"]["nodes"][0][
            "inventoryItem"
        ]["id"]
    name = "products/inventorySetQuantities-quantity-bounds"
    interactions = [one for one in recording(name) if not one["at"].endswith(".response")]
    replay = Replay(shop, known)
    found = [line for one in interactions for line in replay.ask(one) if "location.name" not in line]
    assert found == []


def test_metafield_values(shop: DevStoreClient) -> None:
    known = {"gid://shopify/Product/10252752421170": shop.make(title="Owner")["id"]}
    found = differences(Replay(shop, known), "metafields/metafields-set-input-validation", "$.cases", ".response")
    assert found == []
