"""Webhook subscriptions: create, update, delete, and reads. Sentences were recorded on a real store."""

from __future__ import annotations

import re
from typing import Any, Final

from shopsync_pipeline.devstore.config import SUPPORTED_VERSIONS
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import number_of, read_id
from shopsync_pipeline.devstore.operations.product_reads import count
from shopsync_pipeline.devstore.records import gid
from shopsync_pipeline.devstore.registry import attributes, field, mutation, query, record_type
from shopsync_pipeline.devstore.search.find import filtered
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.webhooks.addresses import address_errors
from shopsync_pipeline.devstore.webhooks.records import Subscription
from shopsync_pipeline.devstore.webhooks.shaping import filter_is_valid

_NAME: Final = re.compile(r"[A-Za-z0-9_-]*")
_UNKNOWN: Final = "Webhook subscription does not exist"
record_type("WebhookSubscription")(Subscription)


@mutation("webhookSubscriptionCreate")
def webhook_subscription_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Subscribes an address to a topic, with the API version of this request."""
    given, store = arguments["webhookSubscription"], context.store
    errors = _errors(context, given, arguments["topic"], None)
    if errors:
        return {"webhookSubscription": None, "userErrors": errors}
    number = store.next_id(Subscription.KIND)
    made = Subscription(
        number, arguments["topic"], _uri(given) or "", context.version, context.now, context.now, context.app
    )
    _write(made, given)
    store.touch(made)
    return {"webhookSubscription": made, "userErrors": []}


@mutation("webhookSubscriptionUpdate")
def webhook_subscription_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Changes what the input gives; the topic stays."""
    given = arguments["webhookSubscription"]
    found = _find(context, arguments["id"])
    if found is None:
        return {"webhookSubscription": None, "userErrors": [user_error(["id"], _UNKNOWN)]}
    errors = _errors(context, given, found.topic, found)
    if errors:
        return {"webhookSubscription": None, "userErrors": errors}
    _write(found, given)
    found.updated_at = context.now
    context.store.touch(found)
    return {"webhookSubscription": found, "userErrors": []}


@mutation("webhookSubscriptionDelete")
def webhook_subscription_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Ends a subscription; deliveries that still wait for it are given up."""
    found = _find(context, arguments["id"])
    if found is None:
        return {"deletedWebhookSubscriptionId": None, "userErrors": [user_error(["id"], _UNKNOWN)]}
    context.store.remove(found)
    return {"deletedWebhookSubscriptionId": gid(found.KIND, found.id), "userErrors": []}


def _find(context: Context, text: str) -> Subscription | None:
    number = number_of(text, Subscription.KIND)
    return next((one for one in _own(context) if one.id == number), None)


def _own(context: Context) -> list[Subscription]:
    """The subscriptions of the app that asks; it never sees another's."""
    return [one for one in context.store.subscriptions.values() if one.app == context.app]


def _uri(given: dict[str, Any]) -> str | None:
    uri = given["uri"] if "uri" in given else given.get("callbackUrl")
    return uri.strip() if isinstance(uri, str) else None


def _errors(context: Context, given: dict[str, Any], topic: str, present: Subscription | None) -> list[UserError]:
    errors: list[UserError] = []
    names_address = "uri" in given or "callbackUrl" in given
    if present is None or names_address:
        errors += address_errors(_uri(given))
    if given.get("format") == "XML":
        sentence = "Format 'xml' is invalid for this webhook topic. Allowed formats: json"
        errors.append(user_error(["webhookSubscription", "format"], sentence))
    if given.get("name") is not None:
        errors += _name_errors(given["name"])
    if not filter_is_valid(given.get("filter") or ""):
        sentence = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."
        errors.append(user_error(["webhookSubscription"], sentence))
    address = _uri(given) if names_address else (present.uri if present else None)
    wanted = given.get("filter", present.filter if present else None)
    taken = any(
        (one.topic, one.uri, one.filter or "") == (topic, address, wanted or "")
        for one in _own(context)
        if one is not present
    )
    if taken and not errors:
        sentence = "Address for this topic has already been taken"
        errors.append(user_error(["webhookSubscription", "callbackUrl"], sentence))
    return errors


def _name_errors(name: str) -> list[UserError]:
    where, errors = ["webhookSubscription", "name"], []
    if not name:
        errors.append(user_error(where, "Name is too short (minimum is 1 character)"))
    if len(name) > 50:
        errors.append(user_error(where, "Name is too long (maximum is 50 characters)"))
    if not name or not _NAME.fullmatch(name):
        sentence = "Name name field can only contain alphanumeric characters, underscores, and hyphens"
        errors.append(user_error(where, sentence))
    return errors


