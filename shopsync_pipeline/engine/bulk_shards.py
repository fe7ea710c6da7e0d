"""From plan items to files of lines: which items may go at once, and one file for each bulk operation.

Lines of a file run in no order, so a product stands in one line of all that runs at once; what else there is to do with
it waits for the next wave. Files are anonymous: the system deletes them with the process, however it ends.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import orjson
from sqlalchemy import Connection

from shopsync_pipeline.core.bulk import MOST_AT_ONCE, lines_per_shard
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.bulk import BulkOperations
from shopsync_pipeline.db.ledger import Ahead, Ledger, Sent
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.dead_letters import bury_error
from shopsync_pipeline.engine.sending import idempotency_key, option_names
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.bulk.mutations import bulk_request
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.requests import request
from shopsync_pipeline.shopify.shared_calls import inventory_request
from shopsync_pipeline.shopify.shop import Shop

BATCH = 250
"""Lines that are written ahead, or settled, in one transaction."""
_MEGABYTE = 1024 * 1024
_NEEDS_OPTIONS = frozenset({Operation.VARIANTS_CREATE, Operation.VARIANTS_UPDATE})


class Waves:
    """Items in parts that are sent one after another, each product once in a part, in the order given.

    In sending order an item comes after those that it depends on, which are of its product, so it is in a later wave.
    The items are gone through once for each wave and never kept, so they may be read from somewhere as they are asked.
    `sizes` counts the operations of each wave.
    """

    def __init__(self, items: Sequence[PlanItem]) -> None:
        self._items = items
        self.sizes: list[Counter[Operation]] = []
        for wave, item in self._placed():
            if wave == len(self.sizes):
                self.sizes.append(Counter())
            self.sizes[wave][item.operation] += 1

    def wave(self, number: int) -> Iterator[PlanItem]:
        """The items of one wave, from 0."""
        return (item for wave, item in self._placed() if wave == number)

    def _placed(self) -> Iterator[tuple[int, PlanItem]]:
        met: Counter[str] = Counter()
        for item in self._items:
            yield met[item.product_key], item
            met[item.product_key] += 1


@dataclass(slots=True)
class ShardFile:
    """A shard that is being written, and then the file that goes out. `size` in bytes."""

    shard_id: str
    document: str
    at_once: int
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    lines: int = 0
    size: int = 0
    first_item: str = ""
    last_item: str = ""
    rows: list[Sent] = field(default_factory=list)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, in hex."""
        return self._digest.hexdigest()

    @property
    def mark(self) -> str:
        """The name by which its operation is found again."""
        return self.shard_id.replace("-", "")

    def add(self, line: bytes, item: PlanItem, sent: Sent) -> None:
        """Appends one line and the ledger row that it stands under."""
        self.file.write(line)
        self._digest.update(line)
        self.lines += 1
        self.size += len(line)
        self.first_item = self.first_item or item.item_id
        self.last_item = item.item_id
        self.rows.append(sent)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch of items that were to be written into shards: the shards that are full now, the items
    that cannot go in bulk, and those that cannot go at all."""

    full: Sequence[ShardFile]
    direct: Sequence[PlanItem]
    rejected: Sequence[PlanItem]


class ShardWriter:
    """Writes one wave of a plan, of so many items of each operation, into shards with their ledger rows ahead."""

    def __init__(self, context: Context, shop: Shop, plan_id: str, run_id: str | None,
                 counts: Mapping[Operation, int]) -> None:
        self._context = context
        self._shop = shop
        self._plan_id = plan_id
        self._run_id = run_id
        self._lines = {operation: lines_per_shard(count) for operation, count in counts.items()}
        self._at_once = {operation: min(MOST_AT_ONCE, -(-count // self._lines[operation]))
                         for operation, count in counts.items()}
        self._most_bytes = context.settings.bulk_shard_mb * _MEGABYTE
        self._open: dict[str, ShardFile] = {}

    def take(self, part: Sequence[PlanItem]) -> Taken:
        """Writes up to `BATCH` items, each into the shard of its document, and commits their ledger rows."""
        requests, refused = self._requests(part)
        full: list[ShardFile] = []
        direct: list[PlanItem] = []
        with self._context.database.write() as connection:
            going = self._about_to_go(connection, part)
            for item, key, sending in requests:
                line = b"" if sending is None else orjson.dumps(sending.variables) + b"\n"
                if sending is None or len(line) > self._most_bytes:
                    direct.append(item)
                    continue
                shard = self._open.get(sending.document)
                if shard is not None and (shard.lines >= self._lines[item.operation]
                                          or shard.size + len(line) > self._most_bytes):
                    full.append(self._finished(connection, shard))
                    shard = None
                if shard is None:
                    shard = self._open[sending.document] = self._begin(connection, item.operation, sending.document)
                shard.add(line, item, self._write_ahead(connection, shard, item, key, sending, going))
            for shard in self._open.values():
                self._keep_rows(connection, shard)
            plans = Plans(connection, self._context.shop_id)
            aside = {item.item_id for item in direct}
            plans.mark(self._plan_id, [item.item_id for item, _, _ in requests if item.item_id not in aside],
                       ItemState.SENT)
            for item, error in refused:
                plans.mark(self._plan_id, [item.item_id], ItemState.REJECTED, str(error))
                bury_error(connection, self._context.shop_id, self._plan_id, item, error, run_id=self._run_id)
        return Taken(full, direct, [item for item, _ in refused])

    def rest(self) -> list[ShardFile]:
        """The shards that are not full; nothing more is written after this."""
        with self._context.database.write() as connection:
            return [self._finished(connection, shard) for shard in list(self._open.values())]

    def _begin(self, connection: Connection, operation: Operation, document: str) -> ShardFile:
        at_once = self._at_once[operation]
        shard_id = BulkOperations(connection, self._context.shop_id).prepare(
            plan_id=self._plan_id, run_id=self._run_id, operation=operation, document=document, at_once=at_once)
        return ShardFile(shard_id, document, at_once)

    def _finished(self, connection: Connection, shard: ShardFile) -> ShardFile:
        self._keep_rows(connection, shard)
        BulkOperations(connection, self._context.shop_id).written(
            shard.shard_id, lines=shard.lines, size=shard.size, sha256=shard.sha256, first_item=shard.first_item,
            last_item=shard.last_item)
        del self._open[shard.document]
        return shard

    def _keep_rows(self, connection: Connection, shard: ShardFile) -> None:
        BulkOperations(connection, self._context.shop_id).add_lines(
            shard.shard_id, shard.lines - len(shard.rows), shard.rows)
        shard.rows.clear()

    def _write_ahead(self, connection: Connection, shard: ShardFile, item: PlanItem, key: str, sending: Request,
                     going: Mapping[str, Mapping[Path, Value]]) -> Sent:
        whole = {item.item_id: going[item.item_id]} if item.item_id in going else None
        (sent,) = Ledger(connection, self._context.shop_id).write_ahead([Ahead(
            plan_id=self._plan_id, run_id=self._run_id, operation=item.operation.value, idempotency_key=key,
            items=(item,), whole=whole, request={"document": sending.document, "variables": sending.variables,
                                                 "root": sending.root, "bulk": shard.shard_id},
        )])
        return sent

    def _requests(self, part: Sequence[PlanItem]) -> tuple[list[tuple[PlanItem, str, Request | None]],
                                                           list[tuple[PlanItem, NotSendable]]]:
        """(item, idempotency key, line) of the items that can be sent, no line where only directly; and (item, why) of
        the others."""
        with self._context.database.read() as connection:
            bases = BaseStore(connection, self._context.shop_id).get([item.product_key for item in part])
            options = self._option_names(connection, part)
        found: list[tuple[PlanItem, str, Request | None]] = []
        refused: list[tuple[PlanItem, NotSendable]] = []
        for item in part:
            known = bases.get(item.product_key)
            key = idempotency_key(self._plan_id, [item])
            try:
                sending = self._request(item, known.links if known else None, key, options.get(item.item_id, []))
            except NotSendable as error:
                refused.append((item, error))
            else:
                found.append((item, key, bulk_request(sending)))
        return found, refused

    def _request(self, item: PlanItem, links: Links | None, key: str, options: Sequence[str]) -> Request:
        if item.operation is Operation.INVENTORY_SET:
            return inventory_request([item], {item.product_key: links} if links else {},
                                     location_id=self._shop.location_id, idempotency_key=key)
        return request(item, links, location_id=self._shop.location_id, options=options, listings=self._shop.listings)

    def _option_names(self, connection: Connection, part: Sequence[PlanItem]) -> dict[str, list[str]]:
        """Item id → the product's option names as the store shows them, where variants are written."""
        asked = {item.product_id: item.item_id for item in part
                 if item.operation in _NEEDS_OPTIONS and item.product_id is not None}
        return {asked[product.product_id]: option_names(product.document)
                for product in Snapshot(connection, self._context.shop_id).products(asked)}

    def _about_to_go(self, connection: Connection, part: Sequence[PlanItem]) -> dict[str, Mapping[Path, Value]]:
        """Everything that products which are about to be deleted show, by item id: an undo makes them anew from it."""
        going = {item.product_id: item.item_id for item in part
                 if item.operation is Operation.PRODUCT_DELETE and item.product_id is not None}
        return {going[product.product_id]: product.document
                for product in Snapshot(connection, self._context.shop_id).products(going)}


def batches(items: Iterable[PlanItem]) -> Iterator[list[PlanItem]]:
    """The items in the parts in which they are written ahead."""
    return chunks(items, BATCH)
