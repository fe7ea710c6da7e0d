"""What a merchant does in the admin and a customer in the shop: edits and orders that cost no points.

They change the same records the API changes, and are told apart from it in the history by their actor.
"""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLInputObjectType, coerce_input_value

from shopsync_pipeline.devstore import merchant_setup
from shopsync_pipeline.devstore.config import SUPPORTED_VERSIONS
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, find_variant
from shopsync_pipeline.devstore.merchant_setup import MerchantError
from shopsync_pipeline.devstore.operations.inventory_writes import touch_stock
from shopsync_pipeline.devstore.operations.product_writes import delete_product
from shopsync_pipeline.devstore.records import Product, Variant, gid
from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.values import metafield_rows, product_fields
from shopsync_pipeline.devstore.values.variant_fields import check_amounts, stock_at, write_variant

_VERSION: Final = SUPPORTED_VERSIONS[-1]


def act(store: Store, body: dict[str, Any], *, actor: str | None = None) -> dict[str, Any]:
    """Does one action and commits it; raises MerchantError for one that is unknown or cannot be done.

    The history names `actor` if one is given, else the customer for an order and the merchant for the rest.
    """
    context = Context(store, _VERSION, {}, store.now())
    action = body.get("action")
    doing = {
        "edit_product": _edit_product,
        "edit_variant": _edit_variant,
        "set_metafield": _set_metafield,
        "delete_product": _delete_product,
        "order": _order,
        "set_stock": _set_stock,
        **merchant_setup.ACTIONS,
    }.get(str(action))
    if doing is None:
        raise MerchantError(f"action {action!r} is not known")
    try:
        done = doing(context, body)
        store.commit(actor=actor or ("customer" if action == "order" else "merchant"), action=str(action))
    except MerchantError:
        # Actions check before they write, and reading a large shop again takes seconds.
        if store.touched:
            store.load()
        raise
    except BaseException:
        store.load()
        raise
    return done


def _edit_product(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    product = named_product(context.store, body)
    given = _coerced("ProductUpdateInput", body.get("fields") or {})
    fields, errors = product_fields.check(context, given, product, productset=False)
    owner = gid(Product.KIND, product.id)
    rows, wrong = metafield_rows.check_rows(
        context, given.get("metafields") or [], owner, "PRODUCT", ["metafields"], code=None
    )
    _refuse(errors + wrong)
    product_fields.write(context, product, fields)
    metafield_rows.write_rows(context, owner, rows)
    return {"product": owner, "handle": product.handle, "updatedAt": product.updated_at}


def _edit_variant(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    variant = named_variant(context.store, body)
    given = _coerced("ProductVariantsBulkInput", body.get("fields") or {})
    _refuse(check_amounts(given, ["fields"], productset=False))
    write_variant(context, variant, given)
    product = context.store.products[variant.product_id]
    product.updated_at = context.now
    context.store.touch(product)
    return {"variant": gid(Variant.KIND, variant.id), "updatedAt": variant.updated_at}


def _set_metafield(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    product = named_product(context.store, body)
    owner = gid(Product.KIND, product.id)
    given = _coerced("MetafieldInput", body.get("metafield") or {})
    rows, errors = metafield_rows.check_rows(context, [given], owner, "PRODUCT", ["metafield"], code=None)
    _refuse(errors)
    metafield_rows.write_rows(context, owner, rows)
    product.updated_at = context.now
    context.store.touch(product)
    return {"product": owner, "updatedAt": product.updated_at}


def _delete_product(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    product = named_product(context.store, body)
    delete_product(context, product)
    return {"product": gid(Product.KIND, product.id)}


def _order(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """A customer's order: available falls, on_hand stays until it is shipped, so the difference is committed."""
    variant = named_variant(context.store, body)
    quantity = body.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise MerchantError(f"quantity {quantity!r} is not a number of pieces from 1 up")
    place, level = _level(context, variant, body)
    level.available -= quantity
    if body.get("shipped"):
        level.on_hand -= quantity
    level.updated_at = variant.item.updated_at = context.now
    touch_stock(context, variant.item)
    return {
        "sku": variant.sku,
        "location": gid("Location", place),
        "available": level.available,
        "onHand": level.on_hand,
    }


def _set_stock(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    variant = named_variant(context.store, body)
    place, level = _level(context, variant, body)
    if not isinstance(body.get("available"), int):
        raise MerchantError("set_stock needs available, a whole number")
    stock_at(context, variant.item, place, available=body["available"])
    touch_stock(context, variant.item)
    return {"sku": variant.sku, "location": gid("Location", place), "available": level.available}


def _level(context: Context, variant: Variant, body: dict[str, Any]) -> tuple[int, Any]:
    wanted = body.get("location")
    for number, level in variant.item.levels.items():
        if wanted in (None, gid("Location", number), context.store.locations[number].name):
            return number, level
    raise MerchantError(f"sku {variant.sku} is not stocked at {wanted or 'any location'}")


def named_product(store: Store, body: dict[str, Any]) -> Product:
    """The product that id, handle or sku of the body names."""
    found = None
    if body.get("id"):
        found = find_product(store, str(body["id"]))
    elif body.get("handle"):
        found = store.product_by_handle(str(body["handle"]))
    elif body.get("sku"):
        found = store.products[named_variant(store, body).product_id]
    if found is None:
        named = {name: body[name] for name in ("id", "handle", "sku") if name in body}
        raise MerchantError(f"no product has {named or 'no name: give id, handle or sku'}")
    return found


def named_variant(store: Store, body: dict[str, Any]) -> Variant:
    """The variant whose id the body gives as `variant`, else the first with its sku."""
    if body.get("variant"):
        found = find_variant(store, str(body["variant"]))
        if found is None:
            raise MerchantError(f"no variant has the id {body['variant']!r}")
        return found
    variant = next(store.variants_with_sku(str(body.get("sku"))), None)
    if variant is None:
        raise MerchantError(f"no variant has the sku {body.get('sku')!r}")
    return variant


def _coerced(type_name: str, value: dict[str, Any]) -> dict[str, Any]:
    """The fields of an action, read as the API would read the input of the same name."""
    shape = carried_schema(_VERSION).type_map[type_name]
    assert isinstance(shape, GraphQLInputObjectType)
    problems: list[str] = []
    found: dict[str, Any] = coerce_input_value(value, shape, lambda _path, _bad, error: problems.append(error.message))
    if problems:
        raise MerchantError("; ".join(problems))
    return found


def _refuse(errors: list[dict[str, Any]]) -> None:
    if errors:
        raise MerchantError("; ".join(f"{'.'.join(error['field'] or [])}: {error['message']}" for error in errors))
