"""What has to be there before a recording can be asked again: made through the same API, from what the recording shows.

The recordings start in the middle of a shop's life; a set-up makes the equivalent and notes which id stands for which.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from shopsync_pipeline_tests.devstore.conformance.compare import GID
from shopsync_pipeline_tests.devstore.conformance.replay import Replay, walk

Setup = Callable[[Replay], None]
START: Final = "start"
_PRODUCT_FIELDS: Final = (
    "title", "handle", "status", "vendor", "productType", "tags", "descriptionHtml", "templateSuffix", "seo",
)  # fmt: skip
_VARIANT_FIELDS: Final = ("sku", "barcode", "price", "compareAtPrice", "taxable", "taxCode", "inventoryPolicy")
_ITEM_FIELDS: Final = (
    "tracked", "requiresShipping", "countryCodeOfOrigin", "provinceCodeOfOrigin", "harmonizedSystemCode", "measurement",
)  # fmt: skip
_SET_METAFIELDS: Final = """
mutation Set($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id compareDigest } userErrors { message } }
}"""
_ADD_LOCATION: Final = """
mutation Add($input: LocationAddInput!) {
  locationAdd(input: $input) { location { id } userErrors { message } }
}"""


def shown(place: str, path: str) -> Setup:
    """The product that an answer of the recording shows, with its variants and their metafields."""

    def make(replay: Replay) -> None:
        make_product(replay, walk(replay.recording.at(place).answer, path))

    return make


def every_shown(place: str, path: str) -> Setup:
    """All products of a recorded page; the page is newest first, so they are made last to first."""

    def make(replay: Replay) -> None:
        for product in reversed(walk(replay.recording.at(place).answer, path)):
            make_product(replay, product)

    return make


def make_product(replay: Replay, product: dict[str, Any]) -> None:
    """A product like a recorded one; fields the recording does not show keep their defaults."""
    rows = walk(product, "$.variants.nodes") or [{}]
    options = product.get("options") or [{"name": "Title", "values": ["Default Title"]}]
    given = {name: product[name] for name in _PRODUCT_FIELDS if product.get(name) is not None}
    given["productOptions"] = [
        {"name": option["name"], "values": [{"name": name} for name in _value_names(option)]} for option in options
    ]
    given["variants"] = [_variant_input(row, options) for row in rows]
    made = replay.shop.make(**given)
    _learn(replay, product.get("id"), made["id"])
    for row, ours in zip(rows, made["variants"]["nodes"], strict=True):
        _learn(replay, row.get("id"), ours["id"])
        _learn(replay, walk(row, "$.inventoryItem.id"), ours["inventoryItem"]["id"])


def _value_names(option: dict[str, Any]) -> list[str]:
    return [value["name"] for value in option.get("optionValues", ())] or option["values"]


def _variant_input(row: dict[str, Any], options: list[dict[str, Any]]) -> dict[str, Any]:
    given = {name: row[name] for name in _VARIANT_FIELDS if row.get(name) is not None}
    item = row.get("inventoryItem") or {}
    selected = row.get("selectedOptions") or [{"name": options[0]["name"], "value": _value_names(options[0])[0]}]
    return {
        **given,
        "optionValues": [{"optionName": one["name"], "name": one["value"]} for one in selected],
        "inventoryItem": {name: item[name] for name in _ITEM_FIELDS if item.get(name) is not None},
        "metafields": [
            {name: metafield[name] for name in ("namespace", "key", "type", "value")}
            for metafield in walk(row, "$.metafields.nodes") or ()
        ],
    }


def _learn(replay: Replay, recorded: str | None, here: str) -> None:
    if recorded is not None:
        assert replay.known.learn(recorded, here), f"{replay.recording.name}: {recorded} is made twice"


def stocked_items(places: tuple[str, ...], absent: tuple[str, ...] = ()) -> Setup:
    """A tracked item with nothing in stock for every inventory item asked about, at every location asked about.

    `absent` are numbers that the recording names because nothing has them.
    """

    def make(replay: Replay) -> None:
        exchanges = [replay.recording.at(place) for place in places]
        named = [match for exchange in exchanges for match in GID.finditer(json.dumps(exchange.variables))]
        kinds = {kind: dict.fromkeys(m[0] for m in named if m[1] == kind and m[2] not in absent) for kind in _STOCK}
        _locations(replay, list(kinds["Location"]))
        for number, item in enumerate(kinds["InventoryItem"], 1):
            made = replay.shop.make(title=f"Item {number}", **_stocked(replay, kinds["Location"]))
            _learn(replay, item, made["variants"]["nodes"][0]["inventoryItem"]["id"])

    return make


_STOCK: Final = ("InventoryItem", "Location")


def _stocked(replay: Replay, locations: Any) -> dict[str, Any]:
    places = [replay.known.ours[location] for location in locations]
    stock = [{"locationId": place, "name": "available", "quantity": 0} for place in places]
    row = {
        "optionValues": [{"optionName": "Title", "name": "Default Title"}],
        "inventoryItem": {"tracked": True},
        "inventoryQuantities": stock,
    }
    return {"productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}], "variants": [row]}


def _locations(replay: Replay, recorded: list[str], *, primary: bool = True) -> None:
    """The shop's first location stands for the first, new ones for the others; their recorded names stand for ours."""
    found = replay.shop.data("{ location { id name } }")["location"]
    for number, location in enumerate(recorded):
        if number or not primary:
            given = {"name": f"Location {number}", "address": {"countryCode": "US"}, "fulfillsOnlineOrders": True}
            payload = replay.shop.data(_ADD_LOCATION, {"input": given})["locationAdd"]
            found = {**payload["location"], "name": given["name"]}
        _learn(replay, location, found["id"])
        _name_of_location(replay, location, found["name"])


