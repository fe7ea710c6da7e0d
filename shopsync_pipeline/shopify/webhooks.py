"""Whether a webhook really comes from Shopify: its signature over the body, byte for byte.

Never look into a body before this said yes; the headers are not signed and prove nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence


def verify(raw_body: bytes, header_hmac: str, secrets: Sequence[str]) -> bool:
    """Whether `header_hmac` (X-Shopify-Hmac-Sha256) is the signature of `raw_body` under any of the app's `secrets`.

    Give all secrets that are not revoked: while one is being rotated, Shopify signs with the oldest (Shopify docs,
    "Verify webhook deliveries"). Takes the same time whichever secret fits. Empty secrets never fit.
    """
    try:
        given = base64.b64decode(header_hmac, validate=True)
    except (binascii.Error, ValueError):
        return False
    fits = False
    for secret in secrets:
        signature = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
        fits |= hmac.compare_digest(signature, given) and secret != ""
    return fits
