"""What the shop remembers of webhooks: the subscriptions. Deliveries live in memory only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(slots=True)
class Subscription:
    """Which app wants to hear of a topic, and where. `metafields` are (namespace, key) pairs.

    `version` is that of the request that made it; it shapes nothing but a header.
    """

    KIND: ClassVar[str] = "WebhookSubscription"
    id: int
    topic: str
    uri: str
    version: str
    created_at: str
    updated_at: str
    app: str = "app"
    format: str = "JSON"
    name: str | None = None
    filter: str | None = None
    include_fields: list[str] = field(default_factory=list)
    metafield_namespaces: list[str] = field(default_factory=list)
    metafields: list[list[str]] = field(default_factory=list)
