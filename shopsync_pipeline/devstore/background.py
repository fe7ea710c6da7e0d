"""What runs beside the requests of one shop: bulk operations, the storage they use, and outgoing webhooks.

It wires the parts to the store and to the control plane; each of them knows nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute

from shopsync_pipeline.devstore.bulk.control import BulkControl
from shopsync_pipeline.devstore.bulk.files import BulkFiles
from shopsync_pipeline.devstore.bulk.runner import BulkRunner
from shopsync_pipeline.devstore.bulk.storage import Storage
from shopsync_pipeline.devstore.control import Control
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.webhooks.control import WebhookControl
from shopsync_pipeline.devstore.webhooks.dispatcher import Dispatcher


class Background:
    """The background work of one shop. `start` and `stop` belong to the life of the server."""

    def __init__(self, store: Store, control: Control, secret_of: Callable[[str], str]) -> None:
        """Attaches everything; nothing runs before `start` or the first request. `secret_of` names an app's secret."""
        files = BulkFiles(store.config.state_path)
        self.bulk = BulkRunner(store, files)
        self.webhooks = Dispatcher(store, secret_of)
        self._storage = Storage(store, files)
        self.bulk.attach()
        self.webhooks.attach()
        bulk, webhooks = BulkControl(self.bulk), WebhookControl(self.webhooks)
        control.mount("bulk", bulk.show, bulk.act)
        control.mount("webhooks", webhooks.show, webhooks.act)

    def routes(self) -> list[BaseRoute]:
        """Routes beside the control plane's."""
        return self._storage.routes()

    def start(self) -> None:
        """Takes up what an earlier process left. Needs a running event loop."""
        self.bulk.recover()

    async def stop(self) -> None:
        """Ends all work; the store can be closed afterwards."""
        await self.bulk.stop()
        await self.webhooks.stop()
