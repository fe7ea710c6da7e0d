"""Serves one dev store on loopback in this process until a signal ends it."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import signal
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn

from shopsync_pipeline.devstore.app import create_app
from shopsync_pipeline.devstore.config import SERVED_INDEX_LAG_MS, DevStoreConfig, DevStoreError, LocationSetup


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
    currency: str = "USD",
    locations: Sequence[str] = ("Main warehouse",),
    index_lag_ms: int = SERVED_INDEX_LAG_MS,
    operation_delay_ms: int = 0,
    media_delay_ms: int = 0,
    client_id: str = "devstore-client",
    client_secret: str = "devstore-secret",
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
) -> None:
    """Blocks until SIGTERM or SIGINT. Port 0 picks a free one; the address is printed once connections are accepted.

    `locations` are those a new shop starts with, the first being primary. Search runs `index_lag_ms` behind, as on the
    platform; the delays are those of asynchronous product operations and of new files (milliseconds).
    `tls_cert` and `tls_key` (PEM files) make it speak https, which some clients insist on. Raises DevStoreError for a
    host that is not loopback, a port in use, a state file that cannot be used, or a certificate without its key.
    """
    _check_certificate(tls_cert, tls_key)
    listener = _listen(host, port)
    try:
        bound = listener.getsockname()[1]
        address = f"{'https' if tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{bound}"
        config = DevStoreConfig(
            state_path=state_path,
            shop=shop,
            access_token=access_token,
            plan=plan,
            latency_ms=latency_ms,
            speed=speed,
            currency=currency,
            locations=tuple(LocationSetup(name) for name in locations),
            base_url=address,
            index_lag_ms=index_lag_ms,
            operation_delay_ms=operation_delay_ms,
            media_delay_ms=media_delay_ms,
            client_id=client_id,
            client_secret=client_secret,
        )
        app = create_app(config)
        _spare_the_records()
        settings = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
        server = _AnnouncingServer(settings, address)
        server.run(sockets=[listener])
    finally:
        listener.close()


def _spare_the_records() -> None:
    """Keeps the shop's records out of garbage collections.

    They hold no cycles and live long; a full collection over ten thousand products stopped every request for 150 ms,
    measured in the middle of a bulk operation. What survives a collection of the middle generation is set aside too.
    """
    gc.collect()
    gc.freeze()
    gc.callbacks.append(lambda phase, info: gc.freeze() if phase == "stop" and info["generation"] else None)


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


def _check_certificate(cert: Path | None, key: Path | None) -> None:
    if cert is None and key is None:
        return
    if cert is None or key is None:
        raise DevStoreError("https needs both halves: name the certificate and its key, or neither for http")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise DevStoreError(f"the certificate {cert} with the key {key} cannot be used: {error}") from error


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
