"""Reads all products of a shop by bulk queries, several at once: started or adopted, waited for, and brought to disk.

Nothing is given before every result is there and whole. A query that fails, is canceled or comes back in part ends the
reading; only one that cannot be started at all leaves the other way, page by page.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from shopsync_pipeline.core.cost import MUTATION, connection
from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkUnavailable
from shopsync_pipeline.shopify.bulk.lines import blocks
from shopsync_pipeline.shopify.bulk.poll import BulkOperation, BulkStatus, wait_for
from shopsync_pipeline.shopify.bulk.spool import Node, Spool
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import AnswerLost, Forbidden, ShopifyError, UserErrors
from shopsync_pipeline.shopify.listings import Listings

OnObjects = Callable[[int], None]
"""Told how many objects Shopify has written so far, all queries together."""

_NO_LOCATION = "gid://shopify/Location/0"
"""Stands in the document for the location whose stock is read: a bulk query takes no variables."""
_LISTED = 20
_ADOPTED = timedelta(hours=1)
"""How old a running query of an earlier process may be to be worth waiting for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long to wait, in seconds: `slot`, for room to start a query; `stalled`, for a query that shows no progress.
    `pause` lies between two tries to start."""

    slot: float = 60.0
    stalled: float = 1_800.0
    pause: float = 2.0


THE_USUAL = Waiting()


@dataclass(slots=True)
class Export:
    """The whole shop on disk, a context manager that removes it again. `began`: no part of it is older than that, by
    this machine's clock; `objects`: lines of all results; `adopted`: queries that an earlier process had started."""

    began: datetime
    products: Spool
    collections: Spool | None
    publications: Spool | None
    objects: int = 0
    adopted: int = 0
    _files: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._files.close()

    def nodes(self) -> Iterator[Node | str]:
        """Each product as a page would have it, all its children in it; or only the id of one that another of the
        queries did not meet, because it was made or deleted between them: it has to be read by id."""
        beside = [(name, _Beside(spool)) for name, spool in (
            ("collections", self.collections), ("publications", self.publications)) if spool is not None]
        if not beside:
            yield from self.products.nodes()
            return
        for node in self.products.nodes():
            found = [(name, other.of(node["id"])) for name, other in beside]
            if any(same is None for _, same in found):
                yield str(node["id"])
                continue
            for name, same in found:
                assert same is not None
                node[name] = same.get(name) or {"nodes": []}
            yield node


class _Beside:
    """Looks up the roots of another result of the same products, which come in the same order save for a few.

    What comes out of turn is kept until it is asked for, so that memory follows the disorder, not the shop.
    """

    def __init__(self, spool: Spool) -> None:
        self._nodes, self._ordered = spool.nodes(), spool.ordered
        self._waiting: dict[str, Node] = {}
        self._ahead = 0

    def of(self, product_id: str) -> Node | None:
        found = self._waiting.pop(product_id, None)
        while found is None and (self._ahead < _number(product_id) or not self._ordered):
            node = next(self._nodes, None)
            if node is None:
                return None
            if node["id"] == product_id:
                return node
            self._waiting[node["id"]] = node
            self._ahead = _number(node["id"])
        return found


def _number(gid: str) -> int:
    return int(gid.rsplit("/", 1)[-1])


async def export(client: ShopifyClient, *, location_id: str, listings: Listings, waiting: Waiting = THE_USUAL,
                 adopt_since: datetime | None = None, on_objects: OnObjects | None = None) -> Export:
    """Runs the bulk queries that tell everything that `RemoteProduct` holds, and brings their results to disk.

    Queries of the same text that are running already, left by a process that ended, are adopted, unless they are older
    than `adopt_since`. Raises
    `BulkUnavailable` when there is no way to start, `BulkFault` when a query failed or its result is not whole, and
    what `query` raises. Queries that were started are canceled when another one fails.
    """
    texts = {"products": document("bulkq_products").replace(_NO_LOCATION, location_id)}
    if listings.collections is not None:
        texts["collections"] = document("bulkq_collections")
    if listings.publications is not None:
        texts["publications"] = document("bulkq_publications")
    began, files, adopted = datetime.now(UTC), ExitStack(), 0
    running: dict[str, BulkOperation] = {}
    try:
        left = await _left_running(client, set(texts.values()), adopt_since)
        for name, text in texts.items():
            if text in left:
                running[name] = left[text]
                began = min(began, left[text].created_at)
                adopted += 1
            else:
                running[name] = await _start(client, text, waiting)
        counts = dict.fromkeys(running, 0)

        def polled(name: str, operation: BulkOperation) -> None:
            counts[name] = operation.object_count
            if on_objects is not None:
                on_objects(sum(counts.values()))

        async def bring(name: str) -> Spool:
            ended = await wait_for(client, running[name].id, patience=waiting.stalled,
                                   on_poll=lambda operation: polled(name, operation))
            # The system's folder for temporary files; the file has no name there and is gone with this process.
            file = files.enter_context(tempfile.TemporaryFile(prefix="shopsync-"))  # noqa: SIM115 - the stack closes it
            spool = Spool(file, name)
            await _bring(ended, spool, name)
            return spool

        tasks = {name: asyncio.ensure_future(bring(name)) for name in running}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
        spools = {name: task.result() for name, task in tasks.items()}
    except ShopifyError:
        files.close()
        await _cancel(client, running.values())
        raise
    except BaseException:
        # Ended from outside: what runs is left to run, and adopted by who reads next.
        files.close()
        raise
    return Export(began, spools["products"], spools.get("collections"), spools.get("publications"),
                  sum(spool.lines for spool in spools.values()), adopted, files)


