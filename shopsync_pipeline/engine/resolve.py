"""Resolve: a person says whose value a conflict shall have, once or always. The next diff carries it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shopsync_pipeline.core.canonical import fold, same
from shopsync_pipeline.core.documents import without
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Drift, Fields, Group, Path, Strategy, place
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Dispute,
    Faces,
    Outcome,
    Resolution,
    Rules,
    Side,
    merge_product,
)
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.core.ownership import Rule, facts_of
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.conflicts import Conflict, Conflicts, ConflictState
from shopsync_pipeline.db.field_rules import FieldRules
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.rules import rules_of

ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which conflicts a decision is about: all that fit everything that is said. `field` is a name or a path (`*` for
    any text), `vendor` the catalog's, `dispute` the reason why they differ."""

    field: str = ""
    group: str = ""
    vendor: str = ""
    dispute: str = ""

    def __bool__(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.field or self.group or self.vendor or self.dispute)


def open_conflicts(context: Context, *, kept: bool = False, most: int = 1000,
                   chosen: Chosen | None = None) -> list[Conflict]:
    """Conflicts that wait for a person; with `kept` also, after them, store edits that stand as they are.

    Raises `ShopsyncError` for a group or dispute that there is not.
    """
    with context.database.read() as connection:
        return _open(connection, context.shop_id, kept=kept, most=most, chosen=chosen or Chosen())


def decided_conflicts(context: Context, most: int = 1000) -> list[Conflict]:
    """Conflicts that were decided, by a person or a strategy, and carried out: what `flip` can decide otherwise."""
    with context.database.read() as connection:
        conflicts = Conflicts(connection, context.shop_id)
        return conflicts.find(ConflictState.SETTLED, ConflictState.AUTO_RESOLVED, most=most)


def resolve(context: Context, conflict_ids: Iterable[str], side: str, *, by: str, always: bool = False) -> int:
    """Records the choice (`etilize` or `shopify`) for open conflicts; returns how many.

    The choice holds for the values that were shown; if one of them changes before the next diff, the conflict is open
    again. With `always` a rule is stored too, for this field of these products. Raises `ShopsyncError` for another
    side, a missing name, an id that is not open, or a choice that no diff could carry out.
    """
    taken, name = _side(side), _name(by)
    ids = list(conflict_ids)
    with context.database.write() as connection:
        conflicts = Conflicts(connection, context.shop_id)
        wanted = set(ids)
        found = [row for row in conflicts.find(*_OPEN, most=ALL) if row.conflict_id in wanted]
        for conflict in found:
            _require_feasible(conflict, taken, always=always)
        count = conflicts.resolve(ids, taken, name)
        if always:
            by_field: dict[str, set[str]] = {}
            for conflict in found:
                by_field.setdefault(_field_name(conflict.path), set()).add(conflict.product_key)
            for field, keys in sorted(by_field.items()):
                _store(connection, context.shop_id, taken, name, fields=(field,), products=tuple(sorted(keys)))
        return count


def resolve_where(context: Context, chosen: Chosen, side: str, *, by: str, always: bool = False,
                  kept: bool = False) -> int:
    """Records the choice for all conflicts that wait and fit `chosen` (with `kept` also for edits that stand).

    Those that no side can decide are left out. With `always` a rule is stored that decides such disputes from now on.
    Raises `ShopsyncError` where nothing is said, or what is said does not exist.
    """
    taken, name = _side(side), _name(by)
    if not chosen:
        raise ShopsyncError("Say which conflicts: by id, or by field, group, vendor or dispute.")
    if always and not (chosen.field or chosen.group or chosen.vendor):
        raise ShopsyncError("A rule for always needs a field, a group or a vendor; a dispute is no part of a rule.")
    with context.database.write() as connection:
        rows = _open(connection, context.shop_id, kept=kept, most=ALL, chosen=chosen)
        ids = [row.conflict_id for row in rows if _feasible(row, taken)]
        if ids:
            Conflicts(connection, context.shop_id).resolve(ids, taken, name)
        if always:
            groups = (Group(chosen.group),) if chosen.group else ()
            fields = (_field_name(Path(chosen.field)),) if chosen.field else ()
            vendors = (chosen.vendor,) if chosen.vendor else ()
            _store(connection, context.shop_id, taken, name, fields=fields, groups=groups, vendors=vendors)
        return len(ids)


