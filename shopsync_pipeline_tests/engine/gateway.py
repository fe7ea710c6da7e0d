"""A middlebox between us and the dev store, which answers some requests itself: what a shop's front door can do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Refuse = Callable[[str], int | None]
"""Takes a request's GraphQL document; answers the HTTP status to refuse it with, or `None` to let it pass."""


@contextmanager
def gateway(target: str, refuse: Refuse) -> Iterator[str]:
    """Serves at the yielded address and passes on to `target` whatever `refuse` lets through."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = refuse(str(json.loads(body)["query"]))
            if status is not None:
                self._answer(status, b'{"errors": "refused at the door"}', {})
                return
            names = ("content-type", "x-shopify-access-token")
            passed = upstream.post(f"{target}{self.path}", content=body,
                                   headers={name: self.headers[name] for name in names if name in self.headers})
            kept = {name: value for name, value in passed.headers.items() if name.startswith("x-")}
            self._answer(passed.status_code, passed.content, kept)

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: the test speaks."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    with httpx.Client(trust_env=False, timeout=30, verify=False) as upstream:
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
