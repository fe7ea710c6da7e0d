"""Edits made in the store, as reads of it showed them: which field, from what to what, between which two reads.

Our own writes are no edits; they are in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from shopsync_pipeline.core.fields import Fields, Group, Path, Value, place
from shopsync_pipeline.core.written import filled_in
from shopsync_pipeline.db.rows import chunks, from_text, new_id, to_text
from shopsync_pipeline.db.schema import store_edit


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEdit:
    """One field that was changed in the store after it was read at `not_yet_at` and before it was at `seen_at`."""

    path: Path
    before: Value | None
    after: Value | None
    not_yet_at: datetime
    seen_at: datetime


class StoreEdits:
    """The edits that were seen in one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def note(self, product_id: str, before: Fields, after: Fields, *, not_yet_at: datetime, seen_at: datetime) -> None:
        """Notes what two reads of a product show differently. Stock, which orders move all day, keeps its last move."""
        rows: list[dict[str, Any]] = [
            {"shop_id": self._shop, "edit_id": new_id(), "product_id": product_id, "path": path,
             "before": _text(before.get(path)), "after": _text(after.get(path)), "not_yet_at": not_yet_at,
             "seen_at": seen_at}
            # What Shopify fills in by itself is lacking only where the product was just made and never read.
            for path in dict.fromkeys([*before, *after])
            if before.get(path) != after.get(path) and not filled_in(path, before)
        ]
        moved = [row["path"] for row in rows if _is_stock(row["path"])]
        for part in chunks(moved):
            self._connection.execute(delete(store_edit).where(
                store_edit.c.shop_id == self._shop, store_edit.c.product_id == product_id, store_edit.c.path.in_(part)))
        if rows:
            self._connection.execute(insert(store_edit), rows)

    def of(self, product_id: str) -> list[StoreEdit]:
        """The edits of a product, oldest first."""
        rows = self._connection.execute(
            select(store_edit).where(store_edit.c.shop_id == self._shop, store_edit.c.product_id == product_id)
            .order_by(store_edit.c.seen_at)
        ).mappings()
        return [_edit(row) for row in rows]


def _is_stock(path: Path) -> bool:
    where = place(path)
    return where.field.group is Group.INVENTORY and where.item is not None


def _text(value: Value | None) -> str | None:
    return None if value is None else to_text(value)


def _edit(row: RowMapping) -> StoreEdit:
    before, after = row["before"], row["after"]
    return StoreEdit(
        path=Path(row["path"]), before=None if before is None else from_text(before),
        after=None if after is None else from_text(after), not_yet_at=row["not_yet_at"], seen_at=row["seen_at"],
    )
