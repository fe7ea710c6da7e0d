"""What a rehearsal needs beside the platform: apps and tokens, trouble by the percent, other people's edits, snapshots.

It wires the parts to the control plane; each of them knows nothing of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Final

from shopsync_pipeline.devstore.access.apps import Apps
from shopsync_pipeline.devstore.chaos import refusals
from shopsync_pipeline.devstore.chaos.life import Life
from shopsync_pipeline.devstore.chaos.mixture import Mixture
from shopsync_pipeline.devstore.control import Control
from shopsync_pipeline.devstore.endpoint import Endpoint
from shopsync_pipeline.devstore.errors import OrderError

# How often due work is looked for while nobody asks anything, in seconds.
_TICK: Final = 0.05


class Rehearsal:
    """The trouble and the people of one shop. `apps` and `mixture` are asked by the app on every request."""

    def __init__(self, endpoint: Endpoint, control: Control) -> None:
        """Attaches everything; nothing happens by itself before `start`."""
        self._endpoint = endpoint
        self._store = endpoint.store
        self.apps = Apps(self._store)
        self.mixture = Mixture({})
        self.life = Life(self._store)
        self._ticking: asyncio.Task[None] | None = None
        self._store.reset_observers.append(self._reset)
        control.mount("mixture", lambda _query: self._drawn(), self._mix)
        control.mount("life", lambda _query: self.life.as_json(), self.life.order)
        control.mount("refusals", lambda _query: {}, self._refuse)
        control.mount("apps", lambda _query: {}, self.apps_action)
        control.mount("snapshot", lambda _query: {}, self._snapshot)
        control.mount("restore", lambda _query: {}, self._restore)

    def start(self) -> None:
        """Begins to look for due work. Needs a running event loop."""
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """Ends that."""
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self._endpoint.settle()
            self.life.run()

    def _reset(self) -> None:
        self.apps = Apps(self._store)
        self.mixture = Mixture({})
        self.life.stop()

    def _mix(self, body: dict[str, Any]) -> dict[str, Any]:
        """Orders a share of faults in percent; an empty body ends them."""
        self.mixture = Mixture(body)
        return self._drawn()

    def _drawn(self) -> dict[str, Any]:
        return {"mixture": self.mixture.given, "drawn": dict(self.mixture.drawn)}

    def _refuse(self, body: dict[str, Any]) -> dict[str, Any]:
        """Orders userErrors for a sku; an empty body cancels all."""
        return {"refusals": refusals.order(self._store, body)}

    def apps_action(self, body: dict[str, Any]) -> dict[str, Any]:
        """Installs an app, hands out a token, or revokes one, as `action` says."""
        actions = {"install": self.apps.install, "token": self.apps.put_token, "revoke": self.apps.revoke}
        action = actions.get(str(body.get("action")))
        if action is None:
            raise OrderError(f"action {body.get('action')!r} is not known: there are {', '.join(actions)}")
        return action(body)

    def _snapshot(self, body: dict[str, Any]) -> dict[str, Any]:
        """Writes the whole shop to the file `path`, which is new or an earlier snapshot."""
        path = _path(body)
        self._store.snapshot(path)
        return {"path": str(path), "bytes": path.stat().st_size}

    def _restore(self, body: dict[str, Any]) -> dict[str, Any]:
        """Makes the shop what the snapshot in `path` says; buckets are full again, faults and settings stay."""
        self._store.restore(_path(body))
        self.apps = Apps(self._store)
        self._endpoint.buckets.clear()
        self.life.stop()
        return {"products": len(self._store.products), "now": self._store.now()}


def _path(body: dict[str, Any]) -> Path:
    value = body.get("path")
    if not isinstance(value, str) or not value:
        raise OrderError(f"path {value!r} must name a file")
    return Path(value)
