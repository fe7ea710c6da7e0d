"""What a product sells for and whether it may be shown: its single variant, with the origin of each of its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.origins import DEFAULT, Origin, Origins
from shopsync_pipeline.catalog.content.placeholders import category_names
from shopsync_pipeline.catalog.content.record import NOWHERE, RefuseValue, Row
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.pricing import Priced, price, rule_for
from shopsync_pipeline.catalog.rules import CatalogRules, PriceRule, PublishRules
from shopsync_pipeline.catalog.values import gtin
from shopsync_pipeline.core.fields import stock_path, variant_path
from shopsync_pipeline.core.product import Stock, Variant, VariantKey, Weight

_NO_OFFER = Offer()
_UNPRICED = Priced(reason="no feed offers the product")
_UNFIT = Priced(reason="no rule of [[pricing]] fits")
_UNCOUNTED = Origin("feed: none counts stock")
_POLICY = Origin("publish: inventory_policy")


class Selling:
    """Prices, barcodes and stock of products by one set of rules."""

    def __init__(self, rules: CatalogRules, refuse: RefuseValue, counts: Counter[str]) -> None:
        """`counts` takes what was left out, by reason."""
        self._rules = rules
        self._refuse = refuse
        self._counts = counts

    def variant(self, facts: Facts, key: VariantKey, sku: tuple[str, Origin] | None, origins: Origins) -> Variant:
        """The one variant of a product; where each of its fields is from goes to `origins`."""
        offer = facts.record.offer or _NO_OFFER
        rows = offer.rows
        barcode = self._barcode(facts)
        priced, rule = self._priced(facts, offer)
        weight, stock = offer.weight, offer.stock
        if priced.units != 1:
            weight, stock = _by_unit(weight, stock, priced.units)
        if not self._rules.stock_by_location:
            stock = in_one_place(stock)
        discontinued = offer.discontinued
        at = variant_path(key, "")
        origins[at + "options"] = origins[at + "taxable"] = origins[at + "requires_shipping"] = DEFAULT
        origins[at + "tracked"] = Origin("feed: it counts stock", _rows(rows, "stock")) if offer.counted else _UNCOUNTED
        origins[at + "inventory_policy"] = (
            Origin("publish: discontinued", _rows(rows, "status")) if discontinued else _POLICY)
        if sku is not None:
            origins[at + "sku"] = sku[1]
        if barcode is not None:
            origins[at + "barcode"] = barcode[1]
        if rule is not None:
            name = f"pricing {rule.name}"
            if priced.price is not None:
                origins[at + "price"] = Origin(f"{name}: {priced.reason}", _rows(rows, priced.source, "price"))
            if priced.compare_at_price is not None:
                origins[at + "compare_at_price"] = Origin(name, _rows(rows, *rule.compare_at, "price"))
            if priced.cost is not None:
                origins[at + "cost"] = Origin(name, _rows(rows, *rule.cost, "price"))
        if weight is not None and weight.value != 0:
            origins[at + "weight"] = Origin("feed: weight", _rows(rows, "weight"))
        for level in stock:
            origins[stock_path(key, level.location)] = Origin("feed: stock", _rows(rows, "stock"))
        return Variant(
            key=key, sku=sku[0] if sku else None, barcode=barcode[0] if barcode else None, price=priced.price,
            compare_at_price=priced.compare_at_price, cost=priced.cost, weight=weight, taxable=True,
            requires_shipping=True, tracked=offer.counted,
            inventory_policy="DENY" if discontinued else self._rules.publish.inventory_policy, stock=stock,
        )

    def _priced(self, facts: Facts, offer: Offer) -> tuple[Priced, PriceRule | None]:
        if offer is _NO_OFFER:
            return _UNPRICED, None
        rule = rule_for(self._rules.pricing, vendor=facts.vendor[0], feed=offer.feed,
                        category=category_names(facts.record.category))
        if rule is None:
            self._counts["products.without_pricing_rule"] += 1
            return _UNFIT, None
        priced = price(offer, rule)
        if priced.refusal is not None:
            self._refuse(_rows(offer.rows, priced.source, "price")[0], priced.source,
                         str(offer.amounts.get(priced.source, "")),
                         f"the price of product {facts.record.productid} cannot be made ({priced.reason}): "
                         f"{priced.refusal}")
        return priced, rule

    def _barcode(self, facts: Facts) -> tuple[str, Origin] | None:
        record = facts.record
        if record.offer is not None and record.offer.barcode:
            # The distributor ships the box, so it knows what is printed on it.
            rows = _rows(record.offer.rows, "barcode")
            found = self._gtin(record.offer.barcode, "the feed's barcode", record.productid, rows[0])
            if found is not None:
                return found, Origin("feed: barcode", rows)
        for system in self._rules.barcode_systems:
            for value, row in facts.codes.get(system, ()):
                found = self._gtin(value, system, record.productid, row)
                if found is not None:
                    return found, Origin(f"{{code:{system}}}", (row,))
        return None

    def _gtin(self, text: str, what: str, productid: int, row: Row) -> str | None:
        try:
            return gtin(text)
        except ValueError as error:
            self._refuse(row, "sku", text, f'{what} of product {productid} is "{text}": {error}; it is left out')
            return None


def status(
    variant: Variant, offer: Offer | None, has: Mapping[str, bool], rules: PublishRules,
) -> tuple[str, str, Origin]:
    """The status of a product, why it is not ACTIVE in two or three words (empty if it is), and the origin.

    `has` says of every requirement but the price and those of the variant whether the product meets it.
    """
    why = _missing(variant, has, rules)
    if not why and offer is not None and offer.discontinued and not (
            rules.discontinued_while_stock_lasts and _in_stock(variant)):
        why = "discontinued"
    rows = _rows(offer.rows, "status" if why == "discontinued" else "price") if offer is not None else (NOWHERE,)
    if why:
        return rules.otherwise, why, Origin(f"publish: {why.replace('_', ' ')}", rows)
    return "ACTIVE", "", Origin("publish: has all that is required", rows)


def _missing(variant: Variant, has: Mapping[str, bool], rules: PublishRules) -> str:
    if variant.price is None:
        return "no_price"
    for name in rules.requires:
        if name == "stock":
            met = _in_stock(variant)
        elif name in ("price", "barcode", "sku", "weight"):
            met = getattr(variant, name) is not None
        else:
            met = has[name]
        if not met:
            return f"no_{name}"
    return ""


def _in_stock(variant: Variant) -> bool:
    return any(level.available > 0 for level in variant.stock)


def _rows(rows: Mapping[str, tuple[int, int]], *names: str) -> tuple[Row, ...]:
    """The row of the first of these facts that has one."""
    for name in names:
        if name in rows:
            return (Row(*rows[name]),)
    return (NOWHERE,)


def in_one_place(stock: tuple[Stock, ...]) -> tuple[Stock, ...]:
    """The quantities of all warehouses added up."""
    return (Stock(available=sum(level.available for level in stock)),) if stock else ()


def _by_unit(
    weight: Weight | None, stock: tuple[Stock, ...], units: Decimal,
) -> tuple[Weight | None, tuple[Stock, ...]]:
    """Weight and stock of the feed's unit as those of the selling unit. What is not a whole unit is not for sale."""
    levels = tuple(
        Stock(location=level.location, available=int((level.available * units).to_integral_value(ROUND_FLOOR)))
        for level in stock)
    if weight is not None:
        weight = Weight(value=(weight.value / units).quantize(Decimal("0.0001")), unit=weight.unit)
    return weight, levels
