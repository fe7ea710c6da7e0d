"""Decisions on record: those that were taken about one product, and taking one that nobody is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.merge import Decision, Side
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.db.rows import from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import sync_conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One dispute that was decided: for which side, by whom and when, between which two values."""

    path: Path
    side: Side
    by: str
    at: datetime
    dispute: str
    local: Value | None
    remote: Value | None


def record_decision(connection: Connection, shop_id: str, product_key: str, decision: Decision, side: Side, *,
                    by: str) -> None:
    """Records that a dispute is decided for `side`, as if a person had reviewed it, so that diffs keep to it.

    It holds for the values that `decision` names.
    """
    instant, faces = now(), decision.faces
    connection.execute(insert(sync_conflict).values(
        shop_id=shop_id, conflict_id=new_id(), product_key=product_key, path=decision.path,
        state=ConflictState.RESOLVED.value, dispute=decision.dispute.value if decision.dispute else "",
        strategy=None, resolution=side.value, resolved_by=by, resolved_at=instant, first_seen=instant,
        last_seen=instant, faces=to_text({"local": faces.local, "remote": faces.remote,
                                          "base_local": faces.base_local, "base_remote": faces.base_remote}),
    ))


def decisions_on(connection: Connection, shop_id: str, product_key: str) -> list[Decided]:
    """The decisions about one product, oldest first."""
    rows = connection.execute(
        select(sync_conflict).where(
            sync_conflict.c.shop_id == shop_id, sync_conflict.c.product_key == product_key,
            sync_conflict.c.resolution.is_not(None), sync_conflict.c.resolved_by.is_not(None),
            sync_conflict.c.resolved_at.is_not(None))
        .order_by(sync_conflict.c.resolved_at)
    ).mappings()
    found = []
    for row in rows:
        faces: dict[str, Any] = from_text(row["faces"])
        found.append(Decided(path=Path(row["path"]), side=Side(row["resolution"]), by=row["resolved_by"],
                             at=row["resolved_at"], dispute=row["dispute"], local=faces["local"],
                             remote=faces["remote"]))
    return found
