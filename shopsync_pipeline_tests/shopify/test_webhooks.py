"""A webhook is Shopify's when its signature fits any secret that is not revoked."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from shopsync_pipeline.shopify.webhooks import verify

BODY = b'{"id":788032119674292922,"title":"Gr\xc3\xb6\xc3\x9fe"}'


def signed(secret: str, body: bytes = BODY) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def test_a_body_signed_with_the_secret_is_accepted() -> None:
    assert verify(BODY, signed("hush"), ["hush"])


@pytest.mark.parametrize("secrets", [["new", "old"], ["old", "new"]])
def test_during_a_rotation_either_secret_fits(secrets: list[str]) -> None:
    assert verify(BODY, signed("old"), secrets)
    assert verify(BODY, signed("new"), secrets)


@pytest.mark.parametrize(("body", "header", "secrets"), [
    (BODY + b" ", signed("hush"), ["hush"]),
    (BODY, signed("other"), ["hush"]),
    (BODY, signed("hush"), []),
    (BODY, "", ["hush"]),
    (BODY, "not base64!", ["hush"]),
    (BODY, "größe", ["hush"]),
    (BODY, signed("hush")[:-4], ["hush"]),
    (BODY, signed(""), [""]),
])
def test_anything_else_is_refused(body: bytes, header: str, secrets: list[str]) -> None:
    assert not verify(body, header, secrets)
