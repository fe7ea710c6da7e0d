"""Price lists: what a variant costs for the buyers of a list, set by hand (fixed), and what a given buyer pays.

The merchant makes the lists; they carry no percentage here, so without a fixed price a variant costs the usual.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_variant, number_of, read_id
from shopsync_pipeline.devstore.records import FixedPrice, PriceList, Variant, gid
from shopsync_pipeline.devstore.registry import field, mutation, query
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.values.normalise import amount_text, price_from
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error


class PriceView(NamedTuple):
    """A fixed price with the list it stands on."""

    id: int
    price_list: PriceList
    fixed: FixedPrice


@query("priceList")
def price_list(_source: Any, context: Context, arguments: dict[str, Any]) -> PriceList | None:
    """The price list with this id."""
    return context.store.price_lists.get(read_id(arguments["id"], PriceList.KIND))


@query("priceLists")
def price_lists(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """All price lists, by id."""
    reverse = bool(arguments.get("reverse"))
    rows = sorted(context.store.price_lists.values(), key=lambda row: row.id, reverse=reverse)
    return page(rows, arguments, descending=reverse)


@field("PriceList", "id")
def price_list_id(source: PriceList, _context: Context, _arguments: dict[str, Any]) -> str:
    """The list's gid."""
    return gid(PriceList.KIND, source.id)


@field("PriceList", "fixedPricesCount")
def fixed_prices_count(source: PriceList, context: Context, _arguments: dict[str, Any]) -> int:
    """How many variants have a fixed price on the list."""
    return len(_views(context.store, source))


@field("PriceList", "prices")
def prices(source: PriceList, context: Context, arguments: dict[str, Any]) -> Any:
    """The fixed prices of the list, in the order they were first set; relative ones it has none."""
    reverse = bool(arguments.get("reverse"))
    rows = [] if arguments.get("originType") == "RELATIVE" else _views(context.store, source)
    return page(rows[::-1] if reverse else rows, arguments, descending=reverse)


def _views(store: Store, found: PriceList) -> list[PriceView]:
    rows = (row for row in store.fixed_prices.values() if row.price_list_id == found.id)
    return sorted((PriceView(row.id, found, row) for row in rows), key=lambda view: view.id)


@field("PriceListPrice", "variant")
def price_variant(source: PriceView, context: Context, _arguments: dict[str, Any]) -> Variant:
    """The variant with this price."""
    return context.store.variants[source.fixed.variant_id]


@field("PriceListPrice", "originType")
def origin_type(_source: PriceView, _context: Context, _arguments: dict[str, Any]) -> str:
    """Set by hand, not worked out from a percentage."""
    return "FIXED"


@field("PriceListPrice", "price")
def list_price(source: PriceView, _context: Context, _arguments: dict[str, Any]) -> dict[str, str]:
    """The price in the list's currency."""
    return {"amount": amount_text(source.fixed.price), "currencyCode": source.price_list.currency}


@field("PriceListPrice", "compareAtPrice")
def list_compare_at_price(source: PriceView, _context: Context, _arguments: dict[str, Any]) -> dict[str, str] | None:
    """The former price in the list's currency."""
    former = source.fixed.compare_at_price
    return None if former is None else {"amount": amount_text(former), "currencyCode": source.price_list.currency}


