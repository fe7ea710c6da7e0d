"""Which address a shop's Admin API has: from what an operator writes to the two URLs that are called.

Never lets the token travel in clear: plain http is for loopback only, where the dev store listens.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from shopsync_pipeline.core.errors import SettingsError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", re.IGNORECASE)


def endpoint(shop_url: str, api_version: str) -> str:
    """The GraphQL URL of a shop at a version (`2026-10`).

    Accepts `my-shop`, `my-shop.myshopify.com`, `https://my-shop.myshopify.com` and, for a dev store,
    `http://127.0.0.1:47210`. Raises `SettingsError` for anything else.
    """
    if not re.fullmatch(r"20\d\d-(01|04|07|10)", api_version):
        raise SettingsError(f'The Shopify API version is "{api_version}", which is not one like "2026-10".')
    return f"{_origin(shop_url.strip())}/admin/api/{api_version}/graphql.json"


def token_endpoint(shop_url: str) -> str:
    """The URL at which a shop gives out access tokens. Accepts and raises what `endpoint` does."""
    return f"{_origin(shop_url.strip())}/admin/oauth/access_token"


def _origin(shop_url: str) -> str:
    if _NAME.fullmatch(shop_url):
        return f"https://{shop_url.lower()}.myshopify.com"
    if _DOMAIN.fullmatch(shop_url):
        return f"https://{shop_url.lower()}"
    parts = urlsplit(shop_url)
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and parts.username is None
    host = parts.hostname or ""
    if bare and parts.scheme == "https" and _DOMAIN.fullmatch(host):
        return f"https://{host}"
    if bare and parts.scheme in ("http", "https") and _is_loopback(host):
        return f"{parts.scheme}://{parts.netloc}"
    raise SettingsError(
        f'The shop address "{_shown(shop_url)}" cannot be used: write the shop as "my-shop", "my-shop.myshopify.com" '
        'or "https://my-shop.myshopify.com", or for a dev store on this machine as "http://127.0.0.1:47210".'
    )


def _shown(shop_url: str) -> str:
    """The address without what stands before an @, which may be a password."""
    return re.sub(r"//[^/]*@", "//…@", shop_url)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
