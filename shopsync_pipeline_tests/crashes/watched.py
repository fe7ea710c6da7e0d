"""Everything that a syncing process does to the world, watched from outside the code under test, and death amid it.

Requests are watched at their transports, transactions at SQLAlchemy's events and the driver's commit. The code under
test knows nothing of it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from shopsync_pipeline.shopify.connections import Connections


class Moment(StrEnum):
    """What can be interrupted."""

    BEFORE_REQUEST = "before the request left"
    ON_THE_WIRE = "on the wire"
    ARRIVING_LATE = "on the wire, arriving after the next run has begun"
    ANSWERED = "answered, not noted"
    STATEMENT = "inside a transaction"
    BEFORE_COMMIT = "before the commit"
    COMMITTED = "after the commit"
    CLOCK = "at a time"


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of thing that happens in one phase of a sync: `what` names the request's operation, or the table."""

    moment: Moment
    phase: str
    what: str

    def text(self) -> str:
        """For a table."""
        return f"{self.phase}: {self.what} {self.moment.value}".replace(":  ", ": ")


@dataclass(frozen=True, slots=True)
class Instant:
    """Death at the `number`-th time (from 1) that `label` happens, `delay` seconds later where the moment has a length.

    `arrives`: the phase of the next run in which the request that was on the wire reaches the store, or "after" it.
    """

    label: Label
    number: int = 1
    delay: float = 0.0
    arrives: str = ""

    def to_json(self) -> dict[str, Any]:
        """For the child."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Instant:
        """Written by `to_json`."""
        label = data["label"]
        return cls(Label(Moment(label["moment"]), label["phase"], label["what"]), data["number"], data["delay"],
                   data["arrives"])


_OPERATION = re.compile(rb"(?:query|mutation)\s+(\w+)")
_TABLE = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


HELD = 3.0
"""Seconds for which the network holds up what arrives late, at the most."""


def deliver(late: Path) -> None:
    """Sends what a dead process had on the wire, if that was not done yet. A fault of the store may meet it as well."""
    ours = late.with_suffix(f".{threading.get_ident()}")
    try:
        late.rename(ours)
    except FileNotFoundError:
        return
    held = json.loads(ours.read_text())
    with suppress(httpx.TransportError):
        httpx.post(held["url"], content=held["content"].encode(), headers=held["headers"], trust_env=False)


@dataclass
class Watch:
    """Counts what happens and dies at `instant`.

    `late` is the file in which a process that dies leaves the request that arrives late; in the next run it arrives in
    the phase `arrives`, or when the network has held it for long enough.
    """

    instant: Instant | None
    late: Path
    arrives: str = ""
    phase: str = "start"
    seen: list[Label] = field(default_factory=list)
    _counts: Counter[Label] = field(default_factory=Counter)
    _writing: threading.local = field(default_factory=threading.local)
    _sending: httpx.Request | None = None

    def begin(self) -> None:
        """Watches from now on, for the rest of this process."""
        self._watch_requests()
        self._watch_transactions()
        if self.instant is not None and self.instant.label.moment is Moment.CLOCK:
            _later(self.instant.delay, self._die)
        if self.arrives:
            _later(HELD, deliver, self.late)

    def _watch_requests(self) -> None:
        """Requests of the API, and files."""
        for transport in (Connections, httpx.AsyncHTTPTransport):
            self._watch_transport(transport)

    def _watch_transport(self, kind: type[httpx.AsyncBaseTransport]) -> None:
        send = kind.handle_async_request

        async def watched(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
            content = _content(request)
            found = _OPERATION.search(content)
            what = found[1].decode() if found else f"{request.method} of a file"
            self._happens(Moment.BEFORE_REQUEST, what)
            if found and b"mutation" in content:
                self._sending = request
                self._happens(Moment.ARRIVING_LATE, what)
            self._happens(Moment.ON_THE_WIRE, what)
            response = await send(transport, request)
            self._happens(Moment.ANSWERED, what)
            return response

        kind.handle_async_request = watched  # type: ignore[method-assign]

    def _watch_transactions(self) -> None:
        commit = DefaultDialect.do_commit
        writing = self._writing

        def noted(connection: Connection) -> None:
            writing.commits = bool(connection.get_execution_options().get("shopsync_write"))

        def statement(connection: Connection, _cursor: Any, text: str, *_given: Any) -> None:
            table = _TABLE.match(text)
            if table and connection.get_execution_options().get("shopsync_write"):
                writing.table = table[1]
                self._happens(Moment.STATEMENT, table[1])

        def committing(dialect: DefaultDialect, connection: Any) -> None:
            writes, table = getattr(writing, "commits", False), getattr(writing, "table", "")
            writing.commits, writing.table = False, ""
            if writes and table:
                self._happens(Moment.BEFORE_COMMIT, table)
            commit(dialect, connection)
            if writes and table:
                self._happens(Moment.COMMITTED, table)

        event.listen(Engine, "commit", noted)
        event.listen(Engine, "after_cursor_execute", statement)
        DefaultDialect.do_commit = committing  # type: ignore[method-assign]

    def _happens(self, moment: Moment, what: str) -> None:
        label = Label(moment, self.phase, what)
        self.seen.append(label)
        self._counts[label] += 1
        if self.arrives == self.phase:
            deliver(self.late)
        if self.instant is None or self.instant.label != label or self.instant.number != self._counts[label]:
            return
        if moment is Moment.ARRIVING_LATE and self._sending is not None:
            sent = self._sending
            headers = {name: sent.headers[name] for name in ("content-type", "x-shopify-access-token")}
            self.late.write_text(json.dumps({"url": str(sent.url), "content": sent.content.decode(),
                                             "headers": headers}))
        if moment is Moment.ON_THE_WIRE:
            _later(self.instant.delay, self._die)
        else:
            self._die()

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def _content(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:  # A file that is sent as it is read.
        return b""


def _later(seconds: float, do: Callable[..., object], *given: object) -> None:
    timer = threading.Timer(seconds, do, given)
    timer.daemon = True
    timer.start()
