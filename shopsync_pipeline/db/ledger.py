"""The write-ahead ledger: one row per mutation, written before it is sent, and one per plan item that it carries.

After a crash, rows still `sent` are the ones whose outcome nobody knows; reading the product settles them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import ledger, ledger_item, plan_item


class LedgerState(StrEnum):
    """`sent`: no answer yet; `confirmed`: took effect; `rejected`: Shopify said no; `not_executed`: never arrived."""

    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOT_EXECUTED = "not_executed"


@dataclass(frozen=True, slots=True)
class Sent:
    """A mutation that is about to go out, or went out."""

    ledger_id: str
    plan_id: str
    operation: str
    idempotency_key: str
    sent_at: datetime
    items: tuple[PlanItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field group written to one product: for blame and audit."""

    ledger_id: str
    plan_id: str
    run_id: str | None
    product_key: str
    operation: str
    state: LedgerState
    before: Mapping[Path, Value | None]
    sent: Mapping[Path, Value | None]
    after: Mapping[Path, Value | None] | None
    error: str | None
    actual_points: float | None
    sent_at: datetime


class Ledger:
    """The ledger of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def write_ahead(self, *, plan_id: str, run_id: str | None, operation: str, idempotency_key: str,
                    request: Mapping[str, Any], items: Sequence[PlanItem]) -> Sent:
        """Records a mutation before it is sent. Commit the transaction before sending."""
        ledger_id, instant = new_id(), now()
        self._connection.execute(insert(ledger).values(
            shop_id=self._shop, ledger_id=ledger_id, plan_id=plan_id, run_id=run_id, operation=operation,
            idempotency_key=idempotency_key, state=LedgerState.SENT.value, request=to_text(request), sent_at=instant,
        ))
        self._connection.execute(insert(ledger_item), [
            {
                "shop_id": self._shop, "ledger_id": ledger_id, "item_id": item.item_id, "plan_id": plan_id,
                "product_key": item.product_key, "before": to_text({c.path: c.before for c in item.changes}),
                "sent": to_text({c.path: c.after for c in item.changes}),
            }
            for item in items
        ])
        return Sent(ledger_id, plan_id, operation, idempotency_key, instant, tuple(items))

    def settle(self, ledger_id: str, state: LedgerState, *, answer: Mapping[str, Any] | None = None,
               error: str | None = None, requested: float | None = None, actual: float | None = None,
               after: Mapping[str, Mapping[Path, Value | None]] | None = None) -> None:
        """Records how a mutation ended. `after` maps item id to the values that Shopify then showed."""
        self._connection.execute(update(ledger).where(ledger.c.ledger_id == ledger_id).values(
            state=state.value, answer=None if answer is None else to_text(answer), error=error,
            requested_points=requested, actual_points=actual, settled_at=now(),
        ))
        for item_id, values in (after or {}).items():
            self._connection.execute(
                update(ledger_item).where(ledger_item.c.ledger_id == ledger_id, ledger_item.c.item_id == item_id)
                .values(after=to_text(dict(values)))
            )

    def unknown(self) -> Iterator[Sent]:
        """Mutations whose outcome is not known, oldest first."""
        rows = self._connection.execute(
            select(ledger).where(ledger.c.shop_id == self._shop, ledger.c.state == LedgerState.SENT.value)
            .order_by(ledger.c.sent_at)
        ).mappings().all()
        for row in rows:
            documents = self._connection.execute(
                select(plan_item.c.document)
                .join(ledger_item, (ledger_item.c.plan_id == plan_item.c.plan_id)
                      & (ledger_item.c.item_id == plan_item.c.item_id))
                .where(ledger_item.c.ledger_id == row["ledger_id"]).order_by(plan_item.c.seq)
            ).scalars()
            yield Sent(row["ledger_id"], row["plan_id"], row["operation"], row["idempotency_key"], row["sent_at"],
                       tuple(PlanItem.from_json(from_text(document)) for document in documents))

    def totals(self, plan_id: str) -> dict[str, float]:
        """Mutations and points of one plan: `mutations`, `confirmed`, `points`."""
        row = self._connection.execute(
            select(func.count(), func.sum(ledger.c.actual_points)).where(ledger.c.plan_id == plan_id)
        ).one()
        confirmed = self._connection.execute(
            select(func.count()).select_from(ledger)
            .where(ledger.c.plan_id == plan_id, ledger.c.state == LedgerState.CONFIRMED.value)
        ).scalar_one()
        return {"mutations": row[0], "confirmed": confirmed, "points": float(row[1] or 0.0)}

    def history(self, product_keys: Iterable[str], most: int = 100) -> list[Entry]:
        """What was written to products, newest first."""
        found: list[Entry] = []
        for part in chunks(product_keys):
            rows = self._connection.execute(
                select(ledger, ledger_item.c.product_key, ledger_item.c.before, ledger_item.c.sent,
                       ledger_item.c.after)
                .join(ledger_item, ledger_item.c.ledger_id == ledger.c.ledger_id)
                .where(ledger.c.shop_id == self._shop, ledger_item.c.product_key.in_(part))
                .order_by(ledger.c.sent_at.desc()).limit(most)
            ).mappings()
            found.extend(_entry(row) for row in rows)
        return sorted(found, key=lambda entry: entry.sent_at, reverse=True)[:most]


def _entry(row: RowMapping) -> Entry:
    return Entry(
        ledger_id=row["ledger_id"], plan_id=row["plan_id"], run_id=row["run_id"], product_key=row["product_key"],
        operation=row["operation"], state=LedgerState(row["state"]), before=from_text(row["before"]),
        sent=from_text(row["sent"]), after=from_text(row["after"]) if row["after"] else None, error=row["error"],
        actual_points=row["actual_points"], sent_at=row["sent_at"],
    )
