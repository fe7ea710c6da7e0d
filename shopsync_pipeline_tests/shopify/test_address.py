"""A shop is written in one of four ways; nothing else is called, and the token never travels in clear."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.shopify.address import endpoint


@pytest.mark.parametrize(("written", "origin"), [
    ("my-shop", "https://my-shop.myshopify.com"),
    (" My-Shop.myshopify.com ", "https://my-shop.myshopify.com"),
    ("https://my-shop.myshopify.com", "https://my-shop.myshopify.com"),
    ("https://my-shop.myshopify.com/", "https://my-shop.myshopify.com"),
    ("http://127.0.0.1:47210", "http://127.0.0.1:47210"),
    ("http://localhost:47210/", "http://localhost:47210"),
    ("http://[::1]:47210", "http://[::1]:47210"),
])
def test_the_accepted_forms(written: str, origin: str) -> None:
    assert endpoint(written, "2026-10") == f"{origin}/admin/api/2026-10/graphql.json"


@pytest.mark.parametrize("written", [
    "", "my shop", "http://my-shop.myshopify.com", "https://example.com", "https://my-shop.myshopify.com/admin",
    "http://10.0.0.1:80", "https://my-shop.myshopify.com.evil.example", "ftp://127.0.0.1",
    "https://my-shop.myshopify.com?x=1", "https://a@my-shop.myshopify.com",
])
def test_anything_else_is_a_sentence(written: str) -> None:
    with pytest.raises(SettingsError, match=r'write the shop as "my-shop"'):
        endpoint(written, "2026-10")


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        endpoint("https://user:hunter2@example.com", "2026-10")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("version", ["", "latest", "2026-13", "unstable", "2026-10/../x"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(SettingsError, match="not one like"):
        endpoint("my-shop", version)