def flip(context: Context, conflict_id: str, side: str, *, by: str) -> None:
    """Decides a conflict otherwise that was decided and carried out; the next diff plans this field and no other.

    For `etilize` the catalog's value as it is now is planned, once: whatever the store makes of it, the choice is spent
    with the push. For `shopify` the store's value of then stands in for the catalog's, as an override that can be seen
    and removed. Raises `ShopsyncError` where that would change nothing, or is about a product as a whole.
    """
    taken, name = _side(side), _name(by)
    with context.database.write() as connection:
        conflicts = Conflicts(connection, context.shop_id)
        conflict = conflicts.get(conflict_id)
        if conflict.state not in (ConflictState.SETTLED, ConflictState.AUTO_RESOLVED):
            raise ShopsyncError(f"Conflict {conflict_id} is {conflict.state.value}, so there is no decision to change; "
                                "`shopsync conflicts resolve` decides what is open.")
        key, path = conflict.product_key, conflict.path
        sides = _sides_now(connection, context.shop_id, conflict)
        faces = sides.faces(path)
        wanted = faces.local if taken is Side.ETILIZE else conflict.faces.remote
        if same(place(path).field, faces.remote, wanted):
            raise ShopsyncError(f"The store shows {taken.value}'s value of {path} already; there is nothing to change.")
        if taken is Side.ETILIZE:
            if not sides.would_push(path, rules_of(context, connection), context.settings.unsynced):
                raise ShopsyncError(f"shopsync does not write {path} of {key}, so it cannot take etilize's value; "
                                    f"`shopsync explain-rule {key} '{path}'` tells who owns the field.")
            Overrides(connection, context.shop_id).remove([(key, path)])
            conflicts.decide_again(conflict_id, taken, name, faces, ConflictState.RESOLVED)
        else:
            Overrides(connection, context.shop_id).put({(key, path): (Override(wanted, faces.local),
                                                                      f"decided again by {name}")})
            conflicts.decide_again(conflict_id, taken, name, replace(faces, remote=wanted), ConflictState.SETTLED)
        BaseStore(connection, context.shop_id).look_again([key])


_OPEN = (ConflictState.PENDING, ConflictState.KEPT, ConflictState.RESOLVED)


def _open(connection: Connection, shop_id: str, *, kept: bool, most: int, chosen: Chosen) -> list[Conflict]:
    conflicts = Conflicts(connection, shop_id)
    first = ALL if chosen else most
    waiting = conflicts.find(ConflictState.PENDING, most=first)
    standing = conflicts.find(ConflictState.KEPT, most=first - len(waiting)) if kept else []
    rows = [*waiting, *standing]
    return _fitting(connection, shop_id, rows, chosen)[:most] if chosen else rows


def _fitting(connection: Connection, shop_id: str, rows: Sequence[Conflict], chosen: Chosen) -> list[Conflict]:
    if chosen.group and chosen.group not in [group.value for group in Group]:
        raise ShopsyncError(f'"{chosen.group}" is no group of fields; there are {", ".join(Group)}.')
    if chosen.dispute and chosen.dispute not in [dispute.value for dispute in Dispute]:
        raise ShopsyncError(f'"{chosen.dispute}" is no dispute; there are: {"; ".join(Dispute)}.')
    rule = Rule(name="chosen", fields=(chosen.field,) if chosen.field else (),
                groups=(Group(chosen.group),) if chosen.group else ())
    rows = [row for row in rows if (not chosen.dispute or row.dispute == chosen.dispute) and _covers(rule, row.path)]
    if not chosen.vendor:
        return list(rows)
    keys = sorted({row.product_key for row in rows})
    vendors = {key: facts_of(key, document).vendor
               for key, _, document in Catalog(connection, shop_id).documents(keys)}
    return [row for row in rows if vendors.get(row.product_key) == fold(chosen.vendor)]


def _covers(rule: Rule, path: Path) -> bool:
    if path == WHOLE_PRODUCT:
        return rule.covers(path, None) or not (rule.fields or rule.groups)
    return rule.covers(path, place(path).field)


