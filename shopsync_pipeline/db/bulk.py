"""Bulk operations on record: a shard is one file of lines, and the operation at Shopify that runs it.

Every step is committed before the next one is taken, so what a process leaves behind when it dies tells how far it got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from shopsync_pipeline.core.bulk import BulkSpeed
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.ledger import Sent
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, upsert
from shopsync_pipeline.db.schema import bulk_line, bulk_operation, bulk_speed, ledger, ledger_item, plan_item


class ShardState(StrEnum):
    """How far a shard got. `preparing`: rows and file are written, Shopify was not asked to start anything;
    `starting`: it was asked, and the answer is not on record; `running`: the operation's id is known; `done`: every
    line is settled; `abandoned`: no operation was made of it."""

    PREPARING = "preparing"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    ABANDONED = "abandoned"


_UNFINISHED = (ShardState.PREPARING.value, ShardState.STARTING.value, ShardState.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One file of lines. `document` names what each line is given to, `lines` counts them once the file is written,
    `at_once` says with how many other shards it was meant to run, itself included."""

    shard_id: str
    plan_id: str
    run_id: str | None
    operation: Operation
    document: str
    state: ShardState
    attempt: int
    at_once: int
    lines: int
    sha256: str | None
    staged_path: str | None
    operation_id: str | None
    outcome: str | None
    prepared_at: datetime
    starting_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a shard, its ledger row with the plan item that it carries, and the request as it was written
    ahead."""

    number: int
    sent: Sent
    request: Mapping[str, Any]

    @property
    def item(self) -> PlanItem:
        """The plan item of the line."""
        return self.sent.items[0]


class BulkOperations:
    """The bulk operations of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def prepare(self, *, plan_id: str, run_id: str | None, operation: Operation, document: str, at_once: int) -> str:
        """Records that a shard is about to be written; returns its id."""
        shard_id = new_id()
        self._connection.execute(insert(bulk_operation).values(
            shop_id=self._shop, shard_id=shard_id, plan_id=plan_id, run_id=run_id, operation=operation.value,
            document=document, state=ShardState.PREPARING.value, attempt=0, at_once=at_once, lines=0, bytes=0,
            prepared_at=now(),
        ))
        return shard_id

    def add_lines(self, shard_id: str, first: int, sent: Sequence[Sent]) -> None:
        """Records lines from number `first` on, each of one ledger row."""
        for part in chunks(enumerate(sent, start=first)):
            self._connection.execute(insert(bulk_line), [
                {"shop_id": self._shop, "shard_id": shard_id, "line": number, "ledger_id": row.ledger_id}
                for number, row in part
            ])

    def written(self, shard_id: str, *, lines: int, size: int, sha256: str, first_item: str, last_item: str) -> None:
        """Records what the finished file holds; `size` in bytes."""
        self._change(shard_id, lines=lines, bytes=size, sha256=sha256, first_item=first_item, last_item=last_item)

    def starting(self, shard_id: str, staged_path: str) -> None:
        """Records that Shopify is about to be asked to run the file at `staged_path`. Commit before asking."""
        self._change(shard_id, state=ShardState.STARTING.value, staged_path=staged_path, starting_at=now(),
                     attempt=bulk_operation.c.attempt + 1)

    def not_started(self, shard_id: str) -> None:
        """Records that Shopify refused to start it, so that it still waits."""
        self._change(shard_id, state=ShardState.PREPARING.value)

    def running(self, shard_id: str, operation_id: str) -> None:
        """Records the operation that Shopify made of it."""
        self._change(shard_id, state=ShardState.RUNNING.value, operation_id=operation_id, started_at=now())

    def finish(self, shard_id: str, outcome: str, *, abandoned: bool = False) -> None:
        """Records that every line is settled. `outcome`: Shopify's last word, or why there was no operation."""
        state = ShardState.ABANDONED if abandoned else ShardState.DONE
        self._change(shard_id, state=state.value, outcome=outcome, finished_at=now())

    def _change(self, shard_id: str, **values: Any) -> None:
        self._connection.execute(update(bulk_operation).where(bulk_operation.c.shard_id == shard_id).values(**values))

    def get(self, shard_id: str) -> Shard:
        """One shard. Raises `KeyError` for an id that this shop does not have."""
        found = self._shards(bulk_operation.c.shard_id == shard_id)
        if not found:
            raise KeyError(shard_id)
        return found[0]

    def unfinished(self) -> list[Shard]:
        """The shards that have lines to settle, oldest first."""
        return self._shards(bulk_operation.c.state.in_(_UNFINISHED))

    def of_plan(self, plan_id: str) -> list[Shard]:
        """All shards of a plan, oldest first."""
        return self._shards(bulk_operation.c.plan_id == plan_id)

    def _shards(self, condition: ColumnElement[bool]) -> list[Shard]:
        rows = self._connection.execute(
            select(bulk_operation).where(bulk_operation.c.shop_id == self._shop, condition)
            .order_by(bulk_operation.c.prepared_at, bulk_operation.c.shard_id)
        ).mappings()
        return [Shard(
            shard_id=row["shard_id"], plan_id=row["plan_id"], run_id=row["run_id"],
            operation=Operation(row["operation"]), document=row["document"], state=ShardState(row["state"]),
            attempt=row["attempt"], at_once=row["at_once"], lines=row["lines"], sha256=row["sha256"],
            staged_path=row["staged_path"], operation_id=row["operation_id"], outcome=row["outcome"],
            prepared_at=row["prepared_at"], starting_at=row["starting_at"],
        ) for row in rows]

    def lines(self, shard_id: str, numbers: Sequence[int]) -> list[Line]:
        """Those of the lines with these numbers whose outcome is not known yet, in order."""
        return self._lines(bulk_line.c.shard_id == shard_id, bulk_line.c.line.in_(numbers))

    def open_lines(self, shard_id: str, *, after: int = -1, most: int = 250) -> list[Line]:
        """The first `most` lines after a number whose outcome is not known yet, in order."""
        return self._lines(bulk_line.c.shard_id == shard_id, bulk_line.c.line > after, most=most)

    def _lines(self, *conditions: ColumnElement[bool], most: int | None = None) -> list[Line]:
        columns = (bulk_line.c.line, ledger.c.ledger_id, ledger.c.plan_id, ledger.c.operation,
                   ledger.c.idempotency_key, ledger.c.sent_at, ledger.c.request, plan_item.c.document)
        rows = self._connection.execute(
            select(*columns)
            .select_from(
                bulk_line.join(ledger, ledger.c.ledger_id == bulk_line.c.ledger_id)
                .join(ledger_item, ledger_item.c.ledger_id == ledger.c.ledger_id)
                .join(plan_item, (plan_item.c.plan_id == ledger_item.c.plan_id)
                      & (plan_item.c.item_id == ledger_item.c.item_id)))
            .where(bulk_line.c.shop_id == self._shop, ledger.c.settled_at.is_(None), *conditions)
            .order_by(bulk_line.c.line).limit(most)
        )
        return [Line(number, Sent(ledger_id, plan_id, operation, key, sent_at,
                                  (PlanItem.from_json(from_text(document)),)), from_text(request))
                for number, ledger_id, plan_id, operation, key, sent_at, request, document in rows]

    def count_open(self, shard_id: str) -> int:
        """Lines of a shard whose outcome is not known yet."""
        return self._connection.execute(
            select(func.count()).select_from(bulk_line.join(ledger, ledger.c.ledger_id == bulk_line.c.ledger_id))
            .where(bulk_line.c.shard_id == shard_id, ledger.c.settled_at.is_(None))
        ).scalar_one()

    def speed(self, document: str) -> BulkSpeed | None:
        """How fast the shop runs a document in bulk, as remembered; `None` before the first measurement."""
        row = self._connection.execute(
            select(bulk_speed).where(bulk_speed.c.shop_id == self._shop, bulk_speed.c.document == document)
        ).mappings().first()
        return None if row is None else BulkSpeed(
            start_seconds=row["start_seconds"], items_per_second=row["items_per_second"], at=row["measured_at"])

    def remember_speed(self, document: str, speed: BulkSpeed) -> None:
        """Keeps what is known of a document's speed from now on."""
        upsert(self._connection, bulk_speed, [{
            "shop_id": self._shop, "document": document, "start_seconds": speed.start_seconds,
            "items_per_second": speed.items_per_second, "measured_at": speed.at,
        }])
