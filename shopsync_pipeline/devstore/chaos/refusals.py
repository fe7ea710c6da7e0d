"""Mutations that touch a chosen sku are refused with a userError of the tester's choice, as if it were the platform's.

A mutation touches the skus it names and those of every product, variant and inventory item whose id it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import OrderError, PlatformError
from shopsync_pipeline.devstore.faults import Refusal
from shopsync_pipeline.devstore.ids import find_node
from shopsync_pipeline.devstore.records import Item, Product, Variant
from shopsync_pipeline.devstore.registry import RESOLVERS, guard
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.values.user_errors import user_error


def order(store: Store, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Adds an order, or with an empty body cancels all; gives the open ones."""
    if not body:
        store.refusals.clear()
    else:
        count = body.get("count")
        if not isinstance(body.get("sku"), str) or not body["sku"]:
            raise OrderError(f"a refusal needs the sku it is for, and was given {body.get('sku')!r}")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise OrderError(f"count {count!r} must be a whole number from 1 up, or left out for always")
        known = {name: body[name] for name in ("message", "code", "field", "root") if body.get(name) is not None}
        store.refusals.append(Refusal(body["sku"], **known, remaining=count))
    return [asdict(refusal) for refusal in store.refusals]


@guard
def refuse_skus(context: Context, root: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The payload of a refused mutation, None for one that touches no ordered sku."""
    if not context.store.refusals or ("Mutation", root) not in RESOLVERS:
        return None
    touched = set(_skus(context.store, arguments))
    for refusal in context.store.refusals:
        if refusal.sku not in touched or refusal.root not in (None, root):
            continue
        if refusal.remaining is not None:
            refusal.remaining -= 1
            if not refusal.remaining:
                context.store.refusals.remove(refusal)
        return {"userErrors": [user_error(refusal.field, refusal.message, refusal.code)]}
    return None


def _skus(store: Store, value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _skus(store, inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _skus(store, inner, name)
    elif isinstance(value, str):
        if name == "sku":
            yield value
        elif name == "handle":
            yield from _of(store, store.product_by_handle(value))
        elif value.startswith("gid://shopify/"):
            yield from _of(store, _named(store, value))


def _named(store: Store, text: str) -> Any:
    try:
        return find_node(store, text)
    except PlatformError:
        return None


def _of(store: Store, found: Any) -> Iterator[str]:
    match found:
        case Product():
            yield from (variant.sku for variant in store.variants_of(found) if variant.sku)
        case Variant(sku=str() as sku):
            yield sku
        case Item():
            yield from _of(store, store.variants[found.variant_id])
