"""Confirm: base and snapshot move on to what was sent and what Shopify showed for it, many items at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem, Reason
from shopsync_pipeline.core.undo import undoes
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.conflicts import Conflicts
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct, apply_written
from shopsync_pipeline.engine.hold import hold_deleted, hold_recreated
from shopsync_pipeline.engine.look import put_face


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An item that took effect: what the store then showed of its fields (`None`: absent), and all ids of the product,
    `None` once it is deleted."""

    item: PlanItem
    values: Mapping[Path, Value | None]
    links: Links | None

    @property
    def removed(self) -> bool:
        """Whether the product is gone."""
        return self.links is None or self.item.operation is Operation.PRODUCT_DELETE


def confirm(connection: Connection, shop_id: str, confirmed: Sequence[Confirmed]) -> None:
    """Writes down that items took effect, in their order.

    What an undo wrote is agreed on without forgetting what the catalog said: its value counts as seen, and is sent
    again when it changes.
    """
    Conflicts(connection, shop_id).carried_out([one.item for one in confirmed])
    for one in confirmed:
        if one.removed:
            _removed(connection, shop_id, one.item)
        elif one.item.operation is Operation.PRODUCT_CREATE and undoes(one.item):
            hold_recreated(connection, shop_id, one.item.product_key)
    kept = [one for one in confirmed if not one.removed]
    if kept:
        _agree(BaseStore(connection, shop_id), kept)
        _show(Snapshot(connection, shop_id), kept)


def _removed(connection: Connection, shop_id: str, item: PlanItem) -> None:
    if not (undoes(item) and hold_deleted(connection, shop_id, item.product_key)):
        BaseStore(connection, shop_id).remove([item.product_key])
    if item.product_id is not None:
        Snapshot(connection, shop_id).remove([item.product_id])


def _agree(base: BaseStore, confirmed: Sequence[Confirmed]) -> None:
    bases: dict[str, Agreed] = base.get(_keys(confirmed))
    for one in confirmed:
        item, links = one.item, one.links
        assert links is not None
        creating, undoing = item.operation is Operation.PRODUCT_CREATE, undoes(item)
        before = bases.get(item.product_key) if undoing or not creating else None
        local = before.local if before else {}
        remote = before.remote if before and not creating else {}
        for change in item.changes:
            if before is None or change.reason is not Reason.UNDONE:
                put_face(local, change.path, change.said)
            put_face(remote, change.path, one.values.get(change.path))
        # No `seen` digests: the next diff looks once more, and that is what proves the product in sync.
        bases[item.product_key] = Agreed(product_key=item.product_key, local=local, remote=remote, links=links)
    base.put(bases[key] for key in _keys(confirmed))


def _show(snapshot: Snapshot, confirmed: Sequence[Confirmed]) -> None:
    instant = now()
    stored = {product.product_id: product for product in snapshot.products(
        dict.fromkeys(one.links.product for one in confirmed if one.links is not None))}
    for one in confirmed:
        links = one.links
        assert links is not None
        known = stored.get(links.product) or StoredProduct(
            product_id=links.product, custom_id=one.item.product_key, handle="", skus=(), document={}, links=links,
            updated_at=instant, read_at=instant,
        )
        stored[links.product] = apply_written(known, one.values, links, instant)
    snapshot.put(stored.values())


def _keys(confirmed: Iterable[Confirmed]) -> dict[str, None]:
    return dict.fromkeys(one.item.product_key for one in confirmed)
