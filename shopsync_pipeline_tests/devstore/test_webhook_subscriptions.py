"""Webhook subscriptions: what can be subscribed, in the recorded words where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.webhook_client import SUBSCRIPTION, WebhookClient

URI = "https://example.com/hook"
BAD_FILTER = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."
BAD_NAME = "Name name field can only contain alphanumeric characters, underscores, and hyphens"


@pytest.fixture
def hooks(shop: DevStoreClient) -> WebhookClient:
    return WebhookClient(shop)


def test_a_subscription_shows_what_it_was_given(hooks: WebhookClient) -> None:
    made = hooks.subscribe(
        "PRODUCTS_UPDATE", URI, format="JSON", includeFields=["id", "updated_at"], metafieldNamespaces=["custom"],
        metafields=[{"namespace": "a", "key": "b"}], name="my_hook-1", filter="status:active",
    )  # fmt: skip
    shown = {key: made[key] for key in made if key not in ("id", "createdAt", "updatedAt")}
    assert shown == {
        "topic": "PRODUCTS_UPDATE", "uri": URI, "format": "JSON", "filter": "status:active",
        "includeFields": ["id", "updated_at"], "metafieldNamespaces": ["custom"],
        "metafields": [{"namespace": "a", "key": "b"}], "name": "my_hook-1", "apiVersion": {"handle": "2026-10"},
        "endpoint": {"__typename": "WebhookHttpEndpoint", "callbackUrl": URI},
    }  # fmt: skip
    query = f"query W($id: ID!) {{ webhookSubscription(id: $id) {{ {SUBSCRIPTION} }} }}"
    found = hooks.shop.data(query, {"id": made["id"]})
    assert found["webhookSubscription"] == made


def test_the_version_is_that_of_the_request(hooks: WebhookClient) -> None:
    query = (
        'mutation { webhookSubscriptionCreate(topic: SHOP_UPDATE, webhookSubscription: {uri: "https://example.com/v"}) '
        "{ webhookSubscription { apiVersion { handle } } } }"
    )
    made = hooks.shop.data(query, version="2026-07")["webhookSubscriptionCreate"]["webhookSubscription"]
    assert made == {"apiVersion": {"handle": "2026-07"}}


@pytest.mark.parametrize(
    ("uri", "messages"),
    [
        ("", ["Address can't be blank"]),
        ("http://example.com/hook", ["Address protocol http:// is not supported"]),
        ("https://some.myshopify.com/hook", ["Address cannot be a Shopify or an internal domain"]),
        ("https://10.0.0.1/hook", ["Address cannot be a Shopify or an internal domain"]),
        ("pubsub://", ["Address protocol pubsub:// is not supported",
                       "Address is not a valid GCP pub/sub format. Format should be pubsub://project:topic"]),
    ],
)  # fmt: skip
def test_addresses_that_are_refused(hooks: WebhookClient, uri: str, messages: list[str]) -> None:
    payload = hooks.create("SHOP_UPDATE", uri=uri)
    assert payload["webhookSubscription"] is None
    assert payload["userErrors"] == [
        {"field": ["webhookSubscription", "callbackUrl"], "message": message} for message in messages
    ]


@pytest.mark.parametrize("uri", [URI, "http://127.0.0.1:9/hook", "http://localhost:9/h", "pubsub://project-1:topic"])
def test_addresses_that_are_taken(hooks: WebhookClient, uri: str) -> None:
    assert hooks.subscribe("SHOP_UPDATE", uri)["uri"] == uri


@pytest.mark.parametrize(
    ("given", "field", "messages"),
    [
        ({"filter": "totally bogus syntax"}, [], [BAD_FILTER]),
        ({"filter": "id:7 bareword"}, [], [BAD_FILTER]),
        ({"name": "has spaces"}, ["name"], [BAD_NAME]),
        ({"name": ""}, ["name"], ["Name is too short (minimum is 1 character)", BAD_NAME]),
        ({"name": "x" * 51}, ["name"], ["Name is too long (maximum is 50 characters)"]),
        ({"format": "XML"}, ["format"], ["Format 'xml' is invalid for this webhook topic. Allowed formats: json"]),
    ],
)
def test_inputs_that_are_refused(
    hooks: WebhookClient, given: dict[str, Any], field: list[str], messages: list[str]
) -> None:
    payload = hooks.create("SHOP_UPDATE", uri=URI, **given)
    assert payload["webhookSubscription"] is None
    assert payload["userErrors"] == [
        {"field": ["webhookSubscription", *field], "message": message} for message in messages
    ]


def test_one_address_hears_of_a_topic_once(hooks: WebhookClient) -> None:
    hooks.subscribe("SHOP_UPDATE", URI)
    errors = hooks.create("SHOP_UPDATE", uri=URI)["userErrors"]
    assert [error["message"] for error in errors] == ["Address for this topic has already been taken"]
    hooks.subscribe("SHOP_UPDATE", URI, filter="id:1")
    hooks.subscribe("PRODUCTS_CREATE", URI)


def test_an_update_changes_what_it_names_or_nothing(hooks: WebhookClient) -> None:
    made = hooks.subscribe("SHOP_UPDATE", URI, includeFields=["id", "name"], filter="id:1")
    refused = hooks.update(made["id"], uri="http://example.com/x", includeFields=["id"])
    assert refused["webhookSubscription"] is None
    changed = hooks.update(made["id"], includeFields=["id"])["webhookSubscription"]
    assert (changed["includeFields"], changed["filter"], changed["uri"]) == (["id"], "id:1", URI)
    unknown = hooks.update("gid://shopify/WebhookSubscription/9", uri=URI)["userErrors"]
    assert unknown == [{"field": ["id"], "message": "Webhook subscription does not exist"}]


def test_a_deleted_subscription_is_gone(hooks: WebhookClient) -> None:
    made = hooks.subscribe("SHOP_UPDATE", URI)
    assert hooks.delete(made["id"]) == {"deletedWebhookSubscriptionId": made["id"], "userErrors": []}
    again = hooks.delete(made["id"])
    assert again["userErrors"] == [{"field": ["id"], "message": "Webhook subscription does not exist"}]
    left = hooks.shop.data("{ webhookSubscriptions(first: 5) { nodes { id } } }")
    assert left == {"webhookSubscriptions": {"nodes": []}}


def test_lists_are_narrowed_by_topic_address_and_query(hooks: WebhookClient) -> None:
    first = hooks.subscribe("SHOP_UPDATE", URI)["id"]
    second = hooks.subscribe("PRODUCTS_CREATE", "https://example.com/other")["id"]

    def ids(arguments: str) -> list[str]:
        nodes = hooks.shop.data(f"{{ webhookSubscriptions({arguments}) {{ nodes {{ id }} }} }}")
        return [one["id"] for one in nodes["webhookSubscriptions"]["nodes"]]

    assert ids("first: 5") == [first, second]
    assert ids("first: 5, sortKey: ID, reverse: true") == [second, first]
    assert ids("first: 5, topics: [PRODUCTS_CREATE]") == [second]
    assert ids(f'first: 5, uri: "{URI}"') == [first]
    assert ids(f'first: 5, query: "id:{first.rsplit("/", 1)[1]}"') == [first]
    assert hooks.shop.data("{ webhookSubscriptionsCount { count precision } }") == {
        "webhookSubscriptionsCount": {"count": 2, "precision": "EXACT"}
    }
