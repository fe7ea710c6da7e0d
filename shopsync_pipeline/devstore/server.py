"""Serves one dev store on loopback in this process until a signal ends it."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from shopsync_pipeline.devstore.app import create_app
from shopsync_pipeline.devstore.config import DevStoreConfig, DevStoreError


def serve(
    *,
    host: str = "127.0.0.1",
    port: int,
    state_path: Path,
    shop: str = "demo-store.myshopify.com",
    access_token: str = "devstore-token",
    plan: str = "standard",
    latency_ms: int = 0,
    speed: float = 1.0,
) -> None:
    """Blocks until SIGTERM or SIGINT. Port 0 picks a free one; the address is printed once connections are accepted.

    Raises DevStoreError for a host that is not loopback, a port in use, or a state file that cannot be used.
    """
    listener = _listen(host, port)
    try:
        bound = listener.getsockname()[1]
        address = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        config = DevStoreConfig(
            state_path=state_path,
            shop=shop,
            access_token=access_token,
            plan=plan,
            latency_ms=latency_ms,
            speed=speed,
            base_url=address,
        )
        app = create_app(config)
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, ws="none"
        )
        server = _AnnouncingServer(settings, address)
        server.run(sockets=[listener])
    finally:
        listener.close()


class _AnnouncingServer(uvicorn.Server):
    """Says where it listens as soon as it does, and not before."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends on SIGTERM and SIGINT like the parent, but does not raise them again: being stopped is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then announces."""
        await super().startup(sockets)
        if self.started:
            print(f"devstore ready {self._address}", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise DevStoreError(f"the dev store serves this machine only: {host} is not a loopback address, use 127.0.0.1")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise DevStoreError(
            f"port {port} on {host} cannot be used ({error.strerror}): name another, or 0 for a free one"
        ) from error
    return listener
