"""The apps installed on the shop and their access tokens, kept in the state file with the shop.

The app of the configuration has a token that never expires; a token from the client-credentials grant lives a day.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore.config import API_SCOPES
from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.store import Store

# The platform answers a day less the second it took.
TOKEN_SECONDS: Final = 86_399
OWN_APP: Final = "app"
_SETTING: Final = "apps"


@dataclass(slots=True)
class App:
    """One app. `name` stands in histories and events, and is what the points bucket belongs to."""

    client_id: str
    secret: str
    name: str
    scopes: list[str]


@dataclass(slots=True)
class Token:
    """One access token; `expires_at` is in epoch seconds of the shop's time, None for never."""

    token: str
    app: str
    scopes: list[str]
    expires_at: float | None = None


class Apps:
    """The apps and tokens of one shop."""

    def __init__(self, store: Store) -> None:
        """Reads them from the state file; the app of the configuration is always there."""
        self._store = store
        config = store.config
        own = App(config.client_id, config.client_secret, OWN_APP, list(API_SCOPES))
        known = orjson.loads(store.file.setting(_SETTING) or '{"apps":[],"tokens":[]}')
        self._apps = {app.client_id: app for app in (*(App(**row) for row in known["apps"]), own)}
        self._tokens = {row["token"]: Token(**row) for row in known["tokens"]}
        self._tokens[config.access_token] = Token(config.access_token, OWN_APP, list(API_SCOPES))

    def find(self, given: str) -> Token | None:
        """The token a request came with, None when nobody holds it or it has expired."""
        asked = given.encode()
        matching = (row for text, row in self._tokens.items() if hmac.compare_digest(text.encode(), asked))
        found = next(matching, None)
        if found is None or (found.expires_at is not None and self._store.clock() >= found.expires_at):
            return None
        return found

    def app(self, client_id: str) -> App | None:
        """The app with this client id."""
        return self._apps.get(client_id)

    def secret_of(self, name: str) -> str:
        """The secret of the app with this name, which signs its webhooks; the shop's own when it is gone."""
        own = self._store.config.client_secret
        return next((app.secret for app in self._apps.values() if app.name == name), own)

    def issue(self, app: App) -> Token:
        """A new token for an app that has shown its secret, good for a day. Older ones stay good until they expire."""
        now = self._store.clock()
        expired = [text for text, row in self._tokens.items() if row.expires_at is not None and row.expires_at <= now]
        for text in expired:
            del self._tokens[text]
        made = Token(f"shpat_{secrets.token_hex(16)}", app.name, list(app.scopes), now + TOKEN_SECONDS)
        self._tokens[made.token] = made
        self._keep()
        return made

    def install(self, body: dict[str, Any]) -> dict[str, Any]:
        """Installs an app: client_id, client_secret, name (default: the id) and scopes (default: all)."""
        client_id, secret = _text(body, "client_id"), _text(body, "client_secret")
        app = App(client_id, secret, str(body.get("name") or client_id), _scopes(body))
        if app.name == OWN_APP or client_id == self._store.config.client_id:
            raise OrderError("the app of the configuration is always installed: choose another client_id and name")
        self._apps[client_id] = app
        self._keep()
        return {"client_id": client_id, "name": app.name, "scopes": app.scopes}

    def put_token(self, body: dict[str, Any]) -> dict[str, Any]:
        """Hands out a token: its text, app (default: the shop's own), scopes, and expires_in (seconds; or for ever)."""
        text, app = _text(body, "token"), str(body.get("app") or OWN_APP)
        lasting = body.get("expires_in")
        if lasting is not None and (isinstance(lasting, bool) or not isinstance(lasting, int | float)):
            raise OrderError(f"expires_in {lasting!r} must be a number of seconds")
        expires = None if lasting is None else self._store.clock() + lasting
        self._tokens[text] = Token(text, app, _scopes(body), expires)
        self._keep()
        return {"token": text, "app": app, "scopes": self._tokens[text].scopes}

    def revoke(self, body: dict[str, Any]) -> dict[str, Any]:
        """Takes a token away, the configured one too until the next start."""
        text = _text(body, "token")
        if self._tokens.pop(text, None) is None:
            raise OrderError("no app holds this token")
        self._keep()
        return {"tokens": len(self._tokens)}

    def _keep(self) -> None:
        config = self._store.config
        apps = [asdict(app) for app in self._apps.values() if app.client_id != config.client_id]
        tokens = [asdict(row) for row in self._tokens.values() if row.token != config.access_token]
        self._store.file.set_setting(_SETTING, orjson.dumps({"apps": apps, "tokens": tokens}).decode())


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise OrderError(f"{name} {value!r} must be a text that is not empty")
    return value


def _scopes(body: dict[str, Any]) -> list[str]:
    given = body.get("scopes", list(API_SCOPES))
    unknown = [scope for scope in given if scope not in API_SCOPES] if isinstance(given, list) else [given]
    if unknown:
        raise OrderError(f"scopes {unknown!r} are not known: there are {', '.join(API_SCOPES)}")
    return list(given)