async def _bring(ended: BulkOperation, spool: Spool, name: str) -> None:
    """The result of a query that has ended well, to disk; raises `BulkFault` for one that has not."""
    if ended.status is not BulkStatus.COMPLETED:
        raise _ended_badly(ended, name)
    try:
        if ended.url is not None:
            async for lines in blocks(ended.url):
                spool.add(lines)
        spool.close(ended.object_count)
    except OSError as error:
        raise BulkFault(
            f"The result of the bulk query for {name} cannot be kept in {tempfile.gettempdir()} ({error.strerror}): "
            "make room there for all that the shop's products say, or name another folder in TMPDIR. Nothing was "
            "removed."
        ) from error


_WHY = {
    "ACCESS_DENIED": "the token may not read all of it; check the app's scopes",
    "TIMEOUT": "it took longer than Shopify allows; set SYNC_BULK=never to read page by page",
    "INTERNAL_SERVER_ERROR": "Shopify failed; look at https://www.shopifystatus.com and run this again",
}


def _ended_badly(ended: BulkOperation, name: str) -> BulkFault:
    if ended.status is BulkStatus.CANCELED:
        why = "somebody canceled it, or Shopify did because it stood still; run this again"
    elif ended.status is BulkStatus.EXPIRED:
        why = "its result is no longer kept; run this again"
    else:
        why = _WHY.get(ended.error_code or "", "Shopify did not say why; run this again")
    said = f" ({ended.error_code})" if ended.error_code else ""
    sentence = (f"The bulk query for {name} ({ended.id}) is {ended.status.value}{said} after {ended.object_count:,} "
                f"objects: {why}. Nothing was removed.")
    return BulkUnavailable(sentence) if ended.error_code == "ACCESS_DENIED" else BulkFault(sentence)


async def _start(client: ShopifyClient, text: str, waiting: Waiting) -> BulkOperation:
    """Starts a query, once there is room. A start whose answer was lost is looked for before it is tried again."""
    until = time.monotonic() + waiting.slot
    while True:
        try:
            answer = await client.mutate("bulk_query_run", {"query": text}, cost=MUTATION + 1)
            return BulkOperation.from_node(answer.data["bulkOperationRunQuery"]["bulkOperation"])
        except AnswerLost:
            found = (await _left_running(client, {text})).get(text)
            if found is not None:
                return found
        except Forbidden as error:
            raise BulkUnavailable(f"The token may not start bulk queries in shop {client.host}: {error}") from error
        except UserErrors as error:
            if "OPERATION_IN_PROGRESS" not in error.codes or time.monotonic() >= until:
                if {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"} & set(error.codes):
                    raise BulkUnavailable(f"No bulk query can be started in shop {client.host} now: {error}") from error
                raise
        await asyncio.sleep(waiting.pause)


async def _left_running(client: ShopifyClient, texts: set[str],
                        since: datetime | None = None) -> dict[str, BulkOperation]:
    """Text → the newest query of this text that is under way and not too old."""
    oldest = max(datetime.now(UTC) - _ADOPTED, since or datetime.min.replace(tzinfo=UTC))
    answer = await client.query("bulk_queries", {}, cost=connection(_LISTED, 1))
    found: dict[str, BulkOperation] = {}
    for node in answer.data["bulkOperations"]["nodes"]:
        operation = BulkOperation.from_node(node)
        if node["query"] in texts and operation.status in (BulkStatus.CREATED, BulkStatus.RUNNING) and (
                operation.created_at >= oldest):
            held = found.get(node["query"])
            if held is None or held.created_at < operation.created_at:
                found[node["query"]] = operation
    return found


async def _cancel(client: ShopifyClient, operations: Iterable[BulkOperation]) -> None:
    """Asks the shop to stop these, so that their slots are free; one that has ended meanwhile is no matter."""
    for operation in operations:
        with suppress(ShopifyError):
            await client.mutate("bulk_operation_cancel", {"id": operation.id}, cost=MUTATION, repeatable=True)
