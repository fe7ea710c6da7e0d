"""The write-ahead ledger: one row per mutation, written before it is sent, and one per plan item that it carries.

After a crash, rows still `sent` are the ones whose outcome nobody knows; reading the product settles them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, or_, select, update

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.written import Write
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import ledger, ledger_item, plan, plan_item

UNDO_OF = "undo of "
"""How the scope of a plan begins that takes something back."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which writes are meant; everything that is given must hold. `since` counts, `until` does not."""

    run_id: str | None = None
    plan_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions on `ledger` rows."""
        found: list[ColumnElement[bool]] = []
        if self.run_id is not None:
            made = select(plan.c.plan_id).where(plan.c.run_id == self.run_id)
            found.append(or_(ledger.c.run_id == self.run_id, ledger.c.plan_id.in_(made)))
        if self.plan_id is not None:
            found.append(ledger.c.plan_id == self.plan_id)
        if self.since is not None:
            found.append(ledger.c.sent_at >= self.since)
        if self.until is not None:
            found.append(ledger.c.sent_at < self.until)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A write with what a person wants to know of it: its run, and of its plan the time and each change's reason."""

    write: Write
    run_id: str | None
    planned_at: datetime | None
    approved_by: str | None
    changes: Mapping[Path, Change]


class Ledger:
    """The ledger of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def write_ahead(self, *, plan_id: str, run_id: str | None, operation: str, idempotency_key: str,
                    request: Mapping[str, Any], items: Sequence[PlanItem],
                    whole: Mapping[str, Fields] | None = None) -> Sent:
        """Records a mutation before it is sent. Commit the transaction before sending.

        `whole`: item id → everything that the product shows, where all of it is about to go.
        """
        ledger_id, instant = new_id(), now()
        gone: dict[str, dict[Path, None]] = {item_id: dict.fromkeys(there) for item_id, there in (whole or {}).items()}
        self._connection.execute(insert(ledger).values(
            shop_id=self._shop, ledger_id=ledger_id, plan_id=plan_id, run_id=run_id, operation=operation,
            idempotency_key=idempotency_key, state=LedgerState.SENT.value, request=to_text(request), sent_at=instant,
        ))
        self._connection.execute(insert(ledger_item), [
            {
                "shop_id": self._shop, "ledger_id": ledger_id, "item_id": item.item_id, "plan_id": plan_id,
                "product_key": item.product_key,
                "before": to_text({**{c.path: c.before for c in item.changes}, **(whole or {}).get(item.item_id, {})}),
                "sent": to_text({**{c.path: c.after for c in item.changes}, **gone.get(item.item_id, {})}),
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

    def products_written(self, span: Span) -> list[str]:
        """Keys of the products to which writes of a span took effect, sorted."""
        return list(self._connection.execute(
            select(ledger_item.c.product_key).distinct()
            .join(ledger, ledger.c.ledger_id == ledger_item.c.ledger_id)
            .where(*self._confirmed(), *span.conditions()).order_by(ledger_item.c.product_key)
        ).scalars())

    def products_undone(self) -> list[str]:
        """Keys of the products from which something was taken back, sorted."""
        return list(self._connection.execute(
            select(ledger_item.c.product_key).distinct()
            .join(ledger, ledger.c.ledger_id == ledger_item.c.ledger_id)
            .join(plan, plan.c.plan_id == ledger_item.c.plan_id)
            .where(*self._confirmed(), plan.c.scope.startswith(UNDO_OF)).order_by(ledger_item.c.product_key)
        ).scalars())

    def writes(self, product_keys: Iterable[str], span: Span | None = None) -> dict[str, list[Write]]:
        """Product key → the writes that took effect (of a span, if one is given), oldest first."""
        found: dict[str, list[Write]] = {}
        for part in chunks(product_keys):
            rows = self._connection.execute(
                _writes().where(*self._confirmed(), ledger_item.c.product_key.in_(part),
                                *(span.conditions() if span else ()))
                .order_by(ledger.c.sent_at)
            ).mappings()
            for row in rows:
                found.setdefault(row["product_key"], []).append(_write(row))
        return found

    def told(self, product_key: str) -> list[Told]:
        """The writes to one product that took effect, oldest first, with their runs and reasons."""
        rows = self._connection.execute(
            _writes().add_columns(ledger.c.run_id, plan.c.created_at, plan.c.approved_by, plan_item.c.document)
            .outerjoin(plan_item, (plan_item.c.plan_id == ledger_item.c.plan_id)
                       & (plan_item.c.item_id == ledger_item.c.item_id))
            .where(*self._confirmed(), ledger_item.c.product_key == product_key).order_by(ledger.c.sent_at)
        ).mappings()
        return [_told(row) for row in rows]

    def _confirmed(self) -> list[ColumnElement[bool]]:
        return [ledger.c.shop_id == self._shop, ledger.c.state == LedgerState.CONFIRMED.value]


def _writes() -> Select[Any]:
    return (
        select(ledger_item.c.product_key, ledger_item.c.plan_id, ledger_item.c.item_id, ledger_item.c.before,
               ledger_item.c.sent, ledger_item.c.after, ledger.c.operation, ledger.c.sent_at, plan.c.scope)
        .select_from(ledger_item.join(ledger, ledger.c.ledger_id == ledger_item.c.ledger_id)
                     .outerjoin(plan, plan.c.plan_id == ledger_item.c.plan_id))
    )


def _write(row: RowMapping) -> Write:
    return Write(
        plan_id=row["plan_id"], item_id=row["item_id"], operation=Operation(row["operation"]), at=row["sent_at"],
        before=from_text(row["before"]), sent=from_text(row["sent"]),
        # A deletion was answered by nothing, and nothing is what is left.
        after=from_text(row["after"]) if row["after"] else {}, undone=(row["scope"] or "").startswith(UNDO_OF),
    )


def _told(row: RowMapping) -> Told:
    item = PlanItem.from_json(from_text(row["document"])) if row["document"] else None
    return Told(
        write=_write(row), run_id=row["run_id"], planned_at=row["created_at"], approved_by=row["approved_by"],
        changes={change.path: change for change in item.changes} if item else {},
    )


def _entry(row: RowMapping) -> Entry:
    return Entry(
        ledger_id=row["ledger_id"], plan_id=row["plan_id"], run_id=row["run_id"], product_key=row["product_key"],
        operation=row["operation"], state=LedgerState(row["state"]), before=from_text(row["before"]),
        sent=from_text(row["sent"]), after=from_text(row["after"]) if row["after"] else None, error=row["error"],
        actual_points=row["actual_points"], sent_at=row["sent_at"],
    )
