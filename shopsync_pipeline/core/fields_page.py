"""`docs/fields.md`: the field registry as a page for people.

`scripts/write_docs.py` writes it and a test keeps it current.
"""

from __future__ import annotations

from shopsync_pipeline.core.fields import REGISTRY, Drift, Field, Operation, Owner

_HEAD = """\
# The fields

Written from the registry in `shopsync_pipeline/core/fields.py` by `make docs`: change the registry, never this page.

A field is synced where the catalog has something to say about it; what only the store has is left alone. A name that
ends in `[]` stands for elements that are decided one by one, each by its own key: `metafields[custom.brand]`,
`collections[summer-sale]`, `variants[SKU-1].stock[default]`.

"""

_COLUMNS = ("Field", "What it is", "Owner", "Edited in the store only", "Edited on both sides", "Risk", "Group",
            "Merged as", "Compared as", "Written by")

_TAIL = """
- **Owner**: `etilize`, the catalog and the feeds; `merchant`, the people in the store, whose value the catalog only
  fills in where there is none; `shared`, both.
- **Edited in the store only**: *restored*, the catalog's value is put back; *kept*, the edit stays and stays on record
  as one; *accepted*, the edit is what both sides agree on from then on.
- **Edited on both sides**: decided by the shop-wide strategy (`SYNC_CONFLICT_RESOLUTION`) unless the field has its own,
  or the people in the store own it.
- **Risk**: how much harm a wrong value does.
- **Compared as**: which spellings count as the same value; `exact`, none but itself.
- **Written by**: the operation that changes the field of a product that exists; a new product gets all its fields with
  `product_create`, and then its sales channels. An element that the catalog drops is taken away by `metafields_delete`
  or `unpublish`. Where it costs less, a product's metafields go by `metafields_set`, in calls that many products share,
  and its other plain fields with new pictures by `media_set`.

`collections[]` and `publications[]` are synced only in a shop that asks for it: `SYNC_COLLECTIONS=true`,
`SYNC_PUBLICATIONS=true`.
"""

_DRIFT = {Drift.RESTORE: "restored", Drift.KEEP: "kept", Drift.ACCEPT: "accepted"}


def fields_page() -> str:
    """The page as Markdown text."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(_row(field) for field in REGISTRY)]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _TAIL


def _row(field: Field) -> tuple[str, ...]:
    return (
        f"`{field.name}`", field.says, field.owner.value, _DRIFT[field.usual_drift], _strategy(field), field.risk.value,
        field.group.value, field.kind.value, field.canonical, _writer(field.writer),
    )


def _strategy(field: Field) -> str:
    if field.owner is Owner.MERCHANT:
        return "accepted"
    return f"`{field.strategy.value}`" if field.strategy else "shop-wide"


def _writer(operation: Operation | None) -> str:
    return f"`{operation.value}`" if operation else "nothing: it takes a new product"
