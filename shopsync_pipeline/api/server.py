"""Serves the API. Without a token it serves loopback only, so that nobody opens it to a network by accident."""

from __future__ import annotations

import uvicorn

from shopsync_pipeline.api.app import create_app
from shopsync_pipeline.api.loopback import is_loopback
from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.settings import Settings


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Blocks until a signal ends it. Raises `SettingsError` for another address than loopback without a token."""
    if not settings.api_token.get_secret_value() and not is_loopback(host):
        raise SettingsError(
            f"The API would answer everybody who reaches {host}. Set SHOPSYNC_API_TOKEN, or listen on 127.0.0.1."
        )
    uvicorn.run(create_app(lambda: settings), host=host, port=port, log_level="info", server_header=False)
