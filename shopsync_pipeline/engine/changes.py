"""Changes: which products an import changed and in what, and how the catalogs after two imports differ.

Which products a sync has to look at needs no second list: `db.base.BaseStore.unsettled` finds them by their digests,
also when several imports passed between two syncs or one of them was rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from shopsync_pipeline.core.digests import differing_groups
from shopsync_pipeline.core.fields import Fields, Group, Path, Value, place
from shopsync_pipeline.db.history import ChangeKind, History, ProductChange
from shopsync_pipeline.db.imports import Import, Switch
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import kept_number, one_import


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a product before and after; `None` stands for absent."""

    path: Path
    group: Group
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Change:
    """One product that changed, field by field."""

    product_key: str
    kind: ChangeKind
    groups: tuple[Group, ...]
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the catalogs after two imports differ; `examples`: what happened (kind, or group of a change) → products."""

    older: Import
    newer: Import
    switch: Switch
    examples: dict[str, list[Change]]


def changes(context: Context, import_id: str, *, kind: ChangeKind | None = None, group: Group | None = None,
            skip: int = 0, most: int = 100) -> list[Change]:
    """What an import changed, product by product in order of key: `most` of them after `skip`.

    Raises `CatalogError` for an import that this shop does not have or whose changes are not kept.
    """
    number = kept_number(context, one_import(context, import_id))
    with context.database.read() as connection:
        history = History(connection, context.shop_id)
        found = history.changes(number, kind=kind, group=group, skip=skip, most=most)
        return _in_fields(history, number - 1, number, found)


def compare(context: Context, import_id: str, other_id: str | None = None, *, examples: int = 3) -> Comparison:
    """How the catalog after one import differs from that after another (`None`: the catalog as it is now).

    The older of the two comes first, whichever was named first. Raises `CatalogError` as `changes` does.
    """
    older, newer = sorted((one_import(context, import_id), one_import(context, other_id)),
                          key=lambda found: kept_number(context, found))
    start, end = kept_number(context, older), kept_number(context, newer)
    with context.database.read() as connection:
        history = History(connection, context.shop_id)
        before = history.digests_after(start)
        after = history.digests_after(end, before)
        differing = [change for key in sorted(before) if (change := _difference(key, before[key], after[key]))]
        told: dict[str, list[Change]] = {}
        for name, chosen in _by_what(differing).items():
            told[name] = _in_fields(history, start, end, list(islice(chosen, examples)), name)
    return Comparison(older, newer, _counts(differing, newer.products or 0), told)


def _difference(key: str, before: str | None, after: str | None) -> ProductChange | None:
    if before == after:
        return None
    if before is None or after is None:
        return ProductChange(key, ChangeKind.APPEARED if before is None else ChangeKind.VANISHED, ())
    return ProductChange(key, ChangeKind.CHANGED, differing_groups(before, after))


def _by_what(differing: Iterable[ProductChange]) -> dict[str, list[ProductChange]]:
    found: dict[str, list[ProductChange]] = {}
    for change in differing:
        for name in [group.value for group in change.groups] or [change.kind.value]:
            found.setdefault(name, []).append(change)
    return found


def _counts(differing: Sequence[ProductChange], products: int) -> Switch:
    by_what = {name: len(found) for name, found in _by_what(differing).items()}
    kinds = [change.kind for change in differing]
    appeared, changed = kinds.count(ChangeKind.APPEARED), kinds.count(ChangeKind.CHANGED)
    return Switch(appeared=appeared, changed=changed, vanished=kinds.count(ChangeKind.VANISHED),
                  unchanged=products - appeared - changed,
                  groups={group.value: by_what[group.value] for group in Group if group.value in by_what})


def _in_fields(history: History, start: int, end: int, found: Sequence[ProductChange],
               group: str | None = None) -> list[Change]:
    """Changes with the values of their fields; only those of one group where one is named. Products that came or went
    as a whole are not taken apart."""
    keys = [change.product_key for change in found if change.kind is ChangeKind.CHANGED]
    before, after = dict(history.documents_after(start, keys)), dict(history.documents_after(end, keys))
    return [
        Change(change.product_key, change.kind, change.groups, tuple(
            field for field in _fields(before.get(change.product_key, {}), after.get(change.product_key, {}))
            if group is None or field.group.value == group))
        for change in found
    ]


def _fields(before: Fields, after: Fields) -> Iterable[FieldChange]:
    for path in dict.fromkeys([*before, *after]):
        if before.get(path) != after.get(path):
            yield FieldChange(path, place(path).field.group, before.get(path), after.get(path))
