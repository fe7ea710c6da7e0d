"""A decision that is taken and not asked for: put on record as if a person had reviewed it, so that diffs keep to it."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from shopsync_pipeline.core.merge import Decision, Side
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.db.rows import new_id, now, to_text
from shopsync_pipeline.db.schema import sync_conflict


def record_decision(connection: Connection, shop_id: str, product_key: str, decision: Decision, side: Side, *,
                    by: str) -> None:
    """Records that a dispute is decided for `side`. It holds for the values that `decision` names."""
    instant, faces = now(), decision.faces
    connection.execute(insert(sync_conflict).values(
        shop_id=shop_id, conflict_id=new_id(), product_key=product_key, path=decision.path,
        state=ConflictState.RESOLVED.value, dispute=decision.dispute.value if decision.dispute else "",
        strategy=None, resolution=side.value, resolved_by=by, resolved_at=instant, first_seen=instant,
        last_seen=instant, faces=to_text({"local": faces.local, "remote": faces.remote,
                                          "base_local": faces.base_local, "base_remote": faces.base_remote}),
    ))
