"""Who may call the API, and the shop that a call is about: what every module of routes needs."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shopsync_pipeline.api.loopback import is_loopback
from shopsync_pipeline.api.models import Problem
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": what} for status, what in (
        (400, "What was asked for cannot be done."), (401, "The token is missing or wrong."),
        (403, "Without a token only this machine is served."),
        (409, "The plan, the catalog or the shop is in another state."),
        (422, "The request is not as described here."), (503, "The shop's data or Dagster cannot be reached."),
    )
}
"""Status → what a route may answer with besides its result."""

_bearer = HTTPBearer(auto_error=False, description="The token of SHOPSYNC_API_TOKEN")


def asked_settings(request: Request) -> Settings:
    """The settings of this request."""
    found: Settings = request.app.state.settings()
    return found


def _caller(
    request: Request,
    settings: Annotated[Settings, Depends(asked_settings)],
    presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    token = settings.api_token.get_secret_value()
    if token and not (presented and hmac.compare_digest(presented.credentials.encode(), token.encode())):
        raise HTTPException(401, "Present the token of SHOPSYNC_API_TOKEN as `Authorization: Bearer …`.",
                            headers={"WWW-Authenticate": "Bearer"})
    if not token and not is_loopback(request.url.hostname or ""):
        # Else a web page could reach us under a name of its own that it points at 127.0.0.1.
        raise HTTPException(403, "Without SHOPSYNC_API_TOKEN the API answers to 127.0.0.1 and localhost only.")


def _context(settings: Annotated[Settings, Depends(asked_settings)], _: Annotated[None, Depends(_caller)]) -> Context:
    return Context.open(settings)


Opened = Annotated[Context, Depends(_context)]
"""The shop's data, for a caller who may have it."""
