"""Blame: who gave each field of a product the value that the store shows, when and why. Reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shopsync_pipeline.core.blame import Blame, Event, Who, explain, in_order
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Side
from shopsync_pipeline.core.plan import Reason
from shopsync_pipeline.core.undo import called
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.decided import Decided, decisions_on
from shopsync_pipeline.db.edits import StoreEdits
from shopsync_pipeline.db.ledger import Ledger, Told
from shopsync_pipeline.db.origins import Origin, catalog_values, import_before
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import held_of
from shopsync_pipeline.engine.undo import named_product


@dataclass(frozen=True, slots=True)
class _Catalog:
    """What the catalog says now and where it has it from."""

    document: Mapping[Path, Value]
    origins: Mapping[Path, Origin]


def blame(context: Context, name: str, field: str | None = None) -> list[Blame]:
    """Who set the fields of the product that is called `name`: key, SKU, handle or id.

    `field`: a path, a registry name, or the beginning or last part of a path. As of the last read of the store. Raises
    `ShopsyncError` for an unknown product, one that the store never had, or a field that it does not have.
    """
    key = named_product(context, name)
    with context.database.read() as connection:
        base = BaseStore(connection, context.shop_id).get([key]).get(key)
        store = next(iter(Snapshot(connection, context.shop_id).products([base.links.product])), None) if base else None
        if base is None and not Ledger(connection, context.shop_id).writes([key]):
            raise ShopsyncError(f"{key} is not linked to a product of the store, so nobody has set anything there yet.")
        shown: Mapping[Path, Value] = store.document if store else {}
        events: dict[Path, list[Event]] = {}
        for event in _events(connection, context.shop_id, key, base.links.product if base else ""):
            events.setdefault(event.path, []).append(event)
        held = held_of(connection, context.shop_id, key)
    found = []
    for path in dict.fromkeys([*shown, *events]):
        if path == WHOLE_PRODUCT or (field is not None and not called(path, field)):
            continue
        history = in_order(events.get(path, []))
        value = shown.get(path)
        agreed = base is not None and (path in base.local or path in base.remote)
        by = explain(path, value, history, agreed=agreed, read_at=store.read_at if store else None)
        found.append(Blame(product_key=key, path=path, value=value, by=by, history=tuple(history),
                           held_by=held[path].plan_id if path in held else None))
    if not found:
        raise ShopsyncError(f"{key} has no field {field} in the store. It has: {', '.join(shown)}.")
    return found


def _events(connection: Connection, shop_id: str, key: str, product_id: str) -> Iterator[Event]:
    catalog = _Catalog(*catalog_values(connection, shop_id, key))
    decided = decisions_on(connection, shop_id, key)
    imports: dict[datetime, tuple[str, str] | None] = {}
    for told in Ledger(connection, shop_id).told(key):
        if told.planned_at is not None and told.planned_at not in imports:
            imports[told.planned_at] = import_before(connection, shop_id, told.planned_at)
        read = imports.get(told.planned_at) if told.planned_at is not None else None
        for path in told.write.sent:
            yield _write(path, told, catalog, read[0] if read else None, decided)
    for edit in StoreEdits(connection, shop_id).of(product_id):
        yield Event(path=edit.path, who=Who.STORE, at=edit.seen_at, not_before=edit.not_yet_at, before=edit.before,
                    after=edit.after)
    for one in decided:
        if one.side is Side.SHOPIFY:
            yield Event(path=one.path, who=Who.REVIEW, at=one.at, before=one.remote, after=one.remote,
                        reason=one.dispute, decided_by=one.by)


def _write(path: Path, told: Told, catalog: _Catalog, import_id: str | None, decided: list[Decided]) -> Event:
    write, change = told.write, told.changes.get(path)
    reason = change.reason if change else None
    # Rows are those of the catalog as it stands, so they are told only while it still has the value that was sent.
    origin = None if write.undone or catalog.document.get(path) != write.sent[path] else catalog.origins.get(path)
    reviewed = next((one.by for one in reversed(decided) if one.path == path and one.side is Side.ETILIZE
                     and one.at <= write.at and one.local == write.sent[path]), None)
    return Event(
        path=path, who=Who.UNDO if write.undone else Who.SHOPSYNC, at=write.at, before=write.before.get(path),
        after=write.after.get(path), sent=write.sent[path], run_id=told.run_id, plan_id=write.plan_id,
        item_id=write.item_id, reason=reason.value if reason else None,
        decided_by=reviewed if reason is Reason.REVIEWED else None, approved_by=told.approved_by,
        import_id=None if write.undone else import_id, rule=origin.rule or None if origin else None,
        rows=origin.rows if origin else (),
    )


def in_a_sentence(event: Event) -> str:
    """What happened, for people."""
    when = "" if event.at is None else f" on {event.at:%Y-%m-%d %H:%M:%S} UTC"
    if event.who is Who.STORE:
        since = f"after {event.not_before:%Y-%m-%d %H:%M:%S}" if event.not_before else "before"
        until = f" and seen on {event.at:%Y-%m-%d %H:%M:%S} UTC" if event.at else ""
        return f"changed in the store (by a person, an app or Shopify) {since}{until}"
    if event.who is Who.FIRST_CONTACT:
        return "had this value on both sides, or in the store, before the first sync"
    if event.who is Who.STORE_ALONE:
        return "given by the store; the catalog never had a say on it"
    if event.who is Who.REVIEW:
        return f"left as the store has it by {event.decided_by}{when}: {event.reason}"
    by = f"shopsync{when}: {event.reason or 'reason not kept'}"
    names = [f"run {event.run_id}" if event.run_id else "", f"plan {event.plan_id}", f"item {event.item_id}"]
    more = [f"decided by {event.decided_by}" if event.decided_by else "",
            f"plan approved by {event.approved_by}" if event.approved_by else "",
            f"import {event.import_id}" if event.import_id else "",
            f"rule {event.rule}" if event.rule else "", f"rows {', '.join(event.rows)}" if event.rows else ""]
    return f"{by} ({', '.join(part for part in [*names, *more] if part)})"
