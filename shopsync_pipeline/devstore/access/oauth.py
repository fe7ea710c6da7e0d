"""The client-credentials grant: POST /admin/oauth/access_token with id and secret, as a form or as JSON.

Shapes of good answers are the platform's; the refusals follow RFC 6749, section 5.2, which is all it documents.
"""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from shopsync_pipeline.devstore.access.apps import TOKEN_SECONDS, Apps

PATH: Final = "/admin/oauth/access_token"
_GRANT: Final = "client_credentials"


def grant(apps: Apps, content_type: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of the answer to one request for a token."""
    given = _read(content_type, body)
    if given is None:
        return 400, _refused("invalid_request", "The request body is neither a form nor a JSON object.")
    if given.get("grant_type") != _GRANT:
        return 400, _refused("unsupported_grant_type", f"The grant type must be {_GRANT}.")
    app = apps.app(str(given.get("client_id") or ""))
    if app is None:
        return 400, _refused("application_cannot_be_found", "The application cannot be found.")
    if not hmac.compare_digest(app.secret.encode(), str(given.get("client_secret") or "").encode()):
        return 401, _refused("invalid_client", "The client secret is wrong.")
    token = apps.issue(app)
    return 200, {"access_token": token.token, "scope": ",".join(token.scopes), "expires_in": TOKEN_SECONDS}


def _refused(error: str, description: str) -> dict[str, Any]:
    return {"error": error, "error_description": description}


def _read(content_type: str, body: bytes) -> dict[str, Any] | None:
    try:
        if "json" in content_type:
            found = orjson.loads(body)
            return found if isinstance(found, dict) else None
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}
    except ValueError:
        return None
