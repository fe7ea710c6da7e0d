"""Webhook subscriptions as a caller makes them, and the delivery log of the control plane."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from shopsync_pipeline_tests.devstore.client import DevStoreClient

SUBSCRIPTION = (
    "id topic uri format filter includeFields metafieldNamespaces metafields { namespace key } name createdAt "
    "updatedAt apiVersion { handle } endpoint { __typename ... on WebhookHttpEndpoint { callbackUrl } }"
)
CREATE = f"""
mutation C($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) {{
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) {{
    webhookSubscription {{ {SUBSCRIPTION} }} userErrors {{ field message }}
  }}
}}"""
UPDATE = f"""
mutation U($id: ID!, $given: WebhookSubscriptionInput!) {{
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $given) {{
    webhookSubscription {{ {SUBSCRIPTION} }} userErrors {{ field message }}
  }}
}}"""
DELETE = """
mutation D($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}"""


class WebhookClient:
    """Webhook calls to one dev store."""

    def __init__(self, shop: DevStoreClient) -> None:
        self.shop = shop

    def create(self, topic: str, **given: Any) -> dict[str, Any]:
        payload: dict[str, Any] = self.shop.data(CREATE, {"topic": topic, "given": given})["webhookSubscriptionCreate"]
        return payload

    def subscribe(self, topic: str, uri: str, **given: Any) -> dict[str, Any]:
        payload = self.create(topic, uri=uri, **given)
        assert payload["userErrors"] == []
        made: dict[str, Any] = payload["webhookSubscription"]
        return made

    def update(self, number: str, **given: Any) -> dict[str, Any]:
        payload: dict[str, Any] = self.shop.data(UPDATE, {"id": number, "given": given})["webhookSubscriptionUpdate"]
        return payload

    def delete(self, number: str) -> dict[str, Any]:
        payload: dict[str, Any] = self.shop.data(DELETE, {"id": number})["webhookSubscriptionDelete"]
        return payload

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.shop.http.get("/__devstore/webhooks").json()
        return found

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What the control plane shows once something holds of it; a minute is given, far more than this takes."""
        limit = time.monotonic() + 60
        while not holds(found := self.seen()):
            assert time.monotonic() < limit, found
            time.sleep(0.01)
        return found

    def results(self) -> list[str]:
        return [entry["result"] for entry in self.seen()["log"]]
