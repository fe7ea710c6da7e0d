"""The write-ahead ledger: one row per mutation, written before it is sent, and one per plan item that it carries.

After a crash, rows still `sent` are the ones whose outcome nobody knows; reading the product settles them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, func, insert, or_, select, update

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.written import Write
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import ledger, ledger_item, plan, plan_item

UNDO_OF = "undo of "
"""How the scope of a plan begins that takes something back."""


class LedgerState(StrEnum):
    """`sent`: no answer yet; `unknown`: its answer was lost; `confirmed`: took effect; `rejected`: Shopify said no;
    `not_executed`: never arrived.

    What is sent or unknown is settled by reading the product by id.
    """

    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    NOT_EXECUTED = "not_executed"


OPEN = (LedgerState.SENT, LedgerState.UNKNOWN)
"""The states of a mutation whose outcome nobody knows yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A mutation as it is about to be sent.

    `whole`: item id → everything that the product shows, where all of it is about to go.
    """

    plan_id: str
    run_id: str | None
    operation: str
    idempotency_key: str
    request: Mapping[str, Any]
    items: tuple[PlanItem, ...]
    whole: Mapping[str, Fields] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a mutation ended. `after`: item id → the values that Shopify then showed; points as asked and charged."""

    ledger_id: str
    state: LedgerState
    answer: Mapping[str, Any] | None = None
    error: str | None = None
    requested: float | None = None
    actual: float | None = None
    after: Mapping[str, Mapping[Path, Value | None]] | None = None


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

    def write_ahead(self, mutations: Sequence[Ahead]) -> list[Sent]:
        """Records mutations before they are sent. Commit the transaction before sending any of them."""
        instant, sent, rows, parts = now(), list[Sent](), list[dict[str, Any]](), list[dict[str, Any]]()
        for one in mutations:
            ledger_id, whole = new_id(), one.whole or {}
            rows.append({
                "shop_id": self._shop, "ledger_id": ledger_id, "plan_id": one.plan_id, "run_id": one.run_id,
                "operation": one.operation, "idempotency_key": one.idempotency_key, "state": LedgerState.SENT.value,
                "request": to_text(one.request), "sent_at": instant,
            })
            for item in one.items:
                going: Fields = whole.get(item.item_id, {})
                parts.append({
                    "shop_id": self._shop, "ledger_id": ledger_id, "item_id": item.item_id, "plan_id": one.plan_id,
                    "product_key": item.product_key,
                    "before": to_text({**{c.path: c.before for c in item.changes}, **going}),
                    "sent": to_text({**{c.path: c.after for c in item.changes}, **dict.fromkeys(going)}),
                })
            sent.append(Sent(ledger_id, one.plan_id, one.operation, one.idempotency_key, instant, one.items))
        for table, values in ((ledger, rows), (ledger_item, parts)):
            for part in chunks(values):
                self._connection.execute(insert(table), part)
        return sent

    def settle(self, mutations: Sequence[Settled]) -> None:
        """Records how mutations ended."""
        if not mutations:
            return
        instant = now()
        self._connection.execute(
            update(ledger).where(ledger.c.ledger_id == bindparam("of")).values(
                state=bindparam("is"), answer=bindparam("told"), error=bindparam("why"),
                requested_points=bindparam("asked"), actual_points=bindparam("charged"), settled_at=instant),
            [{"of": one.ledger_id, "is": one.state.value, "why": one.error, "asked": one.requested,
              "told": None if one.answer is None else to_text(one.answer), "charged": one.actual}
             for one in mutations],
        )
        shown = [{"of": one.ledger_id, "item": item_id, "shown": to_text(dict(values))}
                 for one in mutations for item_id, values in (one.after or {}).items()]
        if shown:
            self._connection.execute(
                update(ledger_item).where(ledger_item.c.ledger_id == bindparam("of"),
                                          ledger_item.c.item_id == bindparam("item"))
                .values(after=bindparam("shown")), shown)

    def unknown(self, most: int | None = None) -> list[Sent]:
        """Mutations whose outcome is not known, oldest first; the first `most` of them."""
        rows = self._connection.execute(
            select(ledger.c.ledger_id, ledger.c.plan_id, ledger.c.operation, ledger.c.idempotency_key, ledger.c.sent_at)
            .where(ledger.c.shop_id == self._shop, ledger.c.state.in_([state.value for state in OPEN]))
            .order_by(ledger.c.sent_at, ledger.c.ledger_id).limit(most)
        ).all()
        items: dict[str, list[PlanItem]] = {}
        for part in chunks(row[0] for row in rows):
            for ledger_id, document in self._connection.execute(
                select(ledger_item.c.ledger_id, plan_item.c.document)
                .join(plan_item, (ledger_item.c.plan_id == plan_item.c.plan_id)
                      & (ledger_item.c.item_id == plan_item.c.item_id))
                .where(ledger_item.c.ledger_id.in_(part)).order_by(plan_item.c.seq)
            ):
                items.setdefault(ledger_id, []).append(PlanItem.from_json(from_text(document)))
        return [Sent(*row, tuple(items.get(row[0], ()))) for row in rows]

    def has_unknown(self) -> bool:
        """Whether there is a mutation whose outcome is not known."""
        return self._connection.execute(
            select(ledger.c.ledger_id)
            .where(ledger.c.shop_id == self._shop, ledger.c.state.in_([state.value for state in OPEN])).limit(1)
        ).first() is not None

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