def _name_of_location(replay: Replay, location: str, ours: str) -> None:
    name = _seen(replay, location).get("name")
    if isinstance(name, str):
        replay.known.texts[name] = ours


def _seen(replay: Replay, gid: str) -> dict[str, Any]:
    """Everything the recording shows of one thing, wherever it shows it."""
    found: dict[str, Any] = {}
    queue: list[Any] = [exchange.answer for exchange in replay.recording.exchanges]
    while queue:
        value = queue.pop()
        if isinstance(value, dict):
            if value.get("id") == gid:
                found.update(value)
            queue.extend(value.values())
        elif isinstance(value, list):
            queue.extend(value)
    return found


def quantity_contract(replay: Replay) -> None:
    """The product behind the item that the first read shows, stocked with nothing."""
    item = walk(replay.recording.at("$.upstreamCalls[0]").answer, "$.data.nodes[0]")
    location = walk(item, "$.inventoryLevels.nodes[0].location.id")
    _locations(replay, [location])
    product = item["variant"]["product"]
    given = {name: product[name] for name in ("title", "handle", "status")}
    made = replay.shop.make(**given, **_stocked(replay, [location]))
    _learn(replay, product["id"], made["id"])
    _learn(replay, item["variant"]["id"], made["variants"]["nodes"][0]["id"])
    _learn(replay, item["id"], made["variants"]["nodes"][0]["inventoryItem"]["id"])


def two_locations(replay: Replay) -> None:
    """The two locations that a productSet stocks."""
    reads = [replay.recording.at(f"$.upstreamCalls[{n}]") for n in (1, 2)]
    _locations(replay, [walk(read.answer, "$.data.location.id") for read in reads], primary=False)


def owner_with(*held: str) -> Setup:
    """The product whose metafields the last read of the recording shows, holding the metafields with these keys.

    Values are the recorded ones; a key of "material=Canvas" is given another value first.
    """

    def make(replay: Replay) -> None:
        product = walk(replay.recording.at("$.downstreamRead").answer, "$.data.product")
        named = {"title": "Owner", "status": "DRAFT", **_seen(replay, product["id"])}
        make_product(
            replay, {name: named[name] for name in ("title", "status") if name in named} | {"id": product["id"]}
        )
        rows = {row["key"]: row for row in walk(product, "$.metafields.nodes")}
        rows.setdefault("material", {"namespace": "custom", "key": "material", "type": "single_line_text_field"})
        for key, _, value in (one.partition("=") for one in held):
            row = {**rows[key], **({"value": value} if value else {})}
            given = {name: row[name] for name in ("namespace", "key", "type", "value")}
            ours = replay.shop.data(
                _SET_METAFIELDS, {"metafields": [{**given, "ownerId": replay.known.ours[product["id"]]}]}
            )
            made = ours["metafieldsSet"]["metafields"][0]
            if "id" in row:
                _learn(replay, row["id"], made["id"])
            _digests(replay, made["compareDigest"] if value else None)

    return make


def _digests(replay: Replay, ours: str | None) -> None:
    """The digest that the recorded call sends is the one of the value held before it."""
    for row in walk(replay.recording.at("$.mutation.response").variables, "$.metafields") or ():
        if ours is not None and isinstance(row.get("compareDigest"), str):
            replay.known.texts[row["compareDigest"]] = ours


def without_material(replay: Replay) -> None:
    """The sitting had deleted one metafield before its last reads."""
    owner = walk(replay.recording.at("$.downstreamRead").answer, "$.data.product.id")
    row = {"ownerId": replay.known.ours[owner], "namespace": "custom", "key": "material"}
    replay.shop.data(
        "mutation D($m: [MetafieldIdentifierInput!]!) { metafieldsDelete(metafields: $m) { userErrors { message } } }",
        {"m": [row]},
    )


def use_location_key(replay: Replay, key: str) -> None:
    """Uses an idempotency key for deactivating a location that the recording does not know."""
    given = {"name": "Elsewhere", "address": {"countryCode": "US"}, "fulfillsOnlineOrders": False}
    made = replay.shop.data(_ADD_LOCATION, {"input": given})["locationAdd"]["location"]["id"]
    replay.shop.data(
        "mutation D($id: ID!, $key: String!) "
        "{ locationDeactivate(locationId: $id) @idempotent(key: $key) { location { id } } }",
        {"id": made, "key": key},
    )


def add_media(replay: Replay, product: str, media: list[dict[str, Any]]) -> None:
    """Gives a product new media."""
    payload = replay.shop.data(
        "mutation M($product: ProductUpdateInput!, $media: [CreateMediaInput!]) "
        "{ productUpdate(product: $product, media: $media) { userErrors { message } } }",
        {"product": {"id": replay.known.ours[product]}, "media": media},
    )
    assert payload["productUpdate"]["userErrors"] == []


def in_its_collection(replay: Replay) -> None:
    """The sitting had put the product into a collection before this read."""
    product = walk(replay.recording.at("$.upstreamCalls[3]").answer, "$.data.nodes[0]")
    for collection in product["collections"]["nodes"]:
        given = {name: collection[name] for name in ("title", "handle")}
        made = replay.shop.control("merchant", {"action": "create_collection", **given})["collection"]
        _learn(replay, collection["id"], made)
        replay.shop.data(
            "mutation J($product: ProductUpdateInput!) { productUpdate(product: $product) { userErrors { message } } }",
            {"product": {"id": replay.known.ours[product["id"]], "collectionsToJoin": [made]}},
        )
