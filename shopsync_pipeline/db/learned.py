"""What requests of each document were seen to cost in a shop, against our estimates."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from shopsync_pipeline.core.learned import TRUSTED_AFTER, Learned
from shopsync_pipeline.db.rows import now, upsert
from shopsync_pipeline.db.schema import learned_cost


def learned_costs(connection: Connection, shop_id: str) -> dict[str, Learned]:
    """What is known of each document of this shop."""
    rows = connection.execute(select(learned_cost).where(learned_cost.c.shop_id == shop_id)
                              .order_by(learned_cost.c.document))
    return {row.document: Learned(row.highest, row.before, row.answers, row.total, row.usual) for row in rows}


def remember_costs(connection: Connection, shop_id: str, costs: Mapping[str, Learned]) -> None:
    """Stores what a client learned. Where two clients learn about one document, the later has the last word: what the
    other knew better costs one refused request, from which it is learned again."""
    upsert(connection, learned_cost, [
        {"shop_id": shop_id, "document": document, "highest": known.highest, "before": known.before,
         "answers": known.answers, "total": known.total, "usual": known.usual, "learned_at": now()}
        for document, known in sorted(costs.items())])


def cost_factors(connection: Connection, shop_id: str) -> dict[str, float]:
    """Document → what it is usually charged, as a multiple of our estimate; only documents that were asked often
    enough."""
    return {document: known.usual for document, known in learned_costs(connection, shop_id).items()
            if known.total >= TRUSTED_AFTER}
