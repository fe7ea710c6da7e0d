"""Reads a bulk operation's result file line by line as it comes, and goes on where a broken connection left off.

The link is a storage service's, signed and open to whoever has it: the access token is never sent there, and the link
is never shown. Bytes are kept only up to the end of a line.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from shopsync_pipeline.shopify.bulk.faults import ResultLost
from shopsync_pipeline.shopify.connections import file_client

ATTEMPTS = 5
"""Tries in a row that bring nothing before the file counts as lost."""
_PAUSE = 0.5
"""Seconds before the first new try; twice as long before each further one."""
_OK, _PARTIAL, _NO_SUCH_RANGE, _TOO_MANY, _SERVER_FAULT = 200, 206, 416, 429, 500


@dataclass(slots=True)
class _Place:
    """How far the file has been read. `received`: bytes as sent; `given`: bytes after decoding."""

    received: int = 0
    given: int = 0
    tag: str | None = None
    decoder: _Gunzip | None = None
    skip: int = 0


@dataclass(slots=True)
class _Gunzip:
    """Decodes a gzipped body piece by piece, of as many members as there are; it goes on after a broken connection."""

    _member: zlib._Decompress = field(default_factory=lambda: zlib.decompressobj(31))

    def feed(self, piece: bytes) -> bytes:
        found = bytearray(self._member.decompress(piece))
        while self._member.eof and self._member.unused_data:
            rest, self._member = self._member.unused_data, zlib.decompressobj(31)
            found += self._member.decompress(rest)
        return bytes(found)

    @property
    def whole(self) -> bool:
        return self._member.eof


async def lines(url: str, *, timeout_seconds: float = 60.0) -> AsyncIterator[bytes]:
    """Each line of the file once, in order, without its line end; what `blocks` gives, one by one."""
    async for block in blocks(url, timeout_seconds=timeout_seconds):
        for line in block:
            yield line


async def blocks(url: str, *, timeout_seconds: float = 60.0) -> AsyncIterator[list[bytes]]:
    """The lines of the file in lists, as many as each piece from the network completed; empty lines are left out.

    A connection that breaks is made again and read on from the same byte. A last line without a line end is given: only
    the caller knows how many lines there should be. `timeout_seconds` bounds each wait for bytes. Raises `ResultLost`
    when the link no longer opens the file, or nothing more of it comes.
    """
    host = httpx.URL(url).host
    rest: list[bytes] = []
    async for piece in _pieces(url, host, timeout_seconds):
        end = piece.rfind(b"\n")
        if end < 0:
            rest.append(piece)
            continue
        found = b"".join((*rest, piece[:end])).split(b"\n")
        rest = [piece[end + 1:]]
        if b"" in found:
            found = [line for line in found if line]
        if found:
            yield found
    if last := b"".join(rest):
        yield [last]


async def _pieces(url: str, host: str, timeout_seconds: float) -> AsyncIterator[bytes]:
    """The decoded bytes of the file in order, each once, whatever happens to the connection."""
    place, failures = _Place(), 0
    async with file_client(httpx.URL(url), timeout_seconds) as http:
        while True:
            before = place.given
            try:
                async for piece in _read_on(http, url, host, place):
                    yield piece
                return
            except (httpx.TransportError, _BrokenOffError) as error:
                failures = 0 if place.given > before else failures + 1
                if failures >= ATTEMPTS:
                    raise ResultLost(
                        f"The result file at {host} broke off after {place.given:,} bytes and did not come again in "
                        f"{ATTEMPTS} tries ({type(error).__name__}: {error}). Check this machine's network and run "
                        "this again; the file is kept for seven days."
                    ) from error
            await asyncio.sleep(_PAUSE * 2 ** failures if failures else 0)


class _BrokenOffError(Exception):
    """The body ended early, or the storage service failed; inside this module only."""


async def _read_on(http: httpx.AsyncClient, url: str, host: str, place: _Place) -> AsyncIterator[bytes]:
    headers = {"Accept-Encoding": "gzip"}
    if place.received:
        headers["Range"] = f"bytes={place.received}-"
        if place.tag:
            headers["If-Range"] = place.tag
    async with http.stream("GET", url, headers=headers) as response:
        if not _goes_on(response, host, place):
            return
        async for raw in response.aiter_raw():
            place.received += len(raw)
            piece = raw if place.decoder is None else _decoded(place.decoder, raw, host)
            if place.skip:
                skipped = min(place.skip, len(piece))
                place.skip -= skipped
                piece = piece[skipped:]
            if piece:
                place.given += len(piece)
                yield piece
    if place.decoder is not None and not place.decoder.whole:
        raise _BrokenOffError("the compressed file ended early")


def _goes_on(response: httpx.Response, host: str, place: _Place) -> bool:
    """Makes ready to read the body: from the byte that was asked for, or from the start with what is known skipped.

    False when nothing is left to read: only the end of the file had not been told.
    """
    status = response.status_code
    if status == _TOO_MANY or status >= _SERVER_FAULT:
        raise _BrokenOffError(f"HTTP {status}")
    if status == _NO_SUCH_RANGE and response.headers.get("Content-Range") == f"bytes */{place.received}":
        return False
    if status not in (_OK, _PARTIAL):
        raise ResultLost(
            f"The result file at {host} cannot be opened (HTTP {status}). Links to results end after seven days; "
            "start the operation again."
        )
    tag, gzipped = response.headers.get("ETag"), response.headers.get("Content-Encoding", "identity") == "gzip"
    if place.given and tag != place.tag:
        raise ResultLost(f"The result file at {host} is not the one that reading began with. Start it anew.")
    if status == _PARTIAL:
        first = response.headers.get("Content-Range", "").startswith(f"bytes {place.received}-")
        if first and gzipped == (place.decoder is not None):
            return True
        place.received = 0  # so that the whole file is asked for next
        raise _BrokenOffError("the rest began elsewhere than was asked for")
    place.tag, place.received, place.skip = tag, 0, place.given
    place.decoder = _Gunzip() if gzipped else None
    return True


def _decoded(decoder: _Gunzip, raw: bytes, host: str) -> bytes:
    try:
        return decoder.feed(raw)
    except zlib.error as error:
        raise ResultLost(f"The result file at {host} is damaged: it is marked as gzip and is none ({error}). Start the "
                         "operation again.") from error
