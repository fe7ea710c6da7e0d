"""The store as it was last read: one row a product, and the reads themselves.

A product is removed from here only when a complete read did not meet it; a partial or failed read removes nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, select, update

from shopsync_pipeline.core.digests import differing_groups, digests
from shopsync_pipeline.core.fields import Group, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.db.edits import StoreEdits
from shopsync_pipeline.db.rows import among, chunks, from_text, new_id, now, to_text, upsert_all
from shopsync_pipeline.db.schema import base_product, snapshot, snapshot_product


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProduct:
    """One product of the store as last read. `custom_id` is our product key, where the store carries it.

    `digests` and `seen_changed` (when a read saw a group of fields other than the read before) are the snapshot's own;
    what is given for them when a product is put does not count.
    """

    product_id: str
    custom_id: str | None
    handle: str
    skus: tuple[str, ...]
    document: dict[Path, Value]
    links: Links
    updated_at: datetime
    read_at: datetime
    digests: str = field(default="")
    seen_changed: Mapping[Group, datetime] = field(default_factory=dict)


class Fresh(NamedTuple):
    """A product as just read, on its way into the snapshot; `links` as the JSON text of `Links.to_json`."""

    product_id: str
    custom_id: str | None
    handle: str
    skus: tuple[str, ...]
    document: Mapping[Path, Value]
    links: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the store. `kind` is full, delta or by_id; `state` is running, complete or failed."""

    snapshot_id: str
    kind: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    products: int
    removed: int
    points: float
    error: str | None