@field("ProductVariant", "contextualPricing")
def contextual_pricing(source: Variant, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a buyer in a country or company location pays: the first list for them decides, else the usual price."""
    store, buyer = context.store, arguments["context"]
    for found in store.price_lists.values():
        fits = buyer.get("country") in found.countries or buyer.get("companyLocationId") in found.company_locations
        fixed = store.fixed_prices.get((found.id, source.id)) if fits else None
        if fixed is not None:
            view = PriceView(fixed.id, found, fixed)
            return {"price": list_price(view, context, {}), "compareAtPrice": list_compare_at_price(view, context, {})}
    usual = context.config.currency
    former = source.compare_at_price
    return {
        "price": {"amount": amount_text(source.price), "currencyCode": usual},
        "compareAtPrice": None if former is None else {"amount": amount_text(former), "currencyCode": usual},
    }


# -- writes -----------------------------------------------------------------------------------------


@mutation("priceListFixedPricesAdd")
def fixed_prices_add(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Sets fixed prices, over those that are there; all rows or none."""
    found, errors = _list(context, arguments)
    if found is not None:
        errors = _check_rows(context, found, arguments["prices"], "prices")
    if errors or found is None:
        return {"prices": None, "userErrors": errors}
    return {"prices": [_put(context, found, row) for row in arguments["prices"]], "userErrors": []}


@mutation("priceListFixedPricesUpdate")
def fixed_prices_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Sets some fixed prices and takes others away; all rows or none."""
    found, errors = _list(context, arguments)
    if found is not None:
        errors = _check_rows(context, found, arguments["pricesToAdd"], "pricesToAdd")
        errors += _check_fixed(context, found, arguments["variantIdsToDelete"], "variantIdsToDelete")
    if errors or found is None:
        return {"priceList": found, "pricesAdded": None, "deletedFixedPriceVariantIds": None, "userErrors": errors}
    deleted = _take_away(context, found, arguments["variantIdsToDelete"])
    added = [_put(context, found, row) for row in arguments["pricesToAdd"]]
    return {"priceList": found, "pricesAdded": added, "deletedFixedPriceVariantIds": deleted, "userErrors": []}


@mutation("priceListFixedPricesDelete")
def fixed_prices_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes fixed prices away; all rows or none."""
    found, errors = _list(context, arguments)
    if found is not None:
        errors = _check_fixed(context, found, arguments["variantIds"], "variantIds")
    if errors or found is None:
        return {"deletedFixedPriceVariantIds": None, "userErrors": errors}
    return {"deletedFixedPriceVariantIds": _take_away(context, found, arguments["variantIds"]), "userErrors": []}


def _list(context: Context, arguments: dict[str, Any]) -> tuple[PriceList | None, list[UserError]]:
    number = number_of(arguments["priceListId"], PriceList.KIND)
    found = context.store.price_lists.get(number) if number is not None else None
    missing = user_error(["priceListId"], "Price list does not exist.", "PRICE_LIST_NOT_FOUND")
    return found, [] if found else [missing]


def _check_rows(context: Context, found: PriceList, rows: list[dict[str, Any]], name: str) -> list[UserError]:
    errors: list[UserError] = []
    for index, row in enumerate(rows):
        where = [name, str(index)]
        if find_variant(context.store, row["variantId"]) is None:
            errors.append(user_error([*where, "variantId"], "Variant does not exist.", "VARIANT_NOT_FOUND"))
        for amount in ("price", "compareAtPrice"):
            if row.get(amount) is not None and row[amount]["currencyCode"] != found.currency:
                sentence = "The currency of the price does not match the currency of the price list."
                where_currency = [*where, amount, "currencyCode"]
                errors.append(user_error(where_currency, sentence, "PRICE_LIST_CURRENCY_MISMATCH"))
    return errors


def _check_fixed(context: Context, found: PriceList, ids: list[str], name: str) -> list[UserError]:
    errors: list[UserError] = []
    for index, text in enumerate(ids):
        variant = find_variant(context.store, text)
        if variant is None:
            errors.append(user_error([name, str(index)], "Variant does not exist.", "VARIANT_NOT_FOUND"))
        elif (found.id, variant.id) not in context.store.fixed_prices:
            errors.append(user_error([name, str(index)], "Only fixed prices can be deleted.", "PRICE_NOT_FIXED"))
    return errors


def _put(context: Context, found: PriceList, row: dict[str, Any]) -> PriceView:
    store = context.store
    number = number_of(row["variantId"], Variant.KIND)
    assert number is not None
    fixed = store.fixed_prices.get((found.id, number))
    price = price_from(row["price"]["amount"])
    if fixed is None:
        fixed = FixedPrice(store.next_id(FixedPrice.KIND), found.id, number, price)
    former = row.get("compareAtPrice")
    fixed.price = price
    fixed.compare_at_price = None if former is None else price_from(former["amount"])
    store.touch(fixed)
    return PriceView(fixed.id, found, fixed)


def _take_away(context: Context, found: PriceList, ids: list[str]) -> list[str]:
    for text in dict.fromkeys(ids):
        number = number_of(text, Variant.KIND)
        assert number is not None
        context.store.remove(context.store.fixed_prices[(found.id, number)])
    return ids
