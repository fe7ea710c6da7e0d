"""Deliveries: what is sent when, how it is signed, and what happens when nobody answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from shopsync_pipeline.devstore.webhooks.delivery import RETRIES, wait_after
from shopsync_pipeline_tests.devstore.bulk_client import CREATE, BulkClient
from shopsync_pipeline_tests.devstore.client import INVENTORY_SET, DevStoreClient, colours
from shopsync_pipeline_tests.devstore.receiver import Receiver, receiving
from shopsync_pipeline_tests.devstore.webhook_client import WebhookClient

DEFAULTS = {"webhook_speed": 1, "webhook_timeout_ms": 5_000, "webhook_connect_ms": 1_000}
EDIT = "mutation E($p: ProductUpdateInput!) { productUpdate(product: $p) { userErrors { message } } }"


@pytest.fixture
def hooks(shop: DevStoreClient) -> Iterator[WebhookClient]:
    shop.control("settings", DEFAULTS)
    yield WebhookClient(shop)
    shop.control("settings", DEFAULTS)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def edit(shop: DevStoreClient, number: str, **fields: Any) -> None:
    shop.data(EDIT, {"p": {"id": number, **fields}})


def test_a_delivery_is_signed_over_its_raw_body(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", f"{receiver.address}/hook", name="mine")
    product = hooks.shop.make(title="Tëst")
    (got,) = receiver.wait_for(1)
    digest = hmac.new(b"devstore-secret", got.body, hashlib.sha256).digest()
    assert got.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert got.path == "/hook"
    assert got.headers["x-shopify-topic"] == "products/create"
    assert got.headers["x-shopify-shop-domain"] == "demo-store.myshopify.com"
    assert got.headers["x-shopify-api-version"] == "2026-10"
    assert got.headers["x-shopify-name"] == "mine"
    assert got.headers["x-shopify-triggered-at"].startswith(product["updatedAt"][:10])
    assert len({got.headers["x-shopify-webhook-id"], got.headers["x-shopify-event-id"]}) == 2


def test_a_product_body_is_rest_style(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    made = hooks.shop.make(
        title="Shirt", tags=["b", "a"], files=[{"originalSource": "https://e.example/x.png"}],
        **colours(hooks.shop.location(), "Red", "Blue", stock=3),
    )  # fmt: skip
    body = receiver.wait_for(1)[0].payload
    assert body["admin_graphql_api_id"] == made["id"]
    assert body["id"] == int(made["id"].rsplit("/", 1)[1])
    assert (body["title"], body["tags"], body["status"], body["updated_at"]) == (
        "Shirt", "a, b", made["status"].lower(), made["updatedAt"],
    )  # fmt: skip
    first = body["variants"][0]
    assert (first["sku"], first["price"], first["option1"], first["option2"]) == ("RED", "10.00", "Red", None)
    assert (first["inventory_quantity"], first["inventory_policy"]) == (3, "deny")
    assert body["options"][0]["values"] == ["Red", "Blue"]
    assert len(body["images"]) == 1


def test_changes_of_a_product_its_variants_and_metafields_are_updates(hooks: WebhookClient, receiver: Receiver) -> None:
    product = hooks.shop.make(title="Start")
    hooks.subscribe("PRODUCTS_UPDATE", receiver.address)
    edit(hooks.shop, product["id"], title="Second")
    assert receiver.wait_for(1)[0].payload["title"] == "Second"
    hooks.shop.data(
        "mutation V($id: ID!, $v: [ProductVariantsBulkInput!]!) "
        "{ productVariantsBulkUpdate(productId: $id, variants: $v) { userErrors { message } } }",
        {"id": product["id"], "v": [{"id": product["variants"]["nodes"][0]["id"], "price": "9.5"}]},
    )
    assert receiver.wait_for(2)[1].payload["variants"][0]["price"] == "9.50"
    hooks.shop.data(
        "mutation M($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { userErrors { message } } }",
        {"m": [{"ownerId": product["id"], "namespace": "custom", "key": "shown", "type": "boolean", "value": "true"}]},
    )
    assert receiver.wait_for(3)[2].topic == "products/update"


def test_a_merchants_edits_and_deletions_are_told_too(hooks: WebhookClient, receiver: Receiver) -> None:
    product = hooks.shop.make(title="Watched", handle="watched")
    hooks.subscribe("PRODUCTS_UPDATE", receiver.address)
    hooks.subscribe("PRODUCTS_DELETE", receiver.address)
    hooks.subscribe("INVENTORY_ITEMS_DELETE", receiver.address)
    hooks.shop.control("merchant", {"action": "edit_product", "handle": "watched", "fields": {"title": "Theirs"}})
    receiver.wait_for(1)
    hooks.shop.control("merchant", {"action": "delete_product", "handle": "watched"})
    got = receiver.wait_for(3)
    bodies = {one.topic: one.payload for one in got}
    assert bodies["products/delete"] == {"id": int(product["id"].rsplit("/", 1)[1])}
    assert set(bodies) == {"products/update", "products/delete", "inventory_items/delete"}


def test_stock_is_told_as_levels(hooks: WebhookClient, receiver: Receiver) -> None:
    place = hooks.shop.location()
    for topic in ("INVENTORY_LEVELS_CONNECT", "INVENTORY_LEVELS_UPDATE", "INVENTORY_ITEMS_CREATE"):
        hooks.subscribe(topic, receiver.address)
    made = hooks.shop.make(title="Stocked", **colours(place, "Red", stock=5))
    item = made["variants"]["nodes"][0]["inventoryItem"]["id"]
    assert {one.topic for one in receiver.wait_for(3)} == {
        "inventory_items/create", "inventory_levels/connect", "inventory_levels/update",
    }  # fmt: skip
    quantities = [{"inventoryItemId": item, "locationId": place, "quantity": 8, "changeFromQuantity": 5}]
    given = {"name": "available", "reason": "correction", "quantities": quantities}
    hooks.shop.data(INVENTORY_SET, {"input": given, "key": "k"})
    last = receiver.wait_for(4)[3]
    assert last.topic == "inventory_levels/update"
    assert (last.payload["available"], last.payload["inventory_item_id"]) == (8, int(item.rsplit("/", 1)[1]))
    assert last.payload["location_id"] == int(place.rsplit("/", 1)[1])


def test_item_facts_are_told_and_stock_alone_is_not(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.shop.make(title="Item", **colours(hooks.shop.location(), "Red"))
    hooks.subscribe("INVENTORY_ITEMS_UPDATE", receiver.address)
    hooks.shop.control("merchant", {"action": "set_stock", "sku": "RED", "available": 9})
    fields = {"inventoryItem": {"cost": "3.20"}}
    hooks.shop.control("merchant", {"action": "edit_variant", "sku": "RED", "fields": fields})
    (got,) = receiver.wait_for(1)
    assert (got.payload["cost"], got.payload["sku"]) == ("3.20", "RED")


def test_the_end_of_a_bulk_operation_is_told(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("BULK_OPERATIONS_FINISH", receiver.address)
    bulk = BulkClient(hooks.shop)
    done = bulk.finish(bulk.run(CREATE, [{"product": {"title": "x"}}])["id"])
    assert receiver.wait_for(1)[0].payload == {
        "admin_graphql_api_id": done["id"], "completed_at": done["completedAt"], "created_at": done["createdAt"],
        "error_code": None, "status": "completed", "type": "mutation",
    }  # fmt: skip


def test_include_fields_shape_the_body_and_the_same_body_is_not_sent_twice(
    hooks: WebhookClient, receiver: Receiver
) -> None:
    product = hooks.shop.make(title="Start")
    hooks.subscribe("PRODUCTS_UPDATE", receiver.address, includeFields=["id", "title", "variants.id"])
    edit(hooks.shop, product["id"], title="Second")
    body = receiver.wait_for(1)[0].payload
    assert set(body) == {"id", "title", "variants"}
    assert set(body["variants"][0]) == {"id"}
    edit(hooks.shop, product["id"], vendor="Someone else")
    edit(hooks.shop, product["id"], title="Third")
    assert receiver.wait_for(2)[1].payload["title"] == "Third"
    assert "debounced" in hooks.results()


def test_metafields_come_along_when_asked_for(hooks: WebhookClient, receiver: Receiver) -> None:
    metafields = [
        {"namespace": namespace, "key": "size", "type": "number_integer", "value": "3"}
        for namespace in ("custom", "other", "third")
    ]
    hooks.subscribe(
        "PRODUCTS_CREATE", receiver.address, metafieldNamespaces=["custom"],
        metafields=[{"namespace": "third", "key": "size"}],
    )  # fmt: skip
    hooks.shop.make(title="With", metafields=metafields)
    found = receiver.wait_for(1)[0].payload["metafields"]
    assert [(one["namespace"], one["key"], one["value"], one["owner_resource"]) for one in found] == [
        ("custom", "size", "3", "product"), ("third", "size", "3", "product"),
    ]  # fmt: skip


def test_a_filter_lets_through_what_it_names(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", receiver.address, filter="variants.price:>=10 AND -vendor:Acme")
    for vendor, price in (("Acme", "20"), ("Other", "9.99"), ("Other", "10.00")):
        hooks.shop.make(
            title="Priced", vendor=vendor,
            productOptions=[{"name": "Size", "values": [{"name": "S"}]}],
            variants=[{"optionValues": [{"optionName": "Size", "name": "S"}], "price": price}],
        )  # fmt: skip
    (got,) = receiver.wait_for(1)
    assert (got.payload["vendor"], got.payload["variants"][0]["price"]) == ("Other", "10.00")


def test_two_subscriptions_share_the_event_and_not_the_delivery(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", f"{receiver.address}/a")
    hooks.subscribe("PRODUCTS_CREATE", f"{receiver.address}/b")
    hooks.shop.make(title="Once")
    one, other = receiver.wait_for(2)
    assert one.headers["x-shopify-event-id"] == other.headers["x-shopify-event-id"]
    assert one.headers["x-shopify-webhook-id"] != other.headers["x-shopify-webhook-id"]


def test_only_this_machine_is_ever_sent_to(hooks: WebhookClient) -> None:
    hooks.subscribe("PRODUCTS_CREATE", "https://example.com/hook")
    hooks.shop.make(title="Quiet")
    (entry,) = hooks.seen()["log"]
    assert entry["result"] == "refused"
    assert "example.com is not a loopback address" in entry["reason"]


def test_eight_retries_take_four_hours_each_wait_twice_the_last() -> None:
    waits = [wait_after(tries) for tries in range(1, RETRIES + 1)]
    assert sum(waits) == pytest.approx(4 * 3_600)
    assert all(later == pytest.approx(2 * wait) for wait, later in pairwise(waits))


def test_a_failed_delivery_is_tried_again_as_it_was(hooks: WebhookClient, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    product = hooks.shop.make(title="First")
    hooks.subscribe("PRODUCTS_UPDATE", receiver.address)
    edit(hooks.shop, product["id"], title="Second")
    for count in (1, 2):
        hooks.until(lambda seen, count=count: [one["result"] for one in seen["log"]].count("failed") == count)  # type: ignore[misc]
        assert hooks.seen()["waiting"][0]["tries"] == count
        hooks.shop.control("clock", {"advance_seconds": wait_after(count) + 1})
    got = receiver.wait_for(3)
    assert len({one.body for one in got}) == 1
    assert len({one.headers["x-shopify-webhook-id"] for one in got}) == 1
    hooks.until(lambda seen: [one["result"] for one in seen["log"]] == ["failed", "failed", "delivered"])


def test_a_receiver_that_never_answers_loses_its_subscription(hooks: WebhookClient, receiver: Receiver) -> None:
    receiver.always = 503
    hooks.shop.control("settings", {"webhook_speed": 1e9})
    hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    kept = hooks.subscribe("PRODUCTS_UPDATE", receiver.address)
    hooks.shop.make(title="Nobody listens")
    seen = hooks.until(lambda seen: len(seen["subscriptions"]) == 1)
    assert seen["subscriptions"][0]["id"] == kept["id"]
    assert len(receiver.got) == 1 + RETRIES
    assert [one["result"] for one in seen["log"]] == ["failed"] * (1 + RETRIES) + ["given up"]


def test_no_connection_and_no_answer_are_failures(hooks: WebhookClient, receiver: Receiver) -> None:
    receiver.silent.set()
    hooks.shop.control("settings", {"webhook_timeout_ms": 200})
    hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    hooks.subscribe("PRODUCTS_CREATE", "http://127.0.0.1:9/nobody")
    hooks.shop.make(title="Waiting")
    seen = hooks.until(lambda seen: len(seen["log"]) == 2)
    reasons = {entry["uri"]: entry["reason"] for entry in seen["log"]}
    assert "within 0.2 seconds" in reasons[receiver.address]
    assert "ConnectError" in reasons["http://127.0.0.1:9/nobody"]


def test_duplicates_losses_and_delays_on_order(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    hooks.shop.control("webhooks", {"kind": "duplicate", "topic": "products/create"})
    hooks.shop.make(title="Twice")
    one, other = receiver.wait_for(2)
    assert one.headers["x-shopify-webhook-id"] == other.headers["x-shopify-webhook-id"]
    hooks.shop.control("webhooks", {"kind": "drop"})
    hooks.shop.make(title="Never")
    hooks.shop.control("webhooks", {"kind": "delay", "seconds": 86_400})
    hooks.shop.make(title="Late")
    hooks.shop.make(title="Now")
    assert receiver.wait_for(3)[2].payload["title"] == "Now"
    hooks.shop.control("clock", {"advance_seconds": 86_401})
    assert receiver.wait_for(4)[3].payload["title"] == "Late"
    assert "lost" in hooks.results()


def test_reordering_on_order(hooks: WebhookClient, receiver: Receiver) -> None:
    hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    hooks.shop.control("webhooks", {"kind": "reorder", "count": 3})
    for title in ("A", "B"):
        hooks.shop.make(title=title)
    assert hooks.seen()["orders"][0]["held"] == 2
    hooks.shop.make(title="C")
    assert [one.payload["title"] for one in receiver.wait_for(3)] == ["C", "B", "A"]


def test_a_deleted_subscription_gets_nothing_that_waited(hooks: WebhookClient, receiver: Receiver) -> None:
    receiver.statuses = [500]
    made = hooks.subscribe("PRODUCTS_CREATE", receiver.address)
    hooks.shop.make(title="Failing")
    hooks.until(lambda seen: bool(seen["waiting"]))
    hooks.delete(made["id"])
    hooks.shop.control("clock", {"advance_seconds": wait_after(1) + 1})
    seen = hooks.until(lambda seen: seen["log"][-1]["result"] == "given up")
    assert (len(receiver.got), seen["waiting"]) == (1, [])


@pytest.mark.parametrize("body", [{"kind": "eat"}, {"kind": "drop", "count": 0}, {"what": 1}])
def test_the_control_plane_explains_what_it_refuses(hooks: WebhookClient, body: dict[str, Any]) -> None:
    response = hooks.shop.http.post("/__devstore/webhooks", json=body)
    assert (response.status_code, len(response.json()["error"]) > 10) == (400, True)


def test_each_app_signs_with_its_own_secret_and_sees_its_own_subscriptions(
    hooks: WebhookClient, receiver: Receiver
) -> None:
    shop = hooks.shop
    shop.control("apps", {"action": "install", "client_id": "second", "client_secret": "other-secret"})
    shop.control("apps", {"action": "token", "token": "second-token", "app": "second"})
    other = WebhookClient(DevStoreClient(shop.address, "second-token"))
    made = other.subscribe("PRODUCTS_CREATE", receiver.address)
    assert hooks.delete(made["id"])["userErrors"] != []
    shop.make(title="Signed")
    (got,) = receiver.wait_for(1)
    digest = hmac.new(b"other-secret", got.body, hashlib.sha256).digest()
    assert got.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