def _write(subscription: Subscription, given: dict[str, Any]) -> None:
    address = _uri(given)
    if address is not None:
        subscription.uri = address
    for name, attribute in (("filter", "filter"), ("name", "name")):
        if name in given:
            setattr(subscription, attribute, given[name])
    for name, attribute in (("includeFields", "include_fields"), ("metafieldNamespaces", "metafield_namespaces")):
        if name in given:
            setattr(subscription, attribute, list(given[name] or []))
    if "metafields" in given:
        rows = given["metafields"] or []
        subscription.metafields = [[row.get("namespace") or "", row["key"]] for row in rows]


@query("webhookSubscription")
def webhook_subscription(_source: Any, context: Context, arguments: dict[str, Any]) -> Subscription | None:
    """The subscription with this id."""
    read_id(arguments["id"], Subscription.KIND)
    return _find(context, arguments["id"])


@query("webhookSubscriptions")
def webhook_subscriptions(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of subscriptions, by creation or by id, narrowed by topic, address and format."""
    topics, addresses = arguments.get("topics"), (arguments.get("uri"), arguments.get("callbackUrl"))
    rows = [
        row
        for row in filtered(
            context, _own(context), arguments.get("query"), _SEARCH, (), "webhookSubscriptions"
        )
        if (not topics or row.topic in topics)
        and all(address in (None, row.uri) for address in addresses)
        and arguments.get("format") in (None, row.format)
    ]
    by_number = arguments.get("sortKey") == "ID"

    def key(row: Subscription) -> tuple[Any, int]:
        return (row.id if by_number else row.created_at), row.id

    reverse = bool(arguments.get("reverse"))
    return page(sorted(rows, key=key, reverse=reverse), arguments, key, descending=reverse)


@query("webhookSubscriptionsCount")
def webhook_subscriptions_count(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """How many subscriptions the query selects."""
    found = filtered(context, _own(context), arguments.get("query"), _COUNTED, (), "webhookSubscriptionsCount")
    return count(len(found), arguments.get("limit"))


_SEARCH: Final[dict[str, Any]] = {
    "id": lambda row, _store: row.id,
    "created_at": lambda row, _store: row.created_at,
    "updated_at": lambda row, _store: row.updated_at,
}
_COUNTED: Final[dict[str, Any]] = {
    **_SEARCH,
    "topic": lambda row, _store: row.topic,
    "endpoint": lambda row, _store: row.uri,
}

attributes(
    "WebhookSubscription",
    createdAt="created_at",
    updatedAt="updated_at",
    includeFields="include_fields",
    metafieldNamespaces="metafield_namespaces",
    callbackUrl="uri",
)


@field("WebhookSubscription", "id")
def subscription_id(source: Subscription, _context: Context, _arguments: dict[str, Any]) -> str:
    """The subscription's gid."""
    return gid(source.KIND, source.id)


@field("WebhookSubscription", "legacyResourceId")
def subscription_number(source: Subscription, _context: Context, _arguments: dict[str, Any]) -> str:
    """The number as text."""
    return str(source.id)


@field("WebhookSubscription", "metafields")
def subscription_metafields(source: Subscription, _context: Context, _arguments: Any) -> list[dict[str, str]]:
    """The metafields that bodies carry, by name."""
    return [{"namespace": namespace, "key": key} for namespace, key in source.metafields]


@field("WebhookSubscription", "apiVersion")
def subscription_version(source: Subscription, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The version of the request that made the subscription."""
    newest = source.version == SUPPORTED_VERSIONS[-1]
    name = f"{source.version} (Latest)" if newest else source.version
    return {"handle": source.version, "displayName": name, "supported": True}


@field("WebhookSubscription", "endpoint")
def subscription_endpoint(source: Subscription, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The address as the kind of endpoint it is."""
    if source.uri.startswith("pubsub://"):
        project, _, topic = source.uri.removeprefix("pubsub://").partition(":")
        return {"__typename": "WebhookPubSubEndpoint", "pubSubProject": project, "pubSubTopic": topic}
    if source.uri.startswith("arn:"):
        return {"__typename": "WebhookEventBridgeEndpoint", "arn": source.uri}
    return {"__typename": "WebhookHttpEndpoint", "callbackUrl": source.uri}
