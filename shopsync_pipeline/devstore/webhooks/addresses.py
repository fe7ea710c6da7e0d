"""Where a webhook may go: what the platform refuses when a subscription is made, and what this machine refuses to send.

Any https address may be subscribed, as on the platform; only loopback is ever delivered to. Plain http is taken for
loopback addresses alone, which the platform would refuse: a receiver under test seldom has a certificate.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

_FIELD: Final = ["webhookSubscription", "callbackUrl"]
_PUBSUB: Final = re.compile(r"pubsub://[a-z][a-z0-9-]{4,28}[a-z0-9]:[A-Za-z][\w.~+%-]{2,254}")
_INTERNAL: Final = ("myshopify.com", "shopify.com", "local", "internal", "localdomain")


def address_errors(uri: str | None) -> list[UserError]:
    """Why an address cannot be subscribed; the sentences were recorded on a real store."""
    text = (uri or "").strip()
    if not text:
        return [user_error(_FIELD, "Address can't be blank")]
    if text.startswith("pubsub://"):
        return [] if _PUBSUB.fullmatch(text) else [
            user_error(_FIELD, "Address protocol pubsub:// is not supported"),
            user_error(
                _FIELD, "Address is not a valid GCP pub/sub format. Format should be pubsub://project:topic"
            ),
        ]  # fmt: skip
    if text.startswith("arn:aws:events:"):
        return []
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        return [user_error(_FIELD, "Address is invalid")]
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return []
    if parts.scheme != "https":
        return [user_error(_FIELD, f"Address protocol {parts.scheme}:// is not supported")]
    if not host:
        return [user_error(_FIELD, "Address is invalid")]
    if _is_internal(host):
        return [user_error(_FIELD, "Address cannot be a Shopify or an internal domain")]
    return []


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told from its text alone: no name is ever looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(uri: str) -> str | None:
    """Why nothing is sent to a subscribed address, or None when it may be sent."""
    if uri.startswith(("pubsub://", "arn:")):
        return f"{uri} was not delivered to: the dev store sends over http to this machine only"
    host = (urlsplit(uri).hostname or "").lower()
    if is_loopback(host):
        return None
    return f"{uri} was not delivered to: {host} is not a loopback address, and the dev store never leaves this machine"


def _is_internal(host: str) -> bool:
    if any(host == name or host.endswith(f".{name}") for name in _INTERNAL):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
