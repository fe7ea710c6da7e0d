"""Plans and their items as saved: what was decided, what it was computed from, who approved it, how far it got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, RowMapping, Select, exists, func, insert, select, update

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.fields import Operation, Risk
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.rollout import Held, Hold
from shopsync_pipeline.db.rows import CHUNK, chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import plan, plan_item, sync_dependency

_first = plan_item.alias("first_item")


class PlanState(StrEnum):
    """Where a plan stands. `halted`: its canary failed, and the rest waits for a person."""

    READY = "ready"
    REFUSED = "refused"
    APPLYING = "applying"
    HALTED = "halted"
    APPLIED = "applied"
    SUPERSEDED = "superseded"


class ItemState(StrEnum):
    """Where one item stands. `held` waits, for the reason in its note. Not applied are `stale` (store or catalog
    changed under it) and `rejected` (Shopify said no)."""

    PLANNED = "planned"
    HELD = "held"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    STALE = "stale"


_TO_SEND = (ItemState.PLANNED.value, ItemState.SENT.value)
"""What is still to be sent, or has to be settled first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan without its items. `summary` holds counts and the estimate; `refusals` why it needs approval.

    An approval is for one content: `approved_hash` is the hash that the plan had when it was given.
    """

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
    approved_hash: str | None = None
    continued_by: str | None = None
    continued_at: datetime | None = None
    continue_reason: str | None = None

    @property
    def approved(self) -> bool:
        """Whether a person approved the plan as it is."""
        return self.approved_by is not None and self.approved_hash == self.hash

    def require_sendable(self) -> None:
        """Raises `PlanRefusedError` unless the plan is current and keeps its bounds, or a person approved it."""
        if self.state is PlanState.SUPERSEDED:
            raise PlanRefusedError(
                f"Plan {self.plan_id} was superseded by a newer one, so its values may be out of date. Send the newest "
                "one, which `shopsync plan list` shows first."
            )
        if self.state is PlanState.HALTED:
            raise PlanRefusedError(
                f"Plan {self.plan_id} was halted because too many of the items that went first were not applied. Look "
                f"at them, then let the rest go: shopsync plan continue {self.plan_id} --by NAME --reason \"…\"."
            )
        if self.refusals and not self.approved:
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
             summary: Mapping[str, Any], refusals: Sequence[str], held: Mapping[str, Held] | None = None,
             seen_local: Mapping[str, str] | None = None) -> str:
        """Saves a plan and its items in sending order; earlier plans that were not sent are superseded.

        `held`: item id → why it waits. `seen_local`: product key → digests of the catalog's document that the items
        were made from; where there is none, the catalog is not asked again before the item is sent.
        """
        plan_id = new_id()
        waiting, seen = held or {}, seen_local or {}
        unsent = (PlanState.READY.value, PlanState.REFUSED.value, PlanState.HALTED.value)
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
                "risk": item.risk.value, "cost": item.cost, "document": to_text(item.to_json()),
                "seen_local": seen.get(item.product_key, ""), **_state(waiting.get(item.item_id)),
            }
            for seq, item in enumerate(items)
        )
        for part in chunks(rows):
            self._connection.execute(insert(plan_item), part)
        dependencies = (
            {"shop_id": self._shop, "plan_id": plan_id, "item_id": item.item_id, "depends_on": first}
            for item in items for first in dict.fromkeys(item.depends_on)
        )
        for pairs in chunks(dependencies):
            self._connection.execute(insert(sync_dependency), pairs)
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
            .values(approved_by=by, approved_at=now(), approval_reason=reason, approved_hash=plan.c.hash,
                    state=PlanState.READY.value)
        )

    def halt(self, plan_id: str, why: str) -> int:
        """Holds everything of a plan that was not sent yet, because its canary failed; returns how many items."""
        self.set_state(plan_id, PlanState.HALTED)
        return self._connection.execute(
            update(plan_item).where(plan_item.c.plan_id == plan_id, plan_item.c.state == ItemState.PLANNED.value)
            .values(state=ItemState.HELD.value, hold=Hold.CANARY.value, note=why)
        ).rowcount

    def resume(self, plan_id: str, by: str, reason: str) -> int:
        """Lets go what a failed canary held, and records who allowed it; returns how many items."""
        self._connection.execute(
            update(plan).where(plan.c.shop_id == self._shop, plan.c.plan_id == plan_id)
            .values(continued_by=by, continued_at=now(), continue_reason=reason, state=PlanState.APPLYING.value)
        )
        return self._connection.execute(
            update(plan_item).where(plan_item.c.plan_id == plan_id, plan_item.c.state == ItemState.HELD.value,
                                    plan_item.c.hold == Hold.CANARY.value)
            .values(state=ItemState.PLANNED.value, hold=None, note=None)
        ).rowcount

    def items(self, plan_id: str, lane: Lane | None = None, state: ItemState | None = None) -> Iterator[PlanItem]:
        """Items in sending order, of one lane or one state where asked."""
        query = select(plan_item.c.document).where(plan_item.c.plan_id == plan_id).order_by(plan_item.c.seq)
        if lane is not None:
            query = query.where(plan_item.c.lane == lane.value)
        if state is not None:
            query = query.where(plan_item.c.state == state.value)
        for document in self._streamed(query).scalars():
            yield PlanItem.from_json(from_text(document))

    def items_with_state(self, plan_id: str) -> Iterator[tuple[PlanItem, ItemState, str]]:
        """(item, state, note) in sending order; a note says why an item waits or was not applied."""
        columns = (plan_item.c.document, plan_item.c.state, plan_item.c.note)
        rows = self._streamed(select(*columns).where(plan_item.c.plan_id == plan_id).order_by(plan_item.c.seq))
        for document, state, note in rows:
            yield PlanItem.from_json(from_text(document)), ItemState(state), note or ""

    def _streamed(self, query: Select[Any]) -> CursorResult[*tuple[Any, ...]]:
        """Rows as they are asked for, so that a plan of any length takes little memory."""
        return self._connection.execute(query.execution_options(yield_per=CHUNK))

    def states_of(self, plan_id: str, item_ids: Iterable[str]) -> dict[str, ItemState]:
        """Item id → state, of those of `item_ids` that the plan has."""
        found: dict[str, ItemState] = {}
        for part in chunks(item_ids):
            rows = self._connection.execute(select(plan_item.c.item_id, plan_item.c.state).where(
                plan_item.c.plan_id == plan_id, plan_item.c.item_id.in_(part)))
            found.update((item_id, ItemState(state)) for item_id, state in rows)
        return found

    def page(self, plan_id: str, lane: Lane, *, after: int, most: int) -> list[tuple[int, PlanItem]]:
        """(place, item) of up to `most` items of a lane that are still planned, in sending order after a place."""
        rows = self._connection.execute(
            select(plan_item.c.seq, plan_item.c.document)
            .where(plan_item.c.plan_id == plan_id, plan_item.c.seq > after, plan_item.c.lane == lane.value,
                   plan_item.c.state == ItemState.PLANNED.value)
            .order_by(plan_item.c.seq).limit(most)
        )
        return [(seq, PlanItem.from_json(from_text(document))) for seq, document in rows]

    def planned(self, plan_id: str, lane: Lane) -> dict[Operation, tuple[int, float]]:
        """Operation → how many of its items are still planned in a lane, and the points that one costs on average; in
        the order of the operations."""
        rows = self._connection.execute(
            select(plan_item.c.operation, func.count(), func.avg(plan_item.c.cost))
            .where(*self._planned_in(plan_id, lane)).group_by(plan_item.c.operation))
        found = {Operation(name): (count, float(cost)) for name, count, cost in rows}
        return {operation: found[operation] for operation in Operation if operation in found}

    def last(self, plan_id: str, lane: Lane, operation: Operation, most: int) -> list[PlanItem]:
        """The last items of one operation that are still planned in a lane, in sending order. None that waits for
        another item is among them."""
        waits = exists().where(sync_dependency.c.plan_id == plan_item.c.plan_id,
                               sync_dependency.c.item_id == plan_item.c.item_id,
                               sync_dependency.c.depends_on.in_(
                                   select(_first.c.item_id).where(_first.c.plan_id == plan_id,
                                                                  _first.c.state != ItemState.CONFIRMED.value)))
        rows = self._connection.execute(
            select(plan_item.c.document)
            .where(*self._planned_in(plan_id, lane), plan_item.c.operation == operation.value, ~waits)
            .order_by(plan_item.c.seq.desc()).limit(most)
        ).scalars().all()
        return [PlanItem.from_json(from_text(document)) for document in reversed(rows)]

    @staticmethod
    def _planned_in(plan_id: str, lane: Lane) -> tuple[ColumnElement[bool], ...]:
        return (plan_item.c.plan_id == plan_id, plan_item.c.lane == lane.value,
                plan_item.c.state == ItemState.PLANNED.value)

    def unsent(self, plan_id: str) -> list[Lane]:
        """The lanes with items that are still to be sent, in sending order."""
        found = set(self._connection.execute(
            select(plan_item.c.lane).distinct().where(
                plan_item.c.plan_id == plan_id,
                plan_item.c.state.in_(_TO_SEND))).scalars())
        return [lane for lane in Lane if lane.value in found]

    def to_send(self, plan_id: str, lane: Lane) -> tuple[int, float]:
        """Items of a lane that are still to be sent, and the points that they are expected to cost."""
        row = self._connection.execute(
            select(func.count(), func.sum(plan_item.c.cost)).where(
                plan_item.c.plan_id == plan_id, plan_item.c.lane == lane.value,
                plan_item.c.state.in_(_TO_SEND))
        ).one()
        return row[0], float(row[1] or 0.0)

    def hold_rest(self, plan_id: str, lane: Lane, why: Held, risk: Risk | None = None) -> int:
        """Holds what is still planned in a lane, or that of one risk; returns how many items."""
        of_risk = () if risk is None else (plan_item.c.risk == risk.value,)
        return self._connection.execute(
            update(plan_item).where(plan_item.c.plan_id == plan_id, plan_item.c.lane == lane.value,
                                    plan_item.c.state == ItemState.PLANNED.value, *of_risk).values(**_state(why))
        ).rowcount

    def seen_local(self, plan_id: str, item_ids: Iterable[str]) -> dict[str, str]:
        """Item id → digests of the catalog's document that it was made from; empty text where that was not kept."""
        found: dict[str, str] = {}
        for part in chunks(item_ids):
            found.update(self._connection.execute(
                select(plan_item.c.item_id, plan_item.c.seen_local)
                .where(plan_item.c.plan_id == plan_id, plan_item.c.item_id.in_(part))
            ).all())
        return found

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

    def counts(self, plan_id: str) -> dict[tuple[str, str, str, str], int]:
        """(lane, risk, operation, state) → items, in order of lane, risk and operation as they are defined."""
        keys = (plan_item.c.lane, plan_item.c.risk, plan_item.c.operation, plan_item.c.state)
        rows = self._connection.execute(
            select(*keys, func.count()).where(plan_item.c.plan_id == plan_id).group_by(*keys)
        ).all()
        lanes = {lane.value: place for place, lane in enumerate(Lane)}
        return {(lane, risk, operation, state): count for lane, risk, operation, state, count
                in sorted(rows, key=lambda row: (lanes[row[0]], *row[1:4]))}

    def held(self, plan_id: str, most: int = 10) -> list[tuple[str, str, int, list[str]]]:
        """(kind of hold, why, items, the first products) of what waits, the most items first."""
        waits = (plan_item.c.plan_id == plan_id, plan_item.c.state == ItemState.HELD.value)
        rows = self._connection.execute(
            select(plan_item.c.hold, plan_item.c.note, func.count()).where(*waits)
            .group_by(plan_item.c.hold, plan_item.c.note).order_by(func.count().desc(), plan_item.c.note).limit(most)
        ).all()
        found = []
        for hold, note, count in rows:
            keys = self._connection.execute(
                select(plan_item.c.product_key).where(*waits, plan_item.c.hold == hold, plan_item.c.note == note)
                .group_by(plan_item.c.product_key).order_by(plan_item.c.product_key).limit(5)
            ).scalars().all()
            found.append((str(hold), str(note), int(count), list(keys)))
        return found

    def dependencies(self, plan_id: str) -> int:
        """How many pairs of items depend on each other."""
        return self._connection.execute(
            select(func.count()).select_from(sync_dependency).where(sync_dependency.c.plan_id == plan_id)
        ).scalar_one()

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
        approved_at=row["approved_at"], approval_reason=row["approval_reason"], approved_hash=row["approved_hash"],
        continued_by=row["continued_by"], continued_at=row["continued_at"], continue_reason=row["continue_reason"],
    )


def _state(held: Held | None) -> dict[str, str | None]:
    """The columns that say whether an item waits, and why."""
    if held is None:
        return {"state": ItemState.PLANNED.value, "hold": None, "note": None}
    return {"state": ItemState.HELD.value, "hold": held.hold.value, "note": held.why}
