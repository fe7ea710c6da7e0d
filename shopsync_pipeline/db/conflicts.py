"""Conflicts and kept store edits: both values, why they differ, who decided what. A decided one stays on record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Decision, Dispute, Faces, Outcome, Resolution, Side
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.settlement import choices_done
from shopsync_pipeline.core.suggest import Suggestion
from shopsync_pipeline.db.rows import chunks, from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import sync_conflict


class ConflictState(StrEnum):
    """`pending` waits for a person; `kept` is a store edit that stands; `resolved` was decided and not yet carried out;
    `auto_resolved` was decided by strategy; `settled` was carried out; `superseded` went away by itself."""

    PENDING = "pending"
    KEPT = "kept"
    RESOLVED = "resolved"
    AUTO_RESOLVED = "auto_resolved"
    SETTLED = "settled"
    SUPERSEDED = "superseded"


OPEN = (ConflictState.PENDING.value, ConflictState.KEPT.value, ConflictState.RESOLVED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One field on which the two sides differ. `rule` names the rule that set the field's policy, where one did;
    `suggestion` is what would be taken if nobody minded."""

    conflict_id: str
    product_key: str
    path: Path
    state: ConflictState
    dispute: str
    strategy: str | None
    faces: Faces
    resolution: Side | None
    resolved_by: str | None
    first_seen: datetime
    last_seen: datetime
    rule: str = ""
    suggestion: Suggestion | None = None


class Conflicts:
    """The conflicts of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def find(self, *states: ConflictState, product_key: str | None = None, most: int = 1000) -> list[Conflict]:
        """Conflicts in given states (all, if none is given), by product and path."""
        query = select(sync_conflict).where(sync_conflict.c.shop_id == self._shop)
        if states:
            query = query.where(sync_conflict.c.state.in_([state.value for state in states]))
        if product_key is not None:
            query = query.where(sync_conflict.c.product_key == product_key)
        rows = self._connection.execute(
            query.order_by(sync_conflict.c.product_key, sync_conflict.c.path).limit(most)
        ).mappings()
        return [_conflict(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """State → number of conflicts."""
        rows = self._connection.execute(
            select(sync_conflict.c.state, func.count()).where(sync_conflict.c.shop_id == self._shop)
            .group_by(sync_conflict.c.state)
        )
        return dict(rows.all())

    def resolutions(self) -> dict[str, dict[Path, Resolution]]:
        """Product key → path → the choice that a person made and that is still to be carried out."""
        found: dict[str, dict[Path, Resolution]] = {}
        for conflict in self.find(ConflictState.RESOLVED, most=1_000_000):
            if conflict.resolution is not None:
                choice = Resolution(conflict.resolution, conflict.faces.local, conflict.faces.remote,
                                    again=conflict.dispute == Dispute.DECIDED_AGAIN)
                found.setdefault(conflict.product_key, {})[conflict.path] = choice
        return found

    def record(self, decisions: Mapping[str, Iterable[Decision]], plan_id: str, looked_at: Collection[str] | None,
               suggestions: Mapping[tuple[str, Path], Suggestion] | None = None,
               planned: Iterable[PlanItem] = ()) -> None:
        """Brings the open conflicts in line with a diff's decisions per product, with a suggestion where there is one.

        `looked_at` are the products that the diff covered (`None`: all), `planned` the writes that follow. Open rows of
        those that were not met again are closed: a resolved one as settled, the others as superseded. What a person
        decided for the store is carried out by the diff itself, so it is settled at once; what takes a write stays open
        until `carried_out` is told of that.
        """
        instant = now()
        open_rows = {
            (row.product_key, row.path): row
            for row in self.find(ConflictState.PENDING, ConflictState.KEPT, ConflictState.RESOLVED, most=1_000_000)
        }
        decided = self._decided_by_strategy(decisions)
        fresh = []
        for key, made in decisions.items():
            for decision in made:
                state = _state(decision)
                if state is None:
                    continue
                suggestion = (suggestions or {}).get((key, decision.path))
                said = {"rule": decision.rule or None,
                        "suggestion": to_text([suggestion.take, suggestion.why]) if suggestion else None}
                known = open_rows.pop((key, decision.path), None)
                if state is ConflictState.AUTO_RESOLVED:
                    if known is not None:
                        self._set([known.conflict_id], state=ConflictState.SUPERSEDED.value)
                    known = decided.get((key, decision.path))
                reviewed = known is not None and known.state is ConflictState.RESOLVED and state in _REVIEWED
                if known is not None and (known.faces == decision.faces or reviewed):
                    forgotten = {} if reviewed else {"resolution": None, "resolved_by": None, "resolved_at": None}
                    self._set([known.conflict_id], last_seen=instant, plan_id=plan_id, state=state.value,
                              **forgotten, **said)
                    continue
                if known is not None and state is not ConflictState.AUTO_RESOLVED:
                    self._set([known.conflict_id], state=ConflictState.SUPERSEDED.value)
                fresh.append({
                    "shop_id": self._shop, "conflict_id": new_id(), "product_key": key, "path": decision.path,
                    "state": state.value, "dispute": decision.dispute.value if decision.dispute else "",
                    "strategy": decision.strategy.value if decision.strategy else None,
                    "faces": to_text(_faces_json(decision.faces)), "first_seen": instant, "last_seen": instant,
                    "plan_id": plan_id, **said,
                })
        if fresh:
            self._connection.execute(insert(sync_conflict), fresh)
        taken = {key for (key, _), row in open_rows.items() if row.resolution is Side.ETILIZE}
        underway = {(item.product_key, path) for item in planned if item.product_key in taken
                    for path in choices_done(item)}
        for (key, path), row in open_rows.items():
            resolved = row.state is ConflictState.RESOLVED
            waits = resolved and row.resolution is Side.ETILIZE and (key, path) in underway
            if (looked_at is None or key in looked_at) and not waits:
                closed = ConflictState.SETTLED if resolved else ConflictState.SUPERSEDED
                self._set([row.conflict_id], state=closed.value)

    def carried_out(self, items: Iterable[PlanItem]) -> None:
        """Closes the choices for the catalog that confirmed items have carried out, in the transaction that says so.

        A choice asks for one push and must not outlive it: where the store answers with the very value that it showed
        before, nothing else tells the next diff that it was done.
        """
        done = {(item.product_key, path) for item in items for path in choices_done(item)}
        for part in chunks(sorted({key for key, _ in done})):
            rows = self._connection.execute(
                select(sync_conflict.c.conflict_id, sync_conflict.c.product_key, sync_conflict.c.path).where(
                    sync_conflict.c.shop_id == self._shop, sync_conflict.c.state == ConflictState.RESOLVED.value,
                    sync_conflict.c.product_key.in_(part), sync_conflict.c.resolution == Side.ETILIZE.value,
                )
            ).all()
            ids = [conflict_id for conflict_id, key, path in rows if (key, Path(path)) in done]
            if ids:
                self._set(ids, state=ConflictState.SETTLED.value)

    def _decided_by_strategy(self, decisions: Mapping[str, Iterable[Decision]]) -> dict[tuple[str, Path], Conflict]:
        """What a strategy decided before, of the products for which one decides now: the same again is no new row."""
        keys = [key for key, made in decisions.items()
                if any(_state(decision) is ConflictState.AUTO_RESOLVED for decision in made)]
        found = {}
        for part in chunks(keys):
            rows = self._connection.execute(
                select(sync_conflict).where(
                    sync_conflict.c.shop_id == self._shop, sync_conflict.c.product_key.in_(part),
                    sync_conflict.c.state == ConflictState.AUTO_RESOLVED.value,
                ).order_by(sync_conflict.c.last_seen)
            ).mappings()
            found.update({(row["product_key"], Path(row["path"])): _conflict(row) for row in rows})
        return found

    def resolve(self, conflict_ids: Iterable[str], side: Side, by: str) -> int:
        """Records a person's choice for open conflicts; the next diff carries it out. Returns how many were changed.

        Raises `ShopsyncError` for an id that is not open.
        """
        ids = list(dict.fromkeys(conflict_ids))
        found = self._connection.execute(
            select(sync_conflict.c.conflict_id).where(
                sync_conflict.c.shop_id == self._shop, sync_conflict.c.conflict_id.in_(ids),
                sync_conflict.c.state.in_(OPEN),
            )
        ).scalars().all()
        missing = set(ids) - set(found)
        if missing:
            raise ShopsyncError(
                f"There is no open conflict {sorted(missing)[0]}. It may have been decided or superseded; "
                "`shopsync conflicts` lists the open ones."
            )
        self._set(ids, state=ConflictState.RESOLVED.value, resolution=side.value, resolved_by=by, resolved_at=now())
        return len(ids)

    def get(self, conflict_id: str) -> Conflict:
        """A conflict by id, in whatever state. Raises `ShopsyncError` for an id that this shop does not have."""
        row = self._connection.execute(select(sync_conflict).where(
            sync_conflict.c.shop_id == self._shop, sync_conflict.c.conflict_id == conflict_id
        )).mappings().first()
        if row is None:
            raise ShopsyncError(f"There is no conflict {conflict_id}. `shopsync conflicts list --decided` shows those "
                                "that were decided.")
        return _conflict(row)

    def decide_again(self, conflict_id: str, side: Side, by: str, faces: Faces, state: ConflictState) -> None:
        """Records that a decided conflict was decided otherwise, for the values as they are now."""
        self._set([conflict_id], state=state.value, resolution=side.value, resolved_by=by, resolved_at=now(),
                  dispute=Dispute.DECIDED_AGAIN.value, faces=to_text(_faces_json(faces)))

    def _set(self, ids: list[str], **values: object) -> None:
        self._connection.execute(
            update(sync_conflict).where(sync_conflict.c.conflict_id.in_(ids)).values(**values)
        )


_REVIEWED = (ConflictState.RESOLVED, ConflictState.SETTLED)
"""How a person's choice stands on record once a diff has met it."""