class Snapshot:
    """The last read state of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def start(self, kind: str, way: str | None = None) -> str:
        """Records that a read of the store begins; returns its id. `way`: bulk or pages, for a whole read."""
        snapshot_id = new_id()
        self._connection.execute(insert(snapshot).values(
            shop_id=self._shop, snapshot_id=snapshot_id, kind=kind, state="running", started_at=now(), products=0,
            removed=0, points=0.0, way=way,
        ))
        return snapshot_id

    def date_back(self, snapshot_id: str, began: datetime) -> None:
        """Records that a read holds what the store showed at `began`, before it was recorded."""
        self._connection.execute(
            update(snapshot).where(snapshot.c.snapshot_id == snapshot_id, snapshot.c.started_at > began)
            .values(started_at=began))

    def finish(self, snapshot_id: str, *, products: int, points: float, removed: int = 0,
               error: str | None = None) -> None:
        """Records how a read ended; with `error` it counts as failed and proves nothing about absent products."""
        self._connection.execute(
            update(snapshot).where(snapshot.c.snapshot_id == snapshot_id).values(
                state="failed" if error else "complete", finished_at=now(), products=products, points=points,
                removed=removed, error=error,
            )
        )

    def latest(self, *kinds: str, way: str | None = None) -> Read | None:
        """The newest complete read of one of `kinds`; with `way`, of those that went so."""
        query = select(snapshot).where(snapshot.c.shop_id == self._shop, snapshot.c.state == "complete",
                                       snapshot.c.kind.in_(kinds))
        if way is not None:
            query = query.where(snapshot.c.way == way)
        row = self._connection.execute(query.order_by(snapshot.c.started_at.desc()).limit(1)).mappings().first()
        if row is None:
            return None
        return Read(row["snapshot_id"], row["kind"], row["state"], row["started_at"], row["finished_at"],
                    row["products"], row["removed"], row["points"], row["error"])

    def put(self, products: Iterable[StoredProduct], *, read: bool = False, seen_at: datetime | None = None) -> int:
        """Stores products; returns how many. `read`: they come from the store itself, so that what is other than it
        was is an edit made there: it is noted as one, and when it was seen.

        `seen_at`: only a part of them was read, at that instant; their `read_at` says when all of it was.
        """
        count = 0
        for part in chunks(products):
            count += len(part)
            at = {product.product_id: product.read_at for product in part}
            fresh = {product.product_id: _fresh(product) for product in part}  # what is met twice counts as met last
            self._write(fresh, self._seen(fresh), at, read=read, seen_at=seen_at)
        return count

    def put_export(self, products: Iterable[Fresh], *, began: datetime, seen_at: datetime,
                   known: Callable[[str], bool]) -> list[str]:
        """Stores products of an export that was made after `began` and looked at by `seen_at`; returns the ids of
        those that were left alone, because more is known of them than the export could tell.

        Those were read or written here after `began`, or removed since: `known` says whether a product was here when
        the export began. They have to be read by id.
        """
        overtaken: list[str] = []
        for part in chunks(products):
            fresh = {product.product_id: product for product in part}
            before = self._seen(fresh)
            for product_id in list(fresh):
                held = before.get(product_id)
                if (held is None and known(product_id)) or (held is not None and held.newer_than(began)):
                    overtaken.append(product_id)
                    del fresh[product_id]
            self._write(fresh, before, dict.fromkeys(fresh, began), read=True, seen_at=seen_at)
        return overtaken

    def _write(self, fresh: Mapping[str, Fresh], before: Mapping[str, _Seen], read_at: Mapping[str, datetime], *,
               read: bool, seen_at: datetime | None = None) -> None:
        """Stores products by their ids; what is as it was is only marked as read."""
        rows: list[tuple[Any, ...]] = []
        same: dict[datetime, list[str]] = {}
        edited: list[str] = []
        for product_id, product in fresh.items():
            held, found, at = before.get(product_id), digests(product.document), read_at[product_id]
            seen = "{}"
            if held is not None:
                if read and held.digests != found:
                    edited.append(product_id)
                elif read and held[2:5] == (product.links, product.custom_id, product.updated_at):
                    same.setdefault(at, []).append(product_id)
                    continue
                seen = _changed(held, found, (seen_at or at) if read else None)
            rows.append((
                self._shop, product_id, product.custom_id, product.handle, to_text(product.skus), found,
                to_text(product.document), product.links, product.updated_at, at, seen,
            ))
        if edited:
            self._note_edits(fresh, edited, read_at, seen_at)
        for instant, product_ids in same.items():
            self._mark_read(product_ids, instant)
        if rows:
            upsert_all(self._connection, snapshot_product, rows)

    def _seen(self, product_ids: Collection[str]) -> dict[str, _Seen]:
        """What is stored of products; no document is loaded."""
        columns = (snapshot_product.c.product_id, snapshot_product.c.digests, snapshot_product.c.seen_changed,
                   snapshot_product.c.links, snapshot_product.c.custom_id, snapshot_product.c.updated_at,
                   snapshot_product.c.read_at)
        rows = self._connection.execute(select(*columns).where(
            snapshot_product.c.shop_id == self._shop,
            among(self._connection, snapshot_product.c.product_id, product_ids),
        ))
        return {row[0]: _Seen(*row[1:]) for row in rows}

    def _note_edits(self, products: Mapping[str, Fresh], differing: Iterable[str], read_at: Mapping[str, datetime],
                    seen_at: datetime | None) -> None:
        edits = StoreEdits(self._connection, self._shop)
        for before in self.products(differing):
            product_id = before.product_id
            edits.note(product_id, before.document, products[product_id].document, not_yet_at=before.read_at,
                       seen_at=seen_at or read_at[product_id])

    def _mark_read(self, product_ids: Collection[str], instant: datetime) -> None:
        """Notes that products were read again and are as they were."""
        self._connection.execute(
            update(snapshot_product).where(snapshot_product.c.shop_id == self._shop,
                                           among(self._connection, snapshot_product.c.product_id, product_ids))
            .values(read_at=instant))

    def unread_since(self, instant: datetime) -> list[str]:
        """The products that a complete read, begun at `instant`, did not meet. Whether they are gone, reading them by
        id tells."""
        return list(self._connection.execute(select(snapshot_product.c.product_id).where(
            snapshot_product.c.shop_id == self._shop, snapshot_product.c.read_at < instant
        )).scalars())

    def numbers(self) -> array[int]:
        """The numbers at the end of all product ids, in order; eight bytes each."""
        rows = self._connection.execute(
            select(snapshot_product.c.product_id).where(snapshot_product.c.shop_id == self._shop)
        ).scalars()
        return array("q", sorted(int(product_id.rsplit("/", 1)[-1]) for product_id in rows))

    def remove(self, product_ids: Iterable[str]) -> int:
        """Removes products that are known not to exist any more; returns how many there were."""
        removed = 0
        for part in chunks(product_ids):
            removed += self._connection.execute(delete(snapshot_product).where(
                snapshot_product.c.shop_id == self._shop, snapshot_product.c.product_id.in_(part)
            )).rowcount
        return removed

    def products(self, product_ids: Iterable[str]) -> Iterator[StoredProduct]:
        """Those of `product_ids` that the snapshot has."""
        for part in chunks(product_ids):
            rows = self._connection.execute(select(snapshot_product).where(
                snapshot_product.c.shop_id == self._shop, snapshot_product.c.product_id.in_(part)
            )).mappings()
            yield from map(_stored, rows)

    def with_custom_ids(self, product_keys: Iterable[str]) -> Iterator[StoredProduct]:
        """The products that carry one of our keys, whether they are linked to it or not."""
        for part in chunks(product_keys):
            rows = self._connection.execute(select(snapshot_product).where(
                snapshot_product.c.shop_id == self._shop, snapshot_product.c.custom_id.in_(part)
            )).mappings()
            yield from map(_stored, rows)

    def read_until(self, product_ids: Iterable[str], instant: datetime) -> list[str]:
        """Those of `product_ids` that were last read at `instant` or earlier; no document is loaded."""
        found: list[str] = []
        for part in chunks(product_ids):
            found += self._connection.execute(select(snapshot_product.c.product_id).where(
                snapshot_product.c.shop_id == self._shop, snapshot_product.c.product_id.in_(part),
                snapshot_product.c.read_at <= instant,
            )).scalars()
        return found

    def identities(self, *, unlinked: bool = False) -> Iterator[tuple[str, str | None, str, tuple[str, ...]]]:
        """(product id, custom id, handle, SKUs) of every product, for matching; or only of those that no catalog
        product is linked to."""
        columns = (snapshot_product.c.product_id, snapshot_product.c.custom_id, snapshot_product.c.handle,
                   snapshot_product.c.skus)
        query = select(*columns).where(snapshot_product.c.shop_id == self._shop)
        if unlinked:
            query = query.where(~exists().where(base_product.c.shop_id == snapshot_product.c.shop_id,
                                                base_product.c.product_id == snapshot_product.c.product_id))
        rows = self._connection.execute(query)
        for product_id, custom_id, handle, skus in rows:
            yield product_id, custom_id, handle, tuple(from_text(skus))

    def count(self) -> int:
        """Products in the snapshot."""
        return self._connection.execute(
            select(func.count()).select_from(snapshot_product).where(snapshot_product.c.shop_id == self._shop)
        ).scalar_one()


class _Seen(NamedTuple):
    """What is stored of a product beside its document."""

    digests: str
    seen_changed: str
    links: str
    custom_id: str | None
    updated_at: datetime
    read_at: datetime

    def newer_than(self, instant: datetime) -> bool:
        """Whether it was read or written here after `instant`; a write has its own time as `updated_at`."""
        return self.read_at > instant or self.updated_at > instant


def _fresh(product: StoredProduct) -> Fresh:
    return Fresh(product.product_id, product.custom_id, product.handle, product.skus, product.document,
                 to_text(product.links.to_json()), product.updated_at)


def _changed(before: _Seen, digests_now: str, at: datetime | None) -> str:
    """What was seen to change when, after another read. The first sight of a product tells nothing about when."""
    if at is None or before.digests == digests_now:
        return before.seen_changed
    changed = {group.value: at.isoformat() for group in differing_groups(before.digests, digests_now)}
    return to_text({**from_text(before.seen_changed), **changed})


def _stored(row: RowMapping) -> StoredProduct:
    return StoredProduct(
        product_id=row["product_id"], custom_id=row["custom_id"], handle=row["handle"],
        skus=tuple(from_text(row["skus"])), document=from_text(row["document"]),
        links=Links.from_json(from_text(row["links"])), updated_at=row["updated_at"], read_at=row["read_at"],
        digests=row["digests"],
        seen_changed={Group(group): datetime.fromisoformat(instant)
                      for group, instant in from_text(row["seen_changed"]).items()},
    )


def apply_written(stored: StoredProduct, fields: Mapping[Path, Value | None], links: Links,
                  at: datetime) -> StoredProduct:
    """The stored product after a confirmed write: `fields` as Shopify answered them (`None`: absent there now).

    It counts as read when it was: what else may have changed in it, the answer to a write does not tell.
    """
    document = {path: value for path, value in stored.document.items() if fields.get(path, value) is not None}
    document.update({path: value for path, value in fields.items() if value is not None})
    skus = tuple(str(v) for path, v in document.items() if path.startswith("variants[") and path.endswith("].sku"))
    return StoredProduct(
        product_id=stored.product_id, custom_id=stored.custom_id, handle=str(document.get(Path("handle"), "")),
        skus=skus, document=document, links=links, updated_at=at, read_at=stored.read_at,
    )
