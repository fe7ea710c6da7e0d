"""The catalog's history as reverse changes: what each of the last imports replaced, product by product.

What the catalog was after import number n is the catalog of today with every first change since n taken back; so the
space it needs grows with what changed and not with the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Integer, String, and_, delete, func, insert, literal, or_, select

from shopsync_pipeline.core.digests import differing_groups
from shopsync_pipeline.core.fields import Group, Path, Value
from shopsync_pipeline.db.imports import Switch
from shopsync_pipeline.db.rows import chunks, from_text, insert_all, now
from shopsync_pipeline.db.schema import catalog_change, catalog_product

_BEFORE = ("before_digests", "before_import_id", "before_document", "before_origins")


class ChangeKind(StrEnum):
    """What an import did to a product."""

    APPEARED = "appeared"
    CHANGED = "changed"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class ProductChange:
    """One product that an import changed; `groups`: the field groups in which it did, empty where it came or went."""

    product_key: str
    kind: ChangeKind
    groups: tuple[Group, ...]


def groups_text(groups: Iterable[Group]) -> str:
    """Groups as they are stored: `,pricing,inventory,`, so that one can be searched for."""
    names = [group.value for group in groups]
    return f",{','.join(names)}," if names else ""


def remove_products(connection: Connection, shop_id: str, keys: Iterable[str]) -> None:
    """Takes products out of the catalog; what they were must have been kept before."""
    for part in chunks(keys):
        connection.execute(delete(catalog_product).where(
            catalog_product.c.shop_id == shop_id, catalog_product.c.product_key.in_(part)))


class History:
    """What imports replaced, of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def appeared(self, number: int, keys: Iterable[str]) -> None:
        """Records products that were not there before an import."""
        insert_all(self._connection, catalog_change, ("shop_id", "number", "product_key", "kind", "groups"),
                   ((self._shop, number, key, ChangeKind.APPEARED.value, "") for key in keys))

    def replaced(self, number: int, kind: ChangeKind, keys: Mapping[str, str]) -> None:
        """Keeps products as they are now, before an import changes or removes them: key → `groups_text`.

        Documents are copied within the database; products are taken together by their groups, of which there are few.
        """
        by_groups: dict[str, list[str]] = {}
        for key, groups in keys.items():
            by_groups.setdefault(groups, []).append(key)
        now_there = catalog_product.c
        for groups, named in by_groups.items():
            for part in chunks(named):
                self._connection.execute(insert(catalog_change).from_select(
                    ["shop_id", "number", "product_key", "kind", "groups", *_BEFORE],
                    select(now_there.shop_id, literal(number, Integer), now_there.product_key,
                           literal(kind.value, String), literal(groups, String), now_there.digests,
                           now_there.import_id, now_there.document, now_there.origins)
                    .where(now_there.shop_id == self._shop, now_there.product_key.in_(part)),
                ))

    def go_back(self, to: int, number: int) -> Switch:
        """Makes the catalog equal to what it was after import `to`; what that replaces is kept under `number`."""
        later, there = catalog_change.c, catalog_product.c
        rows = self._connection.execute(
            select(later.product_key, later.number, later.kind, later.before_digests, later.before_import_id,
                   there.digests, there.import_id)
            .select_from(catalog_change.outerjoin(
                catalog_product, and_(there.shop_id == later.shop_id, there.product_key == later.product_key)))
            .where(later.shop_id == self._shop, later.number > to).order_by(later.number)
        )
        first: dict[str, tuple[int, str | None, str | None, str | None, str | None]] = {}
        for key, at, kind, digests, import_id, digests_now, import_now in rows:
            before = (None, None) if kind == ChangeKind.APPEARED else (digests, import_id)
            first.setdefault(key, (at, *before, digests_now, import_now))
        appeared: list[str] = []
        vanished: list[str] = []
        changed: dict[str, str] = {}
        restore: dict[int, list[str]] = {}
        counted: dict[Group, int] = dict.fromkeys(Group, 0)
        for key, (at, digests, import_id, digests_now, import_now) in first.items():
            if digests is None:
                if digests_now is not None:
                    vanished.append(key)
                continue
            if digests_now is None:
                appeared.append(key)
            elif (digests, import_id) == (digests_now, import_now):
                continue
            else:
                groups = differing_groups(digests_now, digests)
                changed[key] = groups_text(groups)
                for group in groups:
                    counted[group] += 1
            restore.setdefault(at, []).append(key)
        self.appeared(number, appeared)
        self.replaced(number, ChangeKind.CHANGED, changed)
        self.replaced(number, ChangeKind.VANISHED, dict.fromkeys(vanished, ""))
        remove_products(self._connection, self._shop, [*changed, *vanished])
        for at, keys in restore.items():
            self._restore(at, keys)
        total = self._connection.execute(
            select(func.count()).select_from(catalog_product).where(there.shop_id == self._shop)).scalar_one()
        really = sum(1 for groups in changed.values() if groups)
        return Switch(appeared=len(appeared), changed=really, vanished=len(vanished),
                      unchanged=total - len(appeared) - really,
                      groups={group.value: count for group, count in counted.items() if count})

    def _restore(self, number: int, keys: list[str]) -> None:
        kept, instant = catalog_change.c, now()
        for part in chunks(keys):
            self._connection.execute(insert(catalog_product).from_select(
                ["shop_id", "product_key", "digests", "document", "import_id", "changed_at", "origins"],
                select(kept.shop_id, kept.product_key, kept.before_digests, kept.before_document,
                       kept.before_import_id, literal(instant, catalog_product.c.changed_at.type), kept.before_origins)
                .where(kept.shop_id == self._shop, kept.number == number, kept.product_key.in_(part)),
            ))

    def forget(self, until: int) -> None:
        """Deletes what imports up to a number replaced."""
        self._connection.execute(delete(catalog_change).where(
            catalog_change.c.shop_id == self._shop, catalog_change.c.number <= until))

    def changes(self, number: int, *, kind: ChangeKind | None = None, group: Group | None = None, skip: int = 0,
                most: int = 100) -> list[ProductChange]:
        """The products that an import changed, in order of key, of one kind or in one group where asked.

        Products of which only the place where they were read changed (a rollback can do that) are left out.
        """
        column = catalog_change.c
        really = or_(column.kind != ChangeKind.CHANGED.value, column.groups != "")
        query = select(column.product_key, column.kind, column.groups).where(self._of(number), really)
        if kind is not None:
            query = query.where(column.kind == kind.value)
        if group is not None:
            query = query.where(column.groups.contains(f",{group.value},"))
        rows = self._connection.execute(query.order_by(column.product_key).offset(skip).limit(most))
        return [ProductChange(key, ChangeKind(found), tuple(Group(name) for name in groups.split(",") if name))
                for key, found, groups in rows]

    def _of(self, number: int) -> ColumnElement[bool]:
        return and_(catalog_change.c.shop_id == self._shop, catalog_change.c.number == number)

    def digests_after(self, number: int, touched: Iterable[str] | None = None) -> dict[str, str | None]:
        """Product key → digests after import `number` (`None`: not there), of every product that changed since.

        With `touched`, of these products, whether they changed since or not.
        """
        column = catalog_change.c
        rows = self._connection.execute(
            select(column.product_key, column.before_digests)
            .where(column.shop_id == self._shop, column.number > number).order_by(column.number))
        found: dict[str, str | None] = {}
        for key, digests in rows:
            found.setdefault(key, digests)
        if touched is None:
            return found
        wanted = list(touched)
        known: dict[str, str | None] = {key: found[key] for key in wanted if key in found}
        for part in chunks(key for key in wanted if key not in found):
            known |= dict.fromkeys(part)
            known |= dict(self._connection.execute(
                select(catalog_product.c.product_key, catalog_product.c.digests)
                .where(catalog_product.c.shop_id == self._shop, catalog_product.c.product_key.in_(part))).all())
        return known

    def documents_after(self, number: int, keys: Iterable[str]) -> Iterator[tuple[str, dict[Path, Value]]]:
        """(product key, flat map) after import `number`, of those of `keys` that were there."""
        column = catalog_change.c
        for part in chunks(keys):
            first = dict(self._connection.execute(
                select(column.product_key, func.min(column.number))
                .where(column.shop_id == self._shop, column.product_key.in_(part), column.number > number)
                .group_by(column.product_key)).all())
            for key, at in first.items():
                text = self._connection.execute(
                    select(column.before_document).where(self._of(at), column.product_key == key)).scalar_one()
                if text is not None:
                    yield key, from_text(text)
            rows = self._connection.execute(
                select(catalog_product.c.product_key, catalog_product.c.document)
                .where(catalog_product.c.shop_id == self._shop,
                       catalog_product.c.product_key.in_([key for key in part if key not in first])))
            for key, text in rows:
                yield key, from_text(text)