def _state(decision: Decision) -> ConflictState | None:
    """How a decision stands on record; `None` for one that was no dispute."""
    if decision.outcome is Outcome.CONFLICT:
        return ConflictState.PENDING
    if decision.outcome is Outcome.KEPT:
        return ConflictState.KEPT
    if decision.dispute is None:
        return None
    if decision.strategy is not None:
        return ConflictState.AUTO_RESOLVED
    # That a product stays away, or stays, is nowhere on record but here.
    done = decision.outcome is Outcome.ACCEPTED and decision.path != WHOLE_PRODUCT
    return ConflictState.SETTLED if done else ConflictState.RESOLVED


def _faces_json(faces: Faces) -> dict[str, Value | None]:
    return {"local": faces.local, "remote": faces.remote, "base_local": faces.base_local,
            "base_remote": faces.base_remote}


def _conflict(row: RowMapping) -> Conflict:
    return Conflict(
        conflict_id=row["conflict_id"], product_key=row["product_key"], path=Path(row["path"]),
        state=ConflictState(row["state"]), dispute=row["dispute"], strategy=row["strategy"],
        faces=Faces(**from_text(row["faces"])), resolution=Side(row["resolution"]) if row["resolution"] else None,
        resolved_by=row["resolved_by"], first_seen=row["first_seen"], last_seen=row["last_seen"],
        rule=row["rule"] or "", suggestion=Suggestion(*from_text(row["suggestion"])) if row["suggestion"] else None,
    )
