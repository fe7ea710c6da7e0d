"""What was written, as the ledger keeps it, and what follows from that alone: which fields other people have changed
since, and which values an undo holds back."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_pipeline.core.fields import Fields, Operation, Path, Value, place, variant_path

ALWAYS_SHOWN = frozenset({
    "handle", "vendor", "status", "options", "variants[].options", "variants[].price", "variants[].taxable",
    "variants[].requires_shipping", "variants[].tracked", "variants[].inventory_policy",
})
"""Fields that Shopify fills by itself where a creation names no value; having one is nobody's edit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One plan item that took effect, as the ledger keeps it: per path what the store showed, what was sent, what it
    showed then. `at`: when it was sent; `undone`: whether an undo sent it."""

    plan_id: str
    item_id: str
    operation: Operation
    at: datetime
    before: Mapping[Path, Value | None]
    sent: Mapping[Path, Value | None]
    after: Mapping[Path, Value | None]
    undone: bool = False


def edits(writes: Sequence[Write], remote: Fields) -> list[Path]:
    """The paths in which a product that shopsync made shows something else than shopsync wrote.

    `writes` (oldest first) are all writes to it; those before its last creation are of an earlier product.
    """
    expected: dict[Path, Value | None] = {}
    for write in writes:
        if write.operation is Operation.PRODUCT_CREATE:
            expected = {}
        expected.update({path: write.after.get(path) for path in write.sent})
    return [
        path for path in dict.fromkeys([*expected, *remote])
        if remote.get(path) != expected.get(path) and not filled_in(path, expected)
    ]


def filled_in(path: Path, known: Container[Path]) -> bool:
    """Whether Shopify gave a product or variant this field by itself, seen from all that it was `known` to have."""
    where = place(path)
    if path in known or where.field.name not in ALWAYS_SHOWN:
        return False
    return where.variant is None or variant_path(where.variant, "options") in known


def held(writes: Sequence[Write], *, local: Fields, agreed: Fields, remote: Fields) -> list[Path]:
    """The paths whose catalog value is not sent because it was undone; that ends when the catalog's value changes.

    `writes` (oldest first) are all writes to the product, `local` is what the catalog says, `agreed` what it said when
    both sides last agreed.
    """
    last: dict[Path, Write] = {}
    sent: dict[Path, Write] = {}
    for write in writes:
        for path in write.sent:
            last[path] = write
            if not write.undone:
                sent[path] = write
    return [
        path for path, write in last.items()
        if write.undone and path in sent and local.get(path) == agreed.get(path)
        and remote.get(path) == write.after.get(path) != sent[path].after.get(path)
    ]