@dataclass(frozen=True, slots=True)
class _Sides:
    """A product as both sides show it now, and what they last agreed on."""

    key: str
    local: Fields
    remote: Fields
    base: Base

    def faces(self, path: Path) -> Faces:
        """The four values of one field."""
        return Faces(local=self.local.get(path), remote=self.remote.get(path), base_local=self.base.local.get(path),
                     base_remote=self.base.remote.get(path))

    def would_push(self, path: Path, rules: Rules, unsynced: Collection[str]) -> bool:
        """Whether taking an earlier decision back for the catalog makes the next diff write this field."""
        again = Resolution(Side.ETILIZE, self.local.get(path), self.remote.get(path), again=True)
        merge = merge_product(local=without(self.local, unsynced), remote=self.remote, base=self.base, rules=rules,
                              facts=facts_of(self.key, self.local), resolutions={path: again})
        return any(decision.path == path for decision in merge.having(Outcome.PUSH))


def _sides_now(connection: Connection, shop_id: str, conflict: Conflict) -> _Sides:
    """The product of a conflict as it is now. Raises `ShopsyncError` where a side lacks it."""
    if conflict.path == WHOLE_PRODUCT:
        raise ShopsyncError("A decision about a product as a whole is not changed here: delete the product in the "
                            "store, or wait for the next conflict about it.")
    key = conflict.product_key
    local = next((document for _, _, document in Catalog(connection, shop_id).documents([key])), None)
    base = BaseStore(connection, shop_id).get([key]).get(key)
    ids = [base.links.product] if base else []
    remote = next((product.document for product in Snapshot(connection, shop_id).products(ids)), None)
    if local is None or base is None or remote is None:
        raise ShopsyncError(f"{key} is no longer in the catalog and in the store, so nothing can be decided about it.")
    return _Sides(key, local, remote, Base(base.local, base.remote))


def _store(connection: Connection, shop_id: str, side: Side, by: str, *, fields: tuple[str, ...] = (),
           groups: tuple[Group, ...] = (), vendors: tuple[str, ...] = (), products: tuple[str, ...] = ()) -> None:
    """Stores the rule that decides such disputes for a side from now on, and edits of the store alike."""
    about = " ".join([*fields, *groups, *([f"of {', '.join(vendors or products)}"] if vendors or products else [])])
    strategy = Strategy.ETILIZE_PRIORITY if side is Side.ETILIZE else Strategy.SHOPIFY_PRIORITY
    rule = Rule(
        name=f"Always {side.value} for {about} ({now():%Y-%m-%d %H:%M:%S})", fields=fields, groups=groups,
        vendors=vendors, products=products, strategy=strategy,
        drift=Drift.RESTORE if side is Side.ETILIZE else Drift.ACCEPT,
    )
    FieldRules(connection, shop_id).put_first(rule, by=by, reason="always do this")


def _field_name(path: Path) -> str:
    """The name of a path's field, so that a rule about one variant's price is about prices."""
    if path == WHOLE_PRODUCT or "*" in path:
        return str(path)
    name = place(path).field.name
    return str(path) if name == "metafields[]" else name


def _side(side: str) -> Side:
    if side not in [choice.value for choice in Side]:
        raise ShopsyncError(f'"{side}" is no side of a conflict; choose etilize or shopify.')
    return Side(side)


def _name(by: str) -> str:
    if not by.strip():
        raise ShopsyncError("A decision needs the name of who made it.")
    return by.strip()


def _feasible(conflict: Conflict, side: Side) -> bool:
    return conflict.dispute != Dispute.AMBIGUOUS and not (
        conflict.dispute == Dispute.NEEDS_REBUILD and side is Side.ETILIZE)


def _require_feasible(conflict: Conflict, side: Side, *, always: bool) -> None:
    """Raises `ShopsyncError` with the way out where choosing a side would change nothing."""
    if conflict.dispute == Dispute.AMBIGUOUS:
        candidates = conflict.faces.remote if isinstance(conflict.faces.remote, list) else []
        raise ShopsyncError(
            f"{conflict.product_key} cannot be decided for a side: more than one product could be this one "
            f"({', '.join(map(str, candidates))}), or one product several of the catalog. Delete the spare products in "
            "the store or give them other SKUs; the next complete read finds out."
        )
    if conflict.dispute == Dispute.NEEDS_REBUILD and side is Side.ETILIZE:
        raise ShopsyncError(
            f"The options of {conflict.product_key} cannot be changed while the product exists. Delete the product in "
            "the store and then decide its deletion for etilize, which makes it anew; or take shopify to leave its "
            "options as they are."
        )
    if conflict.dispute == Dispute.NEEDS_REBUILD and always:
        raise ShopsyncError(f"The options of {conflict.product_key} can be left as they are once, but not by a rule.")
