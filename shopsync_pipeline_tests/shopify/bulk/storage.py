"""A storage service on loopback that hands out one file and breaks off where it is told to."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Served:
    """The file and how it is served: `breaks` are the bytes of body after which each answer in turn ends; when they
    are used up, answers are whole. `statuses` are refusals given first. `tags`: the ETags of the answers in turn."""

    content: bytes
    gzipped: bool = False
    ranges: bool = True
    chunked: bool = False
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=lambda: ['"one"'])
    requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def storage(served: Served) -> Iterator[str]:
    """Serves at the yielded address."""
    body = gzip.compress(served.content) if served.gzipped else served.content

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.requests.append({name.lower(): value for name, value in self.headers.items()})
            if served.statuses:
                self.send_response(served.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            tag = served.tags.pop(0) if len(served.tags) > 1 else served.tags[0]
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            start = int(asked.group(1)) if asked and served.ranges and self.headers.get("If-Range", tag) == tag else 0
            if start >= len(body) > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", tag)
            if served.gzipped:
                self.send_header("Content-Encoding", "gzip")
            self._send(body[start:])

        def _send(self, rest: bytes) -> None:
            breaks = bool(served.breaks)
            shown = rest[:served.breaks.pop(0)] if breaks else rest
            if served.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                if shown:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(shown), shown))
                if not breaks:
                    self.wfile.write(b"0\r\n\r\n")
            else:
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                self.wfile.write(shown)
            if breaks:
                self.wfile.flush()
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: the test speaks."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/results/secret.jsonl?Expires=1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
