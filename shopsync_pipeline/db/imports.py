"""Imports: every reading of a delivery and every rollback, with its files, figures, refusals and who answered for it.

An import that becomes current gets the next number. The newest of them keep it, and what they replaced, so that the
catalog can go back to each; an import without a number is a record and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, Update, and_, func, insert, or_, select, update

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.rows import from_text, new_id, now, to_text
from shopsync_pipeline.db.schema import catalog_import


class ImportKind(StrEnum):
    """Whether an import read a delivery, or went back to what the catalog was after an earlier import."""

    DELIVERY = "delivery"
    ROLLBACK = "rollback"


class ImportState(StrEnum):
    """`current` is what the catalog stands on, `superseded` what it stood on. `refused` broke a guard; `rolled_back`
    was undone, and its delivery is not taken again. A person can make either `approved`; once a later import has taken
    the approved delivery it is `taken`. `failed` ended by an error."""

    RUNNING = "running"
    CURRENT = "current"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    APPROVED = "approved"
    TAKEN = "taken"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Switch:
    """What an import changed in the catalog, as counts of products; `groups`: changed products by field group."""

    appeared: int = 0
    changed: int = 0
    vanished: int = 0
    unchanged: int = 0
    groups: Mapping[str, int] = field(default_factory=dict)

    @property
    def products(self) -> int:
        """Products in the catalog afterwards."""
        return self.appeared + self.changed + self.unchanged

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the import."""
        return {"appeared": self.appeared, "changed": self.changed, "vanished": self.vanished,
                "unchanged": self.unchanged, "groups": dict(self.groups)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import. `files` are mappings with name, size, sha256, encoding, role, lines, header and made_at.

    `switch` is what it changed, `None` where that was never recorded. `restores`: the import that a rollback went back
    to.
    """

    import_id: str
    kind: ImportKind
    state: ImportState
    number: int | None
    source: str
    delivery_digest: str
    started_at: datetime
    finished_at: datetime | None
    products: int | None
    files: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    switch: Switch | None
    refusals: tuple[str, ...]
    notices: tuple[str, ...]
    error: str | None
    approved_by: str | None
    approved_at: datetime | None
    approval_reason: str | None
    rolled_back_by: str | None
    rolled_back_at: datetime | None
    rollback_reason: str | None
    restores: str | None


class Imports:
    """The imports of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def start(self, source: str, delivery_digest: str, files: Sequence[Mapping[str, Any]] = ()) -> str:
        """Records that a delivery is being read; returns the import's id."""
        return self._add(source=source, delivery_digest=delivery_digest, kind=ImportKind.DELIVERY.value,
                         state=ImportState.RUNNING.value, files=to_text(list(files)), counts="{}")

    def start_rollback(self, target: Import, by: str, reason: str) -> str:
        """Records a rollback: it stands on the delivery that it goes back to, with that one's files and figures."""
        return self._add(source=target.source, delivery_digest=target.delivery_digest, kind=ImportKind.ROLLBACK.value,
                         state=ImportState.RUNNING.value, files=to_text(list(target.files)),
                         counts=to_text(dict(target.counts)), restores=target.import_id, approved_by=by,
                         approved_at=now(), approval_reason=reason)

    def _add(self, **values: Any) -> str:
        import_id = new_id()
        self._connection.execute(insert(catalog_import).values(
            shop_id=self._shop, import_id=import_id, started_at=now(), **values))
        return import_id

    def fail(self, import_id: str, error: str) -> None:
        """Records that an import ended by an error."""
        self._update(import_id, state=ImportState.FAILED.value, error=error, finished_at=now())

    def fail_dead(self) -> int:
        """Marks imports that no process works on any more; call it while holding the catalog. Returns how many."""
        return self._connection.execute(
            self._mine().where(catalog_import.c.state == ImportState.RUNNING.value).values(
                state=ImportState.FAILED.value, finished_at=now(),
                error="The process that made this import ended in the middle of it. The catalog stayed as it was.")
        ).rowcount

    def refuse(self, import_id: str, refusals: Sequence[str], notices: Sequence[str], counts: Mapping[str, int],
               products: int) -> None:
        """Records that an import broke guards."""
        self._update(import_id, state=ImportState.REFUSED.value, refusals=to_text(list(refusals)),
                     notices=to_text(list(notices)), counts=to_text(dict(counts)), products=products,
                     error=" ".join(refusals), finished_at=now())

    def number(self, import_id: str) -> int:
        """Gives an import the next number; call it in the transaction in which it becomes current."""
        newest = self._connection.execute(
            select(func.max(catalog_import.c.number)).where(catalog_import.c.shop_id == self._shop)).scalar_one()
        number = (newest or 0) + 1
        self._update(import_id, number=number)
        return number

    def make_current(self, import_id: str, switch: Switch, counts: Mapping[str, int] | None = None,
                     refusals: Sequence[str] = (), notices: Sequence[str] = ()) -> None:
        """Records that the catalog stands on an import now; the current one before it is superseded.

        `refusals` are guards that it broke and that were approved. `counts` of `None` leaves them as they are.
        """
        self._connection.execute(
            self._mine().where(catalog_import.c.state == ImportState.CURRENT.value)
            .values(state=ImportState.SUPERSEDED.value))
        kept = {} if counts is None else {"counts": to_text(dict(counts))}
        self._update(import_id, state=ImportState.CURRENT.value, changes=to_text(switch.to_json()),
                     products=switch.products, refusals=to_text(list(refusals)), notices=to_text(list(notices)),
                     finished_at=now(), **kept)

    def approve(self, import_id: str, by: str, reason: str) -> None:
        """Records that a person takes responsibility for the delivery of a refused or rolled back import."""
        digest = (select(catalog_import.c.delivery_digest).where(catalog_import.c.import_id == import_id)
                  .scalar_subquery())
        self._connection.execute(
            self._mine().where(catalog_import.c.delivery_digest == digest,
                               catalog_import.c.state == ImportState.ROLLED_BACK.value)
            .values(state=ImportState.SUPERSEDED.value))
        self._update(import_id, state=ImportState.APPROVED.value, approved_by=by, approved_at=now(),
                     approval_reason=reason)

    def take(self, approved: Import, import_id: str) -> None:
        """Hands the approval of a delivery on to the import that takes it."""
        self._update(approved.import_id, state=ImportState.TAKEN.value)
        self._update(import_id, approved_by=approved.approved_by, approved_at=approved.approved_at,
                     approval_reason=approved.approval_reason)

    def undo(self, since: int, target: Import, by: str, reason: str) -> None:
        """Marks the imports after a number as rolled back, so that their deliveries are not taken again.

        The delivery that the catalog goes back to is good, whichever import read it.
        """
        undone = {"rolled_back_by": by, "rolled_back_at": now(), "rollback_reason": reason}
        same = catalog_import.c.delivery_digest == target.delivery_digest
        bad = and_(~same, catalog_import.c.kind == ImportKind.DELIVERY.value)
        later = self._mine().where(catalog_import.c.number > since)
        self._connection.execute(later.where(~bad).values(state=ImportState.SUPERSEDED.value, **undone))
        self._connection.execute(later.where(bad).values(state=ImportState.ROLLED_BACK.value, **undone))
        self._connection.execute(
            self._mine().where(same, catalog_import.c.state == ImportState.ROLLED_BACK.value)
            .values(state=ImportState.SUPERSEDED.value))

    def forget_numbers(self, until: int) -> None:
        """Takes the number from imports up to one: what they replaced is no longer kept."""
        self._connection.execute(self._mine().where(catalog_import.c.number <= until).values(number=None))

    def get(self, import_id: str) -> Import:
        """An import by id. Raises `CatalogError` for an id that this shop does not have."""
        row = self._connection.execute(select(catalog_import).where(
            catalog_import.c.shop_id == self._shop, catalog_import.c.import_id == import_id)).mappings().first()
        if row is None:
            raise CatalogError(
                f"This shop has no import {import_id}. `shopsync catalog imports` shows those there are.")
        return _import(row)

    def current(self) -> Import | None:
        """The import that the catalog stands on."""
        found = self._find(ImportState.CURRENT)
        return found[0] if found else None

    def rejected(self, delivery_digest: str) -> Import | None:
        """The import by which a delivery was rolled back, if no approval followed."""
        found = self._find(ImportState.ROLLED_BACK, delivery_digest)
        return found[0] if found else None

    def approved(self, delivery_digest: str) -> Import | None:
        """The import with which a delivery was approved that no import has taken since."""
        found = self._find(ImportState.APPROVED, delivery_digest)
        return found[0] if found else None

    def _find(self, state: ImportState, delivery_digest: str | None = None) -> list[Import]:
        query = select(catalog_import).where(catalog_import.c.shop_id == self._shop,
                                             catalog_import.c.state == state.value)
        if delivery_digest is not None:
            query = query.where(catalog_import.c.delivery_digest == delivery_digest)
        rows = self._connection.execute(query.order_by(catalog_import.c.started_at.desc())).mappings()
        return [_import(row) for row in rows]

    def recent(self, most: int = 20) -> list[Import]:
        """The last imports, newest first."""
        rows = self._connection.execute(
            select(catalog_import).where(catalog_import.c.shop_id == self._shop)
            .order_by(catalog_import.c.started_at.desc()).limit(most)
        ).mappings()
        return [_import(row) for row in rows]

    def with_quarantine_kept(self, kept: int) -> list[str]:
        """Ids of the imports whose quarantine is worth keeping: the newest `kept`, and all that have a number."""
        newest = (select(catalog_import.c.import_id).where(catalog_import.c.shop_id == self._shop)
                  .order_by(catalog_import.c.started_at.desc()).limit(kept).subquery())
        return list(self._connection.execute(select(catalog_import.c.import_id).where(
            catalog_import.c.shop_id == self._shop,
            or_(catalog_import.c.number.is_not(None), catalog_import.c.import_id.in_(select(newest))),
        )).scalars())

    def _mine(self) -> Update:
        return update(catalog_import).where(catalog_import.c.shop_id == self._shop)

    def _update(self, import_id: str, **values: Any) -> None:
        self._connection.execute(self._mine().where(catalog_import.c.import_id == import_id).values(**values))


def _import(row: RowMapping) -> Import:
    changes = from_text(row["changes"])
    return Import(
        import_id=row["import_id"], kind=ImportKind(row["kind"]), state=ImportState(row["state"]),
        number=row["number"], source=row["source"], delivery_digest=row["delivery_digest"],
        started_at=row["started_at"], finished_at=row["finished_at"], products=row["products"],
        files=tuple(from_text(row["files"])), counts=from_text(row["counts"]),
        switch=Switch(**changes) if changes else None, refusals=tuple(from_text(row["refusals"])),
        notices=tuple(from_text(row["notices"])), error=row["error"], approved_by=row["approved_by"],
        approved_at=row["approved_at"], approval_reason=row["approval_reason"], rolled_back_by=row["rolled_back_by"],
        rolled_back_at=row["rolled_back_at"], rollback_reason=row["rollback_reason"], restores=row["restores"],
    )
