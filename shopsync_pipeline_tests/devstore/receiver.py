"""A receiver of webhooks on loopback that keeps what it gets and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """One delivery as it came in; header names are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def topic(self) -> str:
        return self.headers["x-shopify-topic"]


@dataclass
class Receiver:
    """`statuses` are the next answers, then 200; while `silent` is set nothing is answered."""

    address: str = ""
    got: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    always: int = 200
    silent: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, count: int) -> list[Received]:
        """At least so many deliveries; a minute is given, far more than any of this takes."""
        limit = time.monotonic() + 60
        while len(self.got) < count:
            assert time.monotonic() < limit, f"{len(self.got)} of {count} deliveries came"
            time.sleep(0.01)
        return list(self.got)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the usual five refuse connections when deliveries come in a burst


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A running receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Received(self.path, headers, body))
            if receiver.silent.is_set():
                receiver.released.wait(30)
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else receiver.always)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
