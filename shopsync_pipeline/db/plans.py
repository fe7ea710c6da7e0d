"""Plans and their items as saved: what was decided, what it was computed from, who approved it, how far it got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import plan, plan_item


class PlanState(StrEnum):
    """Where a plan stands."""

    READY = "ready"
    REFUSED = "refused"
    APPLYING = "applying"
    APPLIED = "applied"
    SUPERSEDED = "superseded"


class ItemState(StrEnum):
    """Where one item stands. Not applied are `stale` (the store changed under it) and `rejected` (Shopify said no)."""

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan without its items. `summary` holds counts and the estimate; `refusals` why it needs approval."""

    plan_id: str
    hash: str
    inputs: str
    scope: str
    state: PlanState
    created_at: datetime
    run_id: str | None
    summary: Mapping[str, Any]
    refusals: tuple[str, ...]
    approved_by: str | None
    approved_at: datetime | None
    approval_reason: str | None

    def require_sendable(self) -> None:
        """Raises `PlanRefusedError` unless the plan is current and keeps its bounds, or a person approved it."""
        if self.state is PlanState.SUPERSEDED:
            raise PlanRefusedError(
                f"Plan {self.plan_id} was superseded by a newer one, so its values may be out of date. Send the newest "
                "one, which `shopsync plan list` shows first."
            )
        if self.refusals and self.approved_by is None:
            raise PlanRefusedError(
                f"Plan {self.plan_id} may not be sent: " + " ".join(self.refusals)
                + f' To send it all the same: shopsync plan approve {self.plan_id} --by NAME --reason "…".'
            )


class Plans:
    """The plans of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def save(self, *, hash_: str, inputs: str, scope: str, run_id: str | None, items: Sequence[PlanItem],
             summary: Mapping[str, Any], refusals: Sequence[str]) -> str:
        """Saves a plan and its items in sending order; earlier plans that were not sent are superseded."""
        plan_id = new_id()
        unsent = (PlanState.READY.value, PlanState.REFUSED.value)
        self._connection.execute(
            update(plan).where(plan.c.shop_id == self._shop, plan.c.state.in_(unsent))
            .values(state=PlanState.SUPERSEDED.value)
        )
        self._connection.execute(insert(plan).values(
            shop_id=self._shop, plan_id=plan_id, hash=hash_, inputs=inputs, scope=scope, run_id=run_id,
            state=(PlanState.REFUSED if refusals else PlanState.READY).value, created_at=now(),
            summary=to_text(dict(summary)), refusals=to_text(list(refusals)),
        ))
        rows = (
            {
                "shop_id": self._shop, "plan_id": plan_id, "seq": seq, "item_id": item.item_id,
                "product_key": item.product_key, "lane": item.lane.value, "operation": item.operation.value,
                "cost": item.cost, "document": to_text(item.to_json()), "state": ItemState.PLANNED.value,
            }
            for seq, item in enumerate(items)
        )
        for part in chunks(rows):
            self._connection.execute(insert(plan_item), part)
        return plan_id

    def get(self, plan_id: str) -> SavedPlan:
        """A plan by id. Raises `PlanRefusedError` for an id that this shop does not have."""
        row = self._connection.execute(
            select(plan).where(plan.c.shop_id == self._shop, plan.c.plan_id == plan_id)
        ).mappings().first()
        if row is None:
            raise PlanRefusedError(f"This shop has no plan {plan_id}. `shopsync plan list` shows those there are.")
        return _saved(row)

    def latest(self) -> SavedPlan | None:
        """The newest plan."""
        found = self.recent(1)
        return found[0] if found else None

    def of_run(self, run_id: str) -> SavedPlan | None:
        """The plan that a run made."""
        row = self._connection.execute(
            select(plan).where(plan.c.shop_id == self._shop, plan.c.run_id == run_id)
            .order_by(plan.c.created_at.desc()).limit(1)
        ).mappings().first()
        return _saved(row) if row else None

    def recent(self, most: int = 20) -> list[SavedPlan]:
        """The newest plans, newest first."""
        rows = self._connection.execute(
            select(plan).where(plan.c.shop_id == self._shop).order_by(plan.c.created_at.desc()).limit(most)
        ).mappings()
        return [_saved(row) for row in rows]

    def set_state(self, plan_id: str, state: PlanState) -> None:
        """Moves a plan on."""
        self._connection.execute(update(plan).where(plan.c.plan_id == plan_id).values(state=state.value))

    def approve(self, plan_id: str, by: str, reason: str) -> None:
        """Records that a person takes responsibility for a plan that broke its bounds."""
        self._connection.execute(
            update(plan).where(plan.c.shop_id == self._shop, plan.c.plan_id == plan_id)
            .values(approved_by=by, approved_at=now(), approval_reason=reason, state=PlanState.READY.value)
        )

    def items(self, plan_id: str, lane: Lane | None = None, state: ItemState | None = None) -> Iterator[PlanItem]:
        """Items in sending order, of one lane or one state where asked."""
        query = select(plan_item.c.document).where(plan_item.c.plan_id == plan_id).order_by(plan_item.c.seq)
        if lane is not None:
            query = query.where(plan_item.c.lane == lane.value)
        if state is not None:
            query = query.where(plan_item.c.state == state.value)
        for document in self._connection.execute(query).scalars():
            yield PlanItem.from_json(from_text(document))

    def states(self, plan_id: str, lane: Lane | None = None) -> dict[str, ItemState]:
        """Item id → state."""
        query = select(plan_item.c.item_id, plan_item.c.state).where(plan_item.c.plan_id == plan_id)
        if lane is not None:
            query = query.where(plan_item.c.lane == lane.value)
        return {item_id: ItemState(state) for item_id, state in self._connection.execute(query)}

    def mark(self, plan_id: str, item_ids: Iterable[str], state: ItemState, note: str | None = None) -> None:
        """Moves items on; `note` says why where they were set aside or rejected."""
        for part in chunks(item_ids):
            self._connection.execute(
                update(plan_item).where(plan_item.c.plan_id == plan_id, plan_item.c.item_id.in_(part))
                .values(state=state.value, note=note)
            )

    def tally(self, plan_id: str) -> dict[tuple[str, str, str], int]:
        """(lane, operation, state) → items."""
        keys = (plan_item.c.lane, plan_item.c.operation, plan_item.c.state)
        rows = self._connection.execute(
            select(*keys, func.count()).where(plan_item.c.plan_id == plan_id).group_by(*keys)
        )
        return {(lane, operation, state): count for lane, operation, state, count in rows}

    def set_aside(self, plan_id: str, most: int = 50) -> list[tuple[str, str, str, str]]:
        """(product key, operation, state, note) of items that were not applied, the first `most`."""
        rows = self._connection.execute(
            select(plan_item.c.product_key, plan_item.c.operation, plan_item.c.state, plan_item.c.note)
            .where(plan_item.c.plan_id == plan_id,
                   plan_item.c.state.in_((ItemState.REJECTED.value, ItemState.STALE.value)))
            .order_by(plan_item.c.seq).limit(most)
        )
        return [(key, operation, state, note or "") for key, operation, state, note in rows]


def _saved(row: RowMapping) -> SavedPlan:
    return SavedPlan(
        plan_id=row["plan_id"], hash=row["hash"], inputs=row["inputs"], scope=row["scope"],
        state=PlanState(row["state"]), created_at=row["created_at"], run_id=row["run_id"],
        summary=from_text(row["summary"]), refusals=tuple(from_text(row["refusals"])), approved_by=row["approved_by"],
        approved_at=row["approved_at"], approval_reason=row["approval_reason"],
    )
